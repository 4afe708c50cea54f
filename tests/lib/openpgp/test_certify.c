/* Certifications by keys of ours: which User-IDs get one, and that they come into a key again where they belong. tests/cli lets gpg judge. */
#include "openpgp/certify.h"

#include "openpgp/own.h"
#include "support/check.h"
#include "support/pgp.h"

#include <string.h>

static struct pgp_rig *rig;
static struct arena *arena;
static struct secret passphrase;
static struct pgp_key alice, bob;
static struct span said;
static size_t n;
static struct err err;

static void make(const char *name, const char *addr, struct pgp_key *out)
{
    ck_ok(pgp_own_generate(rig->engine, arena, name, addr, PGP_ED25519, 0, &passphrase, out, &err));
}

static void setup(void)
{
    err = (struct err)ERR_INIT;
    rig = pgp_rig_new();
    arena = arena_new(ARENA_MAX_DEFAULT);
    ck_ok(pgp_own_passphrase(&passphrase, &err));
    make("Alice", "alice@ours.example", &alice);
    make("Bob", "bob@far.example", &bob);
    said = SPAN_LIT("");
}

static void teardown(void)
{
    secret_fini(&passphrase);
    arena_free(&arena);
    pgp_rig_free(&rig);
}

static int certify(const char *addr, const struct pgp_key *by)
{
    const struct pgp_own own = {.fingerprint = by->fingerprint, .key = by->bytes, .passphrase = &passphrase};
    return pgp_certify(rig->engine, arena, bob.bytes, &addr, 1, &own, said, &said, &n, &err);
}

static size_t count(struct span packets, const char *by)
{
    struct pgp_certified *list;
    size_t found = 0, all = pgp_certified_list(arena, packets, &list);
    for (size_t i = 0; i < all; i++)
        found += strcmp(list[i].by, by) == 0 && span_is(list[i].uid, "Bob <bob@far.example>");
    return found;
}

static const struct {
    const char *addr;
    bool meant;
} addresses[] = {{"bob@far.example", true},
                 {"@far.example", true},
                 {"bob@far.example.evil", false},
                 {"@example", false},
                 {"carol@far.example", false}};

START_TEST(user_ids_of_the_addresses_are_certified_and_no_others)
{
    int status = certify(addresses[_i].addr, &alice);
    ck_assert_msg(status == (addresses[_i].meant ? 0 : -1), "%s", err.msg);
    ck_assert(addresses[_i].meant || err.code == ERR_ABSENT);
    ck_assert_uint_eq(count(said, alice.fingerprint), addresses[_i].meant);
}
END_TEST

START_TEST(word_of_one_key_replaces_its_own_alone)
{
    struct pgp_key house;
    make("House", "gateway@ours.example", &house);
    ck_ok(certify("bob@far.example", &alice));
    ck_ok(certify("bob@far.example", &house));
    ck_ok(certify("bob@far.example", &alice));
    ck_assert_uint_eq(count(said, alice.fingerprint), 1);
    ck_assert_uint_eq(count(said, house.fingerprint), 1);
}
END_TEST

START_TEST(certification_goes_with_its_user_id_and_is_cut_off_again)
{
    struct pgp_key *keys;
    size_t nkeys, broken;
    SEAL_CLEANUP(buf_fini) struct buf whole = BUF_INIT(1u << 20), without = BUF_INIT(1u << 20);
    ck_ok(certify("bob@far.example", &alice));
    pgp_certified_join(bob.bytes, said, &whole);
    ck_assert_uint_gt(whole.len, bob.bytes.len);
    ck_ok(pgp_key_read(rig->engine, arena, buf_span(&whole), &keys, &nkeys, &broken, &err));
    ck_assert_uint_eq(nkeys, 1);
    ck_assert(span_eq(keys[0].bytes, bob.bytes));
    pgp_certified_join(alice.bytes, said, &without);
    ck_assert(span_eq(buf_span(&without), alice.bytes));
}
END_TEST

START_TEST(what_is_no_list_says_nothing)
{
    struct pgp_certified *list;
    SEAL_CLEANUP(buf_fini) struct buf whole = BUF_INIT(1u << 20);
    static const struct span odd[] = {SPAN_LIT(""), SPAN_LIT("\xcd"), SPAN_LIT("\xcd\x05xyz"),
                                      SPAN_LIT("\xcd\x01x\xcd\x01y"), SPAN_LIT("\xcd\x01x\xc2\x01y")};
    for (size_t i = 0; i < SEAL_COUNT(odd); i++) {
        buf_clear(&whole);
        ck_assert_uint_eq(pgp_certified_list(arena, odd[i], &list), 0);
        pgp_certified_join(bob.bytes, odd[i], &whole);
        ck_assert(span_eq(buf_span(&whole), bob.bytes));
    }
}
END_TEST

START_TEST(key_under_another_passphrase_certifies_nothing)
{
    secret_fini(&passphrase);
    ck_ok(pgp_own_passphrase(&passphrase, &err));
    ck_assert_int_lt(certify("bob@far.example", &alice), 0);
    ck_assert_uint_eq(said.len, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/openpgp/certify");
    TCase *t = tcase_create("certify");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, user_ids_of_the_addresses_are_certified_and_no_others, 0, SEAL_COUNT(addresses));
    tcase_add_test(t, word_of_one_key_replaces_its_own_alone);
    tcase_add_test(t, certification_goes_with_its_user_id_and_is_cut_off_again);
    tcase_add_test(t, what_is_no_list_says_nothing);
    tcase_add_test(t, key_under_another_passphrase_certifies_nothing);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
