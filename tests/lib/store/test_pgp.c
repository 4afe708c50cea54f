#include "fixture.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

#define ALICE "alice@b.example"
#define CAROL "carol@b.example"
#define NONE  SPAN_LIT("")
#define DAY   86400

static void put(const struct pgp_record *record)
{
    ck_ok(store_put_pgp(fixture_store, record, NONE, &err));
}

static struct pgp_record get(const char *fingerprint)
{
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    struct pgp_record out = {0};
    ck_assert_int_eq(store_find_pgp(read, fingerprint, &out, &err), FIND_FOUND);
    return out;
}

static size_t by_keyid(const char *keyid)
{
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    struct pgp_record *keys;
    size_t n = 0;
    ck_ok(store_pgp_by_keyid(read, keyid, &keys, &n, &err));
    return n;
}

/* ---- put, find, trust, delete ---- */

START_TEST(what_was_put_is_found_whole)
{
    struct pgp_record in = fixture_pgp("aa", ALICE);
    in.expires = 1900000000;
    in.encrypt_until = 1800000000;
    in.sign_until = -1;
    in.revoked = true;
    put(&in);
    struct pgp_record out = get(in.fingerprint);
    ck_assert(span_eq(out.key, in.key));
    ck_assert_str_eq(out.addrs[0], ALICE);
    ck_assert_str_eq(out.named[0], ALICE);
    ck_assert_str_eq(out.user_ids[0], "Somebody <" ALICE ">");
    ck_assert_str_eq(out.keyids[0], in.keyids[0]);
    ck_assert_int_eq(out.expires, 1900000000);
    ck_assert_int_eq(out.encrypt_until, 1800000000);
    ck_assert_int_eq(out.sign_until, -1);
    ck_assert(out.revoked);
    ck_assert_str_eq(out.encrypt_algorithm, "cv25519");
    ck_assert_int_eq(out.source, PGP_SOURCE_ATTACHED);
}
END_TEST

START_TEST(a_key_is_found_by_address_domain_and_each_key_id)
{
    const char *addrs[] = {ALICE, "@b.example"}, *keyids[] = {"1111111111111111", "2222222222222222"};
    struct pgp_record in = fixture_pgp("aa", ALICE);
    in.addrs = addrs;
    in.naddrs = 2;
    in.keyids = keyids;
    in.nkeyids = 2;
    put(&in);
    ck_assert_uint_eq(fixture_pgp_of(ALICE), 1);
    ck_assert_uint_eq(fixture_pgp_of("@b.example"), 1);
    ck_assert_uint_eq(fixture_pgp_of(CAROL), 0);
    ck_assert_uint_eq(by_keyid("1111111111111111"), 1);
    ck_assert_uint_eq(by_keyid("2222222222222222"), 1);
    ck_assert_uint_eq(by_keyid("222222222222222"), 0);
}
END_TEST

START_TEST(two_keys_may_have_one_key_id)
{
    struct pgp_record one = fixture_pgp("aa", ALICE), other = fixture_pgp("bb", CAROL);
    put(&one);
    put(&other);
    ck_assert_str_eq(one.keyids[0], other.keyids[0]);
    ck_assert_uint_eq(by_keyid(one.keyids[0]), 2);
}
END_TEST

START_TEST(a_key_and_a_certificate_of_one_address_are_apart)
{
    struct pgp_record key = fixture_pgp("aa", ALICE);
    struct cert_record cert = fixture_cert("aa", ALICE);
    put(&key);
    ck_ok(store_put_cert(fixture_store, &cert, &err));
    ck_ok(store_set_trust(fixture_store, cert.fingerprint, TRUST_REJECTED, &err));
    ck_assert_int_eq(get(key.fingerprint).trust, TRUST_UNTRUSTED);
    ck_assert_uint_eq(fixture_pgp_of(ALICE), 1);
    ck_assert_uint_eq(fixture_count_of(ALICE), 1);
}
END_TEST

