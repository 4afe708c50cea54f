/* crls - revocation lists for tests. */
#include "support/crls.h"

#include <check.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

static void set_time(X509_CRL *crl, int (*set)(X509_CRL *, const ASN1_TIME *), int64_t when)
{
    ASN1_TIME *time = ASN1_TIME_set(NULL, when);
    ck_assert_int_eq(set(crl, time), 1);
    ASN1_TIME_free(time);
}

static void revoke(X509_CRL *crl, const ASN1_INTEGER *serial)
{
    X509_REVOKED *revoked = X509_REVOKED_new();
    ASN1_TIME *since = ASN1_TIME_set(NULL, CRLS_SINCE);
    ck_assert_int_eq(X509_REVOKED_set_serialNumber(revoked, (ASN1_INTEGER *)serial), 1);
    ck_assert_int_eq(X509_REVOKED_set_revocationDate(revoked, since), 1);
    ck_assert_int_eq(X509_CRL_add0_revoked(crl, revoked), 1);
    ASN1_TIME_free(since);
}

static void revoke_many(X509_CRL *crl, size_t n)
{
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    for (size_t i = 0; i < n; i++) {
        ASN1_INTEGER_set_uint64(serial, UINT64_C(1) << 60 | i * 7919);
        revoke(crl, serial);
    }
    ASN1_INTEGER_free(serial);
}

static void add_extension(X509_CRL *crl, const char *name, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, NULL, NULL, NULL, crl, 0);
    X509V3_set_ctx_nodb(&ctx);
    X509_EXTENSION *extension = X509V3_EXT_nconf(NULL, &ctx, name, value);
    ck_assert_msg(extension != NULL, "extension %s: %s", name, value);
    ck_assert_int_eq(X509_CRL_add_ext(crl, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static void add_extensions(X509_CRL *crl, const struct crls_spec *spec)
{
    char name[64];
    if (spec->scope != NULL)
        add_extension(crl, "issuingDistributionPoint", spec->scope);
    if (spec->more == NULL)
        return;
    size_t len = strcspn(spec->more, "=");
    snprintf(name, sizeof name, "%.*s", (int)len, spec->more);
    add_extension(crl, name, spec->more + len + 1);
}

void crls_make(const struct crls_spec *spec, struct buf *out)
{
    unsigned char *der = NULL;
    X509_CRL *crl = X509_CRL_new();
    ck_assert_int_eq(X509_CRL_set_version(crl, X509_CRL_VERSION_2), 1);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(spec->issuer->x509));
    set_time(crl, X509_CRL_set1_lastUpdate, spec->this_update == 0 ? PKI_NOW - PKI_DAY : spec->this_update);
    if (!spec->no_next)
        set_time(crl, X509_CRL_set1_nextUpdate,
                 spec->next_update == 0 ? PKI_NOW + 7 * PKI_DAY : spec->next_update);
    for (size_t i = 0; i < CRLS_REVOKED_MAX && spec->revoked[i] != NULL; i++)
        revoke(crl, X509_get0_serialNumber(spec->revoked[i]->x509));
    revoke_many(crl, spec->many);
    add_extensions(crl, spec);
    const char *digest = spec->digest == NULL ? "SHA256" : spec->digest;
    ck_assert_int_gt(X509_CRL_sign(crl, spec->issuer->pkey, EVP_get_digestbyname(digest)), 0);
    int len = i2d_X509_CRL(crl, &der);
    ck_assert_int_gt(len, 0);
    buf_add(out, der, (size_t)len);
    OPENSSL_free(der);
    X509_CRL_free(crl);
}
