/* How many notices go to one address in an hour. */
#include "milter/ratelimit.h"

#include "support/check.h"

#include <stdio.h>

#define MINUTE INT64_C(60000)

static struct ratelimit *limit;

static void set_up(void)
{
    limit = ratelimit_new();
}

static void tear_down(void)
{
    ratelimit_free(&limit);
}

static unsigned taken(const char *addr, const char *rule, unsigned tries, unsigned per_hour, int64_t now)
{
    unsigned n = 0;
    for (unsigned i = 0; i < tries; i++)
        n += ratelimit_take(limit, addr, rule, per_hour, now);
    return n;
}

START_TEST(so_many_may_go_at_once_and_no_more)
{
    ck_assert_uint_eq(taken("a@b", "r", 100, 20, 1000), 20);
    ck_assert_uint_eq(taken("a@b", "r", 100, 20, 1000), 0);
}
END_TEST

START_TEST(address_and_rule_are_counted_apart)
{
    ck_assert_uint_eq(taken("a@b", "r", 9, 3, 0), 3);
    ck_assert_uint_eq(taken("a@b", "s", 9, 3, 0), 3);
    ck_assert_uint_eq(taken("a@c", "r", 9, 3, 0), 3);
    ck_assert_uint_eq(taken("a@br", "", 9, 3, 0), 3);
}
END_TEST

START_TEST(room_comes_back_share_by_share)
{
    ck_assert_uint_eq(taken("a@b", "r", 99, 20, 0), 20);
    ck_assert_uint_eq(taken("a@b", "r", 99, 20, 3 * MINUTE - 1), 0);
    ck_assert_uint_eq(taken("a@b", "r", 99, 20, 3 * MINUTE), 1);
    ck_assert_uint_eq(taken("a@b", "r", 99, 20, 9 * MINUTE), 2);
    ck_assert_uint_eq(taken("a@b", "r", 99, 20, 200 * MINUTE), 20);
}
END_TEST

START_TEST(what_did_not_go_does_not_count)
{
    ck_assert_uint_eq(taken("a@b", "r", 99, 20, 0), 20);
    ck_assert_uint_eq(taken("a@b", "s", 99, 20, 0), 20);
    for (int i = 0; i < 3; i++)
        ratelimit_give_back(limit, "a@b", "r", 20);
    ratelimit_give_back(limit, "nobody@b", "r", 20);
    ck_assert_uint_eq(taken("a@b", "r", 99, 20, 0), 3);
    ck_assert_uint_eq(taken("a@b", "s", 99, 20, 0), 0);
}
END_TEST

START_TEST(no_hour_sees_more_than_twice_the_rate)
{
    unsigned n = 0;
    for (int64_t now = 0; now < 60 * MINUTE; now += 1000)
        n += taken("a@b", "r", 5, 20, now);
    ck_assert_uint_le(n, 40);
    ck_assert_uint_ge(n, 39);
}
END_TEST

START_TEST(rate_may_change_between)
{
    ck_assert_uint_eq(taken("a@b", "r", 99, 1, 0), 1);
    ck_assert_uint_eq(taken("a@b", "r", 99, 1000000, 30 * MINUTE), 99);
    ck_assert_uint_eq(taken("b@b", "r", 99, 0, 0), 1);
}
END_TEST

/* Memory is fixed: with ever new addresses everybody is served, and those who were told lately are mostly known. */
START_TEST(any_number_of_addresses_is_counted)
{
    char addr[40];
    for (unsigned i = 0; i < 50000; i++) {
        snprintf(addr, sizeof addr, "u%u@b", i);
        ck_assert(ratelimit_take(limit, addr, "r", 1, i));
    }
    unsigned known = 0;
    for (unsigned i = 49000; i < 50000; i++) {
        snprintf(addr, sizeof addr, "u%u@b", i);
        known += !ratelimit_take(limit, addr, "r", 1, 50000);
    }
    ck_assert_uint_gt(known, 900);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("milter/ratelimit");
    TCase *tc = tcase_create("ratelimit");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, so_many_may_go_at_once_and_no_more);
    tcase_add_test(tc, address_and_rule_are_counted_apart);
    tcase_add_test(tc, room_comes_back_share_by_share);
    tcase_add_test(tc, what_did_not_go_does_not_count);
    tcase_add_test(tc, no_hour_sees_more_than_twice_the_rate);
    tcase_add_test(tc, rate_may_change_between);
    tcase_add_test(tc, any_number_of_addresses_is_counted);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
