/* What strangers send: whatever is wrong with it, one answer, and no octet of it is content. */
#include "openpgp/crypt.h"

#include "openpgp/homes.h"
#include "openpgp/key.h"
#include "support/check.h"
#include "support/pgp_forge.h"
#include "support/pgp_quine.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define TEXT         SPAN_LIT("the content\r\n")
#define SESSION_KEYS 200

static const struct pgp_floors floors = {.min_rsa_bits = 2048};
static struct pgp_rig *rig;
static struct pgp_person alice, carol, bob, mallory; /* alice and carol are ours */
static struct pgp_forge forge;

static void setup(void)
{
    rig = pgp_rig_new();
    alice = pgp_rig_person(rig, "alice@ours.example", "ed25519", PGP_OURS);
    carol = pgp_rig_person(rig, "carol@ours.example", "ed25519", PGP_OURS);
    bob = pgp_rig_person(rig, "bob@far.example", "ed25519", PGP_STRANGER);
    mallory = pgp_rig_person(rig, "mallory@far.example", "ed25519", PGP_STRANGER);
    forge = pgp_forge_new(rig, &alice, &bob);
}

static void teardown(void)
{
    pgp_rig_free(&rig);
}

static struct spool *new_spool(size_t max)
{
    return spool_new(&(struct spool_conf){"/tmp", SPOOL_MEM_DEFAULT, max});
}

static enum pgp_opened decrypt(struct span message, const struct pgp_person *who, const struct span *signers,
                               size_t nsigners, struct spool *out, struct pgp_verified *v)
{
    struct err err = ERR_INIT;
    enum pgp_opened opened;
    ck_ok(pgp_decrypt(rig->engine, message, &who->own, 1, signers, nsigners, &floors, out, &opened, v, &err));
    return opened;
}

static enum pgp_opened open_message(struct span message, struct span *plain_out)
{
    static struct spool *out;
    struct err err = ERR_INIT;
    struct pgp_verified v;
    spool_free(&out);
    out = new_spool(8u << 20);
    enum pgp_opened opened = decrypt(message, &alice, &bob.key, 1, out, &v);
    ck_assert_int_eq(v.signature, SIGNATURE_NONE);
    if (opened != PGP_NOT_OPENED) {
        ck_ok(spool_seal(out, &err));
        *plain_out = spool_all(out);
    }
    return opened;
}

static enum pgp_opened open_forged(struct span packets, enum pgp_forge_end end, struct span *plain_out)
{
    struct buf message = BUF_INIT(FORGE_MAX);
    pgp_forge_message(&forge, packets, end, &message);
    enum pgp_opened opened = open_message(buf_span(&message), plain_out);
    buf_fini(&message);
    return opened;
}

START_TEST(forged_message_that_is_whole_opens)
{
    struct span plain;
    struct buf packets = BUF_INIT(FORGE_MAX);
    pgp_forge_literal(&packets, SPAN_LIT(""), TEXT);
    ck_assert_int_eq(open_forged(buf_span(&packets), FORGE_WHOLE, &plain), PGP_OPENED);
    ck_assert(span_eq(plain, TEXT));
    buf_fini(&packets);
}
END_TEST

START_TEST(without_integrity_nothing_opens)
{
    struct span plain;
    struct buf packets = BUF_INIT(FORGE_MAX);
    pgp_forge_literal(&packets, SPAN_LIT(""), TEXT);
    for (enum pgp_forge_end end = FORGE_NO_MDC; end <= FORGE_OLD; end++)
        ck_assert_int_eq(open_forged(buf_span(&packets), end, &plain), PGP_NOT_OPENED);
    buf_fini(&packets);
}
END_TEST

START_TEST(message_that_is_cut_anywhere_does_not_open)
{
    struct span plain;
    struct buf packets = BUF_INIT(FORGE_MAX), message = BUF_INIT(FORGE_MAX);
    pgp_forge_literal(&packets, SPAN_LIT(""), TEXT);
    pgp_forge_message(&forge, buf_span(&packets), FORGE_WHOLE, &message);
    for (size_t cut = 1; cut < 60; cut += 7)
        ck_assert_int_eq(open_message(span_sub(buf_span(&message), 0, message.len - cut), &plain),
                         PGP_NOT_OPENED);
    buf_fini(&packets);
    buf_fini(&message);
}
END_TEST

