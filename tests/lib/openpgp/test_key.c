/* Keys of strangers, made and judged by gpg. */
#include "openpgp/key.h"

#include "openpgp/frame.h"
#include "openpgp/homes.h"
#include "openpgp/notes.h"
#include "support/check.h"
#include "support/pgp.h"

#include <stdio.h>
#include <string.h>

static struct pgp_rig *rig;
static struct arena *arena;

static void setup(void)
{
    rig = pgp_rig_new();
    arena = arena_new(ARENA_MAX_DEFAULT);
}

static void teardown(void)
{
    arena_free(&arena);
    pgp_rig_free(&rig);
}

static void must_gpg(int status)
{
    struct span said = tool_read(rig->tool, "said");
    ck_assert_msg(status == 0, "%.*s", SPAN_ARG(said));
}

static struct pgp_key read_one(struct span bytes)
{
    struct err err = ERR_INIT;
    struct pgp_key *keys;
    size_t n, broken;
    ck_ok(pgp_key_read(rig->engine, arena, bytes, &keys, &n, &broken, &err));
    ck_assert_uint_eq(n, 1);
    ck_assert_uint_eq(broken, 0);
    return keys[0];
}

static struct span without_notes(struct span bytes)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf bare = BUF_INIT(PGP_KEY_SIZE_MAX);
    notes_drop(bytes, &bare);
    ck_ok(buf_check(&bare, &err));
    return (struct span){arena_memdup(arena, bare.ptr, bare.len), bare.len};
}

START_TEST(key_of_curves_is_read_whole)
{
    struct pgp_person bob = pgp_rig_person(rig, "Bob Babbage <bob@far.example>", "ed25519", PGP_STRANGER);
    struct pgp_key key = read_one(bob.key);
    ck_assert_str_eq(key.fingerprint, bob.fingerprint);
    ck_assert_uint_eq(key.nuids, 1);
    ck_assert_str_eq(key.uids[0].text, "Bob Babbage <bob@far.example>");
    ck_assert_str_eq(key.uids[0].addr, "bob@far.example");
    ck_assert(key.uids[0].valid && key.why == NULL);
    ck_assert_uint_eq(key.nsubkeys, 2);
    ck_assert(key.subkeys[0].can_sign && !key.subkeys[0].can_encrypt && key.subkeys[0].valid);
    ck_assert(!key.subkeys[1].can_sign && key.subkeys[1].can_encrypt && key.subkeys[1].valid);
    ck_assert_str_eq(key.subkeys[0].algorithm, "ed25519");
    ck_assert_str_eq(key.subkeys[1].algorithm, "cv25519");
    ck_assert_uint_eq(strlen(key.subkeys[1].keygrip), 40);
    ck_assert_int_eq(key.encrypt_until, 0);
    ck_assert(span_eq(without_notes(key.bytes), bob.key));
}
END_TEST

START_TEST(subkey_that_has_expired_is_not_valid)
{
    struct pgp_person bob = pgp_rig_person(rig, "bob@far.example", "ed25519", PGP_STRANGER);
    must_gpg(pgp_rig_gpg(rig, "--quick-set-expire", bob.fingerprint, "1d", "*", NULL));
    struct pgp_key key = read_one(pgp_rig_key(rig, &bob));
    ck_assert(key.subkeys[1].valid);
    ck_assert_int_eq(key.subkeys[1].expires, key.encrypt_until);
    ck_assert_int_gt(key.encrypt_until, key.created);
    must_gpg(pgp_rig_gpg(rig, "--quick-set-expire", bob.fingerprint, "seconds=1", "*", NULL));
    while (read_one(pgp_rig_key(rig, &bob)).subkeys[1].valid)
        ;
    key = read_one(pgp_rig_key(rig, &bob));
    ck_assert(key.subkeys[0].valid && key.why == NULL);
    ck_assert_int_eq(key.encrypt_until, -1);
}
END_TEST

