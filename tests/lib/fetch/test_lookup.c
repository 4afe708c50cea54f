/* Tests of look-ups: the order of servers, and what their answers make together. */
#include "fetch/lookup.h"

#include "directory/directory.h"
#include "support/check.h"
#include "support/key_host.h"
#include "support/pgp_ldif.h"
#include "support/slapd.h"

#include <stdio.h>
#include <string.h>

#define BOB_HASH "jycbiujnsxs47xrkethgtj69xuunurok" /* gpg-wks-client --print-wkd-hash bob@their.example */

static struct key_host *host;
static struct slapd *slapd;
static struct arena *arena;
static struct key_server servers[3];
static struct lookup_settings settings;
static struct lookup lookup;
static char hkps[64], hkp[64], wkd[64];

static void setup(void)
{
    host = key_host_new();
    arena = arena_new(1u << 20);
    snprintf(hkps, sizeof hkps, "%s", key_host_url(host, "https"));
    snprintf(wkd, sizeof wkd, "%s", key_host_url(host, "https"));
    snprintf(hkp, sizeof hkp, "%s", key_host_url(host, "http"));
    servers[0] = (struct key_server){.kind = KEY_SERVER_WKD, .name = "directory", .base = wkd};
    servers[1] = (struct key_server){.kind = KEY_SERVER_HKP, .name = "safe", .base = hkps};
    servers[2] = (struct key_server){.kind = KEY_SERVER_HKP, .name = "plain", .base = hkp};
    settings =
        (struct lookup_settings){.servers = servers, .nservers = 3, .ca_file = host->ca, .timeout = 30};
}

static void teardown(void)
{
    slapd_free(&slapd);
    arena_free(&arena);
    key_host_free(&host);
}

/* "good .." is for us, "odd .." is not, of "broken .." it could not be found out. */
static enum find take(void *arg, size_t index, const struct lookup_offer *offer, const char **why_out)
{
    struct span octets = offer->octets;
    (void)arg;
    (void)index;
    *why_out = span_starts(octets, "odd") ? "is odd" : "is broken";
    return span_starts(octets, "good") ? FIND_FOUND : span_starts(octets, "odd") ? FIND_ABSENT : FIND_FAILED;
}

static void ask(const char *addr)
{
    lookup = (struct lookup){.addr = addr};
    lookup_all(&settings, slapd_clock_ms, NULL, arena, &lookup, 1, &(struct lookup_taker){.take = take});
}

static bool is_noted(const char *text)
{
    return lookup.why != NULL && strstr(lookup.why, text) != NULL;
}

START_TEST(first_server_that_has_a_key_is_the_last_one_asked)
{
    key_host_put(host, BOB_HASH, SPAN_LIT("good in the directory"));
    key_host_put(host, "bob@their.example", SPAN_LIT("good on the server"));
    ask("bob@their.example");
    ck_assert_msg(lookup.answer == FIND_FOUND, "%s", lookup.why);
    ck_assert_ptr_eq(lookup.server, &servers[0]);
    ck_assert_uint_eq(key_host_asked(host), 1);
}
END_TEST

START_TEST(what_the_caller_cannot_use_is_looked_for_elsewhere)
{
    key_host_put(host, BOB_HASH, SPAN_LIT("odd thing"));
    key_host_put(host, "bob@their.example", SPAN_LIT("good on the server"));
    ask("bob@their.example");
    ck_assert_int_eq(lookup.answer, FIND_FOUND);
    ck_assert_ptr_eq(lookup.server, &servers[1]);
    ck_assert(is_noted("directory: is odd"));
}
END_TEST

START_TEST(no_of_all_servers_is_no)
{
    ask("bob@their.example");
    ck_assert_int_eq(lookup.answer, FIND_ABSENT);
    ck_assert_uint_eq(key_host_asked(host), 3);
}
END_TEST

START_TEST(no_of_some_and_silence_of_one_is_not_no)
{
    servers[1].base = "https://127.0.0.1:1";
    ask("bob@their.example");
    ck_assert_int_eq(lookup.answer, FIND_FAILED);
    ck_assert(is_noted("safe: "));
    key_host_put(host, "bob@their.example", SPAN_LIT("good on the server"));
    ask("bob@their.example");
    ck_assert_int_eq(lookup.answer, FIND_FOUND);
    ck_assert_ptr_eq(lookup.server, &servers[2]);
}
END_TEST

