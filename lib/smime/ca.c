/* ca - certificates of our own. */
#include "smime/ca.h"

#include "base/text.h"
#include "smime/cert_x509.h"
#include "smime/ossl.h"
#include "smime/subject.h"
#include "token/bridge.h"
#include "token/evp.h"

#include <openssl/rand.h>
#include <string.h>

#define SERIAL_SIZE 16
#define DAY         INT64_C(86400)

/* What both kinds of certificate are made of. */
struct draft {
    X509 *x509;
    X509 *issuer; /* x509 itself for a root */
    EVP_PKEY *public;
    EVP_PKEY *signer;
};

static int set_serial(X509 *x509)
{
    unsigned char octets[SERIAL_SIZE];
    if (RAND_bytes(octets, sizeof octets) != 1)
        return 0;
    octets[0] = (unsigned char)((octets[0] & 0x7f) | 0x40); /* positive, and always as long */
    SEAL_CLEANUP(ossl_free_bn) BIGNUM *n = BN_bin2bn(octets, sizeof octets, NULL);
    return n != NULL && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x509)) != NULL;
}

static int set_validity(X509 *x509, int64_t not_before, int64_t not_after)
{
    return ASN1_TIME_set(X509_getm_notBefore(x509), not_before) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(x509), not_after) != NULL;
}

static int add_extension(const struct draft *draft, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, draft->issuer, draft->x509, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&ctx);
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
    int ok = extension != NULL && X509_add_ext(draft->x509, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

/* Everything but names and extensions. */
static int begin(const struct draft *draft, int64_t not_before, int64_t not_after)
{
    return X509_set_version(draft->x509, X509_VERSION_3) == 1 && set_serial(draft->x509) &&
           X509_set_pubkey(draft->x509, draft->public) == 1 &&
           set_validity(draft->x509, not_before, not_after);
}

static int finish(const struct draft *draft, struct cert **out, struct err *err)
{
    bridge_begin();
    if (X509_set_issuer_name(draft->x509, X509_get_subject_name(draft->issuer)) != 1 ||
        X509_sign(draft->x509, draft->signer, EVP_sha256()) <= 0)
        return bridge_failure(err) < 0 ? -1 : ossl_fail(err, ERR_CRYPTO, "certificate cannot be signed");
    return cert_from_x509(draft->x509, out, err);
}

int ca_create(const char *organisation, const struct secret *pkcs8, int64_t now, struct cert **out,
              struct err *err)
{
    *out = NULL;
    struct span name = subject_cut(organisation);
    if (name.len == 0 || name.len != strlen(organisation) || !text_is_utf8(name))
        return err_set(err, ERR_USAGE, "name of the organisation: 1 to %d characters, UTF-8",
                       SUBJECT_CHARS_MAX);
    ossl_begin();
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *pkey = NULL;
    if (evp_read_pkcs8(pkcs8, &pkey, err) < 0)
        return -1;
    SEAL_CLEANUP(ossl_free_x509) X509 *x509 = X509_new();
    struct draft draft = {.x509 = x509, .issuer = x509, .public = pkey, .signer = pkey};
    if (x509 == NULL || !begin(&draft, now, now + CA_DAYS * DAY) ||
        !subject_set(X509_get_subject_name(x509), "O", name) ||
        !subject_set(X509_get_subject_name(x509), "CN", SPAN_LIT("S/MIME CA")) ||
        !add_extension(&draft, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
        !add_extension(&draft, NID_key_usage, "critical,keyCertSign,cRLSign") ||
        !add_extension(&draft, NID_ext_key_usage, "emailProtection") ||
        !add_extension(&draft, NID_subject_key_identifier, "hash"))
        return ossl_fail(err, ERR_CRYPTO, "CA certificate cannot be made");
    return finish(&draft, out, err);
}

static int add_address(X509 *x509, const char *addr)
{
    SEAL_CLEANUP(ossl_free_general_names) GENERAL_NAMES *names = subject_alt_names(addr);
    return names != NULL && X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
}

static int check_request(const struct cert *ca, const struct key *ca_key, const struct ca_request *request,
                         struct err *err)
{
    const struct cert_info *info = cert_info(ca);
    if (subject_check(request->addr, request->name, err) < 0)
        return -1;
    if ((info->usage & CERT_CA) == 0 || !span_eq(cert_public(ca), key_public(ca_key)))
        return err_set(err, ERR_KEY_UNUSABLE, "this certificate and key are not a certification authority");
    if (request->not_before < info->not_before || request->not_before >= info->not_after)
        return err_set(err, ERR_KEY_EXPIRED, "the certification authority is not valid at that time");
    return 0;
}

static EVP_PKEY *read_public(struct span spki, enum key_type *type_out, struct err *err)
{
    const unsigned char *p = (const unsigned char *)spki.ptr;
    unsigned bits;
    EVP_PKEY *pkey = spki.len == 0 ? NULL : d2i_PUBKEY(NULL, &p, (long)spki.len);
    if (pkey != NULL && evp_classify(pkey, type_out, &bits))
        return pkey;
    EVP_PKEY_free(pkey);
    ossl_fail(err, ERR_UNSUPPORTED, "public key of a type or size that is not supported");
    return NULL;
}

int ca_issue(struct cert *ca, struct key *ca_key, const struct ca_request *request, struct cert **out,
             struct err *err)
{
    *out = NULL;
    ossl_begin();
    if (check_request(ca, ca_key, request, err) < 0)
        return -1;
    enum key_type type = KEY_RSA;
    EVP_PKEY *signer = token_evp(ca_key, err);
    SEAL_CLEANUP(ossl_free_pkey)
    EVP_PKEY *public = signer == NULL ? NULL : read_public(request->public_key, &type, err);
    if (public == NULL)
        return -1;
    SEAL_CLEANUP(ossl_free_x509) X509 *x509 = X509_new();
    struct draft draft = {.x509 = x509, .issuer = cert_x509(ca), .public = public, .signer = signer};
    int64_t last = cert_info(ca)->not_after;
    const char *usage = type == KEY_RSA ? "critical,digitalSignature,keyEncipherment"
                                        : "critical,digitalSignature,keyAgreement";
    if (x509 == NULL ||
        !begin(&draft, request->not_before, request->not_after < last ? request->not_after : last) ||
        !subject_set(X509_get_subject_name(x509), "CN",
                     subject_cut(request->name == NULL ? request->addr : request->name)) ||
        !add_extension(&draft, NID_basic_constraints, "critical,CA:FALSE") ||
        !add_extension(&draft, NID_key_usage, usage) ||
        !add_extension(&draft, NID_ext_key_usage, "emailProtection") ||
        !add_extension(&draft, NID_subject_key_identifier, "hash") ||
        !add_extension(&draft, NID_authority_key_identifier, "keyid:always") ||
        !add_address(x509, request->addr))
        return ossl_fail(err, ERR_CRYPTO, "certificate cannot be made");
    return finish(&draft, out, err);
}