START_TEST(a_key_that_is_put_again_leaves_no_index_of_its_former_state)
{
    const char *keyids[] = {"3333333333333333"};
    struct pgp_record in = fixture_pgp("aa", ALICE), again = fixture_pgp("aa", CAROL);
    put(&in);
    again.key = SPAN_LIT("newer");
    again.keyids = keyids;
    again.first_seen = again.last_seen = 1600000000;
    ck_ok(store_put_pgp(fixture_store, &again, in.key, &err));
    ck_assert_uint_eq(fixture_pgp_of(ALICE), 0);
    ck_assert_uint_eq(fixture_pgp_of(CAROL), 1);
    ck_assert_uint_eq(by_keyid(in.keyids[0]), 0);
    ck_assert_uint_eq(by_keyid(keyids[0]), 1);
    ck_assert_int_eq(get(in.fingerprint).first_seen, 1500000000);
    ck_assert_int_eq(get(in.fingerprint).last_seen, 1600000000);
}
END_TEST

START_TEST(a_state_that_was_merged_from_an_older_one_is_not_written)
{
    struct pgp_record in = fixture_pgp("aa", ALICE), revoked = in, other = in;
    enum harvest_result result;
    put(&in);
    revoked.key = SPAN_LIT("key and revocation");
    revoked.revoked = true;
    ck_ok(store_put_pgp(fixture_store, &revoked, in.key, &err));
    other.key = SPAN_LIT("key and subkey");
    ck_fails(store_put_pgp(fixture_store, &other, in.key, &err), ERR_BUSY);
    ck_fails(store_harvest_pgp(fixture_store, &other, in.key, &result, &err), ERR_BUSY);
    ck_fails(store_harvest_pgp(fixture_store, &other, NONE, &result, &err), ERR_BUSY);
    ck_assert(get(in.fingerprint).revoked);
    struct pgp_record unknown = fixture_pgp("bb", ALICE);
    ck_fails(store_put_pgp(fixture_store, &unknown, in.key, &err), ERR_BUSY);
}
END_TEST

START_TEST(the_administrators_word_is_a_pin)
{
    struct pgp_record in = fixture_pgp("aa", ALICE);
    put(&in);
    ck_ok(store_set_pgp_trust(fixture_store, in.fingerprint, TRUST_TRUSTED, &err));
    ck_assert_int_eq(get(in.fingerprint).trust, TRUST_TRUSTED);
    ck_assert(get(in.fingerprint).pinned);
    ck_fails(store_set_pgp_trust(fixture_store, fixture_fp("bb"), TRUST_TRUSTED, &err), ERR_ABSENT);
}
END_TEST

START_TEST(a_deleted_key_is_in_no_index)
{
    struct pgp_record in = fixture_pgp("aa", ALICE);
    put(&in);
    ck_ok(store_delete_pgp(fixture_store, in.fingerprint, &err));
    ck_assert_uint_eq(fixture_pgp_of(ALICE), 0);
    ck_assert_uint_eq(by_keyid(in.keyids[0]), 0);
    ck_fails(store_delete_pgp(fixture_store, in.fingerprint, &err), ERR_ABSENT);
}
END_TEST

START_TEST(a_key_with_its_secret_key_here_is_not_deleted)
{
    struct pgp_record in = fixture_pgp("aa", ALICE);
    struct pgp_own_record own = {.fingerprint = in.fingerprint, .owner = ALICE};
    put(&in);
    ck_ok(store_put_pgp_own(fixture_store, &own, &err));
    ck_fails(store_delete_pgp(fixture_store, in.fingerprint, &err), ERR_EXISTS);
    ck_ok(store_delete_pgp_own(fixture_store, in.fingerprint, &err));
    ck_ok(store_delete_pgp(fixture_store, in.fingerprint, &err));
}
END_TEST

START_TEST(a_beginning_completes_to_the_only_key)
{
    char out[HASH_HEX_SIZE];
    struct pgp_record one = fixture_pgp("aa", ALICE), other = fixture_pgp("ab", ALICE);
    put(&one);
    put(&other);
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    ck_assert_int_eq(store_complete(read, STORE_PGP, "aa", out, &err), FIND_FOUND);
    ck_assert_str_eq(out, one.fingerprint);
    ck_assert_int_eq(store_complete(read, STORE_PGP, "b", out, &err), FIND_ABSENT);
    ck_assert_int_eq(store_complete(read, STORE_PGP, "a", out, &err), FIND_FAILED);
    ck_assert_int_eq(err.code, ERR_AMBIGUOUS);
    err_clear(&err);
    ck_assert_int_eq(store_complete(read, STORE_CERT, "aa", out, &err), FIND_ABSENT);
}
END_TEST