START_TEST(octet_that_is_changed_anywhere_in_the_container_does_not_open)
{
    struct span plain;
    struct buf packets = BUF_INIT(FORGE_MAX), message = BUF_INIT(FORGE_MAX);
    pgp_forge_literal(&packets, SPAN_LIT(""), TEXT);
    pgp_forge_message(&forge, buf_span(&packets), FORGE_WHOLE, &message);
    for (size_t at = forge.pkesk.len + 7; at < message.len; at += 9) {
        message.ptr[at] ^= 0x40;
        ck_assert_int_eq(open_message(buf_span(&message), &plain), PGP_NOT_OPENED);
        message.ptr[at] ^= 0x40;
    }
    ck_assert_int_eq(open_message(buf_span(&message), &plain), PGP_OPENED);
    buf_fini(&packets);
    buf_fini(&message);
}
END_TEST

START_TEST(literal_data_is_not_taken_for_decrypted)
{
    struct span plain;
    struct buf packets = BUF_INIT(FORGE_MAX);
    pgp_forge_literal(&packets, SPAN_LIT(""), TEXT);
    ck_assert_int_eq(open_message(buf_span(&packets), &plain), PGP_NOT_OPENED);
    tool_write(rig->tool, "in", TEXT);
    ck_assert_int_eq(pgp_rig_gpg(rig, "-o", "signed", "-u", bob.fingerprint, "-s", "in", NULL), 0);
    struct err err = ERR_INIT;
    struct pgp_verified v;
    enum pgp_opened opened;
    SEAL_CLEANUP(spool_free) struct spool *out = new_spool(1u << 20);
    ck_ok(pgp_decrypt(rig->engine, tool_read(rig->tool, "signed"), &alice.own, 1, &bob.key, 1, &floors, out,
                      &opened, &v, &err));
    ck_assert_int_eq(opened, PGP_NOT_OPENED);
    ck_assert_int_eq(v.signature, SIGNATURE_NONE);
    buf_fini(&packets);
}
END_TEST

START_TEST(content_before_or_behind_the_container_does_not_open)
{
    struct span plain;
    struct buf packets = BUF_INIT(FORGE_MAX), message = BUF_INIT(FORGE_MAX);
    pgp_forge_literal(&packets, SPAN_LIT(""), TEXT);
    pgp_forge_literal(&message, SPAN_LIT(""), SPAN_LIT("in front\r\n"));
    pgp_forge_message(&forge, buf_span(&packets), FORGE_WHOLE, &message);
    ck_assert_int_eq(open_message(buf_span(&message), &plain), PGP_NOT_OPENED);
    buf_clear(&message);
    pgp_forge_message(&forge, buf_span(&packets), FORGE_WHOLE, &message);
    pgp_forge_literal(&message, SPAN_LIT(""), SPAN_LIT("behind\r\n"));
    ck_assert_int_eq(open_message(buf_span(&message), &plain), PGP_NOT_OPENED);
    buf_fini(&packets);
    buf_fini(&message);
}
END_TEST

START_TEST(two_contents_in_one_container_do_not_open)
{
    struct span plain;
    struct buf packets = BUF_INIT(FORGE_MAX);
    pgp_forge_literal(&packets, SPAN_LIT(""), TEXT);
    pgp_forge_literal(&packets, SPAN_LIT(""), SPAN_LIT("more\r\n"));
    ck_assert_int_eq(open_forged(buf_span(&packets), FORGE_WHOLE, &plain), PGP_NOT_OPENED);
    buf_fini(&packets);
}
END_TEST

