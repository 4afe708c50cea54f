#include "fixture.h"
#include "support/check.h"

#include <stdio.h>

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

static enum harvest_result harvest(const struct cert_record *record)
{
    enum harvest_result result;
    ck_ok(store_harvest(fixture_store, record, &result, &err));
    return result;
}

START_TEST(a_new_certificate_is_harvested_and_a_known_one_gets_last_seen)
{
    struct cert_record seen = fixture_cert("aa", "a@b.example");
    ck_assert_int_eq(harvest(&seen), HARVEST_NEW);
    seen.last_seen += 100000;
    seen.first_seen += 100000;
    ck_assert_int_eq(harvest(&seen), HARVEST_KNOWN);
    ck_assert_int_eq(get(seen.fingerprint).last_seen, 1500100000);
    ck_assert_int_eq(get(seen.fingerprint).first_seen, 1500000000);
    seen.last_seen = 1400000000;
    ck_assert_int_eq(harvest(&seen), HARVEST_KNOWN);
    ck_assert_int_eq(get(seen.fingerprint).last_seen, 1500100000);
}
END_TEST

START_TEST(seeing_a_certificate_again_is_no_new_generation)
{
    struct cert_record seen = fixture_cert("aa", "a@b.example");
    ck_assert_int_eq(harvest(&seen), HARVEST_NEW);
    uint64_t generation = store_generation(fixture_store, &err);
    seen.last_seen += 100000;
    ck_assert_int_eq(harvest(&seen), HARVEST_KNOWN);
    ck_assert_uint_eq(store_generation(fixture_store, &err), generation);
}
END_TEST

START_TEST(capabilities_are_learned_and_not_forgotten)
{
    struct cert_record seen = fixture_cert("aa", "a@b.example");
    ck_assert_int_eq(harvest(&seen), HARVEST_NEW);
    seen.capabilities = "aes256-gcm";
    ck_assert_int_eq(harvest(&seen), HARVEST_KNOWN);
    seen.capabilities = "";
    ck_assert_int_eq(harvest(&seen), HARVEST_KNOWN);
    seen.capabilities = NULL;
    ck_assert_int_eq(harvest(&seen), HARVEST_KNOWN);
    ck_assert_str_eq(get(seen.fingerprint).capabilities, "aes256-gcm");
}
END_TEST

/* Not every message of a peer shows it; the ciphers are those of the last one. */
START_TEST(reading_protected_header_fields_is_not_forgotten_for_other_words)
{
    struct cert_record seen = fixture_cert("aa", "a@b.example");
    seen.capabilities = "aes256-gcm hp";
    ck_assert_int_eq(harvest(&seen), HARVEST_NEW);
    seen.capabilities = "aes256-cbc";
    ck_assert_int_eq(harvest(&seen), HARVEST_KNOWN);
    ck_assert_str_eq(get(seen.fingerprint).capabilities, "aes256-cbc hp");
    uint64_t generation = store_generation(fixture_store, &err);
    ck_assert_int_eq(harvest(&seen), HARVEST_KNOWN);
    ck_assert_uint_eq(store_generation(fixture_store, &err), generation);
    ck_assert_str_eq(get(seen.fingerprint).capabilities, "aes256-cbc hp");
}
END_TEST

START_TEST(a_pinned_certificate_is_never_changed)
{
    struct cert_record seen = fixture_cert("aa", "a@b.example");
    put(&seen);
    ck_ok(store_set_trust(fixture_store, seen.fingerprint, TRUST_TRUSTED, &err));
    seen.chain_ok = false;
    seen.trust = TRUST_UNTRUSTED;
    ck_assert_int_eq(harvest(&seen), HARVEST_KNOWN);
    ck_assert_int_eq(get(seen.fingerprint).trust, TRUST_TRUSTED);
    ck_assert(get(seen.fingerprint).pinned);
    seen.addrs[0] = "other@b.example";
    ck_assert_int_eq(harvest(&seen), HARVEST_KNOWN);
    ck_assert_uint_eq(fixture_count_of("other@b.example"), 0);
}
END_TEST

START_TEST(a_pinned_address_gets_no_other_certificate)
{
    struct cert_record pinned = fixture_cert("aa", "a@b.example"), other = fixture_cert("bb", "a@b.example");
    put(&pinned);
    ck_ok(store_set_trust(fixture_store, pinned.fingerprint, TRUST_TRUSTED, &err));
    ck_assert_int_eq(harvest(&other), HARVEST_REFUSED);
    ck_assert_uint_eq(fixture_count_of("a@b.example"), 1);
}
END_TEST

