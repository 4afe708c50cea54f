#include "support/check.h"
#include "support/keys.h"
#include "support/signing.h"

#include "token/evp.h"

#include <pthread.h>
#include <string.h>

static struct err err;
static struct key *rsa, *ec;
static EVP_PKEY *rsa_peer; /* what a correspondent has: made of the public half alone */

static struct key *soft_of(EVP_PKEY *pkey)
{
    struct secret pkcs8;
    ck_ok(evp_write_pkcs8(pkey, &pkcs8, &err));
    struct key *key = keys_soft(&pkcs8);
    secret_fini(&pkcs8);
    EVP_PKEY_free(pkey);
    return key;
}

static void setup(void)
{
    rsa = soft_of(keys_load("rsa2048-1"));
    ec = soft_of(EVP_EC_gen("P-256"));
    rsa_peer = signing_public(key_public(rsa));
}

static void teardown(void)
{
    key_free(&rsa);
    key_free(&ec);
    EVP_PKEY_free(rsa_peer);
}

/* ---- signing ---- */

START_TEST(signatures_of_every_padding_and_digest_verify)
{
    signing_check(rsa, SIGN_PKCS1);
    signing_check(rsa, SIGN_PSS);
    signing_check(ec, SIGN_ECDSA);
    struct key *wide = soft_of(EVP_EC_gen("P-521"));
    signing_check(wide, SIGN_ECDSA);
    key_free(&wide);
}
END_TEST

START_TEST(questions_that_do_not_fit_the_key_are_refused)
{
    unsigned char hash[64] = {0}, sig[512];
    size_t len = sizeof sig;
    struct secret out;
    struct span h = {(char *)hash, 32};
    ck_fails(key_sign(rsa, DIGEST_SHA256, SIGN_ECDSA, h, sig, &len, &err), ERR_KEY_UNUSABLE);
    ck_fails(key_sign(ec, DIGEST_SHA256, SIGN_PKCS1, h, sig, &len, &err), ERR_KEY_UNUSABLE);
    ck_fails(key_sign(ec, DIGEST_SHA256, SIGN_PSS, h, sig, &len, &err), ERR_KEY_UNUSABLE);
    ck_fails(key_sign(rsa, DIGEST_SHA384, SIGN_PKCS1, h, sig, &len, &err), ERR_BUG);
    ck_fails(key_sign(rsa, DIGEST_SHA1, SIGN_PKCS1, (struct span){(char *)hash, 20}, sig, &len, &err),
             ERR_UNSUPPORTED);
    ck_fails(key_decrypt(ec, WRAP_PKCS1, DIGEST_SHA1, h, &out, &err), ERR_KEY_UNUSABLE);
    ck_fails(key_derive(rsa, h, &out, &err), ERR_KEY_UNUSABLE);
}
END_TEST

START_TEST(signature_without_room_is_refused)
{
    unsigned char hash[32] = {0}, sig[255];
    size_t len = sizeof sig;
    ck_fails(key_sign(rsa, DIGEST_SHA256, SIGN_PKCS1, (struct span){(char *)hash, 32}, sig, &len, &err),
             ERR_CRYPTO);
}
END_TEST

/* ---- decrypting ---- */

static size_t wrap(EVP_PKEY *public, int padding, const EVP_MD *oaep, const void *text, size_t n,
                   unsigned char out[512])
{
    size_t len = 512;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(public, NULL);
    ck_assert_int_eq(EVP_PKEY_encrypt_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, padding), 1);
    if (oaep != NULL) {
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_oaep_md(ctx, oaep), 1);
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, oaep), 1);
    }
    ck_assert_int_eq(EVP_PKEY_encrypt(ctx, out, &len, text, n), 1);
    EVP_PKEY_CTX_free(ctx);
    return len;
}

static const unsigned char session_key[33] = "a session key of 32 octets: good.";

START_TEST(pkcs1_unwraps_what_openssl_wrapped)
{
    unsigned char wrapped[512];
    static const size_t lengths[] = {16, 24, 32};
    for (size_t i = 0; i < SEAL_COUNT(lengths); i++) {
        struct secret out;
        size_t len = wrap(rsa_peer, RSA_PKCS1_PADDING, NULL, session_key, lengths[i], wrapped);
        ck_ok(key_decrypt(rsa, WRAP_PKCS1, DIGEST_SHA1, (struct span){(char *)wrapped, len}, &out, &err));
        ck_assert_uint_eq(out.len, lengths[i]);
        ck_assert_mem_eq(out.ptr, session_key, lengths[i]);
        secret_fini(&out);
    }
}
END_TEST