START_TEST(a_damaged_key_is_never_absent)
{
    struct pgp_record in = fixture_pgp("aa", ALICE);
    struct store_health health;
    in.user_ids[0] = "a text to be found";
    put(&in);
    fixture_break("a text to be f");
    fixture_reopen();
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    struct pgp_record out, *all;
    size_t n;
    ck_assert_int_eq(store_find_pgp(read, in.fingerprint, &out, &err), FIND_FAILED);
    ck_assert_int_eq(err.code, ERR_STORE_DAMAGED);
    err_clear(&err);
    ck_fails(store_pgp_of(read, ALICE, &all, &n, &err), ERR_STORE_DAMAGED);
    ck_fails(store_check(fixture_store, &health, &err), ERR_STORE_DAMAGED);
}
END_TEST

static const struct {
    int64_t expires, until;
    bool revoked, good;
} states[] = {
    {0, 0, false, true},    {0, -1, false, false},   {0, 0, true, false},    {1000, 0, false, false},
    {1001, 0, false, true}, {0, 1000, false, false}, {0, 1001, false, true}, {1000, 2000, false, false},
};

START_TEST(a_key_is_good_for_something_until_it_or_its_subkey_ends)
{
    struct pgp_record encrypts = fixture_pgp("aa", ALICE), signs = encrypts;
    encrypts.expires = signs.expires = states[_i].expires;
    encrypts.revoked = signs.revoked = states[_i].revoked;
    encrypts.encrypt_until = states[_i].until;
    signs.sign_until = states[_i].until;
    ck_assert_int_eq(pgp_record_encrypts(&encrypts, 1000), states[_i].good);
    ck_assert_int_eq(pgp_record_signs(&signs, 1000), states[_i].good);
}
END_TEST

/* ---- harvest ---- */

static enum harvest_result harvest_on(const struct pgp_record *record, struct span base)
{
    enum harvest_result result;
    ck_ok(store_harvest_pgp(fixture_store, record, base, &result, &err));
    return result;
}

static enum harvest_result harvest(const struct pgp_record *record)
{
    return harvest_on(record, NONE);
}

START_TEST(a_new_key_is_harvested_and_a_known_one_gets_last_seen)
{
    struct pgp_record seen = fixture_pgp("aa", ALICE);
    ck_assert_int_eq(harvest(&seen), HARVEST_NEW);
    uint64_t generation = store_generation(fixture_store, &err);
    seen.last_seen += DAY;
    ck_assert_int_eq(harvest_on(&seen, seen.key), HARVEST_KNOWN);
    ck_assert_int_eq(get(seen.fingerprint).last_seen, 1500000000 + DAY);
    ck_assert_uint_eq(store_generation(fixture_store, &err), generation);
}
END_TEST

START_TEST(a_known_key_gets_its_newer_state)
{
    const char *keyids[] = {"4444444444444444", "5555555555555555"};
    struct pgp_record seen = fixture_pgp("aa", ALICE), newer = fixture_pgp("aa", ALICE);
    ck_assert_int_eq(harvest(&seen), HARVEST_NEW);
    newer.key = SPAN_LIT("newer");
    newer.expires = newer.encrypt_until = 1900000000;
    newer.keyids = keyids;
    newer.nkeyids = 2;
    ck_assert_int_eq(harvest_on(&newer, seen.key), HARVEST_KNOWN);
    struct pgp_record out = get(seen.fingerprint);
    ck_assert(span_is(out.key, "newer"));
    ck_assert_int_eq(out.expires, 1900000000);
    ck_assert_uint_eq(by_keyid(seen.keyids[0]), 0);
    ck_assert_uint_eq(by_keyid(keyids[1]), 1);
}
END_TEST

START_TEST(a_revocation_is_never_forgotten)
{
    struct pgp_record seen = fixture_pgp("aa", ALICE), again = fixture_pgp("aa", ALICE);
    seen.revoked = true;
    ck_assert_int_eq(harvest(&seen), HARVEST_NEW);
    again.key = SPAN_LIT("again");
    ck_assert_int_eq(harvest_on(&again, seen.key), HARVEST_KNOWN);
    ck_assert(get(seen.fingerprint).revoked);
}
END_TEST

