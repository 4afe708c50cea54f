/* preference - SMIMEEncryptionKeyPreference. */
#include "smime/preference.h"

#include "smime/ber.h"
#include "smime/cert_x509.h"

#include <openssl/objects.h>

#define NAME_MAX_OCTETS 65536

/* The choices: issuerAndSerialNumber, recipientKeyId, subjectAltKeyIdentifier. */
#define BY_ISSUER (BER_CONTEXT_CONSTRUCTED | 0)
#define BY_KEY_ID (BER_CONTEXT_CONSTRUCTED | 1)
#define BY_SKI    (BER_CONTEXT | 2)

OSSL_HANDLE(free_attribute, X509_ATTRIBUTE, X509_ATTRIBUTE_free)

/* issuer and serialNumber as they stand in the certificate; empty when memory is out. */
static void put_issuer_and_serial(const struct cert *cert, struct buf *out)
{
    X509 *x509 = cert_x509(cert);
    unsigned char *issuer = NULL, *serial = NULL;
    int nissuer = i2d_X509_NAME(X509_get_issuer_name(x509), &issuer);
    int nserial = i2d_ASN1_INTEGER(X509_get0_serialNumber(x509), &serial);
    if (nissuer > 0 && nserial > 0) {
        buf_add(out, issuer, (size_t)nissuer);
        buf_add(out, serial, (size_t)nserial);
    }
    OPENSSL_free(issuer);
    OPENSSL_free(serial);
}

/* An attribute value with a tag of its own context is "other" to OpenSSL: the whole element as a string. */
static X509_ATTRIBUTE *make_attribute(struct span element)
{
    ASN1_STRING *value = ASN1_STRING_type_new(V_ASN1_OTHER);
    X509_ATTRIBUTE *attribute = NULL;
    if (value != NULL && ASN1_STRING_set(value, element.ptr, (int)element.len) == 1)
        attribute = X509_ATTRIBUTE_create(NID_id_smime_aa_encrypKeyPref, V_ASN1_OTHER, value);
    if (attribute == NULL)
        ASN1_STRING_free(value);
    return attribute;
}

bool preference_add(CMS_SignerInfo *signer, const struct cert *cert)
{
    SEAL_CLEANUP(buf_fini) struct buf body = BUF_INIT(NAME_MAX_OCTETS);
    SEAL_CLEANUP(buf_fini) struct buf element = BUF_INIT(NAME_MAX_OCTETS);
    put_issuer_and_serial(cert, &body);
    ber_put_header(&element, BY_ISSUER, body.len);
    buf_add_span(&element, buf_span(&body));
    if (body.len == 0 || element.failed)
        return false;
    SEAL_CLEANUP(free_attribute) X509_ATTRIBUTE *attribute = make_attribute(buf_span(&element));
    return attribute != NULL && CMS_signed_add1_attr(signer, attribute) == 1;
}

static bool is_key_id(const struct cert *cert, struct span id)
{
    const ASN1_OCTET_STRING *have = X509_get0_subject_key_id(cert_x509(cert));
    return have != NULL && span_eq(id, (struct span){(const char *)ASN1_STRING_get0_data(have),
                                                     (size_t)ASN1_STRING_length(have)});
}

static bool is_issuer_and_serial(const struct cert *cert, struct span named)
{
    SEAL_CLEANUP(buf_fini) struct buf own = BUF_INIT(NAME_MAX_OCTETS);
    put_issuer_and_serial(cert, &own);
    return own.len > 0 && span_eq(buf_span(&own), named);
}

static bool is_named(const struct cert *cert, const struct ber *value)
{
    struct span rest = value->body;
    struct ber id;
    switch (value->id) {
    case BY_ISSUER:
        return is_issuer_and_serial(cert, value->body);
    case BY_KEY_ID:
        return ber_take(&rest, BER_OCTETS, &id) && is_key_id(cert, id.body);
    case BY_SKI:
        return is_key_id(cert, value->body);
    default:
        return false;
    }
}

struct cert *preference_find(struct span value, struct cert *const *certs, size_t n)
{
    struct ber element;
    if (!ber_next(&value, &element) || value.len != 0)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (is_named(certs[i], &element))
            return certs[i];
    return NULL;
}