static void decrypt_pkcs1(struct key *key, const unsigned char wrapped[256],
                          unsigned char out[KEY_REJECT_SIZE])
{
    struct secret secret;
    ck_ok(
        key_decrypt(key, WRAP_PKCS1, DIGEST_SHA1, (struct span){(const char *)wrapped, 256}, &secret, &err));
    ck_assert_uint_eq(secret.len, KEY_REJECT_SIZE);
    memcpy(out, secret.ptr, secret.len);
    secret_fini(&secret);
}

START_TEST(wrong_padding_looks_like_success)
{
    unsigned char block[256] = {0, 2}, wrapped[512], one[32], again[32], two[32];
    memset(block + 2, 0xff, sizeof block - 2); /* no separator */
    wrap(rsa_peer, RSA_NO_PADDING, NULL, block, sizeof block, wrapped);
    decrypt_pkcs1(rsa, wrapped, one);
    decrypt_pkcs1(rsa, wrapped, again);
    ck_assert_mem_eq(one, again, sizeof one); /* asking twice tells nothing */
    block[1] = 1;
    wrap(rsa_peer, RSA_NO_PADDING, NULL, block, sizeof block, wrapped);
    decrypt_pkcs1(rsa, wrapped, two);
    ck_assert_mem_ne(one, two, sizeof one);
}
END_TEST

START_TEST(answers_to_wrong_padding_are_the_same_after_a_restart_and_other_for_another_key)
{
    unsigned char block[256] = {0}, wrapped[512], one[32], reopened[32], other[32];
    wrap(rsa_peer, RSA_NO_PADDING, NULL, block, sizeof block, wrapped);
    struct key *again = soft_of(keys_load("rsa2048-1")), *foreign = soft_of(keys_load("rsa2048-2"));
    decrypt_pkcs1(rsa, wrapped, one);
    decrypt_pkcs1(again, wrapped, reopened);
    decrypt_pkcs1(foreign, wrapped, other);
    ck_assert_mem_eq(one, reopened, sizeof one);
    ck_assert_mem_ne(one, other, sizeof one);
    key_free(&again);
    key_free(&foreign);
}
END_TEST

START_TEST(ciphertext_for_another_key_looks_like_success)
{
    unsigned char block[256] = {0, 2}, wrapped[512], out[32];
    struct key *other = soft_of(keys_load("rsa2048-2"));
    EVP_PKEY *peer = signing_public(key_public(other));
    memset(block + 2, 0xff, sizeof block - 2); /* of random ones 1 in 100,000 is padded right for the other */
    block[sizeof block - 33] = 0;
    memcpy(block + sizeof block - 32, session_key, 32);
    wrap(peer, RSA_NO_PADDING, NULL, block, sizeof block, wrapped);
    wrapped[0] = 0; /* below either modulus */
    decrypt_pkcs1(rsa, wrapped, out);
    ck_assert_mem_ne(out, session_key, sizeof out);
    EVP_PKEY_free(peer);
    key_free(&other);
}
END_TEST

START_TEST(wrapped_key_of_another_size_than_the_modulus_is_an_error)
{
    unsigned char wrapped[512] = {0};
    struct secret out;
    static const size_t lengths[] = {0, 1, 255, 257, 512};
    for (size_t i = 0; i < SEAL_COUNT(lengths); i++)
        ck_fails(
            key_decrypt(rsa, WRAP_PKCS1, DIGEST_SHA1, (struct span){(char *)wrapped, lengths[i]}, &out, &err),
            ERR_CRYPTO);
    memset(wrapped, 0xff, sizeof wrapped); /* above the modulus */
    ck_fails(key_decrypt(rsa, WRAP_PKCS1, DIGEST_SHA1, (struct span){(char *)wrapped, 256}, &out, &err),
             ERR_CRYPTO);
}
END_TEST

START_TEST(oaep_unwraps_with_the_digest_that_was_named)
{
    unsigned char wrapped[512];
    struct secret out;
    static const struct {
        enum digest digest;
        const char *name;
    } cases[] = {{DIGEST_SHA1, "SHA1"},
                 {DIGEST_SHA256, "SHA256"},
                 {DIGEST_SHA384, "SHA384"},
                 {DIGEST_SHA512, "SHA512"}};
    for (size_t i = 0; i < SEAL_COUNT(cases); i++) {
        size_t len = wrap(rsa_peer, RSA_PKCS1_OAEP_PADDING, EVP_get_digestbyname(cases[i].name), session_key,
                          32, wrapped);
        struct span w = {(char *)wrapped, len};
        ck_ok(key_decrypt(rsa, WRAP_OAEP, cases[i].digest, w, &out, &err));
        ck_assert_uint_eq(out.len, 32);
        ck_assert_mem_eq(out.ptr, session_key, 32);
        secret_fini(&out);
        ck_fails(key_decrypt(rsa, WRAP_OAEP, cases[(i + 1) % SEAL_COUNT(cases)].digest, w, &out, &err),
                 ERR_CRYPTO);
        ck_assert_ptr_null(out.ptr);
    }
}
END_TEST