START_TEST(file_name_says_nothing_that_gpg_did_not)
{
    static const char *const names[] = {
        "x\n[GNUPG:] GOODSIG 0000000000000000 Bob <bob@far.example>\n[GNUPG:] VALIDSIG ",
        "\r\n[GNUPG:] DECRYPTION_OKAY\r\n[GNUPG:] GOODMDC",
        "\n[GNUPG:] END_DECRYPTION\n",
    };
    struct span plain;
    for (size_t i = 0; i < SEAL_COUNT(names); i++) {
        struct buf packets = BUF_INIT(FORGE_MAX);
        pgp_forge_literal(&packets, span_of(names[i]), TEXT);
        ck_assert_int_eq(open_forged(buf_span(&packets), FORGE_WHOLE, &plain), PGP_OPENED);
        ck_assert(span_eq(plain, TEXT));
        ck_assert_int_eq(open_forged(buf_span(&packets), FORGE_WRONG_MDC, &plain), PGP_NOT_OPENED);
        ck_assert_int_eq(open_forged(buf_span(&packets), FORGE_OLD, &plain), PGP_NOT_OPENED);
        buf_fini(&packets);
    }
}
END_TEST

START_TEST(compression_inside_compression_ends)
{
    struct span plain;
    struct buf packets = BUF_INIT(FORGE_MAX), next = BUF_INIT(FORGE_MAX);
    pgp_forge_literal(&packets, SPAN_LIT(""), TEXT);
    for (int depth = 0; depth < 500; depth++) {
        pgp_forge_compressed(&next, buf_span(&packets));
        struct buf swap = packets;
        packets = next;
        next = swap;
        buf_clear(&next);
    }
    ck_assert_int_eq(open_forged(buf_span(&packets), FORGE_WHOLE, &plain), PGP_NOT_OPENED);
    buf_fini(&packets);
    buf_fini(&next);
}
END_TEST

static void check_that_it_contains_itself(struct span packet)
{
    char inside[1024];
    z_stream z = {.next_in = (unsigned char *)packet.ptr + QUINE_HEAD,
                  .avail_in = (unsigned)packet.len - QUINE_HEAD,
                  .next_out = (unsigned char *)inside,
                  .avail_out = sizeof inside};
    ck_assert_int_eq(inflateInit2(&z, -MAX_WBITS), Z_OK);
    ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
    ck_assert(z.avail_in == 0 && span_eq(packet, (struct span){inside, z.total_out}));
    inflateEnd(&z);
}

/* By how deep it is, which costs little memory, and not by the alarm. */
START_TEST(packet_that_decompresses_to_itself_ends)
{
    struct span plain;
    struct buf quine = BUF_INIT(FORGE_MAX);
    pgp_quine(&quine);
    check_that_it_contains_itself(buf_span(&quine));
    int64_t before = rig->conf.clock_ms();
    ck_assert_int_eq(open_forged(buf_span(&quine), FORGE_WHOLE, &plain), PGP_NOT_OPENED);
    ck_assert_int_lt(rig->conf.clock_ms() - before, (int64_t)rig->engine->timeout * 1000);
    tool_write(rig->tool, "quine", buf_span(&quine));
    ck_assert_int_ne(pgp_rig_gpg(rig, "-o", "plain", "-d", "quine", NULL), 0);
    ck_assert(span_find(tool_read(rig->tool, "said"), "too deeply nested", 17, 0) != SIZE_MAX);
    buf_fini(&quine);
}
END_TEST

#define PART  512
#define PARTS 2000

/* Data in parts, one after the other, of which none is the last. */
static void put_parts(struct buf *out, unsigned tag, struct span begin)
{
    char part[PART];
    memset(part, 'x', sizeof part);
    memcpy(part, begin.ptr, begin.len);
    buf_add_char(out, (char)(0xc0 | tag));
    for (int i = 0; i < PARTS; i++) {
        buf_add_char(out, (char)0xe9);
        buf_add(out, part, sizeof part);
        memset(part, 'x', sizeof part);
    }
}

START_TEST(container_that_never_ends_does_not_open)
{
    struct span plain;
    struct buf message = BUF_INIT(FORGE_MAX);
    buf_add_span(&message, forge.pkesk);
    put_parts(&message, 18, SPAN_LIT("\1"));
    ck_assert_int_eq(open_message(buf_span(&message), &plain), PGP_NOT_OPENED);
    buf_fini(&message);
}
END_TEST

START_TEST(packet_that_never_ends_ends_with_its_container)
{
    static const struct span begin = {"b\0\0\0\0\0", 6};
    struct span plain;
    struct buf packets = BUF_INIT(FORGE_MAX);
    put_parts(&packets, 11, begin);
    ck_assert_int_eq(open_forged(buf_span(&packets), FORGE_WHOLE, &plain), PGP_OPENED);
    ck_assert_uint_eq(plain.len, PARTS * PART - begin.len);
    ck_assert_int_eq(open_forged(buf_span(&packets), FORGE_WRONG_MDC, &plain), PGP_NOT_OPENED);
    buf_fini(&packets);
}
END_TEST