START_TEST(key_that_has_expired_is_not_usable)
{
    struct pgp_person bob = {.key = {NULL, 0}};
    must_gpg(pgp_rig_gpg(rig, "--faked-system-time", "20200101T000000", "--quick-gen-key", "bob@far.example",
                         "ed25519", "sign", "20200201T000000", NULL));
    bob.fingerprint = "bob@far.example";
    struct pgp_key key = read_one(pgp_rig_key(rig, &bob));
    ck_assert_str_eq(key.why, "the key has expired");
    ck_assert(!key.revoked && !key.uids[0].valid && !key.subkeys[0].valid);
    ck_assert_int_eq(key.expires, 1580515200);
    ck_assert_int_eq(key.encrypt_until, -1);
}
END_TEST

START_TEST(user_id_that_was_revoked_is_not_valid)
{
    struct pgp_person bob = pgp_rig_person(rig, "bob@far.example", "ed25519", PGP_STRANGER);
    must_gpg(pgp_rig_gpg(rig, "--quick-add-uid", bob.fingerprint, "old@far.example", NULL));
    must_gpg(pgp_rig_gpg(rig, "--quick-revoke-uid", bob.fingerprint, "old@far.example", NULL));
    struct pgp_key key = read_one(pgp_rig_key(rig, &bob));
    ck_assert_uint_eq(key.nuids, 2);
    for (size_t i = 0; i < key.nuids; i++)
        ck_assert_int_eq(key.uids[i].valid, strcmp(key.uids[i].addr, "bob@far.example") == 0);
}
END_TEST

static struct span join(struct span a, struct span b)
{
    char *bytes = arena_alloc(arena, a.len + b.len);
    memcpy(bytes, a.ptr, a.len);
    memcpy(bytes + a.len, b.ptr, b.len);
    return (struct span){bytes, a.len + b.len};
}

/* The packet of a User-ID, new format. */
static struct span uid_packet(const char *uid)
{
    char *bytes = arena_printf(arena, "%c%c%s", 0xc0 | 13, (int)strlen(uid), uid);
    return span_of(bytes);
}

/* Of a key of one User-ID and one subkey; with where it ends. */
static struct span user_id_signature(struct span key, size_t *end_out)
{
    struct span rest = key;
    struct frame frame, last = {.tag = 0};
    while (frame_next(&rest, &frame) == FRAME_FOUND && frame.tag != FRAME_PUBLIC_SUBKEY)
        last = frame;
    ck_assert_int_eq(last.tag, FRAME_SIGNATURE);
    *end_out = (size_t)(last.whole.ptr - key.ptr) + last.whole.len;
    return last.whole;
}

/* A signature by whom it claims, over what it does not cover: bob's over his own User-ID, put behind another. */
START_TEST(user_id_that_the_key_did_not_sign_is_dropped)
{
    struct pgp_person bob = pgp_rig_person(rig, "bob@far.example", "ed25519", PGP_STRANGER);
    size_t end;
    struct span forged = join(uid_packet("president@far.example"), user_id_signature(bob.key, &end));
    struct pgp_key key = read_one(join(bob.key, forged));
    ck_assert_uint_eq(key.nuids, 1);
    ck_assert_str_eq(key.uids[0].addr, "bob@far.example");
    ck_assert(span_find(key.bytes, "president", 9, 0) == SIZE_MAX);
}
END_TEST

START_TEST(several_keys_come_in_one_run_and_broken_ones_are_counted)
{
    struct err err = ERR_INIT;
    struct pgp_person bob = pgp_rig_person(rig, "bob@far.example", "ed25519", PGP_STRANGER);
    struct pgp_person carol = pgp_rig_person(rig, "carol@far.example", "rsa2048", PGP_STRANGER);
    struct span spoiled =
        join(pgp_rig_person(rig, "dave@far.example", "ed25519", PGP_STRANGER).key, SPAN_LIT(""));
    memset((char *)spoiled.ptr + 20, 0x55, 20); /* in the primary key's point */
    struct pgp_key *keys;
    size_t n, broken;
    ck_ok(
        pgp_key_read(rig->engine, arena, join(join(bob.key, spoiled), carol.key), &keys, &n, &broken, &err));
    ck_assert_uint_eq(n, 2);
    ck_assert_uint_eq(broken, 1);
    ck_assert_str_eq(keys[0].fingerprint, bob.fingerprint);
    ck_assert_str_eq(keys[1].fingerprint, carol.fingerprint);
    ck_assert(span_eq(without_notes(keys[1].bytes), carol.key));
    ck_assert_uint_eq(keys[1].subkeys[0].bits, 2048);
    ck_assert_str_eq(keys[1].subkeys[0].algorithm, "rsa");
}
END_TEST

