/* Tests of FACTS_LOOKUPS: keys of key servers are used at once and kept, "no" is remembered, "could not find out" defers. */
#include "fetch/url.h"
#include "gate/internal.h"
#include "gate/keep_pgp.h"
#include "support/check.h"
#include "support/has.h"
#include "support/key_host.h"
#include "support/pgp_ldif.h"
#include "support/pgp_site.h"
#include "support/slapd.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define CAROL  "carol@their.example"
#define VICTIM "victim@their.example"
#define TOKEN  "The plaintext token is ORCHID."
#define HOUR   INT64_C(3600)
#define DAY    (24 * HOUR)

static const char policy[] = "our domains our.example\n"
                             "rule \"plain\"\n"
                             "    when outbound, to domain plain.example\n"
                             "    sign if possible\n"
                             "rule \"out\"\n"
                             "    when outbound\n"
                             "    encrypt if possible\n"
                             "rule \"rest\"\n"
                             "    when inbound or internal\n"
                             "    pass\n";

static struct key_host *host;
static struct pgp_site *s;
static struct slapd *slapd;

static void begin(const char *servers, const char *more)
{
    char settings[PATH_MAX + 1024];
    snprintf(settings, sizeof settings, "openpgp-lookup = %s\nopenpgp-lookup-ca-file = %s\n%s", servers,
             host->ca, more);
    s = pgp_site_new(policy, settings);
    gpg_home_new(s->tool, "carol", "Carol <" CAROL ">", "future-default");
}

static void directory(const char *more)
{
    begin(key_host_url(host, "wkd"), more);
}

static void setup(void)
{
    host = key_host_new();
}

static void teardown(void)
{
    gpg_home_end(s->tool, "carol");
    pgp_site_free(&s);
    key_host_free(&host);
    slapd_free(&slapd);
}

/* In the directory by its hash, on the server by the address. */
static void publish(const char *addr, struct span key)
{
    char hash[URL_WKD_HASH_SIZE];
    url_wkd_hash((struct span){addr, strcspn(addr, "@")}, hash);
    key_host_put(host, hash, key);
    key_host_put(host, addr, key);
}

static void publish_carol(void)
{
    publish(CAROL, gpg_home_key(s->tool, "carol"));
}

static void ignore_kept(void *arg, const char *fingerprint, enum trust trust, enum harvest_result result)
{
    (void)arg;
    (void)fingerprint;
    (void)trust;
    (void)result;
}

/* As the daemon does after the verdict. */
static void commit(int64_t now)
{
    struct err err = ERR_INIT;
    for (size_t i = 0; i < s->site->outcome->neffects; i++) {
        const struct effect *effect = &s->site->outcome->effects[i];
        if (effect->kind == EFFECT_HARVEST_PGP)
            ck_ok(keep_pgp(s->site->gate, effect, now, ignore_kept, NULL, &err));
        else if (effect->kind == EFFECT_LOOKUP)
            ck_ok(store_put_remembered(s->site->store, effect->remembered, effect->nremembered, now, &err));
    }
}

static void send_at(const char *to, int64_t later)
{
    const struct site_mail mail = {.from = "alice@our.example",
                                   .login = "alice@our.example",
                                   .to = {to},
                                   .now = s->now + later,
                                   .text = "From: Alice <alice@our.example>\nTo: carol@their.example\n"
                                           "Subject: Hi\n\n" TOKEN "\n"};
    site_answers(s->site, &mail);
    commit(s->now + later);
}

static const char *result(const char *to)
{
    if (s->site->outcome->verdict != VERDICT_ACCEPT)
        return verdict_name(s->site->outcome->verdict);
    struct span copy = site_copy_for(s->site, to);
    return has(copy, "ORCHID") ? "clear" : "encrypted";
}

#define ck_sent(to, later, expected)                                                                         \
    do {                                                                                                     \
        send_at(to, later);                                                                                  \
        ck_assert_msg(strcmp(result(to), expected) == 0, "%s: %s", result(to), why());                       \
    } while (0)

static const char *why(void)
{
    const struct decision *decision = &s->site->outcome->decisions[0];
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 16);
    for (size_t i = 0; i < decision->nwhy; i++)
        buf_printf(&text, "%s\n", decision->why[i]);
    return arena_strdup(s->site->arena, buf_str(&text));
}

static bool is_noted(const char *text)
{
    return strstr(why(), text) != NULL;
}