START_TEST(an_address_whose_user_id_is_gone_is_dropped)
{
    struct pgp_record seen = fixture_pgp("aa", ALICE), newer = fixture_pgp("aa", CAROL);
    ck_assert_int_eq(harvest(&seen), HARVEST_NEW);
    newer.key = SPAN_LIT("newer");
    ck_assert_int_eq(harvest_on(&newer, seen.key), HARVEST_KNOWN);
    ck_assert_uint_eq(fixture_pgp_of(ALICE), 0);
    ck_assert_uint_eq(fixture_pgp_of(CAROL), 1);
}
END_TEST

START_TEST(a_revoked_key_is_still_found_by_its_addresses)
{
    struct pgp_record seen = fixture_pgp("aa", ALICE), revoked = fixture_pgp("aa", ALICE);
    ck_assert_int_eq(harvest(&seen), HARVEST_NEW);
    revoked.key = SPAN_LIT("revoked");
    revoked.revoked = true;
    revoked.naddrs = revoked.nnamed = revoked.nuser_ids = 0;
    ck_assert_int_eq(harvest_on(&revoked, seen.key), HARVEST_KNOWN);
    ck_assert_uint_eq(fixture_pgp_of(ALICE), 1);
}
END_TEST

START_TEST(a_key_is_used_only_for_the_addresses_for_which_it_was_seen)
{
    const char *named[] = {ALICE, "director@bank.example"};
    struct pgp_record seen = fixture_pgp("aa", ALICE), again = fixture_pgp("aa", "director@bank.example");
    seen.named = seen.user_ids = again.named = again.user_ids = named;
    seen.nnamed = seen.nuser_ids = again.nnamed = again.nuser_ids = 2;
    ck_assert_int_eq(harvest(&seen), HARVEST_NEW);
    ck_assert_uint_eq(fixture_pgp_of("director@bank.example"), 0);
    ck_assert_int_eq(harvest_on(&again, seen.key), HARVEST_KNOWN);
    ck_assert_uint_eq(fixture_pgp_of("director@bank.example"), 1);
    ck_assert_uint_eq(fixture_pgp_of(ALICE), 1);
}
END_TEST

START_TEST(a_pinned_key_keeps_trust_and_addresses_and_gets_its_revocation)
{
    const char *given[] = {"given@b.example"};
    struct pgp_record pinned = fixture_pgp("aa", ALICE), seen = fixture_pgp("aa", CAROL);
    pinned.addrs = given;
    pinned.trust = TRUST_TRUSTED;
    pinned.pinned = true;
    put(&pinned);
    seen.key = SPAN_LIT("revoked");
    seen.revoked = true;
    ck_assert_int_eq(harvest_on(&seen, pinned.key), HARVEST_KNOWN);
    struct pgp_record out = get(pinned.fingerprint);
    ck_assert_uint_eq(fixture_pgp_of("given@b.example"), 1);
    ck_assert_uint_eq(fixture_pgp_of(CAROL), 0);
    ck_assert(out.pinned && out.trust == TRUST_TRUSTED && out.revoked);
}
END_TEST

START_TEST(a_pinned_address_gets_no_other_key)
{
    struct pgp_record pinned = fixture_pgp("aa", ALICE), other = fixture_pgp("bb", ALICE);
    put(&pinned);
    ck_ok(store_set_pgp_trust(fixture_store, pinned.fingerprint, TRUST_TRUSTED, &err));
    other.source = PGP_SOURCE_WKD;
    ck_assert_int_eq(harvest(&other), HARVEST_REFUSED);
    ck_assert_uint_eq(fixture_pgp_of(ALICE), 1);
}
END_TEST

START_TEST(a_rejected_key_stays_as_it_is)
{
    struct pgp_record bad = fixture_pgp("aa", ALICE), other = fixture_pgp("bb", ALICE), again = bad;
    put(&bad);
    ck_ok(store_set_pgp_trust(fixture_store, bad.fingerprint, TRUST_REJECTED, &err));
    again.trust = TRUST_TRUSTED;
    again.key = SPAN_LIT("newer");
    ck_assert_int_eq(harvest_on(&again, bad.key), HARVEST_REFUSED);
    ck_assert_int_eq(get(bad.fingerprint).trust, TRUST_REJECTED);
    ck_assert(span_eq(get(bad.fingerprint).key, bad.key));
    ck_assert_int_eq(harvest(&other), HARVEST_NEW);
}
END_TEST