START_TEST(packets_by_the_hundred_thousand_end)
{
    struct span plain;
    struct buf packets = BUF_INIT(FORGE_MAX);
    for (int i = 0; i < 200000; i++)
        pgp_forge_packet(&packets, 10, SPAN_LIT("PGP"));
    pgp_forge_literal(&packets, SPAN_LIT(""), TEXT);
    ck_assert_int_eq(open_forged(buf_span(&packets), FORGE_WHOLE, &plain), PGP_OPENED);
    ck_assert(span_eq(plain, TEXT));
    buf_fini(&packets);
}
END_TEST

/* 64 MB in 64 KB; the spool takes 4 MB. */
START_TEST(output_ends_at_the_limit)
{
    struct pgp_verified v;
    struct buf zeros = BUF_INIT(FORGE_MAX);
    memset(buf_reserve(&zeros, FORGE_MAX - 1), 0, FORGE_MAX - 1);
    buf_commit(&zeros, FORGE_MAX - 1);
    tool_write(rig->tool, "in", buf_span(&zeros));
    buf_fini(&zeros);
    ck_assert_int_eq(
        pgp_rig_gpg(rig, "-o", "bomb", "--compress-algo", "zip", "-r", alice.fingerprint, "-e", "in", NULL),
        0);
    struct span bomb = tool_read(rig->tool, "bomb");
    ck_assert_uint_lt(bomb.len, 100000);
    SEAL_CLEANUP(spool_free) struct spool *out = new_spool(4u << 20);
    ck_assert_int_eq(decrypt(bomb, &alice, &bob.key, 1, out, &v), PGP_NOT_OPENED);
    ck_assert_uint_le(spool_size(out), 4u << 20);
}
END_TEST

/* Carol's secret key is in the same agent, her public key is there as the signer's. It must not open what came to alice. */
START_TEST(key_of_the_signer_does_not_open_although_it_is_ours)
{
    struct pgp_verified v;
    tool_write(rig->tool, "in", TEXT);
    static const char *const how[] = {"--no-throw-keyids", "--throw-keyids"};
    for (size_t i = 0; i < SEAL_COUNT(how); i++) {
        ck_assert_int_eq(pgp_rig_gpg(rig, "-o", "sealed", how[i], "-r", carol.fingerprint, "-e", "in", NULL),
                         0);
        struct span sealed = tool_read(rig->tool, "sealed");
        SEAL_CLEANUP(spool_free) struct spool *out = new_spool(1u << 20);
        ck_assert_int_eq(decrypt(sealed, &alice, &carol.key, 1, out, &v), PGP_NOT_OPENED);
        SEAL_CLEANUP(spool_free) struct spool *hers = new_spool(1u << 20);
        ck_assert_int_eq(decrypt(sealed, &carol, &alice.key, 1, hers, &v), PGP_OPENED);
    }
}
END_TEST

/* All for a key of ours, none of them right: each is tried. */
START_TEST(session_keys_by_the_hundred_end)
{
    struct span plain;
    struct buf packets = BUF_INIT(FORGE_MAX), message = BUF_INIT(FORGE_MAX), many = BUF_INIT(FORGE_MAX);
    size_t len = (forge.pkesk.len + 1) / 2; /* alice's is the first of two of one size */
    struct span first = span_sub(forge.pkesk, 0, len);
    pgp_forge_literal(&packets, SPAN_LIT(""), TEXT);
    for (int i = 0; i < SESSION_KEYS; i++) {
        buf_add_span(&many, first);
        many.ptr[many.len - 1] ^= 1;
    }
    const struct pgp_forge flood = {.pkesk = buf_span(&many)};
    pgp_forge_message(&flood, buf_span(&packets), FORGE_WHOLE, &message);
    ck_assert_int_eq(open_message(buf_span(&message), &plain), PGP_NOT_OPENED);
    buf_fini(&many);
    buf_fini(&message);
    buf_fini(&packets);
}
END_TEST

