/* attrs - signed attributes. */
#include "smime/attrs.h"

#include "smime/ber.h"
#include "smime/cert_x509.h"
#include "smime/oid.h"

#include <openssl/objects.h>

enum found {
    FOUND_NONE,
    FOUND_ONE,
    FOUND_ODD, /* more than one, or one that has not exactly one value */
};

static enum found find_attribute(CMS_SignerInfo *info, int nid, const ASN1_TYPE **out)
{
    enum found found = FOUND_NONE;
    *out = NULL;
    for (int at = -1; (at = CMS_signed_get_attr_by_NID(info, nid, at)) >= 0;) {
        X509_ATTRIBUTE *attribute = CMS_signed_get_attr(info, at);
        if (found != FOUND_NONE || X509_ATTRIBUTE_count(attribute) != 1)
            return FOUND_ODD;
        *out = X509_ATTRIBUTE_get0_type(attribute, 0);
        found = FOUND_ONE;
    }
    return *out == NULL && found == FOUND_ONE ? FOUND_ODD : found;
}

static struct span string_of(const ASN1_TYPE *value)
{
    const ASN1_STRING *string = value->value.asn1_string;
    return (struct span){(const char *)ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string)};
}

/* A value that OpenSSL keeps as it stands, whole element; empty when there is not exactly one. */
static struct span raw_value(CMS_SignerInfo *info, int nid)
{
    const ASN1_TYPE *value;
    if (find_attribute(info, nid, &value) != FOUND_ONE ||
        (value->type != V_ASN1_SEQUENCE && value->type != V_ASN1_OTHER))
        return (struct span){"", 0};
    return string_of(value);
}

static const char *read_content_type(CMS_SignerInfo *info)
{
    const ASN1_TYPE *value;
    switch (find_attribute(info, NID_pkcs9_contentType, &value)) {
    case FOUND_ONE:
        return value->type == V_ASN1_OBJECT && OBJ_obj2nid(value->value.object) == NID_pkcs7_data
                   ? NULL
                   : "contentType attribute is not id-data";
    case FOUND_NONE:
        return "no contentType attribute";
    case FOUND_ODD:
    default:
        return "more than one contentType attribute";
    }
}

static const char *read_digest(CMS_SignerInfo *info)
{
    const ASN1_TYPE *value;
    switch (find_attribute(info, NID_pkcs9_messageDigest, &value)) {
    case FOUND_ONE:
        return value->type == V_ASN1_OCTET_STRING ? NULL : "messageDigest attribute is malformed";
    case FOUND_NONE:
        return "no messageDigest attribute";
    case FOUND_ODD:
    default:
        return "more than one messageDigest attribute";
    }
}

static const char *read_time(CMS_SignerInfo *info, int64_t *out)
{
    const ASN1_TYPE *value;
    switch (find_attribute(info, NID_pkcs9_signingTime, &value)) {
    case FOUND_NONE:
        return NULL;
    case FOUND_ONE:
        return (value->type == V_ASN1_UTCTIME || value->type == V_ASN1_GENERALIZEDTIME) &&
                       ossl_time(value->value.asn1_string, out)
                   ? NULL
                   : "signingTime attribute is malformed";
    case FOUND_ODD:
    default:
        return "more than one signingTime attribute";
    }
}

/* SigningCertificate and SigningCertificateV2 differ in the hash: SHA-1, or named and SHA-256 by default. */
static bool names_signer(struct span value, int hash_nid, const struct cert *signer)
{
    struct ber attribute, ids, id, algorithm, hash;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (!ber_take(&value, BER_SEQUENCE, &attribute) || !ber_take(&attribute.body, BER_SEQUENCE, &ids) ||
        !ber_take(&ids.body, BER_SEQUENCE, &id))
        return false;
    if (hash_nid != NID_sha1 && ber_take(&id.body, BER_SEQUENCE, &algorithm))
        hash_nid = oid_algorithm_nid(algorithm.all);
    const EVP_MD *md = EVP_get_digestbynid(hash_nid);
    return md != NULL && ber_take(&id.body, BER_OCTETS, &hash) &&
           X509_digest(cert_x509(signer), md, digest, &len) == 1 &&
           span_eq(hash.body, (struct span){(const char *)digest, len});
}

static const char *check_signing_certificate(CMS_SignerInfo *info, const struct cert *signer)
{
    static const struct {
        int nid, hash_nid;
    } kinds[] = {{NID_id_smime_aa_signingCertificate, NID_sha1},
                 {NID_id_smime_aa_signingCertificateV2, NID_sha256}};
    for (size_t i = 0; i < SEAL_COUNT(kinds); i++) {
        const ASN1_TYPE *value;
        enum found found = find_attribute(info, kinds[i].nid, &value);
        if (found == FOUND_ODD ||
            (found == FOUND_ONE &&
             (value->type != V_ASN1_SEQUENCE || !names_signer(string_of(value), kinds[i].hash_nid, signer))))
            return "signingCertificate attribute names another certificate";
    }
    return NULL;
}

const char *attrs_read(CMS_SignerInfo *info, const struct cert *signer, struct attrs *out)
{
    *out = (struct attrs){.signing_time = 0};
    const char *fault = read_content_type(info);
    if (fault == NULL)
        fault = read_digest(info);
    if (fault == NULL)
        fault = read_time(info, &out->signing_time);
    if (fault == NULL)
        fault = check_signing_certificate(info, signer);
    out->capabilities = raw_value(info, NID_SMIMECapabilities);
    out->preference = raw_value(info, NID_id_smime_aa_encrypKeyPref);
    return fault;
}
