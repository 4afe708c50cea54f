#include "fixture.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

static uint64_t put(const char *text)
{
    const struct policy_record record = {.text = text, .loaded = 77, .by = "root"};
    uint64_t version = 0;
    ck_ok(store_put_policy(fixture_store, &record, &version, &err));
    return version;
}

START_TEST(without_a_policy_there_is_no_newest)
{
    struct policy_record out;
    uint64_t version = 1;
    int64_t from_ms = 1;
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    ck_ok(store_newest_policy(read, &version, &from_ms, &err));
    ck_assert_uint_eq(version, 0);
    ck_assert_int_eq(from_ms, 0);
    ck_assert_int_eq(store_find_policy(read, 0, &out, &err), FIND_ABSENT);
    ck_assert_int_eq(store_find_policy(read, 1, &out, &err), FIND_ABSENT);
}
END_TEST

START_TEST(versions_count_up_and_all_are_kept)
{
    struct policy_record out, *all;
    size_t n;
    for (int i = 1; i <= 300; i++) { /* past one octet */
        char text[32];
        snprintf(text, sizeof text, "policy %d", i);
        ck_assert_uint_eq(put(text), i);
    }
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    ck_assert_int_eq(store_find_policy(read, 0, &out, &err), FIND_FOUND);
    ck_assert_uint_eq(out.version, 300);
    ck_assert_str_eq(out.text, "policy 300");
    ck_assert_str_eq(out.by, "root");
    ck_assert_int_eq(out.loaded, 77);
    ck_assert_int_eq(store_find_policy(read, 255, &out, &err), FIND_FOUND);
    ck_assert_str_eq(out.text, "policy 255");
    ck_ok(store_policies(read, &all, &n, &err));
    ck_assert_uint_eq(n, 300);
    ck_assert_uint_eq(all[0].version, 1);
}
END_TEST

START_TEST(the_newest_is_found_whatever_else_is_in_the_store)
{
    struct user_record user = {.addr = "a@b.example", .name = ""};
    struct ca_record ca = {.fingerprint = fixture_fp("aa")};
    struct policy_record out;
    put("first");
    ck_ok(store_put_user(fixture_store, &user, &err)); /* sorts behind policies */
    ck_ok(store_put_ca(fixture_store, &ca, &err));     /* sorts before them */
    ck_assert_uint_eq(put("second"), 2);
    uint64_t version;
    int64_t from_ms;
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    ck_assert_int_eq(store_find_policy(read, 0, &out, &err), FIND_FOUND);
    ck_assert_str_eq(out.text, "second");
    ck_ok(store_newest_policy(read, &version, &from_ms, &err));
    ck_assert_uint_eq(version, 2);
}
END_TEST

START_TEST(the_newest_tells_since_when_it_is_in_force)
{
    const struct policy_record record = {.text = "later", .from_ms = 1234567890123, .by = "root"};
    uint64_t version;
    int64_t from_ms;
    put("at once");
    ck_ok(store_put_policy(fixture_store, &record, &version, &err));
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    ck_ok(store_newest_policy(read, &version, &from_ms, &err));
    ck_assert_uint_eq(version, 2);
    ck_assert_int_eq(from_ms, 1234567890123);
}
END_TEST

START_TEST(a_policy_that_is_too_big_is_refused)
{
    char *text = xmalloc(STORE_POLICY_MAX + 2);
    memset(text, '#', STORE_POLICY_MAX + 1);
    text[STORE_POLICY_MAX + 1] = '\0';
    const struct policy_record record = {.text = text, .by = "root"};
    uint64_t version;
    ck_fails(store_put_policy(fixture_store, &record, &version, &err), ERR_LIMIT);
    text[STORE_POLICY_MAX] = '\0';
    ck_ok(store_put_policy(fixture_store, &record, &version, &err));
    free(text);
}
END_TEST

/* ---- files of addresses ---- */

START_TEST(a_version_keeps_its_files_of_addresses)
{
    char a[HASH_HEX_SIZE], b[HASH_HEX_SIZE];
    ck_ok(store_put_list(fixture_store, SPAN_LIT("a@b.example\n"), a, &err));
    ck_ok(store_put_list(fixture_store, SPAN_LIT(""), b, &err));
    const char *files[] = {"/l/a", "/l/b"}, *digests[] = {a, b};
    const struct policy_record record = {
        .text = "x", .by = "root", .files = files, .nfiles = 2, .digests = digests, .ndigests = 2};
    struct policy_record out;
    struct span text;
    uint64_t version;
    ck_ok(store_put_policy(fixture_store, &record, &version, &err));
    put("without");
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    ck_assert_int_eq(store_find_policy(read, version, &out, &err), FIND_FOUND);
    ck_assert_uint_eq(out.nfiles, 2);
    ck_assert_str_eq(out.files[1], "/l/b");
    ck_assert_int_eq(store_find_list(read, out.digests[0], &text, &err), FIND_FOUND);
    ck_assert(span_is(text, "a@b.example\n"));
    ck_assert_int_eq(store_find_list(read, out.digests[1], &text, &err), FIND_FOUND);
    ck_assert_uint_eq(text.len, 0);
    ck_assert_int_eq(store_find_policy(read, 0, &out, &err), FIND_FOUND);
    ck_assert_uint_eq(out.nfiles, 0);
    ck_assert_int_eq(store_find_list(read, "00", &text, &err), FIND_ABSENT);
}
END_TEST

START_TEST(a_list_may_be_as_long_as_a_policy_may_have_and_is_kept_once)
{
    char *text = xmalloc(STORE_LIST_MAX + 1), digest[HASH_HEX_SIZE], again[HASH_HEX_SIZE];
    memset(text, 'a', STORE_LIST_MAX + 1);
    ck_ok(store_put_list(fixture_store, (struct span){text, STORE_LIST_MAX}, digest, &err));
    uint64_t generation = store_generation(fixture_store, &err);
    ck_ok(store_put_list(fixture_store, (struct span){text, STORE_LIST_MAX}, again, &err));
    ck_assert_str_eq(again, digest);
    ck_assert_uint_eq(store_generation(fixture_store, &err), generation);
    struct span found;
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    ck_assert_int_eq(store_find_list(read, digest, &found, &err), FIND_FOUND);
    ck_assert(span_eq(found, (struct span){text, STORE_LIST_MAX}));
    ck_fails(store_put_list(fixture_store, (struct span){text, STORE_LIST_MAX + 1}, digest, &err), ERR_LIMIT);
    free(text);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store/policies");
    TCase *tcase = tcase_create("policies");
    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_add_test(tcase, without_a_policy_there_is_no_newest);
    tcase_add_test(tcase, versions_count_up_and_all_are_kept);
    tcase_add_test(tcase, the_newest_is_found_whatever_else_is_in_the_store);
    tcase_add_test(tcase, the_newest_tells_since_when_it_is_in_force);
    tcase_add_test(tcase, a_policy_that_is_too_big_is_refused);
    tcase_add_test(tcase, a_version_keeps_its_files_of_addresses);
    tcase_add_test(tcase, a_list_may_be_as_long_as_a_policy_may_have_and_is_kept_once);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