static enum pgp_opened open_by_cipher(const char *cipher, struct span *plain)
{
    int status =
        pgp_rig_gpg(rig, "-o", "sealed", "--cipher-algo", cipher, "-r", alice.fingerprint, "-e", "in", NULL);
    struct span said = tool_read(rig->tool, "said");
    ck_assert_msg(status == 0, "%s: %.*s", cipher, SPAN_ARG(said));
    return open_message(tool_read(rig->tool, "sealed"), plain);
}

START_TEST(cipher_below_the_floor_is_weak)
{
    static const struct {
        const char *name;
        enum pgp_opened opened;
    } ciphers[] = {
        {"3DES", PGP_OPENED_WEAKLY}, {"CAST5", PGP_OPENED_WEAKLY}, {"BLOWFISH", PGP_OPENED_WEAKLY},
        {"IDEA", PGP_OPENED_WEAKLY}, {"AES128", PGP_OPENED},       {"AES192", PGP_OPENED},
        {"AES256", PGP_OPENED},      {"TWOFISH", PGP_OPENED},      {"CAMELLIA128", PGP_OPENED},
        {"CAMELLIA192", PGP_OPENED}, {"CAMELLIA256", PGP_OPENED},
    };
    struct span plain;
    tool_write(rig->tool, "in", TEXT);
    for (size_t i = 0; i < SEAL_COUNT(ciphers); i++) {
        ck_assert_msg(open_by_cipher(ciphers[i].name, &plain) == ciphers[i].opened, "%s", ciphers[i].name);
        ck_assert(span_eq(plain, TEXT));
    }
}
END_TEST

/* ---- signatures ---- */

static struct pgp_verified verify(struct span signature, struct span text, struct span signer)
{
    struct err err = ERR_INIT;
    struct pgp_verified v;
    ck_ok(pgp_verify(rig->engine, signature, text, &signer, 1, &floors, &v, &err));
    return v;
}

static struct span sign(const char *who, const char *digest)
{
    tool_write(rig->tool, "in", TEXT);
    ck_assert_int_eq(pgp_rig_gpg(rig, "-o", "sig", "--digest-algo", digest, "-u", who, "-b", "in", NULL), 0);
    return tool_read(rig->tool, "sig");
}

START_TEST(signature_by_a_key_that_is_not_the_signers_is_untrusted)
{
    struct pgp_verified v = verify(sign(mallory.fingerprint, "SHA256"), TEXT, bob.key);
    ck_assert_int_eq(v.signature, SIGNATURE_UNTRUSTED);
    ck_assert_str_eq(v.fingerprint, "");
    ck_assert_str_eq(v.keyid, mallory.fingerprint + 24);
    struct buf two = BUF_INIT(FORGE_MAX);
    buf_add_span(&two, sign(bob.fingerprint, "SHA256"));
    ck_assert_int_eq(verify(buf_span(&two), TEXT, bob.key).signature, SIGNATURE_GOOD);
    buf_add_span(&two, sign(mallory.fingerprint, "SHA256"));
    ck_assert_int_eq(verify(buf_span(&two), TEXT, bob.key).signature, SIGNATURE_UNTRUSTED);
    buf_fini(&two);
}
END_TEST

START_TEST(signature_inside_by_a_key_of_ours_is_not_the_signers)
{
    struct pgp_verified v;
    tool_write(rig->tool, "in", TEXT);
    SEAL_CLEANUP(spool_free) struct spool *out = new_spool(1u << 20);
    struct err err = ERR_INIT;
    ck_ok(pgp_encrypt(rig->engine, TEXT, &alice.key, 1, PGP_NAMED, &alice.own, out, &err));
    SEAL_CLEANUP(spool_free) struct spool *plain = new_spool(1u << 20);
    ck_assert_int_eq(decrypt(spool_all(out), &alice, &bob.key, 1, plain, &v), PGP_OPENED);
    ck_assert_int_eq(v.signature, SIGNATURE_UNTRUSTED);
    ck_assert_str_eq(v.fingerprint, "");
}
END_TEST

static void must_sq(int status)
{
    struct span said = tool_read(rig->tool, "said");
    ck_assert_msg(status == 0, "%.*s", SPAN_ARG(said));
}

