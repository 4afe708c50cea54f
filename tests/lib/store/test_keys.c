#include "fixture.h"
#include "support/check.h"

static void put(const char *beginning, const char *owner)
{
    struct key_record record = fixture_key(beginning, owner);
    ck_ok(store_put_key(fixture_store, &record, &err));
}

static size_t keys_of(const char *owner, struct key_record **out)
{
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    size_t n = 0;
    ck_ok(store_keys_of(read, owner, out, &n, &err));
    return n;
}

START_TEST(what_was_put_is_found_whole)
{
    struct key_record in = fixture_key("aa", "a@b.example"), out;
    in.uri = "pkcs11:token=x";
    ck_ok(store_put_key(fixture_store, &in, &err));
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    ck_assert_int_eq(store_find_key(read, in.fingerprint, &out, &err), FIND_FOUND);
    ck_assert_str_eq(out.owner, "a@b.example");
    ck_assert_str_eq(out.uri, "pkcs11:token=x");
    ck_assert(span_eq(out.wrapped, in.wrapped));
    ck_assert(span_eq(out.public_key, in.public_key));
    ck_assert_int_eq(out.created, 5);
    ck_assert_int_eq(store_find_key(read, fixture_fp("bb"), &out, &err), FIND_ABSENT);
}
END_TEST

START_TEST(the_key_of_the_newest_certificate_comes_last)
{
    static const struct {
        const char *fp;
        int64_t not_before;
    } cases[] = {{"aa", 300}, {"bb", 100}, {"cc", 200}};
    for (size_t i = 0; i < SEAL_COUNT(cases); i++) {
        struct cert_record cert = fixture_cert(cases[i].fp, "a@b.example");
        cert.not_before = cases[i].not_before;
        ck_ok(store_put_cert(fixture_store, &cert, &err));
        put(cases[i].fp, "a@b.example");
    }
    put("dd", "a@b.example"); /* its certificate is gone */
    struct key_record *keys;
    ck_assert_uint_eq(keys_of("a@b.example", &keys), 4);
    ck_assert_str_eq(keys[0].fingerprint, fixture_fp("dd"));
    ck_assert_str_eq(keys[1].fingerprint, fixture_fp("bb"));
    ck_assert_str_eq(keys[2].fingerprint, fixture_fp("cc"));
    ck_assert_str_eq(keys[3].fingerprint, fixture_fp("aa"));
}
END_TEST

START_TEST(the_null_address_owns_no_key)
{
    struct key_record *keys;
    size_t n;
    put("aa", ""); /* as the own CA's */
    put("bb", "a@b.example");
    ck_assert_uint_eq(keys_of("", &keys), 0);
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    ck_ok(store_keys(read, &keys, &n, &err));
    ck_assert_uint_eq(n, 2);
}
END_TEST

START_TEST(a_key_that_changes_its_owner_leaves_the_old_one)
{
    struct key_record *keys;
    put("aa", "a@b.example");
    put("aa", "c@b.example");
    ck_assert_uint_eq(keys_of("a@b.example", &keys), 0);
    ck_assert_uint_eq(keys_of("c@b.example", &keys), 1);
}
END_TEST

START_TEST(a_deleted_key_is_nobodys_and_its_certificate_can_go)
{
    struct key_record *keys;
    struct cert_record cert = fixture_cert("aa", "a@b.example");
    ck_ok(store_put_cert(fixture_store, &cert, &err));
    put("aa", "a@b.example");
    ck_fails(store_delete_cert(fixture_store, cert.fingerprint, &err), ERR_EXISTS);
    ck_ok(store_delete_key(fixture_store, cert.fingerprint, &err));
    ck_assert_uint_eq(keys_of("a@b.example", &keys), 0);
    ck_ok(store_delete_cert(fixture_store, cert.fingerprint, &err));
    ck_fails(store_delete_key(fixture_store, cert.fingerprint, &err), ERR_ABSENT);
}
END_TEST

START_TEST(a_beginning_completes_to_the_only_fingerprint)
{
    char out[HASH_HEX_SIZE];
    put("ab1", "a@b.example");
    put("ab2", "a@b.example");
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    ck_assert_int_eq(store_complete(read, STORE_KEY, "ab1", out, &err), FIND_FOUND);
    ck_assert_str_eq(out, fixture_fp("ab1"));
    ck_assert_int_eq(store_complete(read, STORE_KEY, fixture_fp("ab2"), out, &err), FIND_FOUND);
    ck_assert_int_eq(store_complete(read, STORE_KEY, "ac", out, &err), FIND_ABSENT);
    ck_assert_int_eq(store_complete(read, STORE_CERT, "ab1", out, &err), FIND_ABSENT);
    ck_assert_int_eq(store_complete(read, STORE_KEY, "ab", out, &err), FIND_FAILED);
    ck_assert_int_eq(err.code, ERR_AMBIGUOUS);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store/keys");
    TCase *tcase = tcase_create("keys");
    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_add_test(tcase, what_was_put_is_found_whole);
    tcase_add_test(tcase, the_key_of_the_newest_certificate_comes_last);
    tcase_add_test(tcase, the_null_address_owns_no_key);
    tcase_add_test(tcase, a_deleted_key_is_nobodys_and_its_certificate_can_go);
    tcase_add_test(tcase, a_key_that_changes_its_owner_leaves_the_old_one);
    tcase_add_test(tcase, a_beginning_completes_to_the_only_fingerprint);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
