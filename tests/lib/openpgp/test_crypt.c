/* The four verbs, judged by gpg, sq and rnp. */
#include "openpgp/crypt.h"

#include "base/buf.h"
#include "support/check.h"
#include "support/pgp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

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

/* ---- to whom ---- */

static struct span seal(const struct span *keys, size_t n, enum pgp_visibility visibility,
                        const struct pgp_own *own)
{
    static struct spool *out;
    struct err err = ERR_INIT;
    spool_free(&out);
    out = new_spool();
    ck_ok(pgp_encrypt(rig->engine, TEXT, keys, n, visibility, own, out, &err));
    tool_write(rig->tool, "sealed", spool_all(out));
    return spool_all(out);
}

static bool world_opens(void)
{
    return pgp_rig_gpg(rig, "-o", "plain", "-d", "sealed", NULL) == 0 &&
           span_eq(tool_read(rig->tool, "plain"), TEXT);
}

/* The recipients' key ids, as the message names them. */
static bool is_sealed_to(const struct pgp_person *person)
{
    struct span said;
    ck_assert_int_eq(pgp_rig_gpg(rig, "--with-colons", "--list-keys", person->fingerprint, NULL), 0);
    said = tool_read(rig->tool, "said");
    size_t at = span_find(said, ":255:18:", 8, 0);
    ck_assert_msg(at != SIZE_MAX, "%.*s", SPAN_ARG(said));
    struct span keyid = span_sub(said, at + 8, 16);
    ck_assert_int_eq(pgp_rig_gpg(rig, "--list-only", "--status-fd", "1", "-d", "sealed", NULL), 0);
    said = tool_read(rig->tool, "said");
    char enc_to[40];
    snprintf(enc_to, sizeof enc_to, "ENC_TO %.*s", SPAN_ARG(keyid));
    return span_find(said, enc_to, strlen(enc_to), 0) != SIZE_MAX;
}

/* Mallory's key names bob's primary key as a subkey of its own: so bob's fingerprint is found in both. */
START_TEST(key_that_claims_anothers_takes_none_of_its_mail)
{
    SEAL_CLEANUP(buf_fini) struct buf claiming = BUF_INIT(1u << 16);
    size_t body = (unsigned char)bob.key.ptr[1];
    ck_assert_uint_eq((unsigned char)bob.key.ptr[0], 0x98);
    buf_add_span(&claiming, mallory.key);
    buf_add_char(&claiming, '\xb8');
    buf_add_span(&claiming, span_sub(bob.key, 1, 1 + body));
    const struct span keys[] = {buf_span(&claiming), bob.key};
    (void)seal(keys, 2, PGP_NAMED, &alice.own);
    ck_assert(is_sealed_to(&bob));
    ck_assert(is_sealed_to(&mallory));
}
END_TEST

/* RFC 4880 9.4, by gpg's word. */
static void check_micalg(const char *micalg)
{
    const char *said = strcmp(micalg, "pgp-sha256") == 0 ? "digest algo 8," : "digest algo 10,";
    ck_assert(strcmp(micalg, "pgp-sha256") == 0 || strcmp(micalg, "pgp-sha512") == 0);
    ck_assert_int_eq(pgp_rig_gpg(rig, "--list-packets", "text.sig", NULL), 0);
    struct span packets = tool_read(rig->tool, "said");
    ck_assert_msg(span_find(packets, said, strlen(said), 0) != SIZE_MAX, "%s: %.*s", micalg,
                  SPAN_ARG(packets));
}

