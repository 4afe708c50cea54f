#include "support/check.h"

#include "token/soft.h"
#include "token/wrap.h"

#include <string.h>

#define OWNER   "alice@example.org"
#define SUBJECT SPAN_LIT("0123456789abcdef0123456789abcdef01234567")
#define SECRET  "a passphrase"
#define HEAD    (WRAPPED_HEAD_SIZE + 12 + 16) /* nonce, tag */

static struct err err;
static struct secret master, secret;
static struct buf wrapped = BUF_INIT(WRAP_MAX);

static void setup(void)
{
    ck_ok(soft_master_generate(&master, &err));
    ck_ok(secret_copy(&secret, SECRET, strlen(SECRET), &err));
    ck_ok(wrap_seal(&master, OWNER, SUBJECT, &secret, &wrapped, &err));
}

static void teardown(void)
{
    secret_fini(&master);
    secret_fini(&secret);
    buf_fini(&wrapped);
}

static int open_as(const char *owner, struct span subject, struct span bytes)
{
    struct secret back;
    int result = wrap_open(&master, owner, subject, bytes, &back, &err);
    ck_assert_int_eq(result == 0, back.ptr != NULL);
    secret_fini(&back);
    return result;
}

START_TEST(what_was_wrapped_comes_back)
{
    struct secret back;
    ck_ok(wrap_open(&master, OWNER, SUBJECT, buf_span(&wrapped), &back, &err));
    ck_assert(span_is((struct span){(const char *)back.ptr, back.len}, SECRET));
    secret_fini(&back);
}
END_TEST

START_TEST(a_secret_does_not_show_in_its_wrapping)
{
    ck_assert_uint_eq(wrapped.len, HEAD + strlen(SECRET));
    ck_assert_int_eq(wrapped.ptr[0], 1);
    ck_assert_ptr_null(memmem(wrapped.ptr, wrapped.len, SECRET, 8));
}
END_TEST

START_TEST(key_of_zeros_wraps_and_opens_nothing)
{
    struct secret zeros, back;
    struct buf out = BUF_INIT(WRAP_MAX);
    ck_ok(secret_init(&zeros, MASTER_KEY_SIZE, &err));
    ck_fails(wrap_seal(&zeros, OWNER, SUBJECT, &secret, &out, &err), ERR_CONFIG);
    ck_fails(wrap_open(&zeros, OWNER, SUBJECT, buf_span(&wrapped), &back, &err), ERR_CONFIG);
    ck_assert_uint_eq(out.len, 0);
    secret_fini(&zeros);
}
END_TEST

START_TEST(the_same_secret_is_never_wrapped_alike)
{
    struct buf again = BUF_INIT(WRAP_MAX);
    ck_ok(wrap_seal(&master, OWNER, SUBJECT, &secret, &again, &err));
    ck_assert_mem_ne(again.ptr + WRAPPED_HEAD_SIZE, wrapped.ptr + WRAPPED_HEAD_SIZE, 12);
    ck_assert_mem_ne(again.ptr + HEAD, wrapped.ptr + HEAD, secret.len);
    buf_fini(&again);
}
END_TEST

START_TEST(every_flipped_bit_is_noticed)
{
    for (size_t i = 1; i < wrapped.len; i++) {
        wrapped.ptr[i] = (char)(wrapped.ptr[i] ^ (1 << (i % 8)));
        ck_fails(open_as(OWNER, SUBJECT, buf_span(&wrapped)), ERR_CRYPTO);
        wrapped.ptr[i] = (char)(wrapped.ptr[i] ^ (1 << (i % 8)));
    }
    ck_ok(open_as(OWNER, SUBJECT, buf_span(&wrapped)));
}
END_TEST

START_TEST(wrapping_cut_anywhere_is_noticed)
{
    for (size_t n = 0; n < wrapped.len; n++)
        ck_fails(open_as(OWNER, SUBJECT, span_sub(buf_span(&wrapped), 0, n)), ERR_CRYPTO);
}
END_TEST

START_TEST(unknown_version_is_unsupported)
{
    wrapped.ptr[0] = 2;
    ck_fails(open_as(OWNER, SUBJECT, buf_span(&wrapped)), ERR_UNSUPPORTED);
}
END_TEST

