/* What keys on tokens of SoftHSM answer, and what goes wrong with tokens. */
#include "support/check.h"
#include "support/keys.h"
#include "support/signing.h"
#include "support/softhsm.h"

#include "token/evp.h"

#include <pthread.h>
#include <string.h>

#define PIN "1234"

static struct err err;
static struct softhsm hsm;
static struct pkcs11 *p11;

/* Tokens are made once for all tests; each test has a process of its own, which loads the module. */
static void make_tokens(void)
{
    softhsm_init(&hsm);
    softhsm_token(&hsm, "gw", PIN);
    softhsm_token(&hsm, "second", "4321");
    EVP_PKEY *rsa2048 = keys_load("rsa2048-1"), *rsa3072 = keys_load("rsa3072"),
             *other = keys_load("rsa2048-2");
    EVP_PKEY *p256 = EVP_EC_gen("P-256"), *p384 = EVP_EC_gen("P-384");
    softhsm_import(&hsm, "gw", PIN, "rsa2048", "01", rsa2048, SOFTHSM_SIGN);
    softhsm_import(&hsm, "gw", PIN, "rsa3072", "02", rsa3072, SOFTHSM_SIGN);
    softhsm_import(&hsm, "gw", PIN, "p256", "03", p256, SOFTHSM_DERIVE);
    softhsm_import(&hsm, "gw", PIN, "p384", "04", p384, SOFTHSM_DERIVE);
    softhsm_import(&hsm, "gw", PIN, "signer", "05", p256, SOFTHSM_SIGN);
    softhsm_import(&hsm, "second", "4321", "rsa2048", "01", other, SOFTHSM_SIGN);
    EVP_PKEY_free(rsa2048);
    EVP_PKEY_free(rsa3072);
    EVP_PKEY_free(other);
    EVP_PKEY_free(p256);
    EVP_PKEY_free(p384);
}

static void remove_tokens(void)
{
    softhsm_fini(&hsm);
}

static void setup(void)
{
    ck_ok(pkcs11_open(&hsm.conf, &p11, &err));
}

static void teardown(void)
{
    pkcs11_close(&p11);
}

static struct key *open_key(const char *object)
{
    char uri[128];
    struct key *key = NULL;
    snprintf(uri, sizeof uri, "pkcs11:token=gw;object=%s;type=private", object);
    ck_ok(pkcs11_key(p11, uri, (struct span){NULL, 0}, &key, &err));
    return key;
}

/* ---- signing ---- */

static void check_signing(const char *object, enum sign_padding padding)
{
    struct key *key = open_key(object);
    signing_check(key, padding);
    key_free(&key);
}

START_TEST(token_signs_pkcs1)
{
    check_signing("rsa2048", SIGN_PKCS1);
    check_signing("rsa3072", SIGN_PKCS1);
}
END_TEST

START_TEST(token_signs_pss)
{
    check_signing("rsa2048", SIGN_PSS);
    check_signing("rsa3072", SIGN_PSS);
}
END_TEST

START_TEST(token_signs_ecdsa)
{
    check_signing("p256", SIGN_ECDSA);
    check_signing("p384", SIGN_ECDSA);
}
END_TEST

/* ---- unwrapping ---- */

#define CEK "0123456789abcdef0123456789abcdef"

static size_t wrap(struct key *key, int padding, const char *digest, const char *text, size_t text_len,
                   unsigned char out[512])
{
    EVP_PKEY *public = signing_public(key_public(key));
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(public, NULL);
    size_t len = 512;
    ck_assert_int_eq(EVP_PKEY_encrypt_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, padding), 1);
    if (padding == RSA_PKCS1_OAEP_PADDING) {
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, digest, NULL), 1);
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, digest, NULL), 1);
    }
    ck_assert_int_eq(EVP_PKEY_encrypt(ctx, out, &len, (const unsigned char *)text, text_len), 1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(public);
    return len;
}