START_TEST(keys_of_each_kind_sign_and_open_both_ways)
{
    static const char *const kinds[] = {"rsa2048", "nistp256", "nistp384", "nistp521"};
    for (size_t i = 0; i < SEAL_COUNT(kinds); i++) {
        struct err err = ERR_INIT;
        char addr[64], micalg[32];
        enum pgp_opened opened;
        struct pgp_verified v;
        snprintf(addr, sizeof addr, "%s@ours.example", kinds[i]);
        struct pgp_person own = pgp_rig_person(rig, addr, kinds[i], PGP_OURS);
        snprintf(addr, sizeof addr, "%s@far.example", kinds[i]);
        struct pgp_person peer = pgp_rig_person(rig, addr, kinds[i], PGP_STRANGER);
        (void)seal(&peer.key, 1, PGP_NAMED, &own.own);
        ck_assert(world_opens());
        SEAL_CLEANUP(spool_free) struct spool *signature = new_spool();
        ck_ok(pgp_sign(rig->engine, TEXT, &own.own, signature, micalg, &err));
        ck_ok(spool_seal(signature, &err));
        tool_write(rig->tool, "text", TEXT);
        tool_write(rig->tool, "text.sig", spool_all(signature));
        ck_assert_int_eq(pgp_rig_gpg(rig, "--verify", "text.sig", "text", NULL), 0);
        check_micalg(micalg);
        struct span theirs = by_gpg("-u", peer.fingerprint, "-r", own.fingerprint, "-es");
        SEAL_CLEANUP(spool_free) struct spool *plain = new_spool();
        ck_ok(pgp_decrypt(rig->engine, theirs, &own.own, 1, &peer.key, 1, &floors, plain, &opened, &v, &err));
        ck_assert_int_eq(opened, PGP_OPENED);
        ck_assert_msg(v.signature == SIGNATURE_GOOD, "%s: %s", kinds[i], v.why);
    }
}
END_TEST

START_TEST(hidden_recipient_is_not_named_and_opens)
{
    struct span sealed = seal(&bob.key, 1, PGP_HIDDEN, NULL);
    struct err err = ERR_INIT;
    struct pgp_outside outside;
    static const struct pgp_limits limits = PGP_LIMITS_DEFAULT;
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    ck_ok(pgp_look(arena, sealed, &limits, &outside, &err));
    ck_assert(outside.hidden && outside.nkeyids == 1);
    ck_assert_str_eq(outside.keyids[0], "0000000000000000");
    ck_assert(world_opens());
}
END_TEST

START_TEST(message_to_hidden_recipients_is_opened_with_the_right_one_of_several_keys)
{
    struct err err = ERR_INIT;
    enum pgp_opened opened;
    struct pgp_verified v;
    struct pgp_person other = pgp_rig_person(rig, "other@ours.example", "rsa2048", PGP_OURS);
    const struct pgp_own both[] = {other.own, alice.own};
    struct span sealed = by_gpg("-R", bob.fingerprint, "-R", alice.fingerprint, "-e");
    SEAL_CLEANUP(spool_free) struct spool *plain = new_spool();
    ck_ok(pgp_decrypt(rig->engine, sealed, both, 2, NULL, 0, &floors, plain, &opened, &v, &err));
    ck_assert_int_eq(opened, PGP_OPENED);
    SEAL_CLEANUP(spool_free) struct spool *none = new_spool();
    ck_ok(pgp_decrypt(rig->engine, sealed, both, 1, NULL, 0, &floors, none, &opened, &v, &err));
    ck_assert_int_eq(opened, PGP_NOT_OPENED);
}
END_TEST

