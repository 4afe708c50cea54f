/* cert - certificates, parsed once. */
#include "smime/cert.h"

#include "base/addr.h"
#include "smime/cert_names.h"
#include "smime/cert_x509.h"
#include "smime/ossl.h"
#include "token/evp.h"

#include <openssl/objects.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define PUBLIC_MAX 8192 /* of a supported key */
#define SERIAL_MAX 64   /* octets; RFC 5280 has 20 */

struct cert {
    atomic_uint refs;
    struct cert_info info;
    X509 *x509;
    struct buf der;
    struct buf public;
    char *subject, *issuer, *serial;
    struct cert_names san, dn;
};

static void destroy(struct cert **cert)
{
    struct cert *c = *cert;
    if (c == NULL)
        return;
    X509_free(c->x509);
    buf_fini(&c->der);
    buf_fini(&c->public);
    free(c->subject);
    free(c->issuer);
    free(c->serial);
    cert_names_fini(&c->san);
    cert_names_fini(&c->dn);
    free(c);
}

/*
 * One certificate, one encoding: what OpenSSL writes again must be what came, or one certificate would have several fingerprints.
 * The check of extensions also fills OpenSSL's cache of them, before other threads look.
 */
static int read_der(struct cert *c, struct span der, struct err *err)
{
    if (der.len == 0 || der.len > CERT_DER_MAX)
        return err_set(err, ERR_LIMIT, "certificate of %zu octets", der.len);
    const unsigned char *p = (const unsigned char *)der.ptr;
    c->x509 = d2i_X509(NULL, &p, (long)der.len);
    if (c->x509 == NULL || p != (const unsigned char *)der.ptr + der.len)
        return ossl_fail(err, ERR_SYNTAX, "not a certificate");
    c->der = (struct buf)BUF_INIT(CERT_DER_MAX);
    int len = i2d_X509(c->x509, NULL);
    unsigned char *room = len <= 0 ? NULL : (unsigned char *)buf_reserve(&c->der, (size_t)len);
    if (room == NULL || i2d_X509(c->x509, &room) != len)
        return ossl_fail(err, ERR_SYNTAX, "certificate cannot be written again");
    buf_commit(&c->der, (size_t)len);
    if (!span_eq(buf_span(&c->der), der))
        return err_set(err, ERR_SYNTAX, "certificate is not DER");
    if (X509_check_purpose(c->x509, -1, 0) != 1)
        return ossl_fail(err, ERR_SYNTAX, "certificate with malformed extensions");
    return 0;
}

static int read_times(struct cert *c, struct err *err)
{
    if (!ossl_time(X509_get0_notBefore(c->x509), &c->info.not_before) ||
        !ossl_time(X509_get0_notAfter(c->x509), &c->info.not_after))
        return err_set(err, ERR_SYNTAX, "certificate with a malformed validity");
    return 0;
}

/*
 * Whether the certificate writes its key as evp_public() would: RSA with NULL parameters, EC with a named curve and an uncompressed
 * point. Nearly all do, and OpenSSL's encoder costs as much as all else here together.
 */
static bool is_plain(X509_PUBKEY *key)
{
    const unsigned char *point;
    int len, parameters;
    X509_ALGOR *algor;
    const ASN1_OBJECT *oid;
    if (X509_PUBKEY_get0_param(NULL, &point, &len, &algor, key) != 1)
        return false;
    X509_ALGOR_get0(&oid, &parameters, NULL, algor);
    if (OBJ_obj2nid(oid) == NID_rsaEncryption)
        return parameters == V_ASN1_NULL;
    return OBJ_obj2nid(oid) == NID_X9_62_id_ecPublicKey && parameters == V_ASN1_OBJECT && len > 0 &&
           point[0] == 4;
}

static int copy_public(X509_PUBKEY *key, struct buf *out, struct err *err)
{
    int len = i2d_X509_PUBKEY(key, NULL);
    unsigned char *room = len <= 0 ? NULL : (unsigned char *)buf_reserve(out, (size_t)len);
    if (room == NULL || i2d_X509_PUBKEY(key, &room) != len)
        return ossl_fail(err, ERR_SYNTAX, "public key cannot be written again");
    buf_commit(out, (size_t)len);
    return 0;
}

static int read_public(struct cert *c, struct err *err)
{
    const EVP_PKEY *pkey = X509_get0_pubkey(c->x509);
    c->public = (struct buf)BUF_INIT(PUBLIC_MAX);
    c->info.supported = pkey != NULL && evp_classify(pkey, &c->info.key_type, &c->info.key_bits);
    ossl_begin();
    if (!c->info.supported)
        return 0;
    X509_PUBKEY *key = X509_get_X509_PUBKEY(c->x509);
    return is_plain(key) ? copy_public(key, &c->public, err) : evp_public(pkey, &c->public, err);
}

