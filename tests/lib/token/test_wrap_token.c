#include "support/check.h"
#include "support/keys.h"

#include "base/hash.h"
#include "token/evp.h"
#include "token/wrap_token.h"

#include <openssl/rsa.h>
#include <string.h>

#define OWNER   "alice@example.org"
#define SUBJECT SPAN_LIT("0123456789abcdef0123456789abcdef01234567")
#define SECRET  "a passphrase"

static struct err err;
static struct key *master; /* a soft one: what it answers is the same */
static struct secret secret;
static struct buf wrapped = BUF_INIT(WRAP_MAX);

static struct key *load(const char *name)
{
    struct secret pkcs8;
    EVP_PKEY *pkey = keys_load(name);
    ck_ok(evp_write_pkcs8(pkey, &pkcs8, &err));
    struct key *key = keys_soft(&pkcs8);
    secret_fini(&pkcs8);
    EVP_PKEY_free(pkey);
    return key;
}

static void setup(void)
{
    master = load("rsa2048-1");
    ck_ok(secret_copy(&secret, SECRET, strlen(SECRET), &err));
    ck_ok(
        wrap_token_seal(key_public(master), WRAP_TOKEN_OAEP_SHA256, OWNER, SUBJECT, &secret, &wrapped, &err));
}

static void teardown(void)
{
    key_free(&master);
    secret_fini(&secret);
    buf_fini(&wrapped);
}

static int open_as(struct key *key, const char *owner, struct span subject, struct span bytes)
{
    struct secret back;
    int result = wrap_token_open(key, owner, subject, bytes, &back, &err);
    ck_assert_int_eq(result == 0, back.ptr != NULL);
    if (result == 0)
        ck_assert(span_is((struct span){(const char *)back.ptr, back.len}, SECRET));
    secret_fini(&back);
    return result;
}

START_TEST(what_was_wrapped_comes_back_with_every_padding)
{
    static const enum wrap_token_padding all[] = {WRAP_TOKEN_PKCS1, WRAP_TOKEN_OAEP_SHA256,
                                                  WRAP_TOKEN_OAEP_SHA1};
    for (size_t i = 0; i < SEAL_COUNT(all); i++) {
        buf_clear(&wrapped);
        ck_ok(wrap_token_seal(key_public(master), all[i], OWNER, SUBJECT, &secret, &wrapped, &err));
        ck_assert_int_eq(wrapped.ptr[0], WRAP_TOKEN_VERSION);
        ck_assert_ptr_null(memmem(wrapped.ptr, wrapped.len, SECRET, 8));
        ck_ok(open_as(master, OWNER, SUBJECT, buf_span(&wrapped)));
    }
}
END_TEST

START_TEST(oaep_is_chosen_where_the_key_has_it)
{
    enum wrap_token_padding padding;
    ck_ok(wrap_token_choose(master, &padding, &err));
    ck_assert_int_eq(padding, WRAP_TOKEN_OAEP_SHA256);
}
END_TEST

START_TEST(an_ec_key_is_no_master_key)
{
    enum wrap_token_padding padding;
    struct secret pkcs8;
    ck_ok(soft_generate(KEY_EC_P256, 0, &pkcs8, &err));
    struct key *key = keys_soft(&pkcs8);
    ck_fails(wrap_token_choose(key, &padding, &err), ERR_KEY_UNUSABLE);
    key_free(&key);
    secret_fini(&pkcs8);
}
END_TEST

START_TEST(another_owner_subject_or_master_opens_nothing)
{
    struct key *other = load("rsa2048-2");
    ck_fails(open_as(master, "bob@example.org", SUBJECT, buf_span(&wrapped)), ERR_CRYPTO);
    ck_fails(open_as(master, OWNER, SPAN_LIT("another"), buf_span(&wrapped)), ERR_CRYPTO);
    ck_fails(open_as(other, OWNER, SUBJECT, buf_span(&wrapped)), ERR_CRYPTO);
    key_free(&other);
}
END_TEST

/* Without asking the token. */
START_TEST(record_tells_which_tokens_key_opens_it)
{
    struct key *other = load("rsa2048-2");
    ck_ok(wrap_token_check(key_public(master), buf_span(&wrapped), &err));
    ck_assert_int_lt(wrap_token_check(key_public(other), buf_span(&wrapped), &err), 0);
    ck_assert_ptr_nonnull(strstr(err.msg, "under another token's key"));
    err_clear(&err);
    wrapped.ptr[0]++;
    ck_fails(wrap_token_check(key_public(master), buf_span(&wrapped), &err), ERR_UNSUPPORTED);
    key_free(&other);
}
END_TEST