START_TEST(subkey_that_was_revoked_or_has_expired_is_not_encrypted_to)
{
    struct err err = ERR_INIT;
    struct pgp_person dave = pgp_rig_person(rig, "dave@far.example", "ed25519", PGP_STRANGER);
    ck_assert_int_eq(pgp_rig_gpg(rig, "--quick-set-expire", dave.fingerprint, "seconds=1", "*", NULL), 0);
    SEAL_CLEANUP(spool_free) struct spool *out = new_spool();
    int rc;
    do {
        struct span key = pgp_rig_key(rig, &dave);
        struct spool *each = new_spool();
        rc = pgp_encrypt(rig->engine, TEXT, &key, 1, PGP_NAMED, NULL, each, &err);
        spool_free(&each);
    } while (rc == 0);
    ck_assert_int_eq(err.code, ERR_KEY_UNUSABLE);
    err_clear(&err);
    ck_assert_int_eq(pgp_rig_gpg(rig, "--quick-add-key", dave.fingerprint, "cv25519", "encr", "0", NULL), 0);
    struct span renewed = pgp_rig_key(rig, &dave);
    (void)seal(&renewed, 1, PGP_NAMED, NULL);
    ck_assert(world_opens());
    pgp_rig_revoke(rig, &dave);
    struct span both[] = {bob.key, pgp_rig_key(rig, &dave)};
    ck_fails(pgp_encrypt(rig->engine, TEXT, both, 2, PGP_NAMED, NULL, out, &err), ERR_KEY_UNUSABLE);
}
END_TEST

START_TEST(nothing_of_one_operation_is_left_for_the_next)
{
    struct err err = ERR_INIT;
    enum pgp_opened opened;
    struct pgp_verified v;
    struct span sealed = by_gpg("-u", bob.fingerprint, "-r", alice.fingerprint, "-es");
    for (int i = 0; i < 2; i++) {
        SEAL_CLEANUP(spool_free) struct spool *plain = new_spool();
        const struct span *signer = i == 0 ? &bob.key : &mallory.key;
        ck_ok(pgp_decrypt(rig->engine, sealed, &alice.own, 1, signer, 1, &floors, plain, &opened, &v, &err));
        ck_assert_int_eq(opened, PGP_OPENED);
        ck_assert_int_eq(v.signature, i == 0 ? SIGNATURE_GOOD : SIGNATURE_UNTRUSTED);
    }
    SEAL_CLEANUP(spool_free) struct spool *plain = new_spool();
    ck_ok(pgp_decrypt(rig->engine, sealed, NULL, 0, &bob.key, 1, &floors, plain, &opened, &v, &err));
    ck_assert_int_eq(opened, PGP_NOT_OPENED);
}
END_TEST

/* ---- other implementations ---- */

START_TEST(sq_and_rnp_open_and_verify_what_we_write)
{
    (void)seal(&bob.key, 1, PGP_NAMED, &alice.own);
    ck_assert_int_eq(pgp_rig_gpg(rig, "-o", "bob.secret", "--export-secret-keys", bob.fingerprint, NULL), 0);
    tool_write(rig->tool, "alice", alice.key);
    ck_assert_int_eq(tool_run(rig->tool, "sq", "decrypt", "--recipient-key", "bob.secret", "--signer-cert",
                              "alice", "--output", "by-sq", "sealed", NULL),
                     0);
    ck_assert(span_eq(tool_read(rig->tool, "by-sq"), TEXT));
    ck_assert_int_eq(tool_run(rig->tool, "rnp", "--homedir", "rnp", "--keyfile", "bob.secret", "--password",
                              "", "--decrypt", "sealed", "--output", "by-rnp", NULL),
                     0);
    ck_assert(span_eq(tool_read(rig->tool, "by-rnp"), TEXT));
}
END_TEST

START_TEST(what_sq_writes_we_open_and_verify)
{
    struct err err = ERR_INIT;
    enum pgp_opened opened;
    struct pgp_verified v;
    tool_write(rig->tool, "in", TEXT);
    tool_write(rig->tool, "alice", alice.key);
    ck_assert_int_eq(tool_run(rig->tool, "sq", "key", "generate", "--userid", "<sq@far.example>", "--export",
                              "sq.secret", NULL),
                     0);
    ck_assert_int_eq(tool_run(rig->tool, "sq", "key", "extract-cert", "--binary", "--output", "sq.cert",
                              "sq.secret", NULL),
                     0);
    int status = tool_run(rig->tool, "sq", "encrypt", "--binary", "--recipient-cert", "alice", "--signer-key",
                          "sq.secret", "--output", "made-by-sq", "in", NULL);
    struct span said = tool_read(rig->tool, "said");
    ck_assert_msg(status == 0, "%.*s", SPAN_ARG(said));
    struct span signer = tool_read(rig->tool, "sq.cert");
    SEAL_CLEANUP(spool_free) struct spool *plain = new_spool();
    ck_ok(pgp_decrypt(rig->engine, tool_read(rig->tool, "made-by-sq"), &alice.own, 1, &signer, 1, &floors,
                      plain, &opened, &v, &err));
    ck_assert_int_eq(opened, PGP_OPENED);
    ck_assert_msg(v.signature == SIGNATURE_GOOD, "%s", v.why);
}
END_TEST

