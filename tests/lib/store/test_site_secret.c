#include "fixture.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

static void get(unsigned char out[STORE_SITE_SECRET_SIZE])
{
    memset(out, 0, STORE_SITE_SECRET_SIZE);
    ck_ok(store_site_secret(fixture_store, out, &err));
}

START_TEST(a_secret_is_made_once_and_stays)
{
    static const unsigned char none[STORE_SITE_SECRET_SIZE];
    unsigned char first[STORE_SITE_SECRET_SIZE], again[STORE_SITE_SECRET_SIZE];
    get(first);
    ck_assert_mem_ne(first, none, sizeof none);
    get(again);
    ck_assert_mem_eq(first, again, sizeof first);
    fixture_reopen();
    get(again);
    ck_assert_mem_eq(first, again, sizeof first);
}
END_TEST

START_TEST(another_site_has_another_secret)
{
    unsigned char first[STORE_SITE_SECRET_SIZE], other[STORE_SITE_SECRET_SIZE];
    get(first);
    fixture_teardown();
    fixture_setup();
    get(other);
    ck_assert_mem_ne(first, other, sizeof first);
}
END_TEST

START_TEST(making_it_is_no_change_that_caches_see)
{
    unsigned char secret[STORE_SITE_SECRET_SIZE];
    uint64_t before = store_generation(fixture_store, &err);
    get(secret);
    ck_assert_uint_eq(store_generation(fixture_store, &err), before);
}
END_TEST

START_TEST(a_backup_brings_it_back)
{
    unsigned char first[STORE_SITE_SECRET_SIZE], again[STORE_SITE_SECRET_SIZE];
    char backup[PATH_MAX + 16];
    snprintf(backup, sizeof backup, "%s/backup", fixture_dir);
    get(first);
    ck_ok(store_backup(fixture_store, backup, &err));
    store_close(&fixture_store);
    ck_assert_int_eq(remove(fixture_file), 0);
    ck_ok(store_restore(fixture_dir, backup, &err));
    ck_ok(store_open(fixture_dir, STORE_READ_WRITE, &fixture_store, &err));
    get(again);
    ck_assert_mem_eq(first, again, sizeof first);
}
END_TEST

START_TEST(a_damaged_one_is_told_and_never_made_anew)
{
    unsigned char secret[STORE_SITE_SECRET_SIZE];
    struct store_health health;
    get(secret);
    fixture_break("fsecret"); /* the name of the field, as CBOR has it */
    ck_fails(store_site_secret(fixture_store, secret, &err), ERR_STORE_DAMAGED);
    ck_fails(store_check(fixture_store, &health, &err), ERR_STORE_DAMAGED);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store/site_secret");
    TCase *tcase = tcase_create("site_secret");
    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_add_test(tcase, a_secret_is_made_once_and_stays);
    tcase_add_test(tcase, another_site_has_another_secret);
    tcase_add_test(tcase, making_it_is_no_change_that_caches_see);
    tcase_add_test(tcase, a_backup_brings_it_back);
    tcase_add_test(tcase, a_damaged_one_is_told_and_never_made_anew);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