START_TEST(every_octet_counts)
{
    for (size_t i = 0; i < wrapped.len; i++) {
        wrapped.ptr[i] ^= 1;
        ck_assert_int_lt(open_as(master, OWNER, SUBJECT, buf_span(&wrapped)), 0);
        ck_assert(err.code == ERR_CRYPTO || err.code == ERR_UNSUPPORTED);
        err_clear(&err);
        wrapped.ptr[i] ^= 1;
    }
    ck_ok(open_as(master, OWNER, SUBJECT, buf_span(&wrapped)));
}
END_TEST

START_TEST(truncated_records_are_refused)
{
    for (size_t n = 0; n < wrapped.len; n++) {
        ck_assert_int_lt(open_as(master, OWNER, SUBJECT, (struct span){wrapped.ptr, n}), 0);
        err_clear(&err);
    }
}
END_TEST

/* A record whose data key is one that anybody can make for the token's public key. */
static void forge(const void *data_key, size_t n, size_t body)
{
    unsigned char cipher[512];
    size_t len = sizeof cipher;
    EVP_PKEY *pkey = keys_load("rsa2048-1");
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    ck_assert_int_eq(EVP_PKEY_encrypt_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING), 1);
    ck_assert_int_eq(EVP_PKEY_encrypt(ctx, cipher, &len, data_key, n), 1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    const char padded[] = {WRAP_TOKEN_VERSION, WRAP_TOKEN_PKCS1}, length[] = {(char)(len >> 8), (char)len};
    unsigned char digest[HASH_SIZE];
    hash_bytes(key_public(master), digest);
    buf_clear(&wrapped);
    buf_add(&wrapped, padded, sizeof padded);
    buf_add(&wrapped, digest, 8);
    buf_add(&wrapped, length, sizeof length);
    buf_add(&wrapped, cipher, len);
    while (body-- > 0)
        buf_add_char(&wrapped, 'x');
}

/* Else who asks often enough decrypts the data keys of others with the answers. */
START_TEST(data_key_of_another_length_looks_like_a_wrong_one)
{
    static const unsigned char data_key[MASTER_KEY_SIZE + 1] = "whatever";
    static const size_t bodies[] = {0, 28, 100};
    for (size_t i = 0; i < SEAL_COUNT(bodies); i++) {
        struct err wrong = ERR_INIT;
        forge(data_key, MASTER_KEY_SIZE, bodies[i]);
        ck_assert_int_lt(open_as(master, OWNER, SUBJECT, buf_span(&wrapped)), 0);
        ck_assert_int_eq(err.code, ERR_CRYPTO);
        wrong = err;
        for (size_t n = MASTER_KEY_SIZE - 1; n <= MASTER_KEY_SIZE + 1; n += 2) {
            err_clear(&err);
            forge(data_key, n, bodies[i]);
            ck_assert_int_lt(open_as(master, OWNER, SUBJECT, buf_span(&wrapped)), 0);
            ck_assert_int_eq(err.code, wrong.code);
            ck_assert_str_eq(err.msg, wrong.msg);
        }
        err_clear(&err);
    }
}
END_TEST

START_TEST(records_of_a_master_key_in_a_file_are_of_another_version)
{
    struct secret file;
    struct buf first = BUF_INIT(WRAP_MAX);
    ck_ok(soft_master_generate(&file, &err));
    ck_ok(wrap_seal(&file, OWNER, SUBJECT, &secret, &first, &err));
    ck_fails(open_as(master, OWNER, SUBJECT, buf_span(&first)), ERR_UNSUPPORTED);
    struct secret back;
    ck_fails(wrap_open(&file, OWNER, SUBJECT, buf_span(&wrapped), &back, &err), ERR_UNSUPPORTED);
    secret_fini(&file);
    buf_fini(&first);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/token/wrap_token");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, what_was_wrapped_comes_back_with_every_padding);
    tcase_add_test(all, oaep_is_chosen_where_the_key_has_it);
    tcase_add_test(all, an_ec_key_is_no_master_key);
    tcase_add_test(all, another_owner_subject_or_master_opens_nothing);
    tcase_add_test(all, record_tells_which_tokens_key_opens_it);
    tcase_add_test(all, every_octet_counts);
    tcase_add_test(all, truncated_records_are_refused);
    tcase_add_test(all, data_key_of_another_length_looks_like_a_wrong_one);
    tcase_add_test(all, records_of_a_master_key_in_a_file_are_of_another_version);
    suite_add_tcase(s, all);
    return s;
}

TEST_MAIN(suite)
