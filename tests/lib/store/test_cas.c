#include "fixture.h"
#include "support/check.h"

static size_t list(struct ca_record **out)
{
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    size_t n = 0;
    ck_ok(store_cas(read, out, &n, &err));
    return n;
}

START_TEST(cas_are_listed_changed_and_deleted)
{
    struct ca_record ca = {.fingerprint = fixture_fp("aa"), .der = SPAN_LIT("der\0"), .own = true}, *cas;
    ck_assert_uint_eq(list(&cas), 0);
    ck_ok(store_put_ca(fixture_store, &ca, &err));
    ca.trusted = true;
    ck_ok(store_put_ca(fixture_store, &ca, &err));
    ck_assert_uint_eq(list(&cas), 1);
    ck_assert_str_eq(cas[0].fingerprint, ca.fingerprint);
    ck_assert(span_eq(cas[0].der, ca.der));
    ck_assert(cas[0].trusted && cas[0].own);
    ck_ok(store_delete_ca(fixture_store, ca.fingerprint, &err));
    ck_assert_uint_eq(list(&cas), 0);
    ck_fails(store_delete_ca(fixture_store, ca.fingerprint, &err), ERR_ABSENT);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store/cas");
    TCase *tcase = tcase_create("cas");
    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_add_test(tcase, cas_are_listed_changed_and_deleted);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
