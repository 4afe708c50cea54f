/* Tests of look-ups: the order of servers, and what their answers make together. */
#include "fetch/lookup.h"
#include "support/check.h"
#include "support/key_host.h"

#include <stdio.h>
#include <string.h>

#define BOB_HASH "jycbiujnsxs47xrkethgtj69xuunurok" /* gpg-wks-client --print-wkd-hash bob@their.example */

static struct key_host *host;
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
    arena_free(&arena);
    key_host_free(&host);
}

/* "good .." is for us, "odd .." is not, of "broken .." it could not be found out. */
static enum find take(void *arg, size_t index, const struct key_server *server, struct span octets,
                      const char **why_out)
{
    (void)arg;
    (void)index;
    (void)server;
    *why_out = span_starts(octets, "odd") ? "is odd" : "is broken";
    return span_starts(octets, "good") ? FIND_FOUND : span_starts(octets, "odd") ? FIND_ABSENT : FIND_FAILED;
}

static void ask(const char *addr)
{
    lookup = (struct lookup){.addr = addr};
    lookup_all(&settings, arena, &lookup, 1, &(struct lookup_taker){.take = take});
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
    lookup_all(&settings, arena, lookups, LOOKUP_MAX, &(struct lookup_taker){.take = take});
    for (size_t i = 0; i < LOOKUP_MAX; i++)
        ck_assert_msg(lookups[i].answer == (i % 2 == 0 ? FIND_FOUND : FIND_ABSENT), "%zu: %s", i,
                      lookups[i].why);
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
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
