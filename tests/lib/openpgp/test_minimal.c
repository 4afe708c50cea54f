/* Keys cut down to what somebody needs who writes to one address, made and judged by gpg. */
#include "openpgp/minimal.h"

#include "support/check.h"
#include "support/pgp.h"

#include <string.h>
#include <time.h>

#define BOB "bob@far.example"

static struct pgp_rig *rig;
static struct arena *arena;
static struct pgp_person bob;

static void setup(void)
{
    rig = pgp_rig_new();
    arena = arena_new(ARENA_MAX_DEFAULT);
    bob = pgp_rig_person(rig, "Bob <" BOB ">", "ed25519", PGP_STRANGER);
}

static void teardown(void)
{
    arena_free(&arena);
    pgp_rig_free(&rig);
}

static void gpg(int status)
{
    struct span said = tool_read(rig->tool, "said");
    ck_assert_msg(status == 0, "%.*s", SPAN_ARG(said));
}

static struct pgp_key read_key(struct span bytes)
{
    struct err err = ERR_INIT;
    struct pgp_key *keys;
    size_t n, broken;
    ck_ok(pgp_key_read(rig->engine, arena, bytes, &keys, &n, &broken, &err));
    ck_assert_uint_eq(n, 1);
    return keys[0];
}

static int minimal_at(const char *addr, int64_t now, struct span *out, struct err *err)
{
    struct pgp_key key = read_key(pgp_rig_key(rig, &bob));
    return pgp_minimal_key(arena, key.bytes, addr, now, out, err);
}

static struct pgp_key minimal(const char *addr)
{
    struct err err = ERR_INIT;
    struct span bytes;
    ck_ok(minimal_at(addr, (int64_t)time(NULL), &bytes, &err));
    struct pgp_key key = read_key(bytes);
    ck_assert_str_eq(key.fingerprint, bob.fingerprint);
    ck_assert_ptr_null(key.why);
    ck_assert_uint_eq(key.nuids, 1);
    ck_assert(key.uids[0].valid);
    ck_assert_uint_eq(key.nsubkeys, 2);
    ck_assert(key.subkeys[1].valid && key.subkeys[1].can_encrypt);
    return key;
}

static enum err_code refused(const char *addr)
{
    struct err err = ERR_INIT;
    struct span bytes;
    ck_assert_int_eq(minimal_at(addr, (int64_t)time(NULL), &bytes, &err), -1);
    return err.code;
}

static void add_subkey(const char *algorithm, const char *use)
{
    gpg(pgp_rig_gpg(rig, "--quick-add-key", bob.fingerprint, algorithm, use, NULL));
}

START_TEST(one_user_id_is_left_the_one_that_is_the_address)
{
    gpg(pgp_rig_gpg(rig, "--quick-add-uid", bob.fingerprint, "Robert <robert@far.example>", NULL));
    gpg(pgp_rig_gpg(rig, "--quick-add-uid", bob.fingerprint, "Bob <" BOB ".evil.example>", NULL));
    ck_assert_str_eq(minimal(BOB).uids[0].text, "Bob <" BOB ">");
    ck_assert_str_eq(minimal("robert@far.example").uids[0].text, "Robert <robert@far.example>");
    ck_assert_int_eq(refused("obert@far.example"), ERR_ABSENT);
    ck_assert_int_eq(refused("bob@far.example.evil"), ERR_ABSENT);
}
END_TEST

START_TEST(user_id_that_was_revoked_is_none)
{
    gpg(pgp_rig_gpg(rig, "--quick-add-uid", bob.fingerprint, "robert@far.example", NULL));
    gpg(pgp_rig_gpg(rig, "--quick-revoke-uid", bob.fingerprint, "robert@far.example", NULL));
    ck_assert_int_eq(refused("robert@far.example"), ERR_ABSENT);
    minimal(BOB);
}
END_TEST

START_TEST(newest_subkey_that_encrypts_is_left)
{
    struct pgp_key old = read_key(pgp_rig_key(rig, &bob));
    while ((int64_t)time(NULL) <= old.subkeys[1].created)
        ;
    add_subkey("rsa2048", "encr");
    add_subkey("ed25519", "sign");
    struct pgp_key key = minimal(BOB);
    ck_assert_str_eq(key.subkeys[1].algorithm, "rsa");
    ck_assert_str_ne(key.subkeys[1].fingerprint, old.subkeys[1].fingerprint);
}
END_TEST

START_TEST(subkey_that_ended_is_left_out)
{
    struct err err = ERR_INIT;
    struct span bytes;
    gpg(pgp_rig_gpg(rig, "--quick-set-expire", bob.fingerprint, "1d", "*", NULL));
    int64_t now = (int64_t)time(NULL);
    ck_ok(minimal_at(BOB, now, &bytes, &err));
    ck_assert_int_eq(minimal_at(BOB, now + 90000, &bytes, &err), -1);
    ck_assert_int_eq(err.code, ERR_ABSENT);
}
END_TEST

START_TEST(signatures_of_others_and_notes_are_gone)
{
    struct err err = ERR_INIT;
    struct span bytes;
    struct pgp_person carol = pgp_rig_person(rig, "carol@far.example", "ed25519", PGP_STRANGER);
    gpg(pgp_rig_gpg(rig, "--local-user", carol.fingerprint, "--quick-sign-key", bob.fingerprint, NULL));
    struct span whole = pgp_rig_key(rig, &bob);
    ck_assert_uint_gt(whole.len, bob.key.len);
    ck_ok(pgp_minimal_key(arena, whole, BOB, (int64_t)time(NULL), &bytes, &err));
    ck_assert(span_eq(bytes, bob.key));
}
END_TEST

START_TEST(what_is_no_key_gives_none)
{
    struct err err = ERR_INIT;
    struct span bytes;
    ck_assert_int_eq(pgp_minimal_key(arena, SPAN_LIT("no key"), BOB, 0, &bytes, &err), -1);
    ck_assert_int_eq(err.code, ERR_ABSENT);
    for (size_t n = 0; n < bob.key.len; n++) {
        err_clear(&err);
        if (pgp_minimal_key(arena, span_sub(bob.key, 0, n), BOB, 0, &bytes, &err) == 0)
            ck_abort_msg("%zu octets of %zu gave a key", n, bob.key.len);
    }
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("minimal");
    TCase *t = tcase_create("minimal");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, one_user_id_is_left_the_one_that_is_the_address);
    tcase_add_test(t, user_id_that_was_revoked_is_none);
    tcase_add_test(t, newest_subkey_that_encrypts_is_left);
    tcase_add_test(t, subkey_that_ended_is_left_out);
    tcase_add_test(t, signatures_of_others_and_notes_are_gone);
    tcase_add_test(t, what_is_no_key_gives_none);
    suite_add_tcase(suite, t);
    return suite;
}

TEST_MAIN(make_suite)