static void check_unwraps(struct key *key, enum wrap_padding padding, enum digest digest,
                          const unsigned char *wrapped, size_t len)
{
    struct secret out;
    ck_ok(key_decrypt(key, padding, digest, (struct span){(const char *)wrapped, len}, &out, &err));
    ck_assert_uint_eq(out.len, strlen(CEK));
    ck_assert_mem_eq(out.ptr, CEK, out.len);
    secret_fini(&out);
}

START_TEST(token_unwraps_pkcs1)
{
    static const char *const objects[] = {"rsa2048", "rsa3072"};
    for (size_t i = 0; i < SEAL_COUNT(objects); i++) {
        unsigned char wrapped[512];
        struct key *key = open_key(objects[i]);
        size_t len = wrap(key, RSA_PKCS1_PADDING, NULL, CEK, strlen(CEK), wrapped);
        check_unwraps(key, WRAP_PKCS1, DIGEST_SHA1, wrapped, len);
        key_free(&key);
    }
}
END_TEST

START_TEST(token_unwraps_oaep_of_each_digest)
{
    static const struct {
        enum digest digest;
        const char *name;
    } oaep[] = {{DIGEST_SHA1, "SHA1"},
                {DIGEST_SHA256, "SHA256"},
                {DIGEST_SHA384, "SHA384"},
                {DIGEST_SHA512, "SHA512"}};
    struct key *key = open_key("rsa2048");
    for (size_t i = 0; i < SEAL_COUNT(oaep); i++) {
        unsigned char wrapped[512];
        size_t len = wrap(key, RSA_PKCS1_OAEP_PADDING, oaep[i].name, CEK, strlen(CEK), wrapped);
        check_unwraps(key, WRAP_OAEP, oaep[i].digest, wrapped, len);
    }
    key_free(&key);
}
END_TEST

/* The answer of a key to a block without padding. */
static void reject_of(struct key *key, const char *block, size_t block_len,
                      unsigned char out[KEY_REJECT_SIZE])
{
    unsigned char wrapped[512];
    struct secret secret;
    size_t len = wrap(key, RSA_NO_PADDING, NULL, block, block_len, wrapped);
    ck_ok(
        key_decrypt(key, WRAP_PKCS1, DIGEST_SHA1, (struct span){(const char *)wrapped, len}, &secret, &err));
    ck_assert_uint_eq(secret.len, KEY_REJECT_SIZE);
    memcpy(out, secret.ptr, KEY_REJECT_SIZE);
    secret_fini(&secret);
}

START_TEST(wrong_pkcs1_padding_looks_like_success_and_is_the_same_in_every_process)
{
    unsigned char first[KEY_REJECT_SIZE], again[KEY_REJECT_SIZE], other[KEY_REJECT_SIZE];
    char block[256];
    memset(block, 'x', sizeof block);
    struct key *key = open_key("rsa2048");
    reject_of(key, block, sizeof block, first);
    block[200] = 'y';
    reject_of(key, block, sizeof block, other);
    block[200] = 'x';
    key_free(&key);
    pkcs11_close(&p11);
    ck_ok(pkcs11_open(&hsm.conf, &p11, &err));
    key = open_key("rsa2048");
    reject_of(key, block, sizeof block, again);
    ck_assert_mem_eq(first, again, sizeof first);
    ck_assert_mem_ne(first, other, sizeof first);
    key_free(&key);
}
END_TEST

START_TEST(wrong_oaep_padding_is_never_temporary)
{
    unsigned char wrapped[512];
    struct secret out;
    struct key *key = open_key("rsa2048");
    size_t len = wrap(key, RSA_PKCS1_OAEP_PADDING, "SHA256", CEK, strlen(CEK), wrapped);
    wrapped[len - 1] ^= 1;
    ck_fails(key_decrypt(key, WRAP_OAEP, DIGEST_SHA256, (struct span){(char *)wrapped, len}, &out, &err),
             ERR_CRYPTO);
    memset(wrapped, 0xff, len);
    ck_fails(key_decrypt(key, WRAP_OAEP, DIGEST_SHA256, (struct span){(char *)wrapped, len}, &out, &err),
             ERR_CRYPTO);
    ck_fails(key_decrypt(key, WRAP_PKCS1, DIGEST_SHA1, (struct span){(char *)wrapped, 12}, &out, &err),
             ERR_CRYPTO);
    key_free(&key);
}
END_TEST