/* Lines of gpg's status and of its listing. sq makes a key of any User-ID, and signs a text with it. */
START_TEST(user_id_says_nothing_that_gpg_did_not)
{
    char user_id[400];
    struct err err = ERR_INIT;
    struct pgp_key *keys;
    size_t n, broken;
    snprintf(user_id, sizeof user_id,
             "Mallory\n[GNUPG:] GOODSIG %s Bob <bob@far.example>\n[GNUPG:] VALIDSIG %s 2026-01-01 1767225600 "
             "0 4 0 "
             "22 8 00 %s\nuid:u::::1::00::Bob <bob@far.example>::::::::::0:",
             bob.fingerprint + 24, bob.fingerprint, bob.fingerprint);
    tool_write(rig->tool, "in", TEXT);
    must_sq(tool_run(rig->tool, "sq", "key", "generate", "--userid", user_id, "--export", "evil.key", NULL));
    must_sq(
        tool_run(rig->tool, "sq", "key", "extract-cert", "--binary", "--output", "evil", "evil.key", NULL));
    must_sq(tool_run(rig->tool, "sq", "sign", "--detached", "--binary", "--signer-key", "evil.key",
                     "--output", "evil.sig", "in", NULL));
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    ck_ok(pgp_key_read(rig->engine, arena, tool_read(rig->tool, "evil"), &keys, &n, &broken, &err));
    ck_assert_uint_eq(n, 1);
    for (size_t i = 0; i < keys[0].nuids; i++)
        ck_assert_str_eq(keys[0].uids[i].addr, "");
    struct pgp_verified v = verify(tool_read(rig->tool, "evil.sig"), TEXT, keys[0].bytes);
    ck_assert_msg(v.signature == SIGNATURE_GOOD, "%s", v.why);
    ck_assert_str_eq(v.fingerprint, keys[0].fingerprint);
    v = verify(tool_read(rig->tool, "evil.sig"), SPAN_LIT("other\r\n"), keys[0].bytes);
    ck_assert_int_eq(v.signature, SIGNATURE_BAD);
    v = verify(tool_read(rig->tool, "evil.sig"), TEXT, bob.key);
    ck_assert_int_eq(v.signature, SIGNATURE_UNTRUSTED);
    ck_assert_str_eq(v.fingerprint, "");
}
END_TEST

START_TEST(changed_content_is_bad)
{
    struct pgp_verified v = verify(sign(bob.fingerprint, "SHA256"), SPAN_LIT("other\r\n"), bob.key);
    ck_assert_int_eq(v.signature, SIGNATURE_BAD);
    struct buf two = BUF_INIT(FORGE_MAX);
    buf_add_span(&two, sign(bob.fingerprint, "SHA256"));
    tool_write(rig->tool, "in", SPAN_LIT("other\r\n"));
    ck_assert_int_eq(pgp_rig_gpg(rig, "-o", "sig", "-u", bob.fingerprint, "-b", "in", NULL), 0);
    buf_add_span(&two, tool_read(rig->tool, "sig"));
    ck_assert_int_eq(verify(buf_span(&two), TEXT, bob.key).signature, SIGNATURE_BAD);
    buf_fini(&two);
}
END_TEST

START_TEST(digest_or_key_below_the_floor_is_weak)
{
    struct pgp_person small = pgp_rig_person(rig, "small@far.example", "rsa1024", PGP_STRANGER);
    struct pgp_person dora = pgp_rig_person(rig, "dora@far.example", "dsa2048", PGP_STRANGER);
    static const char *const digests[] = {"SHA1", "RIPEMD160"};
    for (size_t i = 0; i < SEAL_COUNT(digests); i++)
        ck_assert_int_eq(verify(sign(bob.fingerprint, digests[i]), TEXT, bob.key).signature, SIGNATURE_WEAK);
    ck_assert_int_eq(verify(sign(dora.fingerprint, "SHA256"), TEXT, dora.key).signature, SIGNATURE_WEAK);
    struct pgp_verified v = verify(sign(small.fingerprint, "SHA256"), TEXT, small.key);
    ck_assert_int_eq(v.signature, SIGNATURE_WEAK);
    ck_assert_ptr_nonnull(strstr(v.why, "1024 bits, below 2048"));
    ck_assert_str_eq(v.fingerprint, small.fingerprint);
}
END_TEST

