/* The four verbs, judged by gpg, sq and rnp. */
#include "openpgp/crypt.h"

#include "support/check.h"
#include "support/pgp.h"

#include <string.h>

static const struct pgp_floors floors = {.min_rsa_bits = 2048};
static const char text[] = "Content-Type: text/plain\r\n\r\nHello  \r\nworld\r\n";
#define TEXT ((struct span){text, sizeof text - 1})

static struct pgp_rig *rig;
static struct pgp_person alice, bob, mallory; /* alice is ours */

static struct spool *new_spool(void)
{
    return spool_new(&(struct spool_conf){"/tmp", SPOOL_MEM_DEFAULT, 64u << 20});
}

static void setup(void)
{
    rig = pgp_rig_new();
    alice = pgp_rig_person(rig, "alice@ours.example", "ed25519", PGP_OURS);
    bob = pgp_rig_person(rig, "bob@far.example", "ed25519", PGP_STRANGER);
    mallory = pgp_rig_person(rig, "mallory@far.example", "ed25519", PGP_STRANGER);
}

static void teardown(void)
{
    pgp_rig_free(&rig);
}

/* What gpg makes of the text in the world: options, and the result's bytes. */
static struct span by_gpg(const char *a, const char *b, const char *c, const char *d, const char *e)
{
    tool_write(rig->tool, "in", TEXT);
    int status = pgp_rig_gpg(rig, "-o", "out", a, b, c, d, e, "in", NULL);
    struct span said = tool_read(rig->tool, "said");
    ck_assert_msg(status == 0, "%.*s", SPAN_ARG(said));
    return tool_read(rig->tool, "out");
}

START_TEST(a_signature_of_ours_is_good_for_gpg_and_sq)
{
    struct err err = ERR_INIT;
    char micalg[32];
    SEAL_CLEANUP(spool_free) struct spool *out = new_spool();
    ck_ok(pgp_sign(rig->engine, TEXT, &alice.own, out, micalg, &err));
    ck_ok(spool_seal(out, &err));
    ck_assert_str_eq(micalg, "pgp-sha256");
    tool_write(rig->tool, "text", TEXT);
    tool_write(rig->tool, "text.sig", spool_all(out));
    tool_write(rig->tool, "alice", alice.key);
    ck_assert_int_eq(pgp_rig_gpg(rig, "--verify", "text.sig", "text", NULL), 0);
    ck_assert_int_eq(
        tool_run(rig->tool, "sq", "verify", "--signer-cert", "alice", "--detached", "text.sig", "text", NULL),
        0);
    struct pgp_verified v;
    ck_ok(pgp_verify(rig->engine, spool_all(out), TEXT, &alice.key, 1, &floors, &v, &err));
    ck_assert_msg(v.signature == SIGNATURE_GOOD, "%s", v.why);
    ck_assert_str_eq(v.fingerprint, alice.fingerprint);
}
END_TEST

START_TEST(what_we_encrypt_gpg_opens_and_finds_signed)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(spool_free) struct spool *out = new_spool();
    ck_ok(pgp_encrypt(rig->engine, TEXT, &bob.key, 1, PGP_NAMED, &alice.own, out, &err));
    ck_ok(spool_seal(out, &err));
    tool_write(rig->tool, "sealed", spool_all(out));
    ck_assert_int_eq(pgp_rig_gpg(rig, "--status-fd", "1", "-o", "plain", "-d", "sealed", NULL), 0);
    ck_assert(span_eq(tool_read(rig->tool, "plain"), TEXT));
    struct span said = tool_read(rig->tool, "said");
    ck_assert(span_find(said, "GOODSIG", 7, 0) != SIZE_MAX);
    ck_assert(span_find(said, "DECRYPTION_INFO 2 9 0", 21, 0) != SIZE_MAX);
}
END_TEST

START_TEST(what_gpg_encrypts_and_signs_we_open_and_verify)
{
    struct err err = ERR_INIT;
    enum pgp_opened opened;
    struct pgp_verified v;
    struct span sealed = by_gpg("-u", bob.fingerprint, "-r", alice.fingerprint, "-es");
    SEAL_CLEANUP(spool_free) struct spool *out = new_spool();
    ck_ok(pgp_decrypt(rig->engine, sealed, &alice.own, 1, &bob.key, 1, &floors, out, &opened, &v, &err));
    ck_assert_int_eq(opened, PGP_OPENED);
    ck_ok(spool_seal(out, &err));
    ck_assert(span_eq(spool_all(out), TEXT));
    ck_assert_msg(v.signature == SIGNATURE_GOOD, "%s", v.why);
    ck_assert_str_eq(v.fingerprint, bob.fingerprint);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("crypt");
    TCase *t = tcase_create("verbs");
    tcase_add_unchecked_fixture(t, setup, teardown);
    tcase_add_test(t, a_signature_of_ours_is_good_for_gpg_and_sq);
    tcase_add_test(t, what_we_encrypt_gpg_opens_and_finds_signed);
    tcase_add_test(t, what_gpg_encrypts_and_signs_we_open_and_verify);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
