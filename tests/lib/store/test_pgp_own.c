#include "fixture.h"
#include "support/check.h"

#define ALICE "alice@b.example"

static void put(const char *beginning, const char *owner, int64_t created)
{
    const char *grips[] = {"AAAA", "BBBB"};
    const struct pgp_own_record record = {.fingerprint = fixture_fp(beginning),
                                          .owner = owner,
                                          .wrapped = SPAN_LIT("wrapped\0passphrase"),
                                          .secret = SPAN_LIT("secret\0key"),
                                          .grips = grips,
                                          .ngrips = 2,
                                          .created = created};
    ck_ok(store_put_pgp_own(fixture_store, &record, &err));
}

static size_t owned_by(const char *owner, struct pgp_own_record **out)
{
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    size_t n = 0;
    ck_ok(store_pgp_own_of(read, owner, out, &n, &err));
    return n;
}

START_TEST(what_was_put_is_found_whole)
{
    struct pgp_own_record out;
    put("aa", ALICE, 5);
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    ck_assert_int_eq(store_find_pgp_own(read, fixture_fp("aa"), &out, &err), FIND_FOUND);
    ck_assert_str_eq(out.owner, ALICE);
    ck_assert(span_eq(out.wrapped, SPAN_LIT("wrapped\0passphrase")));
    ck_assert(span_eq(out.secret, SPAN_LIT("secret\0key")));
    ck_assert_uint_eq(out.ngrips, 2);
    ck_assert_str_eq(out.grips[1], "BBBB");
    ck_assert_int_eq(out.created, 5);
    ck_assert_int_eq(store_find_pgp_own(read, fixture_fp("bb"), &out, &err), FIND_ABSENT);
}
END_TEST

START_TEST(the_newest_of_an_owner_comes_last)
{
    struct pgp_own_record *keys;
    put("aa", ALICE, 300);
    put("bb", ALICE, 100);
    put("cc", ALICE, 200);
    put("dd", "@b.example", 400);
    ck_assert_uint_eq(owned_by(ALICE, &keys), 3);
    ck_assert_int_eq(keys[0].created, 100);
    ck_assert_int_eq(keys[1].created, 200);
    ck_assert_int_eq(keys[2].created, 300);
    ck_assert_uint_eq(owned_by("@b.example", &keys), 1);
}
END_TEST

START_TEST(a_key_that_changes_its_owner_leaves_the_old_one)
{
    struct pgp_own_record *keys;
    put("aa", ALICE, 1);
    put("aa", "carol@b.example", 1);
    ck_assert_uint_eq(owned_by(ALICE, &keys), 0);
    ck_assert_uint_eq(owned_by("carol@b.example", &keys), 1);
}
END_TEST

START_TEST(a_deleted_key_is_nobodys)
{
    struct pgp_own_record *keys;
    size_t n;
    put("aa", ALICE, 1);
    ck_ok(store_delete_pgp_own(fixture_store, fixture_fp("aa"), &err));
    ck_assert_uint_eq(owned_by(ALICE, &keys), 0);
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    ck_ok(store_pgp_owns(read, &keys, &n, &err));
    ck_assert_uint_eq(n, 0);
    ck_fails(store_delete_pgp_own(fixture_store, fixture_fp("aa"), &err), ERR_ABSENT);
}
END_TEST

START_TEST(keys_of_both_methods_are_apart)
{
    struct pgp_own_record *keys;
    struct key_record key = fixture_key("aa", ALICE);
    char out[HASH_HEX_SIZE];
    ck_ok(store_put_key(fixture_store, &key, &err));
    ck_assert_uint_eq(owned_by(ALICE, &keys), 0);
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    ck_assert_int_eq(store_complete(read, STORE_PGP_OWN, "aa", out, &err), FIND_ABSENT);
    ck_assert_int_eq(store_complete(read, STORE_KEY, "aa", out, &err), FIND_FOUND);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/store/pgp_own");
    TCase *c = tcase_create("pgp_own");
    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, what_was_put_is_found_whole);
    tcase_add_test(c, the_newest_of_an_owner_comes_last);
    tcase_add_test(c, a_key_that_changes_its_owner_leaves_the_old_one);
    tcase_add_test(c, a_deleted_key_is_nobodys);
    tcase_add_test(c, keys_of_both_methods_are_apart);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
