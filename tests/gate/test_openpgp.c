/* Tests of the gate with OpenPGP: what leaves is judged by gpg, what arrives is made by gpg. */
#include "gate/internal.h"
#include "gate/pgp_keys.h"
#include "mime/transfer.h"
#include "openpgp/armor.h"
#include "openpgp/own.h"
#include "support/check.h"
#include "support/gpg_home.h"
#include "support/site.h"
#include "token/wrap.h"

#include <string.h>
#include <time.h>

static const char policy[] = "our domains our.example\n"
                             "keyword confidential subject \"[confidential]\"\n"
                             "rule \"confidential\"\n"
                             "    when outbound, keyword confidential\n"
                             "    sign\n"
                             "    encrypt\n"
                             "rule \"signed\"\n"
                             "    when outbound, to domain signed.example\n"
                             "    sign with openpgp\n"
                             "rule \"out\"\n"
                             "    when outbound\n"
                             "    sign if possible\n"
                             "    encrypt if possible\n"
                             "rule \"in\"\n"
                             "    when inbound\n"
                             "    decrypt\n"
                             "    tag\n"
                             "rule \"house\"\n"
                             "    when internal\n"
                             "    pass\n";

#define ALICE      .from = "alice@our.example", .login = "alice@our.example", .now = now
#define FROM_ALICE "From: Alice <alice@our.example>\nTo: bob@their.example, carol@their.example\n"
#define TOKEN      "The plaintext token is ORCHID."

static struct site *site;
static struct tool *tool;
static struct pgp_engine *engine;
static struct pgp_key alice;
static int64_t now; /* gpg's own clock */

static void put_key(const struct pgp_key *key, const char *addr, enum trust trust)
{
    struct err err = ERR_INIT;
    struct pgp_record record = pgp_keys_record(site->arena, key);
    record.addrs = &addr;
    record.naddrs = 1;
    record.trust = trust;
    record.source = PGP_SOURCE_IMPORTED;
    record.first_seen = record.last_seen = now;
    ck_ok(store_put_pgp(site->store, &record, (struct span){NULL, 0}, &err));
}

/* Somebody's key, made by his own gpg. */
static void partner(const char *name, const char *addr, const char *algorithm, enum trust trust)
{
    struct err err = ERR_INIT;
    struct pgp_key *keys;
    size_t n, broken;
    gpg_home_new(tool, name, arena_printf(site->arena, "%s <%s>", name, addr), algorithm);
    ck_ok(pgp_key_read(engine, site->arena, gpg_home_key(tool, name), &keys, &n, &broken, &err));
    ck_assert_uint_eq(n, 1);
    put_key(&keys[0], addr, trust);
    gpg_home_learn(tool, name, alice.bytes);
}

static void own_key(const char *addr, struct pgp_key *out)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(secret_fini) struct secret passphrase = {.len = 0};
    SEAL_CLEANUP(buf_fini) struct buf wrapped = BUF_INIT(WRAP_MAX);
    ck_ok(pgp_own_passphrase(&passphrase, &err));
    ck_ok(pgp_own_generate(engine, site->arena, "Alice", addr, PGP_ED25519, 0, &passphrase, out, &err));
    ck_ok(wrap_seal(&site->master, addr, span_of(out->fingerprint), &passphrase, &wrapped, &err));
    put_key(out, addr, TRUST_TRUSTED);
    const struct pgp_own_record own = {
        .fingerprint = out->fingerprint, .owner = addr, .wrapped = buf_span(&wrapped), .created = now};
    ck_ok(store_put_pgp_own(site->store, &own, &err));
}

static void setup(void)
{
    struct err err = ERR_INIT;
    now = (int64_t)time(NULL) + 1;
    site = site_new_with(policy, "openpgp-limiter = " SEAL_LIMITER "\n");
    tool = tool_new();
    ck_ok(pgp_engine_get(site->gate, &engine, &err));
    const struct user_record user = {.addr = "alice@our.example", .name = "Alice", .enabled = true};
    ck_ok(store_put_user(site->store, &user, &err));
    own_key("alice@our.example", &alice);
    partner("bob", "bob@their.example", "future-default", TRUST_TRUSTED);
}