START_TEST(key_that_could_not_be_read_is_not_no)
{
    key_host_put(host, BOB_HASH, SPAN_LIT("broken"));
    ask("bob@their.example");
    ck_assert_int_eq(lookup.answer, FIND_FAILED);
    ck_assert(is_noted("directory: is broken"));
}
END_TEST

START_TEST(servers_are_asked_for_their_own_addresses_alone)
{
    const char *patterns[] = {"their.example", "*@*.their.example"};
    servers[0].patterns = (struct string_list){patterns, 2};
    settings.nservers = 1;
    ck_assert(lookup_asks(&settings, "bob@their.example"));
    ck_assert(lookup_asks(&settings, "bob@sub.their.example"));
    ck_assert(!lookup_asks(&settings, "bob@other.example"));
    ask("bob@other.example");
    ck_assert_int_eq(lookup.answer, FIND_ABSENT);
    ck_assert_uint_eq(key_host_asked(host), 0);
}
END_TEST

START_TEST(directories_of_all_domains_are_asked_where_no_pattern_limits_them)
{
    const char *patterns[] = {"their.example"};
    ck_assert(!lookup_asks_any_domain(&settings));
    servers[0].base = NULL;
    ck_assert(lookup_asks_any_domain(&settings));
    servers[0].patterns = (struct string_list){patterns, 1};
    ck_assert(!lookup_asks_any_domain(&settings));
}
END_TEST

START_TEST(directory_of_a_domain_that_leads_inside_is_not_asked)
{
    servers[0].base = NULL;
    settings.nservers = 1;
    ask("bob@localhost");
    ck_assert_int_eq(lookup.answer, FIND_FAILED);
    ck_assert(is_noted("openpgpkey.localhost: the server's address is inside"));
}
END_TEST

START_TEST(slow_server_leaves_time_for_the_others)
{
    key_host_put(host, "bob@their.example", SPAN_LIT("good on the server"));
    key_host_mode(host, "slow");
    settings.timeout = 6;
    ask("bob@their.example");
    ck_assert_int_eq(lookup.answer, FIND_FAILED);
    ck_assert_uint_eq(key_host_asked(host), 3);
}
END_TEST

START_TEST(all_addresses_are_asked_for_at_once)
{
    struct lookup lookups[LOOKUP_MAX];
    for (size_t i = 0; i < LOOKUP_MAX; i++) {
        lookups[i] = (struct lookup){.addr = arena_printf(arena, "user%zu@their.example", i)};
        if (i % 2 == 0)
            key_host_put(host, lookups[i].addr, SPAN_LIT("good"));
    }
    lookup_all(&settings, slapd_clock_ms, NULL, arena, lookups, LOOKUP_MAX,
               &(struct lookup_taker){.take = take});
    for (size_t i = 0; i < LOOKUP_MAX; i++)
        ck_assert_msg(lookups[i].answer == (i % 2 == 0 ? FIND_FOUND : FIND_ABSENT), "%zu: %s", i,
                      lookups[i].why);
}
END_TEST

/* ---- LDAP ---- */

/* In the place of the second server, beside those of HTTP. */
static void serve(const char *ldif)
{
    const char *text, *patterns = "their.example";
    struct settings *of_ldap;
    struct err err = ERR_INIT;
    slapd = slapd_new(&(struct slapd_spec){.ldif = ldif, .global = PGP_LDIF_SCHEMA});
    text =
        arena_printf(arena, "openpgp-lookup = %s %s\nopenpgp-lookup-starttls = no\n", slapd->uri, patterns);
    ck_ok(settings_parse(arena, "settings", span_of(text), &of_ldap, &err));
    servers[1] = of_ldap->openpgp.lookup.servers[0];
}

#define BOB_HAS(id, key, more) PGP_LDIF_KEY(id, "pgpKey: " key "\npgpUserID: Bob <bob@their.example>\n" more)

START_TEST(server_of_ldap_has_its_place_among_the_others)
{
    serve(PGP_LDIF_SERVER("") BOB_HAS("A", "odd thing", "") BOB_HAS("B", "good in the directory", ""));
    key_host_put(host, "bob@their.example", SPAN_LIT("good on the server"));
    ask("bob@their.example");
    ck_assert_msg(lookup.answer == FIND_FOUND, "%s", lookup.why);
    ck_assert_ptr_eq(lookup.server, &servers[1]);
    ck_assert_uint_eq(key_host_asked(host), 1);
    slapd_stop(slapd);
    ask("bob@their.example");
    ck_assert_msg(lookup.answer == FIND_FOUND, "%s", lookup.why);
    ck_assert_ptr_eq(lookup.server, &servers[2]);
}
END_TEST