/* ---- agreeing ---- */

static size_t point_of(EVP_PKEY *pkey, unsigned char **out)
{
    size_t n = EVP_PKEY_get1_encoded_public_key(pkey, out);
    ck_assert_uint_gt(n, 0);
    return n;
}

START_TEST(both_sides_agree_on_the_same_secret)
{
    static const char *const curves[] = {"P-256", "P-384", "P-521"};
    static const size_t sizes[] = {32, 48, 66};
    for (size_t i = 0; i < SEAL_COUNT(curves); i++) {
        struct key *alice = soft_of(EVP_EC_gen(curves[i])), *bob = soft_of(EVP_EC_gen(curves[i]));
        unsigned char *pa, *pb;
        struct secret one, two;
        size_t na = point_of(token_evp(alice, &err), &pa), nb = point_of(token_evp(bob, &err), &pb);
        ck_ok(key_derive(alice, (struct span){(char *)pb, nb}, &one, &err));
        ck_ok(key_derive(bob, (struct span){(char *)pa, na}, &two, &err));
        ck_assert_uint_eq(one.len, sizes[i]);
        ck_assert_uint_eq(two.len, one.len);
        ck_assert_mem_eq(one.ptr, two.ptr, one.len);
        secret_fini(&one);
        secret_fini(&two);
        OPENSSL_free(pa);
        OPENSSL_free(pb);
        key_free(&alice);
        key_free(&bob);
    }
}
END_TEST

START_TEST(points_that_are_none_of_the_curve_are_refused)
{
    unsigned char *point, *foreign;
    struct secret out;
    EVP_PKEY *peer = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-384");
    size_t n = point_of(peer, &point), nforeign = point_of(other, &foreign);
    ck_fails(key_derive(ec, (struct span){(char *)foreign, nforeign}, &out, &err), ERR_CRYPTO);
    ck_fails(key_derive(ec, SPAN_LIT("\0"), &out, &err), ERR_CRYPTO); /* infinity */
    ck_fails(key_derive(ec, (struct span){"", 0}, &out, &err), ERR_CRYPTO);
    point[n - 1] ^= 1; /* off the curve */
    ck_fails(key_derive(ec, (struct span){(char *)point, n}, &out, &err), ERR_CRYPTO);
    ck_assert_ptr_null(out.ptr);
    OPENSSL_free(point);
    OPENSSL_free(foreign);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(other);
}
END_TEST

/* ---- life ---- */

static void *use_key(void *arg)
{
    struct key *key = key_ref(arg);
    unsigned char hash[32] = {1}, sig[512];
    struct err mine = ERR_INIT;
    intptr_t failures = 0;
    for (int i = 0; i < 20; i++) {
        size_t len = sizeof sig;
        if (key_sign(key, DIGEST_SHA256, SIGN_PKCS1, (struct span){(char *)hash, 32}, sig, &len, &mine) < 0)
            failures++;
    }
    key_free(&key);
    return (void *)failures;
}

START_TEST(key_is_used_by_threads_and_outlives_its_first_reference)
{
    pthread_t threads[4];
    void *failures;
    struct key *mine = key_ref(rsa);
    key_free(&rsa);
    ck_assert_ptr_null(rsa);
    for (size_t i = 0; i < SEAL_COUNT(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use_key, mine), 0);
    for (size_t i = 0; i < SEAL_COUNT(threads); i++) {
        pthread_join(threads[i], &failures);
        ck_assert_ptr_null(failures);
    }
    key_free(&mine);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/token/key");
    TCase *c = tcase_create("key");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, signatures_of_every_padding_and_digest_verify);
    tcase_add_test(c, questions_that_do_not_fit_the_key_are_refused);
    tcase_add_test(c, signature_without_room_is_refused);
    tcase_add_test(c, pkcs1_unwraps_what_openssl_wrapped);
    tcase_add_test(c, wrong_padding_looks_like_success);
    tcase_add_test(c, answers_to_wrong_padding_are_the_same_after_a_restart_and_other_for_another_key);
    tcase_add_test(c, ciphertext_for_another_key_looks_like_success);
    tcase_add_test(c, wrapped_key_of_another_size_than_the_modulus_is_an_error);
    tcase_add_test(c, oaep_unwraps_with_the_digest_that_was_named);
    tcase_add_test(c, both_sides_agree_on_the_same_secret);
    tcase_add_test(c, points_that_are_none_of_the_curve_are_refused);
    tcase_add_test(c, key_is_used_by_threads_and_outlives_its_first_reference);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