static const struct {
    enum pgp_source there, comes;
    enum harvest_result result;
} sources[] = {
    {PGP_SOURCE_WKD, PGP_SOURCE_AUTOCRYPT, HARVEST_REFUSED},
    {PGP_SOURCE_ATTACHED, PGP_SOURCE_AUTOCRYPT, HARVEST_REFUSED},
    {PGP_SOURCE_OWN, PGP_SOURCE_WKD, HARVEST_REFUSED},
    {PGP_SOURCE_IMPORTED, PGP_SOURCE_SIGNED, HARVEST_REFUSED},
    {PGP_SOURCE_AUTOCRYPT, PGP_SOURCE_AUTOCRYPT, HARVEST_NEW},
    {PGP_SOURCE_AUTOCRYPT, PGP_SOURCE_KEYSERVER, HARVEST_NEW},
    {PGP_SOURCE_SIGNED, PGP_SOURCE_WKD, HARVEST_NEW},
};

START_TEST(a_source_adds_nothing_beside_a_better_one)
{
    struct pgp_record there = fixture_pgp("aa", ALICE), comes = fixture_pgp("bb", ALICE);
    there.source = sources[_i].there;
    comes.source = sources[_i].comes;
    put(&there);
    ck_assert_int_eq(harvest(&comes), sources[_i].result);
}
END_TEST

START_TEST(a_key_that_encrypts_no_more_keeps_no_other_out)
{
    struct pgp_record there = fixture_pgp("aa", ALICE), comes = fixture_pgp("bb", ALICE);
    there.source = PGP_SOURCE_IMPORTED;
    there.encrypt_until = comes.last_seen;
    comes.source = PGP_SOURCE_AUTOCRYPT;
    put(&there);
    ck_assert_int_eq(harvest(&comes), HARVEST_NEW);
}
END_TEST

START_TEST(a_better_source_counts_and_a_worse_one_is_no_step_back)
{
    struct pgp_record seen = fixture_pgp("aa", ALICE);
    ck_assert_int_eq(harvest(&seen), HARVEST_NEW);
    seen.source = PGP_SOURCE_AUTOCRYPT;
    ck_assert_int_eq(harvest_on(&seen, seen.key), HARVEST_KNOWN);
    ck_assert_int_eq(get(seen.fingerprint).source, PGP_SOURCE_ATTACHED);
    seen.source = PGP_SOURCE_WKD;
    seen.trust = TRUST_TRUSTED;
    ck_assert_int_eq(harvest_on(&seen, seen.key), HARVEST_KNOWN);
    ck_assert_int_eq(get(seen.fingerprint).source, PGP_SOURCE_WKD);
    ck_assert_int_eq(get(seen.fingerprint).trust, TRUST_TRUSTED);
    seen.trust = TRUST_UNTRUSTED;
    ck_assert_int_eq(harvest_on(&seen, seen.key), HARVEST_KNOWN);
    ck_assert_int_eq(get(seen.fingerprint).trust, TRUST_TRUSTED);
}
END_TEST

START_TEST(untrusted_keys_of_one_address_are_limited)
{
    for (int i = 0; i <= STORE_HARVEST_MAX; i++) {
        char beginning[8];
        snprintf(beginning, sizeof beginning, "%02d", i);
        struct pgp_record seen = fixture_pgp(beginning, ALICE);
        ck_assert_int_eq(harvest(&seen), i < STORE_HARVEST_MAX ? HARVEST_NEW : HARVEST_REFUSED);
    }
    struct pgp_record trusted = fixture_pgp("ff", ALICE);
    trusted.trust = TRUST_TRUSTED;
    ck_assert_int_eq(harvest(&trusted), HARVEST_NEW);
}
END_TEST