START_TEST(a_rejected_certificate_stays_rejected_and_leaves_room_for_another)
{
    struct cert_record bad = fixture_cert("aa", "a@b.example"), other = fixture_cert("bb", "a@b.example");
    put(&bad);
    ck_ok(store_set_trust(fixture_store, bad.fingerprint, TRUST_REJECTED, &err));
    bad.last_seen += 1000000;
    ck_assert_int_eq(harvest(&bad), HARVEST_REFUSED);
    ck_assert_int_eq(get(bad.fingerprint).trust, TRUST_REJECTED);
    ck_assert_int_eq(get(bad.fingerprint).last_seen, 1500000000);
    ck_assert_int_eq(harvest(&other), HARVEST_NEW);
}
END_TEST

START_TEST(a_chain_that_became_good_makes_a_harvested_certificate_trusted)
{
    struct cert_record seen = fixture_cert("aa", "a@b.example");
    seen.trust = TRUST_UNTRUSTED;
    seen.chain_ok = false;
    ck_assert_int_eq(harvest(&seen), HARVEST_NEW);
    seen.trust = TRUST_TRUSTED;
    seen.chain_ok = true;
    ck_assert_int_eq(harvest(&seen), HARVEST_KNOWN);
    ck_assert_int_eq(get(seen.fingerprint).trust, TRUST_TRUSTED);
}
END_TEST

START_TEST(a_known_certificate_learns_the_further_address_that_it_is_seen_for)
{
    struct cert_record seen = fixture_cert("aa", "a@b.example"), again = fixture_cert("aa", "c@b.example");
    uint64_t generation;
    ck_assert_int_eq(harvest(&seen), HARVEST_NEW);
    generation = store_generation(fixture_store, &err);
    ck_assert_int_eq(harvest(&again), HARVEST_KNOWN);
    ck_assert_uint_eq(fixture_count_of("a@b.example"), 1);
    ck_assert_uint_eq(fixture_count_of("c@b.example"), 1);
    ck_assert_uint_eq(get(seen.fingerprint).naddrs, 2);
    ck_assert_uint_eq(store_generation(fixture_store, &err), generation + 1);
}
END_TEST

START_TEST(a_known_certificate_gets_no_address_that_is_pinned_to_another)
{
    struct cert_record pinned = fixture_cert("bb", "c@b.example"), seen = fixture_cert("aa", "a@b.example"),
                       again = fixture_cert("aa", "c@b.example");
    put(&pinned);
    ck_ok(store_set_trust(fixture_store, pinned.fingerprint, TRUST_TRUSTED, &err));
    ck_assert_int_eq(harvest(&seen), HARVEST_NEW);
    ck_assert_int_eq(harvest(&again), HARVEST_KNOWN);
    ck_assert_uint_eq(fixture_count_of("c@b.example"), 1);
    ck_assert_uint_eq(get(seen.fingerprint).naddrs, 1);
}
END_TEST

START_TEST(untrusted_certificates_of_one_address_are_limited)
{
    for (int i = 0; i <= STORE_HARVEST_MAX; i++) {
        char beginning[8];
        snprintf(beginning, sizeof beginning, "%02d", i);
        struct cert_record seen = fixture_cert(beginning, "a@b.example");
        seen.trust = TRUST_UNTRUSTED;
        seen.chain_ok = false;
        ck_assert_int_eq(harvest(&seen), i < STORE_HARVEST_MAX ? HARVEST_NEW : HARVEST_REFUSED);
    }
    struct cert_record good = fixture_cert("ff", "a@b.example");
    ck_assert_int_eq(harvest(&good), HARVEST_NEW);
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
    enum harvest_result result;
    ck_fails(store_harvest(fixture_store, &record, &result, &err), ERR_LIMIT);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store/harvest");
    TCase *tcase = tcase_create("harvest");
    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_add_test(tcase, a_new_certificate_is_harvested_and_a_known_one_gets_last_seen);
    tcase_add_test(tcase, seeing_a_certificate_again_is_no_new_generation);
    tcase_add_test(tcase, capabilities_are_learned_and_not_forgotten);
    tcase_add_test(tcase, reading_protected_header_fields_is_not_forgotten_for_other_words);
    tcase_add_test(tcase, a_pinned_certificate_is_never_changed);
    tcase_add_test(tcase, a_pinned_address_gets_no_other_certificate);
    tcase_add_test(tcase, a_rejected_certificate_stays_rejected_and_leaves_room_for_another);
    tcase_add_test(tcase, a_chain_that_became_good_makes_a_harvested_certificate_trusted);
    tcase_add_test(tcase, a_known_certificate_learns_the_further_address_that_it_is_seen_for);
    tcase_add_test(tcase, a_known_certificate_gets_no_address_that_is_pinned_to_another);
    tcase_add_test(tcase, untrusted_certificates_of_one_address_are_limited);
    tcase_add_test(tcase, a_certificate_with_too_many_addresses_is_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
