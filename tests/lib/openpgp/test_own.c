/* Keys of ours: made, brought in, given out, deleted. gpg judges. */
#include "openpgp/own.h"

#include "base/io.h"
#include "openpgp/crypt.h"
#include "support/check.h"
#include "support/has.h"
#include "support/pgp.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct pgp_rig *rig;
static struct arena *arena;
static struct secret passphrase;

static void setup(void)
{
    struct err err = ERR_INIT;
    rig = pgp_rig_new();
    arena = arena_new(ARENA_MAX_DEFAULT);
    ck_ok(pgp_own_passphrase(&passphrase, &err));
}

static void teardown(void)
{
    secret_fini(&passphrase);
    arena_free(&arena);
    pgp_rig_free(&rig);
}

static void must_gpg(int status)
{
    struct span said = tool_read(rig->tool, "said");
    ck_assert_msg(status == 0, "%.*s", SPAN_ARG(said));
}

static int sign_with(const struct pgp_key *key, const struct secret *with, struct err *err)
{
    char micalg[32];
    const struct pgp_own own = {.fingerprint = key->fingerprint, .key = key->bytes, .passphrase = with};
    SEAL_CLEANUP(spool_free)
    struct spool *out = spool_new(&(struct spool_conf){"/tmp", SPOOL_MEM_DEFAULT, SPOOL_MEM_DEFAULT});
    return pgp_sign(rig->engine, SPAN_LIT("text"), &own, out, micalg, err);
}

static struct pgp_key generate(const char *name, enum pgp_key_kind kind, int64_t expires)
{
    struct err err = ERR_INIT;
    struct pgp_key key;
    ck_ok(pgp_own_generate(rig->engine, arena, name, "alice@ours.example", kind, expires, &passphrase, &key,
                           &err));
    return key;
}

START_TEST(key_that_is_made_signs_and_is_encrypted_to)
{
    struct err err = ERR_INIT;
    const struct {
        enum pgp_key_kind kind;
        const char *sign, *encrypt;
        unsigned bits;
    } kinds[] = {{PGP_ED25519, "ed25519", "cv25519", 255}, {PGP_RSA3072, "rsa", "rsa", 3072}};
    for (size_t i = 0; i < SEAL_COUNT(kinds); i++) {
        struct pgp_key key = generate("Älice Ünicode", kinds[i].kind, 0);
        ck_assert_str_eq(key.uids[0].text, "Älice Ünicode <alice@ours.example>");
        ck_assert_str_eq(key.uids[0].addr, "alice@ours.example");
        ck_assert_str_eq(key.subkeys[0].algorithm, kinds[i].sign);
        ck_assert_str_eq(key.subkeys[1].algorithm, kinds[i].encrypt);
        ck_assert_uint_eq(key.subkeys[0].bits, kinds[i].bits);
        ck_assert_int_eq(key.encrypt_until, 0);
        ck_ok(sign_with(&key, &passphrase, &err));
        tool_write(rig->tool, "key", key.bytes);
        must_gpg(pgp_rig_gpg(rig, "--import", "key", NULL));
        must_gpg(pgp_rig_gpg(rig, "-o", "sealed", "-r", key.fingerprint, "-e", "key", NULL));
        must_gpg(pgp_rig_gpg(rig, "--list-packets", "key", NULL));
        struct span packets = tool_read(rig->tool, "said");
        ck_assert(has(packets, "pref-sym-algos: 9 8 7"));
        ck_assert(has(packets, "features: 01")); /* a modification detection code, and no AEAD */
        ck_assert(!has(packets, "aead"));
        ck_assert_int_eq(tool_run(rig->tool, "sq", "inspect", "key", NULL), 0);
    }
}
END_TEST

START_TEST(key_that_ends_says_when)
{
    struct pgp_key key = generate("", PGP_ED25519, 86400);
    ck_assert_str_eq(key.uids[0].text, "alice@ours.example");
    ck_assert_int_eq(key.expires - key.created, 86400);
    ck_assert_int_eq(key.encrypt_until, key.expires);
}
END_TEST

START_TEST(wrong_passphrase_signs_nothing)
{
    struct err err = ERR_INIT;
    struct secret wrong;
    struct pgp_key key = generate("", PGP_ED25519, 0);
    ck_ok(pgp_own_passphrase(&wrong, &err));
    ck_fails(sign_with(&key, &wrong, &err), ERR_KEY_UNUSABLE);
    ck_fails(sign_with(&key, NULL, &err), ERR_KEY_UNUSABLE);
    ck_ok(sign_with(&key, &passphrase, &err));
    secret_fini(&wrong);
}
END_TEST