START_TEST(signer_that_expired_or_was_revoked_is_untrusted)
{
    struct pgp_verified v;
    struct pgp_person dave = pgp_rig_person(rig, "dave@far.example", "ed25519", PGP_STRANGER);
    struct span early = sign(dave.fingerprint, "SHA256");
    ck_assert_int_eq(verify(early, TEXT, dave.key).signature, SIGNATURE_GOOD);
    ck_assert_int_eq(pgp_rig_gpg(rig, "--quick-set-expire", dave.fingerprint, "seconds=1", NULL), 0);
    do
        v = verify(early, TEXT, pgp_rig_key(rig, &dave));
    while (v.signature == SIGNATURE_GOOD);
    ck_assert_int_eq(v.signature, SIGNATURE_UNTRUSTED);
    ck_assert_ptr_nonnull(strstr(v.why, "expired"));
    ck_assert_str_eq(v.fingerprint, dave.fingerprint);
    ck_assert_int_eq(pgp_rig_gpg(rig, "--quick-set-expire", dave.fingerprint, "0", NULL), 0);
    pgp_rig_revoke(rig, &dave);
    v = verify(early, TEXT, pgp_rig_key(rig, &dave));
    ck_assert_int_eq(v.signature, SIGNATURE_UNTRUSTED);
    ck_assert_ptr_nonnull(strstr(v.why, "revoked"));
}
END_TEST

START_TEST(what_is_no_signature_is_unsupported)
{
    static const char *const words[] = {"", "nonsense", "\x88"};
    for (size_t i = 0; i < SEAL_COUNT(words); i++)
        ck_assert_int_eq(verify(span_of(words[i]), TEXT, bob.key).signature, SIGNATURE_UNSUPPORTED);
    tool_write(rig->tool, "in", TEXT);
    ck_assert_int_eq(pgp_rig_gpg(rig, "-o", "signed", "-u", bob.fingerprint, "-s", "in", NULL), 0);
    ck_assert_int_eq(verify(tool_read(rig->tool, "signed"), TEXT, bob.key).signature, SIGNATURE_UNSUPPORTED);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("attacks");
    TCase *t = tcase_create("attacks");
    tcase_add_unchecked_fixture(t, setup, teardown);
    tcase_add_test(t, forged_message_that_is_whole_opens);
    tcase_add_test(t, without_integrity_nothing_opens);
    tcase_add_test(t, message_that_is_cut_anywhere_does_not_open);
    tcase_add_test(t, octet_that_is_changed_anywhere_in_the_container_does_not_open);
    tcase_add_test(t, literal_data_is_not_taken_for_decrypted);
    tcase_add_test(t, content_before_or_behind_the_container_does_not_open);
    tcase_add_test(t, two_contents_in_one_container_do_not_open);
    tcase_add_test(t, file_name_says_nothing_that_gpg_did_not);
    tcase_add_test(t, compression_inside_compression_ends);
    tcase_add_test(t, packet_that_decompresses_to_itself_ends);
    tcase_add_test(t, container_that_never_ends_does_not_open);
    tcase_add_test(t, packet_that_never_ends_ends_with_its_container);
    tcase_add_test(t, packets_by_the_hundred_thousand_end);
    tcase_add_test(t, output_ends_at_the_limit);
    tcase_add_test(t, cipher_below_the_floor_is_weak);
    tcase_add_test(t, key_of_the_signer_does_not_open_although_it_is_ours);
    tcase_add_test(t, session_keys_by_the_hundred_end);
    tcase_add_test(t, signature_by_a_key_that_is_not_the_signers_is_untrusted);
    tcase_add_test(t, signature_inside_by_a_key_of_ours_is_not_the_signers);
    tcase_add_test(t, user_id_says_nothing_that_gpg_did_not);
    tcase_add_test(t, changed_content_is_bad);
    tcase_add_test(t, digest_or_key_below_the_floor_is_weak);
    tcase_add_test(t, signer_that_expired_or_was_revoked_is_untrusted);
    tcase_add_test(t, what_is_no_signature_is_unsupported);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