START_TEST(many_keys_are_read_in_pieces)
{
    struct err err = ERR_INIT;
    struct pgp_key *keys;
    size_t n, broken;
    struct pgp_person people[5];
    struct span all = SPAN_LIT("");
    for (size_t i = 0; i < SEAL_COUNT(people); i++) {
        char addr[40];
        snprintf(addr, sizeof addr, "p%zu@far.example", i);
        people[i] = pgp_rig_person(rig, addr, "ed25519", PGP_STRANGER);
        all = join(all, people[i].key);
    }
    for (unsigned at_once = 1; at_once <= SEAL_COUNT(people) + 1; at_once++) {
        rig->engine->keys_at_once = at_once;
        ck_ok(pgp_key_read(rig->engine, arena, all, &keys, &n, &broken, &err));
        ck_assert_uint_eq(broken, 0);
        ck_assert_uint_eq(n, SEAL_COUNT(people));
        for (size_t i = 0; i < n; i++) {
            ck_assert_str_eq(keys[i].fingerprint, people[i].fingerprint);
            ck_assert(span_eq(without_notes(keys[i].bytes), people[i].key));
        }
    }
}
END_TEST

START_TEST(armours_are_read_each)
{
    struct err err = ERR_INIT;
    struct pgp_key *keys;
    size_t n, broken;
    (void)pgp_rig_person(rig, "bob@far.example", "ed25519", PGP_STRANGER);
    (void)pgp_rig_person(rig, "carol@far.example", "ed25519", PGP_STRANGER);
    must_gpg(pgp_rig_gpg(rig, "-a", "-o", "bob.asc", "--export", "bob@far.example", NULL));
    must_gpg(pgp_rig_gpg(rig, "-a", "-o", "carol.asc", "--export", "carol@far.example", NULL));
    struct span both = join(tool_read(rig->tool, "bob.asc"), tool_read(rig->tool, "carol.asc"));
    ck_ok(pgp_key_read(rig->engine, arena, both, &keys, &n, &broken, &err));
    ck_assert_uint_eq(n, 2);
    ck_fails(pgp_key_read(rig->engine, arena, SPAN_LIT("nothing"), &keys, &n, &broken, &err), ERR_SYNTAX);
}
END_TEST

/* ---- gpg's notes on signatures ---- */

#define NOTE_GOOD SPAN_LIT("\xb0\x06\x00\x03gpg\x00")

static size_t good_notes(struct span bytes)
{
    size_t n = 0;
    for (size_t at = 0; (at = span_find(bytes, NOTE_GOOD.ptr, NOTE_GOOD.len, at)) != SIZE_MAX; at++)
        n++;
    return n;
}

START_TEST(each_good_signature_is_noted)
{
    struct pgp_person bob = pgp_rig_person(rig, "bob@far.example", "ed25519", PGP_STRANGER);
    struct pgp_key key = read_one(bob.key);
    ck_assert_uint_eq(good_notes(bob.key), 0);
    ck_assert_uint_eq(good_notes(key.bytes), 2);
    ck_assert(span_eq(read_one(key.bytes).bytes, key.bytes));
}
END_TEST

START_TEST(bad_signature_beside_a_good_one_is_not_noted_as_good)
{
    size_t end;
    struct pgp_person bob = pgp_rig_person(rig, "bob@far.example", "ed25519", PGP_STRANGER);
    struct span spoiled = join(user_id_signature(bob.key, &end), SPAN_LIT(""));
    ((char *)spoiled.ptr)[spoiled.len - 1] ^= 1;
    struct span both =
        join(join(span_sub(bob.key, 0, end), spoiled), span_sub(bob.key, end, bob.key.len - end));
    ck_assert_uint_eq(good_notes(read_one(both).bytes), 2);
}
END_TEST

START_TEST(note_that_a_stranger_wrote_is_not_believed)
{
    size_t end;
    struct pgp_person bob = pgp_rig_person(rig, "bob@far.example", "ed25519", PGP_STRANGER);
    (void)user_id_signature(bob.key, &end);
    struct span front = join(span_sub(bob.key, 0, end), NOTE_GOOD);
    ((char *)front.ptr)[end - 1] ^= 1;
    struct pgp_key key = read_one(join(front, span_sub(bob.key, end, bob.key.len - end)));
    ck_assert_uint_eq(key.nuids, 0);
    ck_assert_ptr_nonnull(key.why);
}
END_TEST