START_TEST(name_cannot_bring_parameters_or_a_second_address)
{
    struct err err = ERR_INIT;
    struct pgp_key key;
    static const char *const names[] = {"a\nKey-Type: DSA", "boss@ours.example", "a <b", "\xff", "a\rb"};
    static const char *const addrs[] = {"a@b.example\n%no-protection", "", "alice",
                                        "a@b.example> <c@d.example", NULL};
    for (size_t i = 0; i < SEAL_COUNT(names); i++) {
        ck_assert_int_eq(pgp_own_generate(rig->engine, arena, names[i], "alice@ours.example", PGP_ED25519, 0,
                                          &passphrase, &key, &err),
                         -1);
        err_clear(&err);
    }
    for (size_t i = 0; i < SEAL_COUNT(addrs); i++) {
        ck_assert_int_eq(
            pgp_own_generate(rig->engine, arena, "", addrs[i], PGP_ED25519, 0, &passphrase, &key, &err), -1);
        err_clear(&err);
    }
}
END_TEST

START_TEST(key_from_elsewhere_comes_under_our_passphrase)
{
    struct err err = ERR_INIT;
    struct secret old, wrong;
    struct pgp_key key;
    struct pgp_person bob = pgp_rig_person(rig, "bob@ours.example", "ed25519", PGP_STRANGER);
    ck_ok(secret_copy(&old, "old % words", 11, &err));
    ck_ok(secret_copy(&wrong, "wrong", 5, &err));
    ck_assert_int_eq(tool_run(rig->tool, "gpg", "--homedir", rig->world, "--batch", "--pinentry-mode",
                              "loopback", "--passphrase", "", "-o", "plain", "--export-secret-keys",
                              bob.fingerprint, NULL),
                     0);
    /* under a passphrase: through a second home of the world's */
    ck_ok(pgp_own_import(rig->engine, arena, tool_read(rig->tool, "plain"), NULL, &old, &key, &err));
    struct secret locked;
    ck_ok(pgp_own_export(rig->engine, key.fingerprint, key.bytes, &old, &locked, &err));
    ck_fails(pgp_own_import(rig->engine, arena, (struct span){(char *)locked.ptr, locked.len}, &old,
                            &passphrase, &key, &err),
             ERR_EXISTS);
    ck_ok(pgp_own_delete(rig->engine, key.fingerprint, key.bytes, &err));
    ck_fails(sign_with(&key, &old, &err), ERR_KEY_UNUSABLE);
    ck_fails(pgp_own_import(rig->engine, arena, (struct span){(char *)locked.ptr, locked.len}, &wrong,
                            &passphrase, &key, &err),
             ERR_PASSPHRASE);
    ck_ok(pgp_own_import(rig->engine, arena, (struct span){(char *)locked.ptr, locked.len}, &old, &passphrase,
                         &key, &err));
    ck_assert_str_eq(key.fingerprint, bob.fingerprint);
    ck_ok(sign_with(&key, &passphrase, &err));
    ck_fails(sign_with(&key, &old, &err), ERR_KEY_UNUSABLE);
    secret_fini(&locked);
    secret_fini(&old);
    secret_fini(&wrong);
}
END_TEST

/* ---- all or nothing ---- */

static struct span secret_of(const struct pgp_person *stranger)
{
    ck_assert_int_eq(tool_run(rig->tool, "gpg", "--homedir", rig->world, "--batch", "--yes",
                              "--pinentry-mode", "loopback", "--passphrase", "", "-o", "plain",
                              "--export-secret-keys", stranger->fingerprint, NULL),
                     0);
    return tool_read(rig->tool, "plain");
}

/* In the agent's home. */
static unsigned parts(void)
{
    char path[120];
    unsigned n = 0;
    snprintf(path, sizeof path, "%s/private-keys-v1.d", rig->home);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;)
        n += entry->d_name[0] != '.';
    if (dir != NULL)
        closedir(dir);
    return n;
}

