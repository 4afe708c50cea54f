/* Tests of OpenPGP keys that come in by themselves: whatever way, a key is used for the one address for which it came (R28). */
#include "fetch/url.h"
#include "store/pgp.h"
#include "support/check.h"
#include "support/has.h"
#include "support/key_host.h"
#include "support/pgp_site.h"
#include "support/rules.h"

#include <stdio.h>
#include <string.h>

#define EVE    "eve@their.example"
#define VICTIM "victim@their.example"

static const char policy[] = OUR_DOMAIN "rule \"out\"\n"
                                        "    when outbound\n"
                                        "    encrypt if possible\n" IN_OPENED_AND_HARVESTED HOUSE_PASSES;

static struct key_host *host;
static struct pgp_site *s;
static struct site *site;

/* ---- a site that trusts every source at once, and looks Eve up ---- */

static void begin(const char *scheme, const char *user_id)
{
    char settings[PATH_MAX + 512];
    snprintf(settings, sizeof settings,
             "openpgp-trust = autocrypt\nopenpgp-lookup-ca-file = %s\nopenpgp-lookup = %s%s\n", host->ca,
             scheme == NULL ? "\"\"" : key_host_url(host, scheme), scheme == NULL ? "" : " " EVE);
    s = pgp_site_new(policy, settings);
    site = s->site;
    gpg_home_new(s->tool, "eve", user_id, "future-default");
}

static void setup(void)
{
    host = key_host_new();
}

static void teardown(void)
{
    gpg_home_end(s->tool, "eve");
    pgp_site_free(&s);
    key_host_free(&host);
}

static void arrive(const char *from, const char *text)
{
    pgp_site_run(s, (struct site_mail){.from = from, .to = {"alice@our.example"}, .text = text});
    pgp_site_commit(s);
}

static bool is_encrypted_to(const char *addr)
{
    pgp_site_run(s, (struct site_mail){.from = "alice@our.example",
                                       .login = "alice@our.example",
                                       .to = {addr},
                                       .text = "From: alice@our.example\nSubject: Hi\n\nORCHID\n"});
    pgp_site_commit(s);
    struct span copy = site_copy_for(site, addr);
    return !has(copy, "ORCHID");
}

/* ---- ways in ---- */

static const char *armor_of(const char *name)
{
    ck_assert_int_eq(gpg_home_run(s->tool, name, "--yes", "--armor", "--output", "key.asc", "--export", NULL),
                     0);
    return arena_spandup(site->arena, tool_read(s->tool, "key.asc"));
}

static const char *autocrypt(const char *name)
{
    (void)gpg_home_key(s->tool, name); /* in eve.pgp */
    char *command = arena_printf(site->arena, "base64 -w 70 < %s.pgp | sed 's/^/ /' > key.b64", name);
    ck_assert_int_eq(tool_run(s->tool, "sh", "-c", command, NULL), 0);
    return arena_spandup(site->arena, tool_read(s->tool, "key.b64"));
}

#define HEAD(from) "From: " from "\nTo: alice@our.example\nSubject: Hi\n"

static void by_attachment(void)
{
    arrive(EVE,
           arena_printf(site->arena, HEAD(EVE) "MIME-Version: 1.0\nContent-Type: application/pgp-keys\n\n%s",
                        armor_of("eve")));
}

static void by_autocrypt(void)
{
    arrive(EVE, arena_printf(site->arena, HEAD(EVE) "Autocrypt: addr=" EVE "; keydata=\n%s\nHi\n",
                             autocrypt("eve")));
}