START_TEST(key_that_is_found_is_used_at_once_and_kept)
{
    directory("");
    publish_carol();
    ck_sent(CAROL, 0, "encrypted");
    ck_assert(span_find(pgp_site_decrypted(s, "carol", site_copy_for(s->site, CAROL)), TOKEN, strlen(TOKEN),
                        0) != SIZE_MAX);
    key_host_stop(host);
    ck_sent(CAROL, HOUR, "encrypted");
    ck_assert_uint_eq(s->site->outcome->neffects, 0);
}
END_TEST

START_TEST(no_is_remembered_for_its_time)
{
    directory("");
    ck_sent(CAROL, 0, "clear");
    ck_assert(is_noted("has no key"));
    publish_carol();
    ck_sent(CAROL, HOUR - 1, "clear");
    ck_assert_uint_eq(key_host_asked(host), 1);
    ck_sent(CAROL, HOUR, "encrypted");
}
END_TEST

START_TEST(what_cannot_be_found_out_defers)
{
    static const char *const modes[] = {"503", "slow", "huge", "endless"};
    directory("openpgp-lookup-timeout = 30s\n");
    publish_carol();
    for (size_t i = 0; i < SEAL_COUNT(modes); i++) {
        key_host_mode(host, modes[i]);
        s->site->settings->openpgp.lookup.timeout = strcmp(modes[i], "slow") == 0 ? 1 : 30;
        ck_sent(CAROL, 0, "tempfail");
        ck_assert(s->site->outcome->effects[0].why != NULL);
    }
    key_host_mode(host, NULL);
    ck_sent(CAROL, 0, "encrypted");
}
END_TEST

START_TEST(a_slow_server_holds_a_message_no_longer_than_its_limit)
{
    struct timespec before, after;
    directory("openpgp-lookup-timeout = 1s\n");
    key_host_mode(host, "slow");
    clock_gettime(CLOCK_MONOTONIC, &before);
    ck_sent(CAROL, 0, "tempfail");
    clock_gettime(CLOCK_MONOTONIC, &after);
    ck_assert_int_lt(after.tv_sec - before.tv_sec, 20);
}
END_TEST

START_TEST(an_older_no_is_used_only_while_nobody_answers)
{
    directory("");
    ck_sent(CAROL, 0, "clear");
    key_host_stop(host);
    ck_sent(CAROL, DAY - 1, "clear");
    ck_assert(is_noted("an earlier answer is used"));
    ck_sent(CAROL, DAY, "tempfail");
    ck_assert(is_noted("onnect"));
    ck_sent("dave@their.example", 0, "tempfail");
    key_host_start(host);
    ck_sent(CAROL, DAY, "clear");
}
END_TEST

START_TEST(key_that_was_found_is_looked_up_again_and_used_while_nobody_answers)
{
    directory("");
    publish_carol();
    ck_sent(CAROL, 0, "encrypted");
    ck_sent(CAROL, DAY - 1, "encrypted");
    ck_assert_uint_eq(key_host_asked(host), 1);
    key_host_stop(host);
    ck_sent(CAROL, DAY, "encrypted");
    ck_assert(s->site->outcome->effects[0].why != NULL);
    ck_sent(CAROL, DAY + HOUR - 1, "encrypted");
    ck_assert_uint_eq(s->site->outcome->neffects, 0); /* not with every message */
    key_host_start(host);
    ck_sent(CAROL, DAY + HOUR, "encrypted");
    ck_assert_uint_eq(key_host_asked(host), 2);
}
END_TEST

START_TEST(revocation_that_is_found_later_ends_the_use_of_a_key)
{
    directory("");
    publish_carol();
    ck_sent(CAROL, 0, "encrypted");
    ck_assert_int_eq(tool_run(s->tool, "sh", "-c",
                              "sed 's/^:-----BEGIN/-----BEGIN/' carol/openpgp-revocs.d/*.rev > carol.rev",
                              NULL),
                     0);
    ck_assert_int_eq(gpg_home_run(s->tool, "carol", "--import", "carol.rev", NULL), 0);
    publish_carol();
    ck_sent(CAROL, DAY, "clear");
    ck_assert(is_noted("revoked"));
    key_host_stop(host);
    ck_sent(CAROL, DAY + 60, "clear");
}
END_TEST

START_TEST(key_of_somebody_else_is_no_key)
{
    directory("");
    publish("mallory@their.example", gpg_home_key(s->tool, "carol"));
    ck_sent("mallory@their.example", 0, "clear");
    ck_assert(is_noted("has no key with this address"));
    publish("dave@their.example", SPAN_LIT("<html>404</html>"));
    ck_sent("dave@their.example", 0, "clear");
    ck_assert(is_noted("has no key that can be read"));
}
END_TEST

