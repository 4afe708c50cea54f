/* Which of several OpenPGP keys is encrypted to, and what a key of our whole domain does; the keys are made by gpg, at different times. */
#include "store/pgp.h"
#include "support/check.h"
#include "support/pgp_site.h"

#include <ctype.h>
#include <string.h>

static const char policy[] = "our domains our.example\n"
                             "keyword confidential subject \"[confidential]\"\n"
                             "rule \"confidential\"\n"
                             "    when outbound, keyword confidential\n"
                             "    encrypt\n"
                             "rule \"out\"\n"
                             "    when outbound\n"
                             "    sign if possible\n"
                             "rule \"in\"\n"
                             "    when inbound\n"
                             "    decrypt\n"
                             "    tag\n"
                             "rule \"house\"\n"
                             "    when internal\n"
                             "    pass\n";

#define DORA  "dora@their.example"
#define TOKEN "The plaintext token is ORCHID."
#define KINDS "future-default", "rsa2048"

static const char *const kinds[] = {KINDS};

static struct pgp_site *s;
static struct site *site;
static struct tool *tool;

static void setup(void)
{
    s = pgp_site_new(policy, "");
    site = s->site;
    tool = s->tool;
    gpg_home_new(tool, "dora", "first <first@their.example>", "future-default");
}

static void teardown(void)
{
    gpg_home_end(tool, "dora");
    pgp_site_free(&s);
}

#define dora_gpg(...) ck_assert_int_eq(gpg_home_run(tool, "dora", "--yes", __VA_ARGS__, NULL), 0)

/* ---- Dora's keys ---- */

/* A field of the n-th line of this kind in what gpg has said, as our records write it. */
static const char *said_field(const char *kind, size_t n, unsigned field)
{
    struct span said = tool_read(tool, "said");
    for (const char *line = arena_spandup(site->arena, said); line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, kind, strlen(kind)) != 0 || n-- > 0)
            continue;
        for (unsigned i = 0; i < field; i++)
            line = strchr(line, ':') + 1;
        char *value = arena_spandup(site->arena, (struct span){line, strcspn(line, ":\n")});
        for (char *c = value; *c != '\0'; c++)
            *c = (char)tolower((unsigned char)*c);
        return value;
    }
    ck_abort_msg("no %s in %.*s", kind, SPAN_ARG(said));
}

/* The key of this User-ID, and key ids of its subkeys, by gpg's listing. */
static const char *fingerprint_of(const char *user_id)
{
    dora_gpg("--with-colons", "--list-keys", user_id);
    return said_field("fpr:", 0, 9);
}

static const char *subkey_of(const char *user_id, size_t n)
{
    dora_gpg("--with-colons", "--list-keys", user_id);
    return said_field("sub:", n, 4);
}

static void put(const char *user_id, enum trust trust)
{
    struct err err = ERR_INIT;
    struct pgp_key *keys;
    size_t n, broken;
    dora_gpg("--output", "dora.pgp", "--export", user_id);
    ck_ok(pgp_key_read(s->engine, site->arena, tool_read(tool, "dora.pgp"), &keys, &n, &broken, &err));
    ck_assert_uint_eq(n, 1);
    pgp_site_put(s, &keys[0], DORA, trust);
}

/* An hour later than make(): its gpg may have taken some seconds, and no gpg touches a key that it holds to be made in the future. */
static void add_subkey(const char *user_id, const char *year, const char *algorithm, const char *expires)
{
    const char *time = arena_printf(site->arena, "%s0101T010000", year);
    dora_gpg("--faked-system-time", time, "--passphrase", "", "--quick-add-key", fingerprint_of(user_id),
             strncmp(algorithm, "rsa", 3) == 0 ? algorithm : "cv25519", "encr", expires);
}

/* A further key of Dora's; usage "default" has a subkey to encrypt, which gpg makes by itself for curves alone. */
static void make(const char *user_id, const char *year, const char *algorithm, const char *usage,
                 const char *expires)
{
    const char *time = arena_printf(site->arena, "%s0101T000000", year);
    dora_gpg("--faked-system-time", time, "--passphrase", "", "--quick-gen-key", user_id, algorithm, usage,
             expires);
    if (strncmp(algorithm, "rsa", 3) == 0 && strcmp(usage, "default") == 0)
        add_subkey(user_id, year, algorithm, expires);
}

static void revoke(const char *user_id)
{
    tool_write(tool, "revocation", gpg_home_revocation(tool, "dora", fingerprint_of(user_id)));
    dora_gpg("--import", "revocation");
}

/* ---- which is used ---- */

static void send_confidential(void)
{
    static const char text[] =
        "From: alice@our.example\nTo: " DORA "\nSubject: [confidential] Hi\n\n" TOKEN "\n";
    const struct site_mail mail = {
        .from = "alice@our.example", .login = "alice@our.example", .to = {DORA}, .text = text, .now = s->now};
    ck_assert_msg(site_run(site, &mail) == 0, "%s", site->err.msg);
}