/* In a message of Eve's with a good signature by a key of hers that is trusted already, and only signs. */
static void by_signature(void)
{
    pgp_site_partner(s, "old", EVE, "ed25519", TRUST_TRUSTED);
    const char *entity =
        arena_printf(site->arena, "Content-Type: application/pgp-keys\n\n%s", armor_of("eve"));
    tool_write(s->tool, "entity", site_crlf(site, entity));
    ck_assert_int_eq(gpg_home_run(s->tool, "old", "--yes", "--armor", "--digest-algo", "SHA256", "--output",
                                  "sig.asc", "--detach-sign", "entity", NULL),
                     0);
    arrive(EVE,
           arena_printf(site->arena,
                        HEAD(EVE) "MIME-Version: 1.0\nContent-Type: multipart/signed; "
                                  "micalg=pgp-sha256; protocol=\"application/pgp-signature\"; boundary=b\n\n"
                                  "--b\n%s\n--b\nContent-Type: application/pgp-signature\n\n%.*s\n--b--\n",
                        entity, SPAN_ARG(tool_read(s->tool, "sig.asc"))));
    ck_assert_ptr_nonnull(
        strstr(site_field(site, site_copy_for(site, "alice@our.example"), "X-Sealmilter-Status", 0),
               "signature=good"));
    gpg_home_end(s->tool, "old");
}

static void by_lookup(void)
{
    char hash[URL_WKD_HASH_SIZE];
    url_wkd_hash(SPAN_LIT("eve"), hash);
    key_host_put(host, hash, gpg_home_key(s->tool, "eve"));
    key_host_put(host, EVE, gpg_home_key(s->tool, "eve"));
    (void)is_encrypted_to(EVE);
}

static const struct {
    const char *server;
    void (*come)(void);
    enum pgp_source source;
} ways[] = {
    {NULL, by_attachment, PGP_SOURCE_ATTACHED}, {NULL, by_autocrypt, PGP_SOURCE_AUTOCRYPT},
    {NULL, by_signature, PGP_SOURCE_SIGNED},    {"wkd", by_lookup, PGP_SOURCE_WKD},
    {"hkps", by_lookup, PGP_SOURCE_KEYSERVER},  {"hkp", by_lookup, PGP_SOURCE_KEYSERVER},
};
#define WAYS_BY_MAIL 3 /* in front */

static bool find(const char *addr, struct pgp_record **records, size_t *n)
{
    struct err err = ERR_INIT;
    struct store_read *read = NULL;
    ck_ok(store_read_begin(site->store, site->arena, &read, &err));
    ck_ok(store_pgp_of(read, addr, records, n, &err));
    store_read_end(&read);
    return *n > 0;
}

/* ---- tests ---- */

START_TEST(key_with_a_foreign_user_id_is_used_for_its_bringer_alone)
{
    struct pgp_record *records;
    size_t n;
    begin(ways[_i].server, "Eve <" EVE ">");
    ck_assert_int_eq(gpg_home_run(s->tool, "eve", "--quick-add-uid", EVE, "Victim <" VICTIM ">", NULL), 0);
    ways[_i].come();
    ck_assert(find(EVE, &records, &n));
    size_t from = 0;
    while (from < n && records[from].source != ways[_i].source)
        from++;
    ck_assert_uint_lt(from, n);
    ck_assert(is_encrypted_to(EVE));
    ck_assert(!find(VICTIM, &records, &n));
    ck_assert(!is_encrypted_to(VICTIM));
}
END_TEST

START_TEST(key_of_somebody_else_is_not_kept)
{
    struct pgp_record *records;
    size_t n;
    begin(ways[_i].server, "Victim <" VICTIM ">");
    ways[_i].come();
    ck_assert(!find(VICTIM, &records, &n));
    ck_assert(!is_encrypted_to(VICTIM));
}
END_TEST

static void revoke_eves_key(const struct pgp_record *record)
{
    tool_write(s->tool, "revocation", gpg_home_revocation(s->tool, "eve", record->fingerprint));
    ck_assert_int_eq(gpg_home_run(s->tool, "eve", "--import", "revocation", NULL), 0);
}