/* RFC 8550 4.4: what is absent forbids nothing; an extended key usage must name e-mail or anything. */
static unsigned usage_of(X509 *x509, enum key_type type)
{
    uint32_t ku = X509_get_key_usage(x509); /* absent: all ones */
    uint32_t eku = X509_get_extended_key_usage(x509);
    uint32_t for_keys = type == KEY_RSA ? KU_KEY_ENCIPHERMENT : KU_KEY_AGREEMENT;
    unsigned usage = X509_check_ca(x509) == 1
                         ? CERT_CA
                         : 0; /* other answers: old ways to say it without basicConstraints */
    if ((eku & (XKU_SMIME | XKU_ANYEKU)) == 0)
        return usage;
    if ((ku & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0)
        usage |= CERT_SIGN;
    if ((ku & for_keys) != 0)
        usage |= CERT_ENCRYPT;
    return usage;
}

static bool has_weak_signature(X509 *x509)
{
    int md = NID_undef;
    if (X509_get_signature_info(x509, &md, NULL, NULL, NULL) != 1)
        return false;
    return md == NID_md2 || md == NID_md4 || md == NID_md5 || md == NID_md5_sha1 || md == NID_sha1 ||
           md == NID_ripemd160;
}

static int read_serial(struct cert *c, struct err *err)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(c->x509);
    if (ASN1_STRING_length(serial) > SERIAL_MAX)
        return err_set(err, ERR_LIMIT, "certificate with a serial number of %d octets",
                       ASN1_STRING_length(serial));
    SEAL_CLEANUP(ossl_free_bn) BIGNUM *n = ASN1_INTEGER_to_BN(serial, NULL);
    char *hex = n == NULL ? NULL : BN_bn2hex(n);
    if (hex == NULL)
        return ossl_fail(err, ERR_SYNTAX, "certificate with a malformed serial number");
    c->info.serial = c->serial = xstrdup(hex);
    OPENSSL_free(hex);
    return 0;
}

static int read_names(struct cert *c, struct err *err)
{
    c->info.subject = c->subject = cert_names_line(X509_get_subject_name(c->x509));
    c->info.issuer = c->issuer = cert_names_line(X509_get_issuer_name(c->x509));
    if (read_serial(c, err) < 0 || cert_names_san(c->x509, &c->san, err) < 0 ||
        cert_names_dn(c->x509, &c->dn, err) < 0)
        return -1;
    c->info.emails = (const char *const *)c->san.list;
    c->info.nemails = c->san.n;
    c->info.dn_emails = (const char *const *)c->dn.list;
    c->info.ndn_emails = c->dn.n;
    return 0;
}

static void read_properties(struct cert *c)
{
    unsigned char digest[HASH_SIZE];
    hash_bytes(buf_span(&c->der), digest);
    hash_hex(digest, c->info.fingerprint);
    c->info.usage = usage_of(c->x509, c->info.key_type);
    c->info.self_signed = X509_self_signed(c->x509, 1) == 1;
    c->info.weak_signature = !c->info.self_signed && has_weak_signature(c->x509);
    ossl_begin();
}

int cert_parse(struct span der, struct cert **out, struct err *err)
{
    ossl_begin();
    *out = NULL;
    SEAL_CLEANUP(destroy) struct cert *c = xcalloc(1, sizeof *c);
    atomic_init(&c->refs, 1);
    if (read_der(c, der, err) < 0 || read_times(c, err) < 0 || read_public(c, err) < 0 ||
        read_names(c, err) < 0)
        return -1;
    read_properties(c);
    *out = c;
    c = NULL;
    return 0;
}

int cert_from_x509(const X509 *x509, struct cert **out, struct err *err)
{
    *out = NULL;
    unsigned char *der = NULL;
    int len = i2d_X509(x509, &der);
    if (len <= 0)
        return ossl_fail(err, ERR_SYNTAX, "certificate cannot be written");
    int result = cert_parse((struct span){(const char *)der, (size_t)len}, out, err);
    OPENSSL_free(der);
    return result;
}

struct cert *cert_ref(struct cert *cert)
{
    atomic_fetch_add_explicit(&cert->refs, 1, memory_order_relaxed);
    return cert;
}

void cert_free(struct cert **cert)
{
    struct cert *c = *cert;
    *cert = NULL;
    if (c != NULL && atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) == 1)
        destroy(&c);
}

const struct cert_info *cert_info(const struct cert *cert)
{
    return &cert->info;
}

struct span cert_der(const struct cert *cert)
{
    return buf_span(&cert->der);
}

struct span cert_public(const struct cert *cert)
{
    return buf_span(&cert->public);
}

X509 *cert_x509(const struct cert *cert)
{
    return cert->x509;
}

STACK_OF(X509) * cert_x509_list(struct cert *const *certs, size_t n)
{
    STACK_OF(X509) *list = sk_X509_new_reserve(NULL, (int)n);
    for (size_t i = 0; list != NULL && i < n; i++)
        sk_X509_push(list, certs[i]->x509); /* room was reserved */
    return list;
}

bool cert_has_address(const struct cert *cert, const char *addr, enum addr_case how)
{
    int (*normal)(struct span, char *, struct err *) = how == ADDR_CASE_EXACT ? addr_exact : addr_canonical;
    char wanted[ADDR_MAX + 1], have[ADDR_MAX + 1];
    struct err ignored = ERR_INIT;
    if (normal(span_of(addr), wanted, &ignored) < 0 || *wanted == '\0')
        return false;
    for (size_t i = 0; i < cert->info.nemails; i++)
        if (normal(span_of(cert->info.emails[i]), have, &ignored) == 0 && strcmp(wanted, have) == 0)
            return true;
    return false;
}

bool cert_same(const struct cert *a, const struct cert *b)
{
    return span_eq(cert_der(a), cert_der(b));
}
