#include "gate/pgp_keys.h"

#include "support/check.h"

#define NOW 1500000000

static struct arena *arena;
static struct pgp_uid uids[3];
static struct pgp_subkey subkeys[4];
static struct pgp_key key;

/* A primary key that signs, and three subkeys that encrypt, of which the second is the newest that may. */
static void setup(void)
{
    static const struct pgp_subkey encrypts = {
        .can_encrypt = true, .valid = true, .algorithm = "cv25519", .bits = 255};
    arena = arena_new(1u << 20);
    uids[0] = (struct pgp_uid){"Alice <alice@a.example>", "alice@a.example", true};
    uids[1] = (struct pgp_uid){"old@a.example", "old@a.example", false};
    uids[2] = (struct pgp_uid){"Alice of Accounts", "", true};
    subkeys[0] = (struct pgp_subkey){.keyid = "00",
                                     .can_sign = true,
                                     .valid = true,
                                     .algorithm = "rsa",
                                     .bits = 3072,
                                     .expires = NOW + 10};
    for (int i = 1; i < 4; i++)
        subkeys[i] = encrypts;
    subkeys[1].keyid = "11";
    subkeys[1].created = NOW - 30;
    subkeys[2].keyid = "22";
    subkeys[2].created = NOW - 20;
    subkeys[2].algorithm = "nistp256";
    subkeys[2].bits = 256;
    subkeys[3].keyid = "33";
    subkeys[3].created = NOW - 10;
    subkeys[3].valid = false;
    key = (struct pgp_key){.fingerprint = "ff",
                           .bytes = SPAN_LIT("key"),
                           .uids = uids,
                           .nuids = 3,
                           .subkeys = subkeys,
                           .nsubkeys = 4,
                           .created = NOW - 30,
                           .encrypt_until = NOW + 5};
}

static void teardown(void)
{
    arena_free(&arena);
}

START_TEST(a_record_says_what_the_key_is_good_for)
{
    struct pgp_record record = pgp_keys_record(arena, &key);
    ck_assert_str_eq(record.fingerprint, "ff");
    ck_assert(span_is(record.key, "key"));
    ck_assert_str_eq(record.algorithm, "rsa");
    ck_assert_uint_eq(record.bits, 3072);
    ck_assert_int_eq(record.sign_until, NOW + 10);
    ck_assert_int_eq(record.encrypt_until, NOW + 5);
    ck_assert(pgp_record_signs(&record, NOW + 9) && !pgp_record_signs(&record, NOW + 10));
    ck_assert(pgp_record_encrypts(&record, NOW + 4) && !pgp_record_encrypts(&record, NOW + 5));
}
END_TEST

START_TEST(what_is_encrypted_to_is_the_newest_valid_subkey)
{
    struct pgp_record record = pgp_keys_record(arena, &key);
    ck_assert_str_eq(record.encrypt_algorithm, "nistp256");
    ck_assert_uint_eq(record.encrypt_bits, 256);
    for (int i = 1; i < 4; i++)
        subkeys[i].valid = false;
    record = pgp_keys_record(arena, &key);
    ck_assert_str_eq(record.encrypt_algorithm, "");
}
END_TEST

START_TEST(every_key_id_leads_to_it)
{
    struct pgp_record record = pgp_keys_record(arena, &key);
    ck_assert_uint_eq(record.nkeyids, 4);
    ck_assert_str_eq(record.keyids[0], "00");
    ck_assert_str_eq(record.keyids[3], "33");
}
END_TEST

START_TEST(a_user_id_that_is_not_valid_names_nobody)
{
    struct pgp_record record = pgp_keys_record(arena, &key);
    ck_assert_uint_eq(record.nuser_ids, 2);
    ck_assert_uint_eq(record.nnamed, 2);
    ck_assert(pgp_record_names(&record, "alice@a.example"));
    ck_assert(!pgp_record_names(&record, "old@a.example"));
    ck_assert_str_eq(record.named[1], "");
    ck_assert_uint_eq(record.naddrs, 0);
}
END_TEST

START_TEST(a_key_that_has_ended_still_says_whose_it_was)
{
    for (int i = 0; i < 3; i++)
        uids[i].valid = false;
    key.revoked = true;
    key.why = "the key was revoked";
    struct pgp_record record = pgp_keys_record(arena, &key);
    ck_assert(pgp_record_names(&record, "alice@a.example"));
    ck_assert(!pgp_record_encrypts(&record, NOW) && !pgp_record_signs(&record, NOW));
}
END_TEST

static const struct {
    int64_t first, second, until;
} ends[] = {
    {NOW + 1, NOW + 2, NOW + 2}, {NOW + 2, NOW + 1, NOW + 2}, {0, NOW + 1, 0}, {NOW + 1, 0, 0}, {0, 0, 0}};

START_TEST(it_signs_until_its_last_signing_key_ends)
{
    subkeys[0].expires = ends[_i].first;
    subkeys[1].expires = ends[_i].second;
    subkeys[1].can_sign = true;
    ck_assert_int_eq(pgp_keys_record(arena, &key).sign_until, ends[_i].until);
    subkeys[0].valid = subkeys[1].valid = false;
    ck_assert_int_eq(pgp_keys_record(arena, &key).sign_until, -1);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("gate/pgp_keys");
    TCase *c = tcase_create("pgp_keys");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, a_record_says_what_the_key_is_good_for);
    tcase_add_test(c, what_is_encrypted_to_is_the_newest_valid_subkey);
    tcase_add_test(c, every_key_id_leads_to_it);
    tcase_add_test(c, a_user_id_that_is_not_valid_names_nobody);
    tcase_add_test(c, a_key_that_has_ended_still_says_whose_it_was);
    tcase_add_loop_test(c, it_signs_until_its_last_signing_key_ends, 0, SEAL_COUNT(ends));
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
