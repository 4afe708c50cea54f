#include "fixture.h"
#include "support/check.h"

static void put(const struct cert_record *record)
{
    ck_ok(store_put_cert(fixture_store, record, &err));
}

static struct cert_record get(const char *fingerprint)
{
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    struct cert_record out = {0};
    ck_assert_int_eq(store_find_cert(read, fingerprint, &out, &err), FIND_FOUND);
    return out;
}

START_TEST(what_was_put_is_found_whole)
{
    struct cert_record in = fixture_cert("aa", "a@b.example");
    in.not_before = -5; /* before 1970 */
    in.capabilities = "aes256-gcm aes256-cbc";
    in.trust = TRUST_REJECTED;
    in.pinned = true;
    put(&in);
    fixture_reopen();
    struct cert_record out = get(in.fingerprint);
    ck_assert_str_eq(out.fingerprint, in.fingerprint);
    ck_assert(span_eq(out.der, in.der));
    ck_assert_uint_eq(out.naddrs, 1);
    ck_assert_str_eq(out.addrs[0], "a@b.example");
    ck_assert_int_eq(out.source, CERT_HARVESTED);
    ck_assert_int_eq(out.trust, TRUST_REJECTED);
    ck_assert(out.pinned && out.chain_ok);
    ck_assert_int_eq(out.not_before, -5);
    ck_assert_int_eq(out.not_after, 2000000000);
    ck_assert_uint_eq(out.usage, 3);
    ck_assert_str_eq(out.key_kind, "rsa");
    ck_assert_uint_eq(out.key_bits, 2048);
    ck_assert_str_eq(out.capabilities, "aes256-gcm aes256-cbc");
    ck_assert_int_eq(out.first_seen, 1500000000);
}
END_TEST

START_TEST(an_address_leads_to_all_its_certificates_and_to_no_others)
{
    struct cert_record a = fixture_cert("aa", "a@b.example"), b = fixture_cert("bb", "a@b.example"),
                       c = fixture_cert("cc", "a@b.example.org"), d = fixture_cert("dd", "aa@b.example");
    put(&a);
    put(&b);
    put(&c);
    put(&d);
    ck_assert_uint_eq(fixture_count_of("a@b.example"), 2);
    ck_assert_uint_eq(fixture_count_of("a@b.exampl"), 0);
    ck_assert_uint_eq(fixture_count_of("a@b.example.org"), 1);
    ck_assert_uint_eq(fixture_count_of(""), 0);
}
END_TEST

START_TEST(putting_again_replaces_the_addresses_and_keeps_the_first_sight)
{
    struct cert_record record = fixture_cert("aa", "old@b.example");
    put(&record);
    record = fixture_cert("aa", "new@b.example");
    record.first_seen = record.last_seen = 1600000000;
    put(&record);
    ck_assert_uint_eq(fixture_count_of("old@b.example"), 0);
    ck_assert_uint_eq(fixture_count_of("new@b.example"), 1);
    ck_assert_int_eq(get(record.fingerprint).first_seen, 1500000000);
    ck_assert_int_eq(get(record.fingerprint).last_seen, 1600000000);
}
END_TEST

START_TEST(a_deleted_certificate_is_gone_from_the_index_too)
{
    struct cert_record record = fixture_cert("aa", "a@b.example");
    put(&record);
    ck_ok(store_delete_cert(fixture_store, record.fingerprint, &err));
    ck_assert_uint_eq(fixture_count_of("a@b.example"), 0);
    ck_fails(store_delete_cert(fixture_store, record.fingerprint, &err), ERR_ABSENT);
}
END_TEST

START_TEST(a_certificate_with_a_private_key_is_not_deleted)
{
    struct cert_record record = fixture_cert("aa", "a@b.example");
    struct key_record key = fixture_key("aa", "a@b.example");
    put(&record);
    ck_ok(store_put_key(fixture_store, &key, &err));
    ck_fails(store_delete_cert(fixture_store, record.fingerprint, &err), ERR_EXISTS);
    ck_assert_uint_eq(fixture_count_of("a@b.example"), 1);
}
END_TEST

START_TEST(the_administrators_word_pins)
{
    struct cert_record record = fixture_cert("aa", "a@b.example");
    record.trust = TRUST_UNTRUSTED;
    put(&record);
    ck_ok(store_set_trust(fixture_store, record.fingerprint, TRUST_TRUSTED, &err));
    ck_assert(get(record.fingerprint).pinned);
    ck_assert_int_eq(get(record.fingerprint).trust, TRUST_TRUSTED);
    ck_ok(store_set_chain(fixture_store, record.fingerprint, CHAIN_VERDICT_NONE, &err));
    ck_assert_int_eq(get(record.fingerprint).trust, TRUST_TRUSTED);
    ck_assert(!get(record.fingerprint).chain_ok);
    ck_fails(store_set_trust(fixture_store, fixture_fp("ee"), TRUST_TRUSTED, &err), ERR_ABSENT);
}
END_TEST

START_TEST(trust_follows_the_chain_where_nobody_pinned)
{
    struct cert_record record = fixture_cert("aa", "a@b.example");
    put(&record);
    ck_ok(store_set_chain(fixture_store, record.fingerprint, CHAIN_VERDICT_NONE, &err));
    ck_assert_int_eq(get(record.fingerprint).trust, TRUST_UNTRUSTED);
    ck_ok(store_set_chain(fixture_store, record.fingerprint, CHAIN_VERDICT_OK, &err));
    ck_assert_int_eq(get(record.fingerprint).trust, TRUST_TRUSTED);
}
END_TEST

START_TEST(a_certificate_with_too_many_addresses_is_refused)
{
    struct cert_record record = fixture_cert("aa", "a@b.example");
    const char *many[STORE_ADDRS_MAX + 1];
    for (size_t i = 0; i < SEAL_COUNT(many); i++)
        many[i] = "a@b.example";
    record.addrs = many;
    record.naddrs = SEAL_COUNT(many);
    ck_fails(store_put_cert(fixture_store, &record, &err), ERR_LIMIT);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store/certs");
    TCase *tcase = tcase_create("certs");
    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_add_test(tcase, what_was_put_is_found_whole);
    tcase_add_test(tcase, an_address_leads_to_all_its_certificates_and_to_no_others);
    tcase_add_test(tcase, putting_again_replaces_the_addresses_and_keeps_the_first_sight);
    tcase_add_test(tcase, a_deleted_certificate_is_gone_from_the_index_too);
    tcase_add_test(tcase, a_certificate_with_a_private_key_is_not_deleted);
    tcase_add_test(tcase, the_administrators_word_pins);
    tcase_add_test(tcase, trust_follows_the_chain_where_nobody_pinned);
    tcase_add_test(tcase, a_certificate_with_too_many_addresses_is_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