static void teardown(void)
{
    gpg_home_end(tool, "bob");
    tool_free(&tool);
    site_free(&site);
}

static bool has(struct span text, const char *needle)
{
    return span_find(text, needle, strlen(needle), 0) != SIZE_MAX;
}

static void run_ok(const struct site_mail *m)
{
    ck_assert_msg(site_run(site, m) == 0, "%s", site->err.msg);
}

static const char *mail(const char *subject)
{
    return arena_printf(site->arena, FROM_ALICE "Subject: %s\n\n" TOKEN "\n", subject);
}

/* A part of a message: n-th child of the root, header and body. */
static struct span part_of(struct span message, size_t n, bool body_only)
{
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    struct part_table table;
    struct err err = ERR_INIT;
    ck_ok(part_parse(site->arena, message, &limits, &table, &err));
    const struct part *part = &table.parts[part_child(&table, 0, n)];
    size_t begin = body_only ? part->body : part->begin;
    return span_sub(message, begin, part->end - begin);
}

/* What is inside, by gpg's word. */
static struct span decrypted(const char *name, struct span copy)
{
    tool_write(tool, "in.asc", part_of(copy, 1, true));
    ck_assert_msg(gpg_home_run(tool, name, "--yes", "--output", "plain", "--decrypt", "in.asc", NULL) == 0,
                  "%.*s", (int)tool_read(tool, "said").len, tool_read(tool, "said").ptr);
    return tool_read(tool, "plain");
}

START_TEST(message_is_signed_and_encrypted_in_one_for_a_known_key)
{
    run_ok(&(struct site_mail){ALICE, .to = {"bob@their.example"}, .text = mail("[confidential] Hi")});
    ck_assert_int_eq(site->outcome->verdict, VERDICT_ACCEPT);
    struct span copy = site_copy_for(site, "bob@their.example");
    ck_assert(has(copy, "multipart/encrypted; protocol=\"application/pgp-encrypted\""));
    ck_assert(!has(copy, "ORCHID"));
    ck_assert(has(part_of(copy, 0, true), "Version: 1\r\n"));
    struct span inside = decrypted("bob", copy);
    ck_assert(has(inside, TOKEN));
    ck_assert(!has(inside, "multipart/signed"));
    ck_assert(has(tool_read(tool, "said"), "Good signature from \"Alice <alice@our.example>\""));
}
END_TEST

START_TEST(signature_is_one_that_gpg_verifies)
{
    run_ok(&(struct site_mail){ALICE, .to = {"x@signed.example"}, .text = mail("Hi")});
    struct span copy = site_copy_for(site, "x@signed.example");
    ck_assert(has(copy, "protocol=\"application/pgp-signature\""));
    ck_assert(has(copy, "micalg=pgp-sha"));
    tool_write(tool, "entity", part_of(copy, 0, false));
    tool_write(tool, "sig.asc", part_of(copy, 1, true));
    ck_assert_int_eq(gpg_home_run(tool, "bob", "--verify", "sig.asc", "entity", NULL), 0);
    ck_assert(has(tool_read(tool, "said"), "Good signature from \"Alice <alice@our.example>\""));
}
END_TEST

START_TEST(each_recipient_gets_the_method_that_he_has)
{
    site_user(site, "alice@our.example", PKI_P256);
    site_partner(site, "carol@their.example", PKI_P256);
    run_ok(&(struct site_mail){
        ALICE, .to = {"bob@their.example", "carol@their.example", "dave@their.example"}, .text = mail("Hi")});
    ck_assert_uint_eq(site->outcome->plan->ncopies, 3);
    struct span carol = site_copy_for(site, "carol@their.example"),
                dave = site_copy_for(site, "dave@their.example");
    ck_assert(has(decrypted("bob", site_copy_for(site, "bob@their.example")), TOKEN));
    ck_assert(has(carol, "application/pkcs7-mime") && !has(carol, "ORCHID"));
    ck_assert(has(dave, "application/pkcs7-signature") && has(dave, "ORCHID"));
}
END_TEST