START_TEST(no_redirect_is_followed)
{
    char mode[128];
    directory("");
    publish_carol();
    snprintf(mode, sizeof mode, "redirect http://127.0.0.1:%u/" CAROL, host->http);
    key_host_mode(host, mode);
    ck_sent(CAROL, 0, "clear");
    ck_assert_uint_eq(key_host_asked(host), 1);
}
END_TEST

START_TEST(directory_of_a_domain_that_leads_inside_is_not_asked)
{
    begin("wkd", "");
    ck_sent("carol@localhost", 0, "tempfail");
    ck_assert(is_noted("inside"));
    ck_assert_uint_eq(key_host_asked(host), 0);
}
END_TEST

START_TEST(key_server_is_trusted_where_the_settings_say_so)
{
    char servers[128];
    snprintf(servers, sizeof servers, "%s", key_host_url(host, "hkps"));
    begin(servers, "");
    publish_carol();
    ck_sent(CAROL, 0, "clear");
    ck_assert(is_noted("is not trusted (keyserver)"));
    gpg_home_end(s->tool, "carol");
    pgp_site_free(&s);
    begin(key_host_url(host, "hkp"), "openpgp-trust = keyserver\n");
    publish_carol();
    ck_sent(CAROL, 0, "encrypted");
}
END_TEST

START_TEST(rejected_key_is_not_used_though_a_server_has_it)
{
    struct err err = ERR_INIT;
    directory("");
    publish_carol();
    ck_sent(CAROL, 0, "encrypted");
    ck_ok(store_set_pgp_trust(s->site->store,
                              s->site->outcome->facts->rcpts[0].encrypt[METHOD_OPENPGP].fingerprint,
                              TRUST_REJECTED, &err));
    ck_sent(CAROL, DAY, "clear");
    ck_assert(is_noted("by hand"));
}
END_TEST

START_TEST(nobody_is_asked_where_no_rule_encrypts_or_a_certificate_is_known)
{
    directory("");
    ck_sent("dave@plain.example", 0, "clear");
    site_partner(s->site, CAROL, PKI_P256);
    ck_sent(CAROL, 0, "encrypted");
    ck_sent("bob@their.example", 0, "encrypted");
    ck_assert_uint_eq(key_host_asked(host), 0);
    ck_sent("dave@their.example", 0, "clear");
    ck_assert_uint_eq(key_host_asked(host), 1);
}
END_TEST

START_TEST(mail_that_nobody_submitted_asks_nobody)
{
    directory("");
    ck_assert_int_eq(site_run(s->site, &(struct site_mail){.from = "eve@far.example",
                                                           .to = {CAROL},
                                                           .now = s->now,
                                                           .text = "From: eve@far.example\n\nx\n"}),
                     0);
    ck_assert_uint_eq(key_host_asked(host), 0);
}
END_TEST

START_TEST(who_is_beyond_the_limit_has_his_turn_when_the_message_comes_again)
{
    directory("");
    publish_carol();
    const struct site_mail mail = {.from = "alice@our.example",
                                   .login = "alice@our.example",
                                   .to = {CAROL, CAROL},
                                   .many = 40,
                                   .many_at = "their.example",
                                   .now = s->now,
                                   .text = "From: Alice <alice@our.example>\n\n" TOKEN "\n"};
    site_answers(s->site, &mail);
    ck_assert_int_eq(s->site->outcome->verdict, VERDICT_TEMPFAIL);
    ck_assert_uint_eq(key_host_asked(host), 32);
    commit(mail.now);
    site_accepts(s->site, &mail);
    ck_assert_uint_eq(key_host_asked(host), 41);
    ck_assert_str_eq(result(CAROL), "encrypted");
    ck_assert_str_eq(result("user39@their.example"), "clear");
}
END_TEST

/* ---- LDAP ---- */

/* A server that has carol's key, on which a victim stands too, for an address of their.example, and is asked for those alone. */
static void serve(const char *addr, const char *more, const char *settings)
{
    begin("ldap://127.0.0.1:1 their.example", settings);
    ck_assert_int_eq(gpg_home_run(s->tool, "carol", "--quick-add-uid", CAROL, "<" VICTIM ">", NULL), 0);
    ck_assert_int_eq(gpg_home_run(s->tool, "carol", "--armor", "--output", "carol.asc", "--export", NULL), 0);
    const char *ldif = arena_printf(s->site->arena,
                                    PGP_LDIF_SERVER(PGP_LDIF_GNUPG)
                                        PGP_LDIF_KEY("A", "gpgMailbox: %s\n%spgpKey:< file://%s/carol.asc\n"),
                                    addr, more, tool_dir(s->tool));
    slapd = slapd_new(&(struct slapd_spec){.ldif = ldif, .global = PGP_LDIF_SCHEMA});
    s->site->settings->openpgp.lookup.servers[0].directory->uris.items[0] = slapd->uri;
}

