#include "base/io.h"
#include "fixture.h"
#include "support/check.h"

#include <errno.h>
#include <string.h>

static const unsigned char *hash(unsigned n)
{
    static unsigned char out[HASH_SIZE];
    memset(out, 0, sizeof out);
    memcpy(out, &n, sizeof n);
    return out;
}

static void put(unsigned n, int64_t now, int64_t expires)
{
    ck_ok(store_journal_put(fixture_store, hash(n), 1, now, expires, &err));
}

static enum find find(unsigned n, int64_t now)
{
    return store_journal_find(fixture_store, hash(n), now, &err);
}

static size_t records(void)
{
    struct store_health health;
    ck_ok(store_check(fixture_store, &health, &err));
    return health.records;
}

START_TEST(an_injection_is_remembered_until_it_expires)
{
    ck_assert_int_eq(find(1, 100), FIND_ABSENT);
    put(1, 100, 200);
    fixture_reopen();
    ck_assert_int_eq(find(1, 100), FIND_FOUND);
    ck_assert_int_eq(find(1, 199), FIND_FOUND);
    ck_assert_int_eq(find(1, 200), FIND_ABSENT);
    ck_assert_int_eq(find(2, 100), FIND_ABSENT);
}
END_TEST

START_TEST(putting_again_prolongs)
{
    put(1, 100, 200);
    put(1, 150, 300);
    put(2, 250, 400); /* sweeps what is over at 250 */
    ck_assert_int_eq(find(1, 299), FIND_FOUND);
    ck_assert_uint_eq(records(), 2);
}
END_TEST

START_TEST(expired_entries_go_a_few_at_a_time_and_nothing_else_does)
{
    for (unsigned i = 0; i < 100; i++)
        put(i, 100, 200 + i % 2);
    put(1000, 100, 5000);
    ck_assert_uint_eq(records(), 101);
    put(1001, 201, 5000);
    size_t left = records();
    ck_assert_uint_lt(left, 101);
    ck_assert_uint_gt(left, 50);
    for (unsigned i = 0; i < 20; i++)
        put(2000 + i, 201, 5000);
    ck_assert_uint_eq(records(), 22);
    ck_assert_int_eq(find(1000, 201), FIND_FOUND);
}
END_TEST

/* The entries of a message with many recipients: a transaction for each batch, and none of one that failed. */
START_TEST(many_entries_are_few_transactions)
{
    enum {
        N = 2 * STORE_JOURNAL_BATCH + 1
    };
    unsigned char keys[N * HASH_SIZE];
    for (unsigned i = 0; i < N; i++)
        memcpy(keys + i * HASH_SIZE, hash(i), HASH_SIZE);
    io_fault_at(2, EIO);
    ck_assert_int_eq(store_journal_put(fixture_store, keys, N, 100, 200, &err), -1);
    io_fault_at(0, 0);
    err_clear(&err);
    ck_assert_uint_eq(records(), STORE_JOURNAL_BATCH);
    ck_ok(store_journal_put(fixture_store, keys, N, 100, 200, &err));
    ck_assert_uint_eq(records(), N);
    ck_assert_int_eq(find(0, 199), FIND_FOUND);
    ck_assert_int_eq(find(N - 1, 199), FIND_FOUND);
}
END_TEST

START_TEST(the_journal_is_no_new_generation)
{
    uint64_t generation = store_generation(fixture_store, &err);
    put(1, 100, 200);
    ck_assert_uint_eq(store_generation(fixture_store, &err), generation);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store/journal");
    TCase *tcase = tcase_create("journal");
    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_add_test(tcase, an_injection_is_remembered_until_it_expires);
    tcase_add_test(tcase, putting_again_prolongs);
    tcase_add_test(tcase, expired_entries_go_a_few_at_a_time_and_nothing_else_does);
    tcase_add_test(tcase, many_entries_are_few_transactions);
    tcase_add_test(tcase, the_journal_is_no_new_generation);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
