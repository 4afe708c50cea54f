#include "fixture.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

static struct buf big;

static void setup(void)
{
    fixture_setup();
    big = (struct buf)BUF_INIT(STORE_CRL_MAX + 1);
    memset(buf_reserve(&big, STORE_CRL_MAX + 1), 'x', STORE_CRL_MAX + 1);
    buf_commit(&big, STORE_CRL_MAX + 1);
}

static void teardown(void)
{
    buf_fini(&big);
    fixture_teardown();
}

static struct crl_record list(const char *id, int64_t this_update)
{
    return (struct crl_record){.id = fixture_fp(id),
                               .fingerprint = fixture_fp("ff"),
                               .signer = fixture_fp("cc"),
                               .issuer = "CN=CA",
                               .this_update = this_update,
                               .next_update = this_update + 7,
                               .entries = 3,
                               .imported = 99};
}

static int put(const char *id, int64_t this_update, struct span der)
{
    const struct crl_record record = list(id, this_update);
    return store_put_crl(fixture_store, &record, der, &err);
}

static struct span octets(size_t n)
{
    return span_sub(buf_span(&big), 0, n);
}

static void ck_list(size_t index, size_t n, int64_t this_update, struct span der)
{
    struct crl_record *all;
    size_t have;
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(STORE_CRL_MAX);
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    ck_ok(store_crls(read, &all, &have, &err));
    ck_assert_uint_eq(have, n);
    ck_assert_int_eq(all[index].this_update, this_update);
    ck_assert_int_eq(all[index].next_update, this_update + 7);
    ck_assert_uint_eq(all[index].entries, 3);
    ck_assert_str_eq(all[index].issuer, "CN=CA");
    ck_ok(store_read_crl(read, &all[index], &out, &err));
    ck_assert(span_eq(buf_span(&out), der));
}

static const size_t sizes[] = {1, (1u << 20) - 1, 1u << 20, (1u << 20) + 1, STORE_CRL_MAX};

START_TEST(a_list_of_any_size_comes_back_whole)
{
    ck_ok(put("aa", 100, octets(sizes[_i])));
    ck_list(0, 1, 100, octets(sizes[_i]));
}
END_TEST

START_TEST(a_list_that_is_too_big_is_refused)
{
    ck_fails(put("aa", 100, octets(STORE_CRL_MAX + 1)), ERR_LIMIT);
}
END_TEST

START_TEST(a_successor_takes_the_place_and_leaves_nothing_behind)
{
    struct store_health before, after;
    ck_ok(put("aa", 100, octets(3u << 20)));
    ck_ok(store_check(fixture_store, &before, &err));
    ck_ok(put("aa", 101, octets(10)));
    ck_list(0, 1, 101, octets(10));
    ck_ok(store_check(fixture_store, &after, &err));
    ck_assert_uint_eq(after.records, before.records - 2); /* three pieces became one */
}
END_TEST

START_TEST(an_older_list_is_refused_and_changes_nothing)
{
    ck_ok(put("aa", 100, octets(10)));
    ck_fails(put("aa", 99, octets(20)), ERR_EXISTS);
    ck_list(0, 1, 100, octets(10));
    ck_ok(put("aa", 100, octets(30))); /* the same again */
    ck_ok(put("bb", 99, octets(20)));  /* another's */
    ck_list(0, 2, 100, octets(30));
}
END_TEST

START_TEST(caches_hear_of_every_change)
{
    uint64_t before = store_generation(fixture_store, &err);
    ck_ok(put("aa", 100, octets(10)));
    uint64_t put_at = store_generation(fixture_store, &err);
    ck_ok(store_delete_crl(fixture_store, fixture_fp("aa"), &err));
    ck_assert_uint_gt(put_at, before);
    ck_assert_uint_gt(store_generation(fixture_store, &err), put_at);
}
END_TEST

START_TEST(a_deleted_list_is_gone_with_its_pieces)
{
    struct store_health before, after;
    ck_ok(store_check(fixture_store, &before, &err));
    ck_ok(put("aa", 100, octets(3u << 20)));
    ck_ok(store_delete_crl(fixture_store, fixture_fp("aa"), &err));
    ck_ok(store_check(fixture_store, &after, &err));
    ck_assert_uint_eq(after.records, before.records);
    ck_fails(store_delete_crl(fixture_store, fixture_fp("aa"), &err), ERR_ABSENT);
}
END_TEST

START_TEST(their_number_is_limited)
{
    char id[32];
    for (int i = 0; i < STORE_CRLS_MAX; i++) {
        snprintf(id, sizeof id, "%04x", i);
        ck_ok(put(id, 100, octets(1)));
    }
    ck_fails(put("ffff", 100, octets(1)), ERR_LIMIT);
    ck_ok(put("0000", 101, octets(1)));
}
END_TEST

START_TEST(a_flipped_octet_is_damage_and_never_a_shorter_list)
{
    struct store_health health;
    struct crl_record *all;
    size_t n;
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(STORE_CRL_MAX);
    ck_ok(put("aa", 100, SPAN_LIT("the list of lists ends here")));
    fixture_break("the list of lists");
    {
        SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
        ck_ok(store_crls(read, &all, &n, &err));
        ck_fails(store_read_crl(read, &all[0], &out, &err), ERR_STORE_DAMAGED);
    }
    ck_fails(store_check(fixture_store, &health, &err), ERR_STORE_DAMAGED);
}
END_TEST

START_TEST(a_backup_brings_it_back)
{
    char path[PATH_MAX + 8];
    snprintf(path, sizeof path, "%s/backup", fixture_dir);
    ck_ok(put("aa", 100, octets(2u << 20)));
    ck_ok(store_backup(fixture_store, path, &err));
    ck_ok(store_delete_crl(fixture_store, fixture_fp("aa"), &err));
    store_close(&fixture_store);
    ck_ok(store_restore(fixture_dir, path, &err));
    ck_ok(store_open(fixture_dir, STORE_READ_WRITE, &fixture_store, &err));
    ck_list(0, 1, 100, octets(2u << 20));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store/crls");
    TCase *tcase = tcase_create("crls");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, a_list_of_any_size_comes_back_whole, 0, SEAL_COUNT(sizes));
    tcase_add_test(tcase, a_list_that_is_too_big_is_refused);
    tcase_add_test(tcase, a_successor_takes_the_place_and_leaves_nothing_behind);
    tcase_add_test(tcase, an_older_list_is_refused_and_changes_nothing);
    tcase_add_test(tcase, caches_hear_of_every_change);
    tcase_add_test(tcase, a_deleted_list_is_gone_with_its_pieces);
    tcase_add_test(tcase, their_number_is_limited);
    tcase_add_test(tcase, a_flipped_octet_is_damage_and_never_a_shorter_list);
    tcase_add_test(tcase, a_backup_brings_it_back);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
