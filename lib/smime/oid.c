/* oid - object identifiers. */
#include "smime/oid.h"

#include "smime/ber.h"
#include "smime/ossl.h"

#include <openssl/objects.h>

#define OID_OCTETS_MAX 64

OSSL_HANDLE(free_object, ASN1_OBJECT, ASN1_OBJECT_free)

static ASN1_OBJECT *read_object(struct span element)
{
    const unsigned char *p = (const unsigned char *)element.ptr;
    if (element.len == 0 || element.len > OID_OCTETS_MAX)
        return NULL;
    return d2i_ASN1_OBJECT(NULL, &p, (long)element.len);
}

int oid_nid(struct span element)
{
    SEAL_CLEANUP(free_object) ASN1_OBJECT *object = read_object(element);
    int nid = object == NULL ? NID_undef : OBJ_obj2nid(object);
    ossl_begin();
    return nid;
}

const char *oid_text(struct arena *arena, struct span element)
{
    char text[200] = "?";
    SEAL_CLEANUP(free_object) ASN1_OBJECT *object = read_object(element);
    if (object != NULL && OBJ_obj2txt(text, sizeof text, object, 1) <= 0)
        text[0] = '?', text[1] = '\0';
    ossl_begin();
    return arena_strdup(arena, text);
}

struct span oid_algorithm_oid(struct span algorithm, struct span *params_out)
{
    struct ber sequence, oid;
    *params_out = (struct span){"", 0};
    if (!ber_take(&algorithm, BER_SEQUENCE, &sequence) || !ber_take(&sequence.body, BER_OID, &oid))
        return *params_out;
    *params_out = sequence.body;
    return oid.all;
}

int oid_algorithm_nid(struct span algorithm)
{
    struct span params;
    return oid_nid(oid_algorithm_oid(algorithm, &params));
}