START_TEST(hidden_recipient_is_named_by_no_packet)
{
    partner("eve", "eve@their.example", "future-default", TRUST_TRUSTED);
    run_ok(&(struct site_mail){ALICE, .to = {"bob@their.example", "eve@their.example"}, .text = mail("Hi")});
    ck_assert_uint_eq(site->outcome->plan->ncopies, 2);
    tool_write(tool, "eve.asc", part_of(site_copy_for(site, "eve@their.example"), 1, true));
    ck_assert_int_eq(gpg_home_run(tool, "eve", "--list-packets", "eve.asc", NULL), 0);
    ck_assert(has(tool_read(tool, "said"), "keyid 0000000000000000"));
    ck_assert(has(decrypted("eve", site_copy_for(site, "eve@their.example")), TOKEN));
    gpg_home_end(tool, "eve");
}
END_TEST

START_TEST(key_that_is_not_trusted_is_no_key)
{
    partner("mallory", "mallory@their.example", "future-default", TRUST_UNTRUSTED);
    run_ok(&(struct site_mail){ALICE, .to = {"mallory@their.example"}, .text = mail("[confidential] Hi")});
    ck_assert_int_eq(site->outcome->verdict, VERDICT_REJECT);
    gpg_home_end(tool, "mallory");
}
END_TEST

/* ---- what arrives ---- */

#define FROM_BOB "From: Bob <bob@their.example>\nTo: alice@our.example\nSubject: Hi\n"
#define TO_ALICE .from = "bob@their.example", .to = {"alice@our.example"}, .now = now

static const char entity[] = "Content-Type: text/plain\r\n\r\n" TOKEN "\r\n";

static struct span pgp_mime(const char *headers, const char *armor_file)
{
    struct span armor = tool_read(tool, armor_file);
    const char *text = arena_printf(site->arena,
                                    "%sMIME-Version: 1.0\nContent-Type: multipart/encrypted; "
                                    "protocol=\"application/pgp-encrypted\"; boundary=b\n\n"
                                    "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n"
                                    "--b\nContent-Type: application/octet-stream\n\n%.*s\n--b--\n",
                                    headers, (int)armor.len, armor.ptr);
    return site_crlf(site, text);
}

static struct span sealed_by_bob(const char *more)
{
    tool_write(tool, "entity", span_of(entity));
    gpg_home_learn(tool, "bob", alice.bytes);
    ck_assert_int_eq(gpg_home_run(tool, "bob", "--yes", "--armor", "--output", "out.asc", "--recipient",
                                  "alice@our.example", "--encrypt", more, "entity", NULL),
                     0);
    return pgp_mime(FROM_BOB, "out.asc");
}

static struct span opened_for_alice(struct span message)
{
    run_ok(&(struct site_mail){TO_ALICE, .bytes = message});
    ck_assert_int_eq(site->outcome->verdict, VERDICT_ACCEPT);
    return site_copy_for(site, "alice@our.example");
}

static void expect(struct span copy, const char *subject, const char *status_begins)
{
    const char *status = site_field(site, copy, "X-Sealmilter-Status", 0);
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), subject);
    ck_assert_msg(status != NULL && strncmp(status, status_begins, strlen(status_begins)) == 0, "%s", status);
}

START_TEST(message_of_gpg_is_opened_and_its_signature_counts)
{
    struct span copy = opened_for_alice(sealed_by_bob("--sign"));
    expect(copy, "[secure] [signed OK] Hi", "encryption=opened; auth=");
    ck_assert(has(copy, TOKEN));
    ck_assert_ptr_nonnull(strstr(site_field(site, copy, "Authentication-Results", 0), "x-openpgp=pass"));
    ck_assert_ptr_nonnull(
        strstr(site_field(site, copy, "X-Sealmilter-Status", 0), "signer=\"bob@their.example\""));
}
END_TEST

START_TEST(encrypted_message_without_signature_is_opened)
{
    expect(opened_for_alice(sealed_by_bob("--no-throw-keyids")), "[secure] Hi",
           "encryption=opened; auth=cipher; signature=none");
}
END_TEST