/* The key id that the message names, by gpg's word, which opens it too. */
static const char *used(void)
{
    send_confidential();
    ck_assert_msg(site->outcome->verdict == VERDICT_ACCEPT, "%s", site->outcome->reply);
    struct span copy = site_copy_for(site, DORA);
    struct span inside = pgp_site_decrypted(s, "dora", copy);
    ck_assert_uint_ne(span_find(inside, TOKEN, strlen(TOKEN), 0), SIZE_MAX);
    ck_assert_uint_eq(span_find(copy, TOKEN, strlen(TOKEN), 0), SIZE_MAX);
    dora_gpg("--list-packets", "in.asc");
    struct span said = tool_read(tool, "said");
    size_t at = span_find(said, "keyid ", 6, 0);
    char *keyid = arena_spandup(site->arena, span_sub(said, at + 6, 16));
    for (char *c = keyid; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return keyid;
}

static void trust(const char *user_id, enum trust trust)
{
    struct err err = ERR_INIT;
    ck_ok(store_set_pgp_trust(site->store, fingerprint_of(user_id), trust, &err));
}

START_TEST(of_several_keys_the_pinned_then_the_newest_that_is_good_for_it)
{
    make("older <older@x>", "2015", kinds[_i], "default", "never");
    make("newer <newer@x>", "2016", kinds[_i], "default", "never");
    put("older", TRUST_TRUSTED);
    put("newer", TRUST_TRUSTED);
    ck_assert_str_eq(used(), subkey_of("newer", 0));
    trust("older", TRUST_TRUSTED);
    ck_assert_str_eq(used(), subkey_of("older", 0));
    trust("older", TRUST_REJECTED);
    ck_assert_str_eq(used(), subkey_of("newer", 0));
    trust("newer", TRUST_REJECTED);
    send_confidential();
    ck_assert_int_eq(site->outcome->verdict, VERDICT_REJECT);
}
END_TEST

static void put_expired(const char *algorithm)
{
    make("bad <bad@x>", "2017", algorithm, "default", "1d");
    put("bad", TRUST_TRUSTED);
}

static void put_revoked(const char *algorithm)
{
    make("bad <bad@x>", "2017", algorithm, "default", "never");
    revoke("bad");
    put("bad", TRUST_TRUSTED);
}

static void put_signing_key(const char *algorithm)
{
    make("bad <bad@x>", "2017", strcmp(algorithm, "rsa2048") == 0 ? algorithm : "ed25519", "sign", "never");
    put("bad", TRUST_TRUSTED);
}

static void put_untrusted(const char *algorithm)
{
    make("bad <bad@x>", "2017", algorithm, "default", "never");
    put("bad", TRUST_UNTRUSTED);
}

static void put_short(const char *algorithm)
{
    (void)algorithm;
    make("bad <bad@x>", "2017", "rsa1024", "default", "never");
    put("bad", TRUST_TRUSTED);
}

static void (*const faults[])(const char *algorithm) = {put_expired, put_revoked, put_signing_key,
                                                        put_untrusted, put_short};

START_TEST(newer_key_that_is_good_for_nothing_stands_in_no_older_ones_way)
{
    const char *algorithm = kinds[_i % SEAL_COUNT(kinds)];
    faults[_i / SEAL_COUNT(kinds)](algorithm);
    send_confidential();
    ck_assert_int_eq(site->outcome->verdict, VERDICT_REJECT);
    make("good <good@x>", "2015", algorithm, "default", "never");
    put("good", TRUST_TRUSTED);
    ck_assert_str_eq(used(), subkey_of("good", 0));
}
END_TEST

/* The administrator has said that it is Dora's, not that it lives for ever. */
START_TEST(pin_makes_no_key_good)
{
    put_expired("future-default");
    make("good <good@x>", "2015", "future-default", "default", "never");
    put("good", TRUST_TRUSTED);
    trust("bad", TRUST_TRUSTED);
    ck_assert_str_eq(used(), subkey_of("good", 0));
}
END_TEST

/* What was known of it is forgotten: merging is the subject of other tests. */
static void put_again(const char *user_id)
{
    struct err err = ERR_INIT;
    ck_ok(store_delete_pgp(site->store, fingerprint_of(user_id), &err));
    put(user_id, TRUST_TRUSTED);
}

START_TEST(newer_subkeys_that_expired_or_were_revoked_are_passed_over)
{
    make("subkeys <subkeys@x>", "2015", kinds[_i], "default", "never");
    const char *first = subkey_of("subkeys", 0);
    put("subkeys", TRUST_TRUSTED);
    ck_assert_str_eq(used(), first);
    add_subkey("subkeys", "2016", kinds[_i], "never");
    put_again("subkeys");
    ck_assert_str_eq(used(), subkey_of("subkeys", 1));
    tool_write(tool, "commands", SPAN_LIT("key 2\nrevkey\ny\n0\n\ny\nsave\n"));
    dora_gpg("--command-file", "commands", "--edit-key", fingerprint_of("subkeys"));
    add_subkey("subkeys", "2017", kinds[_i], "1d");
    put_again("subkeys");
    ck_assert_str_eq(used(), first);
}
END_TEST

/* ---- a key of our domain ---- */

#define GATEWAY "gateway@our.example"

static struct span arrived_for(const char *rcpt, struct span message)
{
    pgp_site_run(s, (struct site_mail){.from = "bob@their.example", .to = {rcpt}, .bytes = message});
    return site_copy_for(site, rcpt);
}

static struct span sealed_for_gateway(void)
{
    tool_write(tool, "entity", SPAN_LIT("Content-Type: text/plain\r\n\r\n" TOKEN "\r\n"));
    ck_assert_int_eq(gpg_home_run(tool, "bob", "--yes", "--armor", "--output", "out.asc", "--recipient",
                                  GATEWAY, "--sign", "--encrypt", "entity", NULL),
                     0);
    return pgp_site_mime(s, "From: bob@their.example\nTo: carol@our.example\nSubject: Hi\n",
                         tool_read(tool, "out.asc"));
}

static void expect_opened(struct span copy)
{
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), "[secure] [signed OK] Hi");
    ck_assert_uint_ne(span_find(copy, TOKEN, strlen(TOKEN), 0), SIZE_MAX);
}