START_TEST(a_wrapped_secret_cannot_be_moved_to_another_owner_or_subject)
{
    ck_fails(open_as("bob@example.org", SUBJECT, buf_span(&wrapped)), ERR_CRYPTO);
    ck_fails(open_as("", SUBJECT, buf_span(&wrapped)), ERR_CRYPTO);
    ck_fails(open_as(OWNER, SPAN_LIT("another"), buf_span(&wrapped)), ERR_CRYPTO);
    ck_fails(open_as(OWNER, SPAN_LIT(""), buf_span(&wrapped)), ERR_CRYPTO);
}
END_TEST

START_TEST(another_master_key_opens_nothing)
{
    secret_fini(&master);
    ck_ok(soft_master_generate(&master, &err));
    ck_fails(open_as(OWNER, SUBJECT, buf_span(&wrapped)), ERR_CRYPTO);
}
END_TEST

START_TEST(name_of_the_master_key_is_in_all_that_it_wraps_and_in_nothing_else)
{
    char name[WRAPPED_NAME_SIZE];
    struct buf again = BUF_INIT(WRAP_MAX);
    wrap_name(&master, name);
    ck_assert(span_eq(wrapped_name(buf_span(&wrapped)), (struct span){name, sizeof name}));
    ck_ok(wrap_seal(&master, OWNER, SPAN_LIT("another"), &secret, &again, &err));
    ck_assert(span_eq(wrapped_name(buf_span(&wrapped)), wrapped_name(buf_span(&again))));
    buf_clear(&again);
    secret_fini(&master);
    ck_ok(soft_master_generate(&master, &err));
    ck_ok(wrap_seal(&master, OWNER, SUBJECT, &secret, &again, &err));
    ck_assert(!span_eq(wrapped_name(buf_span(&wrapped)), wrapped_name(buf_span(&again))));
    buf_fini(&again);
}
END_TEST

START_TEST(master_key_of_a_wrong_size_is_a_configuration_error)
{
    struct buf out = BUF_INIT(WRAP_MAX);
    master.len = 31;
    ck_fails(open_as(OWNER, SUBJECT, buf_span(&wrapped)), ERR_CONFIG);
    ck_fails(wrap_seal(&master, OWNER, SUBJECT, &secret, &out, &err), ERR_CONFIG);
    buf_fini(&out);
}
END_TEST

START_TEST(wrapping_over_the_maximum_is_a_limit)
{
    struct buf small = BUF_INIT(HEAD + strlen(SECRET) - 1), out = BUF_INIT(2 * WRAP_MAX);
    struct secret large;
    ck_fails(wrap_seal(&master, OWNER, SUBJECT, &secret, &small, &err), ERR_LIMIT);
    ck_assert_uint_eq(small.len, 0);
    ck_ok(secret_init(&large, WRAP_MAX - HEAD + 1, &err));
    ck_fails(wrap_seal(&master, OWNER, SUBJECT, &large, &out, &err), ERR_LIMIT);
    large.len--;
    ck_ok(wrap_seal(&master, OWNER, SUBJECT, &large, &out, &err));
    ck_ok(open_as(OWNER, SUBJECT, buf_span(&out)));
    secret_fini(&large);
    buf_fini(&out);
    buf_fini(&small);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/token/wrap");
    TCase *c = tcase_create("wrap");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, what_was_wrapped_comes_back);
    tcase_add_test(c, a_secret_does_not_show_in_its_wrapping);
    tcase_add_test(c, key_of_zeros_wraps_and_opens_nothing);
    tcase_add_test(c, the_same_secret_is_never_wrapped_alike);
    tcase_add_test(c, every_flipped_bit_is_noticed);
    tcase_add_test(c, wrapping_cut_anywhere_is_noticed);
    tcase_add_test(c, unknown_version_is_unsupported);
    tcase_add_test(c, a_wrapped_secret_cannot_be_moved_to_another_owner_or_subject);
    tcase_add_test(c, another_master_key_opens_nothing);
    tcase_add_test(c, name_of_the_master_key_is_in_all_that_it_wraps_and_in_nothing_else);
    tcase_add_test(c, master_key_of_a_wrong_size_is_a_configuration_error);
    tcase_add_test(c, wrapping_over_the_maximum_is_a_limit);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
