/* Records under a data key, whoever locked it. */
#include "support/check.h"
#include "support/keys.h"

#include "token/wrap_token.h"

#include <string.h>

#define OWNER   "alice@example.org"
#define SUBJECT SPAN_LIT("0123456789abcdef0123456789abcdef01234567")
#define SECRET  "a passphrase"
#define LOCKED  SPAN_LIT("what the token made of the data key")

static struct err err;
static struct secret data_key, secret;
static struct buf wrapped = BUF_INIT(WRAP_MAX);

static void setup(void)
{
    ck_ok(kek_data_key(&data_key, &err));
    ck_ok(secret_copy(&secret, SECRET, strlen(SECRET), &err));
    ck_ok(wrap_token_seal(&data_key, LOCKED, OWNER, SUBJECT, &secret, &wrapped, &err));
}

static void teardown(void)
{
    secret_fini(&data_key);
    secret_fini(&secret);
    buf_fini(&wrapped);
}

static int open_as(const struct secret *key, const char *owner, struct span subject, struct span bytes)
{
    struct secret back;
    int result = wrap_token_open(key, owner, subject, bytes, &back, &err);
    ck_assert_int_eq(result == 0, back.ptr != NULL);
    if (result == 0)
        ck_assert(span_is((struct span){(const char *)back.ptr, back.len}, SECRET));
    secret_fini(&back);
    return result;
}

START_TEST(what_was_wrapped_comes_back)
{
    struct span locked;
    ck_assert_int_eq(wrapped.ptr[0], WRAP_TOKEN_VERSION);
    ck_assert_ptr_null(memmem(wrapped.ptr, wrapped.len, SECRET, strlen(SECRET)));
    ck_ok(wrap_token_locked(buf_span(&wrapped), &locked, &err));
    ck_assert(span_eq(locked, LOCKED));
    ck_ok(open_as(&data_key, OWNER, SUBJECT, buf_span(&wrapped)));
}
END_TEST

START_TEST(another_owner_subject_or_data_key_opens_nothing)
{
    struct secret other;
    ck_ok(kek_data_key(&other, &err));
    ck_fails(open_as(&data_key, "bob@example.org", SUBJECT, buf_span(&wrapped)), ERR_CRYPTO);
    ck_fails(open_as(&data_key, OWNER, SPAN_LIT("another"), buf_span(&wrapped)), ERR_CRYPTO);
    ck_fails(open_as(&other, OWNER, SUBJECT, buf_span(&wrapped)), ERR_CRYPTO);
    secret_fini(&other);
}
END_TEST

/* One in the locked data key makes another one of that. */
START_TEST(every_octet_counts)
{
    struct span locked;
    for (size_t i = 0; i < wrapped.len; i++) {
        bool is_locked = i >= 3 && i < 3 + LOCKED.len;
        wrapped.ptr[i] ^= 1;
        if (is_locked) {
            ck_ok(wrap_token_locked(buf_span(&wrapped), &locked, &err));
            ck_assert(!span_eq(locked, LOCKED));
        } else {
            ck_assert_int_lt(open_as(&data_key, OWNER, SUBJECT, buf_span(&wrapped)), 0);
            ck_assert(err.code == ERR_CRYPTO || err.code == ERR_UNSUPPORTED);
            err_clear(&err);
        }
        wrapped.ptr[i] ^= 1;
    }
    ck_ok(open_as(&data_key, OWNER, SUBJECT, buf_span(&wrapped)));
}
END_TEST

START_TEST(truncated_records_are_refused)
{
    for (size_t n = 0; n < wrapped.len; n++)
        ck_fails(open_as(&data_key, OWNER, SUBJECT, (struct span){wrapped.ptr, n}), ERR_CRYPTO);
}
END_TEST

/* Else who asks often enough decrypts the data keys of others with the answers. */
START_TEST(data_key_of_another_length_looks_like_a_wrong_one)
{
    static const size_t bodies[] = {0, 28, 100};
    for (size_t i = 0; i < SEAL_COUNT(bodies); i++) {
        struct secret other;
        struct err wrong = ERR_INIT;
        wrapped.len = 3 + LOCKED.len + bodies[i];
        ck_assert_ptr_nonnull(buf_reserve(&wrapped, 1));
        for (size_t n = KEK_DATA_SIZE - 1; n <= KEK_DATA_SIZE + 1; n++) {
            static const char octets[KEK_DATA_SIZE + 1] = "whatever";
            ck_ok(secret_copy(&other, octets, n, &err));
            ck_assert_int_lt(open_as(&other, OWNER, SUBJECT, buf_span(&wrapped)), 0);
            if (n == KEK_DATA_SIZE - 1)
                wrong = err;
            ck_assert_int_eq(err.code, ERR_CRYPTO);
            ck_assert_str_eq(err.msg, wrong.msg);
            err_clear(&err);
            secret_fini(&other);
        }
    }
}
END_TEST

START_TEST(records_of_a_master_key_in_a_file_are_of_another_version)
{
    struct secret file, back;
    struct span locked;
    struct buf first = BUF_INIT(WRAP_MAX);
    ck_ok(soft_master_generate(&file, &err));
    ck_ok(wrap_seal(&file, OWNER, SUBJECT, &secret, &first, &err));
    ck_fails(wrap_token_locked(buf_span(&first), &locked, &err), ERR_UNSUPPORTED);
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
    tcase_add_test(all, what_was_wrapped_comes_back);
    tcase_add_test(all, another_owner_subject_or_data_key_opens_nothing);
    tcase_add_test(all, every_octet_counts);
    tcase_add_test(all, truncated_records_are_refused);
    tcase_add_test(all, data_key_of_another_length_looks_like_a_wrong_one);
    tcase_add_test(all, records_of_a_master_key_in_a_file_are_of_another_version);
    suite_add_tcase(s, all);
    return s;
}

TEST_MAIN(suite)
