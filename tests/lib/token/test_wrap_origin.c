/* test_wrap_origin - who has not got the master key's file makes no record, and moves none. */
#include "token/wrap_origin.h"

#include "support/check.h"
#include "token/soft.h"

#include <string.h>

#define OWNER   "alice@example.org"
#define SUBJECT SPAN_LIT("a public key")
#define RECORD  SPAN_LIT("\2 a record that everybody can make")

static struct err err;
static struct secret master;
static struct buf wrapped = BUF_INIT(WRAP_MAX);

static void setup(void)
{
    ck_ok(soft_master_generate(&master, &err));
    ck_ok(wrap_origin_seal(&master, OWNER, SUBJECT, RECORD, &wrapped, &err));
}

static void teardown(void)
{
    secret_fini(&master);
    buf_fini(&wrapped);
}

START_TEST(record_comes_back)
{
    struct span record;
    ck_ok(wrap_origin_open(&master, OWNER, SUBJECT, buf_span(&wrapped), &record, &err));
    ck_assert(span_eq(record, RECORD));
}
END_TEST

START_TEST(every_flipped_bit_and_every_cut_is_noticed)
{
    struct span record;
    for (size_t i = 8; i < 8 * wrapped.len; i++) {
        wrapped.ptr[i / 8] ^= (char)(1 << i % 8);
        ck_fails(wrap_origin_open(&master, OWNER, SUBJECT, buf_span(&wrapped), &record, &err), ERR_CRYPTO);
        wrapped.ptr[i / 8] ^= (char)(1 << i % 8);
    }
    for (size_t n = 0; n < wrapped.len; n++)
        ck_fails(wrap_origin_open(&master, OWNER, SUBJECT, span_sub(buf_span(&wrapped), 0, n), &record, &err),
                 ERR_CRYPTO);
}
END_TEST

START_TEST(another_owner_subject_or_master_key_does_not_fit)
{
    struct span record;
    struct secret other;
    ck_fails(wrap_origin_open(&master, "bob@example.org", SUBJECT, buf_span(&wrapped), &record, &err),
             ERR_CRYPTO);
    ck_fails(wrap_origin_open(&master, OWNER, SPAN_LIT("another key"), buf_span(&wrapped), &record, &err),
             ERR_CRYPTO);
    ck_ok(soft_master_generate(&other, &err));
    ck_fails(wrap_origin_open(&other, OWNER, SUBJECT, buf_span(&wrapped), &record, &err), ERR_CRYPTO);
    secret_fini(&other);
}
END_TEST

START_TEST(record_without_proof_is_unsupported)
{
    struct span record;
    struct buf bare = BUF_INIT(WRAP_MAX);
    buf_add_span(&bare, RECORD);
    ck_fails(wrap_origin_open(&master, OWNER, SUBJECT, buf_span(&bare), &record, &err), ERR_UNSUPPORTED);
    buf_fini(&bare);
}
END_TEST

START_TEST(master_key_of_zeros_proves_nothing)
{
    struct span record;
    struct secret zeros;
    struct buf out = BUF_INIT(WRAP_MAX);
    ck_ok(secret_init(&zeros, MASTER_KEY_SIZE, &err));
    ck_fails(wrap_origin_seal(&zeros, OWNER, SUBJECT, RECORD, &out, &err), ERR_CONFIG);
    ck_fails(wrap_origin_open(&zeros, OWNER, SUBJECT, buf_span(&wrapped), &record, &err), ERR_CONFIG);
    secret_fini(&zeros);
    buf_fini(&out);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("token/wrap_origin");
    TCase *c = tcase_create("origin");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, record_comes_back);
    tcase_add_test(c, every_flipped_bit_and_every_cut_is_noticed);
    tcase_add_test(c, another_owner_subject_or_master_key_does_not_fit);
    tcase_add_test(c, record_without_proof_is_unsupported);
    tcase_add_test(c, master_key_of_zeros_proves_nothing);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