START_TEST(message_for_somebody_else_stays_closed)
{
    partner("eve", "eve@their.example", "future-default", TRUST_TRUSTED);
    tool_write(tool, "entity", span_of(entity));
    ck_assert_int_eq(gpg_home_run(tool, "eve", "--armor", "--output", "out.asc", "--recipient",
                                  "eve@their.example", "--encrypt", "entity", NULL),
                     0);
    struct span copy = opened_for_alice(pgp_mime(FROM_BOB, "out.asc"));
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

START_TEST(signature_with_sha1_is_weak)
{
    partner("rsa", "rsa@their.example", "rsa2048", TRUST_TRUSTED);
    struct span copy = opened_for_alice(
        signed_by("rsa", "From: rsa@their.example\nTo: alice@our.example\nSubject: Hi\n", "SHA1"));
    expect(copy, "[signature invalid] Hi", "encryption=none; signature=weak");
    gpg_home_end(tool, "rsa");
}
END_TEST

START_TEST(valid_signature_by_another_stored_key_is_not_of_the_sender)
{
    partner("eve", "eve@their.example", "future-default", TRUST_TRUSTED);
    struct span copy = opened_for_alice(signed_by("eve", FROM_BOB, "SHA256"));
    const char *status = site_field(site, copy, "X-Sealmilter-Status", 0);
    ck_assert_ptr_null(strstr(site_field(site, copy, "Subject", 0), "[signed OK]"));
    ck_assert_ptr_null(strstr(status, "signature=good"));
    gpg_home_end(tool, "eve");
}
END_TEST

START_TEST(signature_of_a_key_that_is_not_trusted_is_untrusted)
{
    partner("eve", "eve@their.example", "future-default", TRUST_UNTRUSTED);
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

START_TEST(message_that_exchange_has_mangled_is_opened)
{
    (void)sealed_by_bob("--sign");
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

/* The last octets of the packets are the modification detection code. */
START_TEST(message_without_its_end_is_not_opened)
{
    (void)sealed_by_bob("--sign");
    struct err err = ERR_INIT;
    static const struct spool_conf conf = {.dir = "/tmp", .mem_max = 1u << 20, .size_max = 1u << 20};
    SEAL_CLEANUP(spool_free) struct spool *packets = spool_new(&conf), *armor = spool_new(&conf);
    ck_ok(armor_decode(tool_read(tool, "out.asc"), ARMOR_MESSAGE, packets, &err));
    ck_ok(spool_seal(packets, &err));
    struct span whole = spool_all(packets);
    char *changed = arena_memdup(site->arena, whole.ptr, whole.len);
    changed[whole.len - 3] ^= 1;
    ck_ok(armor_encode((struct span){changed, whole.len}, ARMOR_MESSAGE, armor, &err));
    ck_ok(spool_seal(armor, &err));
    tool_write(tool, "cut.asc", spool_all(armor));
    struct span copy = opened_for_alice(pgp_mime(FROM_BOB, "cut.asc"));
    ck_assert(!has(copy, "ORCHID"));
    ck_assert(has(copy, "-----BEGIN PGP MESSAGE-----"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("gate/openpgp");
    TCase *tc = tcase_create("out");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, message_is_signed_and_encrypted_in_one_for_a_known_key);
    tcase_add_test(tc, signature_is_one_that_gpg_verifies);
    tcase_add_test(tc, each_recipient_gets_the_method_that_he_has);
    tcase_add_test(tc, hidden_recipient_is_named_by_no_packet);
    tcase_add_test(tc, key_that_is_not_trusted_is_no_key);
    suite_add_tcase(s, tc);
    tc = tcase_create("in");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, message_of_gpg_is_opened_and_its_signature_counts);
    tcase_add_test(tc, encrypted_message_without_signature_is_opened);
    tcase_add_test(tc, message_for_somebody_else_stays_closed);
    tcase_add_test(tc, detached_signature_of_gpg_counts);
    tcase_add_test(tc, signature_with_sha1_is_weak);
    tcase_add_test(tc, valid_signature_by_another_stored_key_is_not_of_the_sender);
    tcase_add_test(tc, signature_of_a_key_that_is_not_trusted_is_untrusted);
    tcase_add_test(tc, signature_of_a_key_that_is_not_known_is_not_called_anything);
    tcase_add_test(tc, changed_text_is_told);
    tcase_add_test(tc, message_that_exchange_has_mangled_is_opened);
    tcase_add_test(tc, message_without_its_end_is_not_opened);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
