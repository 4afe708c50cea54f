/* test_rate - a minute's worth at once, then one after each share; nobody is forgotten for the sake of others. */
#include "keyd/rate.h"

#include "base/hash.h"
#include "support/check.h"

#include <stdio.h>

#define SECOND INT64_C(1000000)

static void id_of(unsigned n, unsigned char out[WIRE_ID_SIZE])
{
    hash_bytes((struct span){(const char *)&n, sizeof n}, out);
}

START_TEST(so_many_at_once_then_one_after_each_share)
{
    unsigned char id[WIRE_ID_SIZE];
    struct rate *rate = rate_new(60);
    id_of(1, id);
    int64_t now = 1000 * SECOND;
    for (int i = 0; i < 60; i++)
        ck_assert(rate_take(rate, id, now));
    ck_assert(!rate_take(rate, id, now));
    ck_assert(!rate_take(rate, id, now + SECOND - 1));
    ck_assert(rate_take(rate, id, now + SECOND));
    ck_assert(!rate_take(rate, id, now + SECOND));
    for (int i = 0; i < 60; i++)
        ck_assert(rate_take(rate, id, now + 61 * SECOND));
    ck_assert(!rate_take(rate, id, now + 61 * SECOND));
    rate_free(&rate);
}
END_TEST

START_TEST(many_other_keys_do_not_free_one_from_its_limit)
{
    unsigned char id[WIRE_ID_SIZE], other[WIRE_ID_SIZE];
    struct rate *rate = rate_new(2);
    id_of(0, id);
    ck_assert(rate_take(rate, id, SECOND));
    ck_assert(rate_take(rate, id, SECOND));
    for (unsigned i = 1; i < 200000; i++) {
        id_of(i, other);
        (void)rate_take(rate, other, SECOND);
    }
    ck_assert(!rate_take(rate, id, SECOND));
    rate_free(&rate);
}
END_TEST

/* Whoever chooses the others' ids fills the bucket that the key is in, and uses them up too. */
START_TEST(others_beside_it_do_not_free_a_key_from_its_limit)
{
    unsigned char id[WIRE_ID_SIZE] = {0};
    struct rate *rate = rate_new(2);
    for (int i = 0; i < 2; i++)
        ck_assert(rate_take(rate, id, SECOND));
    for (unsigned char other = 1; other <= 20; other++) {
        unsigned char beside[WIRE_ID_SIZE] = {other};
        for (int i = 0; i < 3; i++)
            (void)rate_take(rate, beside, SECOND);
        ck_assert(!rate_take(rate, id, SECOND));
    }
    ck_assert(rate_take(rate, id, 31 * SECOND));
    unsigned char late[WIRE_ID_SIZE] = {21};
    ck_assert(rate_take(rate, late, 62 * SECOND)); /* the others are forgotten */
    rate_free(&rate);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("keyd/rate");
    TCase *tc = tcase_create("rate");
    tcase_add_test(tc, so_many_at_once_then_one_after_each_share);
    tcase_add_test(tc, many_other_keys_do_not_free_one_from_its_limit);
    tcase_add_test(tc, others_beside_it_do_not_free_a_key_from_its_limit);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