/* ---- merging ---- */

START_TEST(what_is_new_on_either_side_is_in_the_merged_key)
{
    struct err err = ERR_INIT;
    struct pgp_key merged, again;
    struct pgp_person bob = pgp_rig_person(rig, "bob@far.example", "ed25519", PGP_STRANGER);
    must_gpg(pgp_rig_gpg(rig, "--quick-add-uid", bob.fingerprint, "robert@far.example", NULL));
    must_gpg(pgp_rig_gpg(rig, "--quick-add-key", bob.fingerprint, "cv25519", "encr", "0", NULL));
    struct span fresh = pgp_rig_key(rig, &bob);
    ck_ok(pgp_key_merge(rig->engine, arena, bob.key, fresh, &merged, &err));
    ck_assert_uint_eq(merged.nuids, 2);
    ck_assert_uint_eq(merged.nsubkeys, 3);
    ck_ok(pgp_key_merge(rig->engine, arena, merged.bytes, bob.key, &again, &err));
    ck_assert_uint_eq(again.nuids, 2);
    ck_assert_uint_eq(again.nsubkeys, 3);
}
END_TEST

START_TEST(revocation_without_the_key_revokes_it_for_ever)
{
    struct err err = ERR_INIT;
    struct pgp_key revoked, refreshed;
    struct pgp_person bob = pgp_rig_person(rig, "bob@far.example", "ed25519", PGP_STRANGER);
    struct pgp_person carol = pgp_rig_person(rig, "carol@far.example", "ed25519", PGP_STRANGER);
    tool_write(rig->tool, "revocation.asc", pgp_rig_revocation(rig, &bob));
    must_gpg(pgp_rig_gpg(rig, "-o", "revocation", "--dearmor", "revocation.asc", NULL));
    struct span revocation = tool_read(rig->tool, "revocation");
    ck_ok(pgp_key_merge(rig->engine, arena, bob.key, revocation, &revoked, &err));
    ck_assert(revoked.revoked);
    ck_assert_str_eq(revoked.why, "the key was revoked");
    ck_assert_int_eq(revoked.encrypt_until, -1);
    ck_ok(pgp_key_merge(rig->engine, arena, revoked.bytes, bob.key, &refreshed, &err));
    ck_assert(refreshed.revoked);
    struct pgp_key other;
    if (pgp_key_merge(rig->engine, arena, carol.key, revocation, &other, &err) == 0)
        ck_assert(!other.revoked);
}
END_TEST

START_TEST(another_key_is_not_merged)
{
    struct err err = ERR_INIT;
    struct pgp_key out;
    struct pgp_person bob = pgp_rig_person(rig, "bob@far.example", "ed25519", PGP_STRANGER);
    struct pgp_person carol = pgp_rig_person(rig, "carol@far.example", "ed25519", PGP_STRANGER);
    ck_fails(pgp_key_merge(rig->engine, arena, bob.key, carol.key, &out, &err), ERR_SYNTAX);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("key");
    TCase *t = tcase_create("key");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, key_of_curves_is_read_whole);
    tcase_add_test(t, subkey_that_has_expired_is_not_valid);
    tcase_add_test(t, key_that_has_expired_is_not_usable);
    tcase_add_test(t, user_id_that_was_revoked_is_not_valid);
    tcase_add_test(t, user_id_that_the_key_did_not_sign_is_dropped);
    tcase_add_test(t, several_keys_come_in_one_run_and_broken_ones_are_counted);
    tcase_add_test(t, many_keys_are_read_in_pieces);
    tcase_add_test(t, armours_are_read_each);
    tcase_add_test(t, each_good_signature_is_noted);
    tcase_add_test(t, bad_signature_beside_a_good_one_is_not_noted_as_good);
    tcase_add_test(t, note_that_a_stranger_wrote_is_not_believed);
    tcase_add_test(t, what_is_new_on_either_side_is_in_the_merged_key);
    tcase_add_test(t, revocation_without_the_key_revokes_it_for_ever);
    tcase_add_test(t, another_key_is_not_merged);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
