/* keys - the private keys of tests/support/keys, and soft keys of any PKCS#8. What fails ends the test. */
#ifndef SUPPORT_KEYS_H
#define SUPPORT_KEYS_H

#include "token/soft.h"

#include <check.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <stdio.h>

/* keys_load - "rsa2048-1", "rsa2048-2", "rsa2048-3", "rsa1024", "rsa3072", "rsa4096"; the caller frees it. */
static inline EVP_PKEY *keys_load(const char *name)
{
    char path[500];
    snprintf(path, sizeof path, "%s/support/keys/%s.pem", TESTS_DIR, name);
    BIO *bio = BIO_new_file(path, "r");
    ck_assert_msg(bio != NULL, "%s", path);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return pkey;
}

/* keys_rsa_public - an RSA public key of any size and exponent (hexadecimal), which belongs to nobody; the caller frees it. */
static inline EVP_PKEY *keys_rsa_public(int bits, const char *exponent)
{
    EVP_PKEY *pkey = NULL;
    BIGNUM *n = BN_new(), *e = NULL;
    ck_assert_int_gt(BN_hex2bn(&e, exponent), 0);
    ck_assert_int_eq(BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY_fromdata_init(ctx);
    ck_assert_int_eq(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params), 1);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    return pkey;
}

/* keys_soft - through wrap and open, as the daemon does; NULL when the type is not supported. */
static inline struct key *keys_soft(const struct secret *pkcs8)
{
    struct err err = ERR_INIT;
    struct secret master = {0};
    struct buf wrapped = BUF_INIT(1u << 16), public = BUF_INIT(1u << 16);
    struct key *key = NULL;
    if (soft_master_generate(&master, &err) == 0 && soft_public(pkcs8, &public, &err) == 0 &&
        soft_wrap(&master, "test", pkcs8, &wrapped, &err) == 0 &&
        soft_open(&master, "test", buf_span(&public), buf_span(&wrapped), &key, &err) == 0)
        err_clear(&err);
    ck_assert_msg(key != NULL || err.code == ERR_UNSUPPORTED, "%s", err.msg);
    secret_fini(&master);
    buf_fini(&wrapped);
    buf_fini(&public);
    return key;
}

#endif