/* Whoever brings it: it is signed by the key itself, and the administrator's trust is no longer than the key's life. */
START_TEST(revocation_that_comes_later_ends_the_use_of_a_pinned_key)
{
    struct err err = ERR_INIT;
    struct pgp_record *records;
    size_t n;
    begin(NULL, "Eve <" EVE ">");
    by_attachment();
    ck_assert(find(EVE, &records, &n));
    ck_ok(store_set_pgp_trust(site->store, records[0].fingerprint, TRUST_TRUSTED, &err));
    ck_assert(is_encrypted_to(EVE));
    revoke_eves_key(&records[0]);
    ck_assert(is_encrypted_to(EVE));
    ways[_i].come();
    ck_assert(!is_encrypted_to(EVE));
    ck_assert(find(EVE, &records, &n));
    ck_assert(records[0].revoked || records[n - 1].revoked);
}
END_TEST

#define KEYDATA "; keydata=\n%s"

static const struct {
    const char *fields; /* %s: keydata */
    bool learned;
} fields[] = {
    {"Autocrypt: addr=" EVE KEYDATA, true},
    {"Autocrypt: addr=Eve@Their.Example; prefer-encrypt=mutual; _by=x" KEYDATA, true},
    {"Autocrypt: addr=" VICTIM KEYDATA, false},
    {"Autocrypt: addr=" VICTIM "; addr=" EVE KEYDATA, false},
    {"Autocrypt: addr=" EVE "; addr=" EVE KEYDATA, false},
    {"Autocrypt: addr=" EVE "; type=2" KEYDATA, false},
    {"Autocrypt: addr=" EVE "; critical" KEYDATA, false},
    {"Autocrypt: prefer-encrypt=mutual" KEYDATA, false},
    {"Autocrypt: addr=" EVE "; keydata=AAAA\nX-Other: keydata=\n%s", false},
    {"Autocrypt: addr=" EVE "; keydata=\nX-Other: keydata=\n%s", false},
    {"Autocrypt: addr=" EVE "; keydata=AAAA\nAutocrypt: addr=" EVE KEYDATA, false},
    {"Autocrypt-Gossip: addr=" EVE KEYDATA, false},
};

START_TEST(autocrypt_counts_for_from_alone_and_once)
{
    struct pgp_record *records;
    size_t n;
    begin(NULL, "Eve <" EVE ">");
    const char *text = arena_printf(site->arena, "%s%s%s", HEAD(EVE), fields[_i].fields, "\nHi\n");
    const char *mark = strstr(text, "%s");
    arrive(EVE, arena_printf(site->arena, "%.*s%s%s", (int)(mark - text), text, autocrypt("eve"), mark + 2));
    ck_assert_int_eq(find(EVE, &records, &n), fields[_i].learned);
    ck_assert(!find(VICTIM, &records, &n));
}
END_TEST

START_TEST(autocrypt_for_another_address_takes_no_known_keys_place)
{
    struct pgp_record *records;
    size_t n;
    begin(NULL, "Eve <" EVE ">");
    arrive("mallory@evil.example",
           arena_printf(site->arena,
                        HEAD("mallory@evil.example") "Autocrypt: addr=bob@their.example" KEYDATA "\nHi\n",
                        autocrypt("eve")));
    ck_assert(find("bob@their.example", &records, &n));
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(records[0].source, PGP_SOURCE_IMPORTED);
    ck_assert(!find("mallory@evil.example", &records, &n));
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("gate/learn_pgp");
    TCase *t = tcase_create("learn_pgp");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, key_with_a_foreign_user_id_is_used_for_its_bringer_alone, 0,
                        (int)SEAL_COUNT(ways));
    tcase_add_loop_test(t, key_of_somebody_else_is_not_kept, 0, (int)SEAL_COUNT(ways));
    tcase_add_loop_test(t, revocation_that_comes_later_ends_the_use_of_a_pinned_key, 0, WAYS_BY_MAIL);
    tcase_add_loop_test(t, autocrypt_counts_for_from_alone_and_once, 0, (int)SEAL_COUNT(fields));
    tcase_add_test(t, autocrypt_for_another_address_takes_no_known_keys_place);
    suite_add_tcase(suite, t);
    return suite;
}

TEST_MAIN(suite)