START_TEST(key_of_our_domain_opens_what_comes_to_any_address_of_it)
{
    struct pgp_key gateway;
    pgp_site_own(s, GATEWAY, "@our.example", &gateway);
    gpg_home_learn(tool, "bob", gateway.bytes);
    site_known(site, "carol@our.example", "Carol");
    struct span message = sealed_for_gateway();
    expect_opened(arrived_for("carol@our.example", message));
    expect_opened(arrived_for("alice@our.example", message));
}
END_TEST

START_TEST(key_of_one_address_opens_nothing_for_another)
{
    struct pgp_key gateway;
    pgp_site_own(s, GATEWAY, GATEWAY, &gateway);
    gpg_home_learn(tool, "bob", gateway.bytes);
    site_known(site, "carol@our.example", "Carol");
    struct span copy = arrived_for("carol@our.example", sealed_for_gateway());
    ck_assert_str_eq(site_field(site, copy, "Subject", 0), "Hi");
    ck_assert_uint_eq(span_find(copy, TOKEN, strlen(TOKEN), 0), SIZE_MAX);
}
END_TEST

static struct span sent_by(const char *addr)
{
    const char *text =
        arena_printf(site->arena, "From: %s\nTo: x@y.example\nSubject: Hi\n\n" TOKEN "\n", addr);
    pgp_site_run(s, (struct site_mail){.from = addr, .login = addr, .to = {"x@y.example"}, .text = text});
    return site_copy_for(site, "x@y.example");
}

/* Nobody could tell Carol's signature by it from anybody else's of the house. */
START_TEST(key_of_our_domain_signs_for_none_but_the_address_that_it_names)
{
    struct pgp_key gateway;
    pgp_site_own(s, GATEWAY, "@our.example", &gateway);
    site_known(site, "carol@our.example", "Carol");
    site_known(site, GATEWAY, "Gateway");
    struct span copy = sent_by("carol@our.example");
    ck_assert_uint_eq(span_find(copy, "multipart/signed", 16, 0), SIZE_MAX);
    copy = sent_by(GATEWAY);
    ck_assert_uint_ne(span_find(copy, "application/pgp-signature", 25, 0), SIZE_MAX);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("pgp_selection");
    TCase *t = tcase_create("theirs");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, of_several_keys_the_pinned_then_the_newest_that_is_good_for_it, 0,
                        SEAL_COUNT(kinds));
    tcase_add_loop_test(t, newer_key_that_is_good_for_nothing_stands_in_no_older_ones_way, 0,
                        SEAL_COUNT(kinds) * SEAL_COUNT(faults));
    tcase_add_test(t, pin_makes_no_key_good);
    tcase_add_loop_test(t, newer_subkeys_that_expired_or_were_revoked_are_passed_over, 0, SEAL_COUNT(kinds));
    suite_add_tcase(suite, t);
    t = tcase_create("ours");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, key_of_our_domain_opens_what_comes_to_any_address_of_it);
    tcase_add_test(t, key_of_one_address_opens_nothing_for_another);
    tcase_add_test(t, key_of_our_domain_signs_for_none_but_the_address_that_it_names);
    suite_add_tcase(suite, t);
    return suite;
}

TEST_MAIN(suite)
