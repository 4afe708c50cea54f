/* keys - the private keys of tests/support/keys, and soft keys of any PKCS#8. What fails ends the test. */
#ifndef SUPPORT_KEYS_H
#define SUPPORT_KEYS_H

#include "token/soft.h"

#include <check.h>
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