/* ---- key agreement ---- */

static size_t point_of(EVP_PKEY *pkey, unsigned char out[200])
{
    unsigned char *point = NULL;
    size_t len = EVP_PKEY_get1_encoded_public_key(pkey, &point);
    ck_assert(len > 0 && len <= 200);
    memcpy(out, point, len);
    OPENSSL_free(point);
    return len;
}

static void check_agreement(const char *object, const char *curve)
{
    struct key *key = open_key(object);
    EVP_PKEY *public = signing_public(key_public(key));
    for (int i = 0; i < 300; i++) { /* one in 256 secrets starts with a zero octet */
        unsigned char point[200], theirs[100];
        struct secret ours;
        size_t theirs_len = sizeof theirs;
        EVP_PKEY *peer = EVP_EC_gen(curve);
        size_t point_len = point_of(peer, point);
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(peer, NULL);
        ck_assert_int_eq(EVP_PKEY_derive_init(ctx), 1);
        ck_assert_int_eq(EVP_PKEY_derive_set_peer(ctx, public), 1);
        ck_assert_int_eq(EVP_PKEY_derive(ctx, theirs, &theirs_len), 1);
        ck_ok(key_derive(key, (struct span){(char *)point, point_len}, &ours, &err));
        ck_assert_uint_eq(ours.len, theirs_len);
        ck_assert_mem_eq(ours.ptr, theirs, theirs_len);
        secret_fini(&ours);
        EVP_PKEY_CTX_free(ctx);
        EVP_PKEY_free(peer);
    }
    EVP_PKEY_free(public);
    key_free(&key);
}

START_TEST(token_agrees_with_a_peer)
{
    check_agreement("p256", "P-256");
    check_agreement("p384", "P-384");
}
END_TEST

START_TEST(point_off_the_curve_is_refused)
{
    unsigned char point[200];
    struct secret out;
    struct key *key = open_key("p256");
    EVP_PKEY *peer = EVP_EC_gen("P-256");
    size_t len = point_of(peer, point);
    point[len - 1] ^= 1;
    ck_fails(key_derive(key, (struct span){(char *)point, len}, &out, &err), ERR_CRYPTO);
    ck_fails(key_derive(key, (struct span){NULL, 0}, &out, &err), ERR_CRYPTO);
    EVP_PKEY_free(peer);
    key_free(&key);
}
END_TEST

START_TEST(ec_key_that_only_signs_says_so)
{
    unsigned char point[200];
    struct secret out;
    struct key *key = open_key("signer");
    EVP_PKEY *peer = EVP_EC_gen("P-256");
    size_t len = point_of(peer, point);
    ck_assert_int_lt(key_derive(key, (struct span){(char *)point, len}, &out, &err), 0);
    ck_assert_int_eq(err.code, ERR_UNSUPPORTED);
    ck_assert(strstr(err.msg, "CKA_DERIVE") != NULL);
    EVP_PKEY_free(peer);
    key_free(&key);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("pkcs11");
    TCase *operations = tcase_create("operations");
    tcase_add_unchecked_fixture(operations, make_tokens, remove_tokens);
    tcase_add_checked_fixture(operations, setup, teardown);
    tcase_add_test(operations, token_signs_pkcs1);
    tcase_add_test(operations, token_signs_pss);
    tcase_add_test(operations, token_signs_ecdsa);
    tcase_add_test(operations, token_unwraps_pkcs1);
    tcase_add_test(operations, token_unwraps_oaep_of_each_digest);
    tcase_add_test(operations, wrong_pkcs1_padding_looks_like_success_and_is_the_same_in_every_process);
    tcase_add_test(operations, wrong_oaep_padding_is_never_temporary);
    tcase_add_test(operations, token_agrees_with_a_peer);
    tcase_add_test(operations, point_off_the_curve_is_refused);
    tcase_add_test(operations, ec_key_that_only_signs_says_so);
    suite_add_tcase(s, operations);
    return s;
}

TEST_MAIN(suite)
