/* pkcs11_new - what has to be so before a key pair is put on a token, and after it. */
#include "token/ossl.h"
#include "token/pkcs11_object.h"

#include <openssl/objects.h>
#include <openssl/rand.h>

#define ID_SIZE 20

int pkcs11_object_name(const char *text, struct pkcs11_uri *out, struct err *err)
{
    if (pkcs11_uri_parse(text, out, err) < 0)
        return -1;
    if (out->is_secret)
        return err_set(err, ERR_USAGE, "URI of a new key: type=secret-key is no private key");
    if (out->object[0] == '\0')
        return err_set(err, ERR_USAGE, "URI of a new key: no object=");
    if (out->id_len > 0)
        return 0;
    out->id_len = ID_SIZE;
    return RAND_bytes(out->id, ID_SIZE) == 1 ? 0 : ossl_fail(err, ERR_CRYPTO, "no random octets");
}

/* A name that is in use is never given again: neither the label nor the id, whatever the object is. */
static int check_unused(struct pkcs11_object *object, const char *label, struct span id, struct err *err)
{
    struct err found = ERR_INIT;
    if (pkcs11_object_find(object, PKCS11_ANY_CLASS, label, id, &found) == 0 ||
        found.code == ERR_KEY_UNUSABLE)
        return err_set(err, ERR_EXISTS,
                       "token %s has an object of this %s already; name another, or destroy that with the "
                       "token's own tool if nothing needs it",
                       object->token->label, id.len > 0 ? "id" : "label");
    return found.code == ERR_ABSENT ? 0 : err_set(err, found.code, "%s", found.msg);
}

int pkcs11_object_check_unused(struct pkcs11_object *object, const struct pkcs11_uri *uri, struct err *err)
{
    struct span id = {(const char *)uri->id, uri->id_len};
    return check_unused(object, uri->object, (struct span){NULL, 0}, err) < 0 ||
                   check_unused(object, "", id, err) < 0
               ? -1
               : 0;
}

static const char *curve_of(enum key_type type)
{
    switch (type) {
    case KEY_EC_P256:
        return "prime256v1";
    case KEY_EC_P384:
        return "secp384r1";
    case KEY_EC_P521:
        return "secp521r1";
    case KEY_RSA:
        break;
    }
    return NULL;
}

size_t pkcs11_object_curve(enum key_type type, unsigned char out[PKCS11_CURVE_MAX])
{
    unsigned char *p = out;
    ASN1_OBJECT *oid = OBJ_txt2obj(curve_of(type), 0);
    int len = oid == NULL ? 0 : i2d_ASN1_OBJECT(oid, NULL);
    if (len > 0 && len <= PKCS11_CURVE_MAX)
        len = i2d_ASN1_OBJECT(oid, &p);
    ASN1_OBJECT_free(oid);
    return len > 0 ? (size_t)len : 0;
}

int pkcs11_object_check_kept(const struct pkcs11_object *object, struct err *err)
{
    if (pkcs11_object_flag(object, CKA_SENSITIVE, false) &&
        !pkcs11_object_flag(object, CKA_EXTRACTABLE, true))
        return 0;
    return err_set(err, ERR_UNSUPPORTED, "token %s does not keep a private key to itself",
                   object->token->label);
}