START_TEST(what_the_peer_understands_is_learned_and_not_forgotten)
{
    struct pgp_record seen = fixture_pgp("aa", ALICE);
    ck_assert_int_eq(harvest(&seen), HARVEST_NEW);
    seen.capabilities = "hp";
    ck_assert_int_eq(harvest_on(&seen, seen.key), HARVEST_KNOWN);
    seen.capabilities = "";
    ck_assert_int_eq(harvest_on(&seen, seen.key), HARVEST_KNOWN);
    ck_assert_str_eq(get(seen.fingerprint).capabilities, "hp");
}
END_TEST

START_TEST(what_our_keys_say_of_a_key_stays_when_its_newer_state_is_learned)
{
    struct pgp_record known = fixture_pgp("aa", ALICE), seen = known;
    known.certified = SPAN_LIT("said");
    ck_ok(store_put_pgp(fixture_store, &known, SPAN_LIT(""), &err));
    seen.key = SPAN_LIT("newer");
    ck_assert_int_eq(harvest_on(&seen, known.key), HARVEST_KNOWN);
    ck_assert(span_is(get(seen.fingerprint).key, "newer"));
    ck_assert(span_is(get(seen.fingerprint).certified, "said"));
}
END_TEST

START_TEST(too_many_addresses_are_a_limit)
{
    const char *many[STORE_ADDRS_MAX + 1];
    struct pgp_record in = fixture_pgp("aa", ALICE);
    for (size_t i = 0; i <= STORE_ADDRS_MAX; i++)
        many[i] = ALICE;
    in.addrs = many;
    in.naddrs = STORE_ADDRS_MAX + 1;
    ck_fails(store_put_pgp(fixture_store, &in, NONE, &err), ERR_LIMIT);
    enum harvest_result result;
    ck_fails(store_harvest_pgp(fixture_store, &in, NONE, &result, &err), ERR_LIMIT);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/store/pgp");
    TCase *c = tcase_create("pgp");
    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, what_was_put_is_found_whole);
    tcase_add_test(c, a_key_is_found_by_address_domain_and_each_key_id);
    tcase_add_test(c, two_keys_may_have_one_key_id);
    tcase_add_test(c, a_key_and_a_certificate_of_one_address_are_apart);
    tcase_add_test(c, a_key_that_is_put_again_leaves_no_index_of_its_former_state);
    tcase_add_test(c, a_state_that_was_merged_from_an_older_one_is_not_written);
    tcase_add_test(c, the_administrators_word_is_a_pin);
    tcase_add_test(c, a_deleted_key_is_in_no_index);
    tcase_add_test(c, a_key_with_its_secret_key_here_is_not_deleted);
    tcase_add_test(c, a_beginning_completes_to_the_only_key);
    tcase_add_test(c, a_damaged_key_is_never_absent);
    tcase_add_loop_test(c, a_key_is_good_for_something_until_it_or_its_subkey_ends, 0, SEAL_COUNT(states));
    tcase_add_test(c, a_new_key_is_harvested_and_a_known_one_gets_last_seen);
    tcase_add_test(c, a_known_key_gets_its_newer_state);
    tcase_add_test(c, a_revocation_is_never_forgotten);
    tcase_add_test(c, an_address_whose_user_id_is_gone_is_dropped);
    tcase_add_test(c, a_revoked_key_is_still_found_by_its_addresses);
    tcase_add_test(c, a_key_is_used_only_for_the_addresses_for_which_it_was_seen);
    tcase_add_test(c, a_pinned_key_keeps_trust_and_addresses_and_gets_its_revocation);
    tcase_add_test(c, a_pinned_address_gets_no_other_key);
    tcase_add_test(c, a_rejected_key_stays_as_it_is);
    tcase_add_loop_test(c, a_source_adds_nothing_beside_a_better_one, 0, SEAL_COUNT(sources));
    tcase_add_test(c, a_key_that_encrypts_no_more_keeps_no_other_out);
    tcase_add_test(c, a_better_source_counts_and_a_worse_one_is_no_step_back);
    tcase_add_test(c, untrusted_keys_of_one_address_are_limited);
    tcase_add_test(c, what_the_peer_understands_is_learned_and_not_forgotten);
    tcase_add_test(c, what_our_keys_say_of_a_key_stays_when_its_newer_state_is_learned);
    tcase_add_test(c, too_many_addresses_are_a_limit);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