#define BELIEVED "openpgp-lookup-starttls = no\nopenpgp-trust = keyserver\n"

START_TEST(key_of_an_ldap_server_is_used_at_once_and_kept)
{
    serve(CAROL, "", BELIEVED);
    ck_sent(CAROL, 0, "encrypted");
    ck_assert(span_find(pgp_site_decrypted(s, "carol", site_copy_for(s->site, CAROL)), TOKEN, strlen(TOKEN),
                        0) != SIZE_MAX);
    ck_sent("dave@their.example", 0, "clear");
    ck_assert(is_noted("has no key"));
    ck_sent(VICTIM, 0, "clear"); /* R28: nobody asked for a key of his */
    slapd_stop(slapd);
    ck_sent(CAROL, HOUR, "encrypted");
    ck_sent("dave@their.example", HOUR - 1, "clear");
    ck_sent("dave@other.example", 0, "clear");
    ck_sent("eve@their.example", 0, "tempfail");
}
END_TEST

START_TEST(key_of_an_ldap_server_is_of_low_trust)
{
    serve(CAROL, "", "openpgp-lookup-starttls = no\n");
    ck_sent(CAROL, 0, "clear");
    ck_assert(is_noted("is not trusted (keyserver)"));
}
END_TEST

START_TEST(key_of_somebody_else_in_an_entry_is_no_key)
{
    serve("mallory@their.example", "", BELIEVED);
    ck_sent("mallory@their.example", 0, "clear");
    ck_assert(is_noted("has no key with this address"));
    ck_assert_uint_eq(s->site->outcome->neffects, 1); /* that there is none */
}
END_TEST

START_TEST(key_that_its_server_calls_revoked_is_not_used)
{
    serve(CAROL, "pgpRevoked: 1\n", BELIEVED);
    ck_sent(CAROL, 0, "clear");
    ck_assert(is_noted("has a key that it calls revoked"));
}
END_TEST

START_TEST(hanging_ldap_server_defers)
{
    serve(CAROL, "", BELIEVED "openpgp-lookup-timeout = 1s\n");
    slapd_hang(slapd);
    ck_sent(CAROL, 0, "tempfail");
    slapd_go_on(slapd);
    s->site->settings->openpgp.lookup.timeout = 60;
    ck_sent(CAROL, 0, "encrypted");
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("gate/lookup");
    TCase *t = tcase_create("lookup");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, key_that_is_found_is_used_at_once_and_kept);
    tcase_add_test(t, no_is_remembered_for_its_time);
    tcase_add_test(t, what_cannot_be_found_out_defers);
    tcase_add_test(t, a_slow_server_holds_a_message_no_longer_than_its_limit);
    tcase_add_test(t, an_older_no_is_used_only_while_nobody_answers);
    tcase_add_test(t, key_that_was_found_is_looked_up_again_and_used_while_nobody_answers);
    tcase_add_test(t, revocation_that_is_found_later_ends_the_use_of_a_key);
    tcase_add_test(t, key_of_somebody_else_is_no_key);
    tcase_add_test(t, no_redirect_is_followed);
    tcase_add_test(t, directory_of_a_domain_that_leads_inside_is_not_asked);
    tcase_add_test(t, key_server_is_trusted_where_the_settings_say_so);
    tcase_add_test(t, rejected_key_is_not_used_though_a_server_has_it);
    tcase_add_test(t, nobody_is_asked_where_no_rule_encrypts_or_a_certificate_is_known);
    tcase_add_test(t, mail_that_nobody_submitted_asks_nobody);
    tcase_add_test(t, who_is_beyond_the_limit_has_his_turn_when_the_message_comes_again);
    tcase_add_test(t, key_of_an_ldap_server_is_used_at_once_and_kept);
    tcase_add_test(t, key_of_an_ldap_server_is_of_low_trust);
    tcase_add_test(t, key_of_somebody_else_in_an_entry_is_no_key);
    tcase_add_test(t, key_that_its_server_calls_revoked_is_not_used);
    tcase_add_test(t, hanging_ldap_server_defers);
    suite_add_tcase(suite, t);
    return suite;
}

TEST_MAIN(suite)