START_TEST(server_of_ldap_is_asked_for_its_own_addresses_alone)
{
    serve(PGP_LDIF_SERVER("") PGP_LDIF_KEY("A", "pgpKey: good\npgpUserID: bob@other.example\n"));
    slapd_stop(slapd); /* it would not be "no" */
    ask("bob@other.example");
    ck_assert_msg(lookup.answer == FIND_ABSENT, "%s", lookup.why);
    ask("bob@their.example");
    ck_assert_int_eq(lookup.answer, FIND_FAILED);
    ck_assert(is_noted("ldap://127.0.0.1:"));
}
END_TEST

static enum find take_revoked(void *arg, size_t index, const struct lookup_offer *offer, const char **why_out)
{
    (void)index;
    *(bool *)arg = offer->revoked;
    *why_out = "is odd";
    return FIND_ABSENT;
}

START_TEST(what_the_server_calls_revoked_is_offered_as_such)
{
    bool revoked = false;
    serve(PGP_LDIF_SERVER("") BOB_HAS("A", "good", "pgpRevoked: 1\n"));
    lookup = (struct lookup){.addr = "bob@their.example"};
    lookup_all(&settings, slapd_clock_ms, NULL, arena, &lookup, 1,
               &(struct lookup_taker){.take = take_revoked, .arg = &revoked});
    ck_assert_int_eq(lookup.answer, FIND_ABSENT);
    ck_assert(revoked);
}
END_TEST

START_TEST(more_keys_than_are_taken_are_no_reason_to_leave_a_good_one)
{
    SEAL_CLEANUP(buf_fini) struct buf ldif = BUF_INIT(1u << 16);
    buf_add_str(&ldif, PGP_LDIF_SERVER(""));
    for (int i = 0; i <= DIRECTORY_KEYS_MAX; i++)
        buf_printf(&ldif,
                   "dn: pgpCertID=%d,ou=PGP Keys,dc=example\nobjectClass: pgpKeyInfo\npgpCertID: %d\n"
                   "pgpKey: %s\npgpUserID: <bob@their.example>\npgpUserID: <%s@their.example>\n\n",
                   i, i, i == 3 ? "good" : "odd", i == 3 ? "other" : "dave");
    serve(buf_str(&ldif));
    ask("bob@their.example");
    ck_assert_msg(lookup.answer == FIND_FOUND, "%s", lookup.why);
    ask("dave@their.example");
    ck_assert_int_eq(lookup.answer, FIND_ABSENT);
}
END_TEST

START_TEST(hanging_server_of_ldap_leaves_time_for_the_others)
{
    serve(PGP_LDIF_SERVER(""));
    key_host_put(host, "bob@their.example", SPAN_LIT("good on the server"));
    slapd_hang(slapd);
    settings.timeout = 9;
    ask("bob@their.example");
    ck_assert_msg(lookup.answer == FIND_FOUND, "%s", lookup.why);
    ck_assert(is_noted("no answer in time"));
    slapd_go_on(slapd);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("fetch/lookup");
    TCase *t = tcase_create("lookup");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, first_server_that_has_a_key_is_the_last_one_asked);
    tcase_add_test(t, what_the_caller_cannot_use_is_looked_for_elsewhere);
    tcase_add_test(t, no_of_all_servers_is_no);
    tcase_add_test(t, no_of_some_and_silence_of_one_is_not_no);
    tcase_add_test(t, key_that_could_not_be_read_is_not_no);
    tcase_add_test(t, servers_are_asked_for_their_own_addresses_alone);
    tcase_add_test(t, directories_of_all_domains_are_asked_where_no_pattern_limits_them);
    tcase_add_test(t, directory_of_a_domain_that_leads_inside_is_not_asked);
    tcase_add_test(t, slow_server_leaves_time_for_the_others);
    tcase_add_test(t, all_addresses_are_asked_for_at_once);
    tcase_add_test(t, server_of_ldap_has_its_place_among_the_others);
    tcase_add_test(t, server_of_ldap_is_asked_for_its_own_addresses_alone);
    tcase_add_test(t, what_the_server_calls_revoked_is_offered_as_such);
    tcase_add_test(t, more_keys_than_are_taken_are_no_reason_to_leave_a_good_one);
    tcase_add_test(t, hanging_server_of_ldap_leaves_time_for_the_others);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