START_TEST(part_that_comes_later_comes_under_the_passphrase_of_the_others_or_not_at_all)
{
    struct err err = ERR_INIT;
    struct secret other;
    struct pgp_key key, grown;
    struct pgp_person bob = pgp_rig_person(rig, "bob@ours.example", "ed25519", PGP_STRANGER);
    ck_ok(pgp_own_passphrase(&other, &err));
    ck_ok(pgp_own_import(rig->engine, arena, secret_of(&bob), NULL, &passphrase, &key, &err));
    ck_assert_uint_eq(parts(), 2);
    must_gpg(pgp_rig_gpg(rig, "--quick-add-key", bob.fingerprint, "cv25519", "encr", "0", NULL));
    struct span later = secret_of(&bob);
    ck_fails(pgp_own_import(rig->engine, arena, later, NULL, &other, &grown, &err), ERR_EXISTS);
    ck_assert_uint_eq(parts(), 2);
    ck_ok(sign_with(&key, &passphrase, &err));
    ck_ok(pgp_own_import(rig->engine, arena, later, NULL, &passphrase, &grown, &err));
    ck_assert_uint_eq(parts(), 3);
    ck_ok(sign_with(&grown, &passphrase, &err));
    ck_fails(pgp_own_import(rig->engine, arena, later, NULL, &passphrase, &grown, &err), ERR_EXISTS);
    secret_fini(&other);
}
END_TEST

START_TEST(import_in_which_a_write_fails_brings_no_part)
{
    struct pgp_key key;
    struct pgp_person bob = pgp_rig_person(rig, "bob@ours.example", "ed25519", PGP_STRANGER);
    struct span bytes = secret_of(&bob);
    for (unsigned n = 1;; n++) {
        struct err err = ERR_INIT;
        io_fault_at(n, ENOSPC);
        int rc = pgp_own_import(rig->engine, arena, bytes, NULL, &passphrase, &key, &err);
        unsigned points = io_fault_count();
        io_fault_at(0, 0);
        if (points < n)
            break;
        ck_assert_msg(rc == 0 || err.code == ERR_DISK_FULL || err.code == ERR_IO, "%s", err.msg);
        ck_assert_uint_eq(parts(), rc == 0 ? 2 : 0);
        if (rc == 0) /* a failure without consequence */
            ck_ok(pgp_own_delete(rig->engine, key.fingerprint, key.bytes, &err));
    }
    ck_assert_uint_eq(parts(), 2);
}
END_TEST

static int sign_in_world(const char *fingerprint, const char *with)
{
    return tool_run(rig->tool, "gpg", "--homedir", rig->world, "--batch", "--yes", "--pinentry-mode",
                    "loopback", "--passphrase", with, "-o", "sig", "-u", fingerprint, "-b", "text", NULL);
}

START_TEST(what_is_given_out_opens_in_gpg_with_the_passphrase_alone)
{
    struct err err = ERR_INIT;
    struct secret out;
    char word[100];
    struct pgp_key key = generate("", PGP_ED25519, 0);
    ck_ok(pgp_own_export(rig->engine, key.fingerprint, key.bytes, &passphrase, &out, &err));
    tool_write(rig->tool, "secret", (struct span){(char *)out.ptr, out.len});
    must_gpg(pgp_rig_gpg(rig, "--import", "secret", NULL));
    tool_write(rig->tool, "text", SPAN_LIT("text"));
    snprintf(word, sizeof word, "%.*s", (int)passphrase.len, (char *)passphrase.ptr);
    ck_assert_int_ne(sign_in_world(key.fingerprint, "wrong"), 0);
    ck_assert_int_eq(sign_in_world(key.fingerprint, word), 0);
    secret_fini(&out);
}
END_TEST

START_TEST(deleted_key_is_gone_and_only_that)
{
    struct err err = ERR_INIT;
    struct pgp_key first = generate("first", PGP_ED25519, 0), second = generate("second", PGP_ED25519, 0);
    ck_ok(pgp_own_delete(rig->engine, first.fingerprint, first.bytes, &err));
    ck_fails(sign_with(&first, &passphrase, &err), ERR_KEY_UNUSABLE);
    ck_fails(pgp_own_delete(rig->engine, first.fingerprint, first.bytes, &err), ERR_ABSENT);
    ck_ok(sign_with(&second, &passphrase, &err));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("own");
    TCase *t = tcase_create("own");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, key_that_is_made_signs_and_is_encrypted_to);
    tcase_add_test(t, key_that_ends_says_when);
    tcase_add_test(t, wrong_passphrase_signs_nothing);
    tcase_add_test(t, name_cannot_bring_parameters_or_a_second_address);
    tcase_add_test(t, key_from_elsewhere_comes_under_our_passphrase);
    tcase_add_test(t, part_that_comes_later_comes_under_the_passphrase_of_the_others_or_not_at_all);
    tcase_add_test(t, import_in_which_a_write_fails_brings_no_part);
    tcase_add_test(t, what_is_given_out_opens_in_gpg_with_the_passphrase_alone);
    tcase_add_test(t, deleted_key_is_gone_and_only_that);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