/* Larger than a pipe and than a spool's memory, both ways. */
static void pass_large_content(void)
{
    struct err err = ERR_INIT;
    enum pgp_opened opened;
    struct pgp_verified v;
    char micalg[32];
    struct buf big = BUF_INIT(16u << 20);
    for (unsigned i = 0; big.len < 5000000; i++)
        buf_printf(&big, "%u line\r\n", i * 2654435761u);
    SEAL_CLEANUP(spool_free) struct spool *sealed = new_spool();
    SEAL_CLEANUP(spool_free) struct spool *plain = new_spool();
    SEAL_CLEANUP(spool_free) struct spool *signature = new_spool();
    ck_ok(pgp_encrypt(rig->engine, buf_span(&big), &alice.key, 1, PGP_NAMED, &alice.own, sealed, &err));
    ck_ok(pgp_decrypt(rig->engine, spool_all(sealed), &alice.own, 1, &alice.key, 1, &floors, plain, &opened,
                      &v, &err));
    ck_assert_int_eq(opened, PGP_OPENED);
    ck_assert_int_eq(v.signature, SIGNATURE_GOOD);
    ck_ok(spool_seal(plain, &err));
    ck_assert(span_eq(spool_all(plain), buf_span(&big)));
    ck_ok(pgp_sign(rig->engine, buf_span(&big), &alice.own, signature, micalg, &err));
    ck_ok(spool_seal(signature, &err));
    ck_ok(pgp_verify(rig->engine, spool_all(signature), buf_span(&big), &alice.key, 1, &floors, &v, &err));
    ck_assert_int_eq(v.signature, SIGNATURE_GOOD);
    big.ptr[4000000] ^= 1;
    ck_ok(pgp_verify(rig->engine, spool_all(signature), buf_span(&big), &alice.key, 1, &floors, &v, &err));
    ck_assert_int_eq(v.signature, SIGNATURE_BAD);
    buf_fini(&big);
}

START_TEST(large_content_comes_through_whole)
{
    pass_large_content();
}
END_TEST

/* From here on for this process, as a service manager's filter does it. */
static void forbid(unsigned number)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {SEAL_COUNT(steps), steps};
    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

START_TEST(large_content_comes_through_where_no_pages_may_be_lent)
{
    forbid(SYS_vmsplice);
    pass_large_content();
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
    tcase_add_test(t, key_that_claims_anothers_takes_none_of_its_mail);
    tcase_add_test(t, keys_of_each_kind_sign_and_open_both_ways);
    tcase_add_test(t, hidden_recipient_is_not_named_and_opens);
    tcase_add_test(t, message_to_hidden_recipients_is_opened_with_the_right_one_of_several_keys);
    tcase_add_test(t, subkey_that_was_revoked_or_has_expired_is_not_encrypted_to);
    tcase_add_test(t, nothing_of_one_operation_is_left_for_the_next);
    tcase_add_test(t, sq_and_rnp_open_and_verify_what_we_write);
    tcase_add_test(t, what_sq_writes_we_open_and_verify);
    tcase_add_test(t, large_content_comes_through_whole);
    tcase_add_test(t, large_content_comes_through_where_no_pages_may_be_lent);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
