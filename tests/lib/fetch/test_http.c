/* Tests of single fetches from real servers on loopback: what is too slow, too much, elsewhere or inside. */
#include "fetch/http.h"
#include "support/check.h"
#include "support/key_host.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static struct key_host *host;
static struct http_get get;
static char url[256];
static unsigned timeout_ms = 30000;

static void setup(void)
{
    host = key_host_new();
    key_host_put(host, "bob", SPAN_LIT("the key of bob"));
}

static void teardown(void)
{
    buf_fini(&get.body);
    key_host_free(&host);
}

static void fetch_from(const char *base, const char *name, enum http_place place)
{
    snprintf(url, sizeof url, "%s/hu/%s", base, name);
    buf_fini(&get.body);
    get = (struct http_get){.url = url, .place = place, .ca_file = host->ca, .timeout_ms = timeout_ms};
    http_get_all(&get, 1);
}

static void fetch(const char *name)
{
    fetch_from(key_host_url(host, "https"), name, HTTP_NAMED);
}

#define ck_failed(expected, text)                                                                            \
    do {                                                                                                     \
        ck_assert_int_eq(get.answer, FIND_FAILED);                                                           \
        ck_assert_int_eq(get.err.code, expected);                                                            \
        ck_assert_msg(strstr(get.err.msg, text) != NULL, "%s", get.err.msg);                                 \
        ck_assert_uint_eq(get.body.len, 0);                                                                  \
    } while (0)

START_TEST(what_is_there_is_found_and_what_is_not_is_absent)
{
    fetch("bob");
    ck_assert_msg(get.answer == FIND_FOUND, "%s", get.err.msg);
    ck_assert(span_is(buf_span(&get.body), "the key of bob"));
    fetch("carol");
    ck_assert_int_eq(get.answer, FIND_ABSENT);
    ck_assert_int_eq(get.status, 404);
}
END_TEST

START_TEST(a_server_that_cannot_now_has_said_nothing)
{
    static const char *const statuses[] = {"500", "502", "503", "429", "408"};
    for (size_t i = 0; i < SEAL_COUNT(statuses); i++) {
        key_host_mode(host, statuses[i]);
        fetch("bob");
        ck_failed(ERR_PEER_TEMP, statuses[i]);
    }
}
END_TEST

START_TEST(a_slow_server_holds_nobody_longer_than_its_limit)
{
    struct timespec begin, end;
    key_host_mode(host, "slow");
    timeout_ms = 1000;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    fetch("bob");
    clock_gettime(CLOCK_MONOTONIC, &end);
    ck_failed(ERR_PEER_TEMP, "timed out");
    ck_assert_int_lt(end.tv_sec - begin.tv_sec, 20);
}
END_TEST

START_TEST(too_much_is_left_whether_it_was_announced_or_not)
{
    static const char *const modes[] = {"huge", "endless", "fields"};
    for (size_t i = 0; i < SEAL_COUNT(modes); i++) {
        key_host_mode(host, modes[i]);
        fetch("bob");
        ck_failed(ERR_LIMIT, "octets");
    }
}
END_TEST

START_TEST(a_body_of_exactly_the_limit_is_taken)
{
    char *body = xmalloc(HTTP_BODY_MAX + 1);
    memset(body, 'k', HTTP_BODY_MAX + 1);
    key_host_put(host, "full", (struct span){body, HTTP_BODY_MAX});
    key_host_put(host, "over", (struct span){body, HTTP_BODY_MAX + 1});
    free(body);
    fetch("full");
    ck_assert_msg(get.answer == FIND_FOUND && get.body.len == HTTP_BODY_MAX, "%s", get.err.msg);
    fetch("over");
    ck_failed(ERR_LIMIT, "octets");
}
END_TEST

START_TEST(no_redirect_is_followed)
{
    char mode[128];
    snprintf(mode, sizeof mode, "redirect http://127.0.0.1:%u/hu/bob", host->http);
    key_host_mode(host, mode);
    fetch("bob");
    ck_assert_int_eq(get.answer, FIND_ABSENT);
    ck_assert_int_eq(get.status, 302);
    ck_assert_uint_eq(key_host_asked(host), 1);
}
END_TEST

START_TEST(nothing_inside_is_asked_that_nobody_named)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"};
    for (size_t i = 0; i < SEAL_COUNT(names); i++) {
        char base[64];
        snprintf(base, sizeof base, "https://%s:%u", names[i], host->https);
        fetch_from(base, "bob", HTTP_PUBLIC);
        ck_failed(ERR_PEER_TEMP, "inside");
    }
    ck_assert_uint_eq(key_host_asked(host), 0);
}
END_TEST

START_TEST(plain_http_is_for_named_servers_alone)
{
    fetch_from(key_host_url(host, "http"), "bob", HTTP_NAMED);
    ck_assert_int_eq(get.answer, FIND_FOUND);
    fetch_from(key_host_url(host, "http"), "bob", HTTP_PUBLIC);
    ck_failed(ERR_PEER_TEMP, "rotocol");
    fetch_from("file:///etc", "passwd", HTTP_NAMED);
    ck_failed(ERR_PEER_TEMP, "rotocol");
}
END_TEST

START_TEST(a_server_for_which_nobody_vouches_is_not_believed)
{
    snprintf(url, sizeof url, "%s/hu/bob", key_host_url(host, "https"));
    get = (struct http_get){.url = url,
                            .place = HTTP_NAMED,
                            .ca_file = "/etc/ssl/certs/ca-certificates.crt",
                            .timeout_ms = timeout_ms};
    http_get_all(&get, 1);
    ck_failed(ERR_PEER_TEMP, "certificate");
    snprintf(url, sizeof url, "https://127.0.0.2:%u/hu/bob", host->https);
    get = (struct http_get){.url = url, .place = HTTP_NAMED, .ca_file = host->ca, .timeout_ms = timeout_ms};
    http_get_all(&get, 1);
    ck_assert_int_eq(get.answer, FIND_FAILED);
    ck_assert_uint_eq(key_host_asked(host), 0);
}
END_TEST

START_TEST(a_proxy_of_the_environment_is_not_asked)
{
    setenv("https_proxy", "http://127.0.0.1:1", 1);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    fetch("bob");
    ck_assert_int_eq(get.answer, FIND_FOUND);
    fetch_from(key_host_url(host, "http"), "bob", HTTP_NAMED);
    ck_assert_int_eq(get.answer, FIND_FOUND);
}
END_TEST

/* A label of more than 63 octets is a name that no name server need be asked for. */
START_TEST(a_server_that_is_gone_has_said_nothing)
{
    char nowhere[100];
    key_host_stop(host);
    fetch("bob");
    ck_failed(ERR_PEER_TEMP, "onnect");
    ck_assert(!get.no_host);
    snprintf(nowhere, sizeof nowhere, "https://%064d.example", 0);
    fetch_from(nowhere, "bob", HTTP_PUBLIC);
    ck_assert_int_eq(get.answer, FIND_FAILED);
    ck_assert(get.no_host);
}
END_TEST

START_TEST(several_are_fetched_at_once_and_each_gets_its_own)
{
    struct http_get gets[3];
    char urls[3][256];
    static const char *const names[] = {"bob", "carol", "dave"};
    key_host_put(host, "dave", SPAN_LIT("the key of dave"));
    for (size_t i = 0; i < 3; i++) {
        snprintf(urls[i], sizeof urls[i], "%s/hu/%s", key_host_url(host, "https"), names[i]);
        gets[i] = (struct http_get){
            .url = urls[i], .place = HTTP_NAMED, .ca_file = host->ca, .timeout_ms = timeout_ms};
    }
    http_get_all(gets, 3);
    ck_assert(span_is(buf_span(&gets[0].body), "the key of bob"));
    ck_assert_int_eq(gets[1].answer, FIND_ABSENT);
    ck_assert(span_is(buf_span(&gets[2].body), "the key of dave"));
    for (size_t i = 0; i < 3; i++)
        buf_fini(&gets[i].body);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("fetch/http");
    TCase *t = tcase_create("http");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, what_is_there_is_found_and_what_is_not_is_absent);
    tcase_add_test(t, a_server_that_cannot_now_has_said_nothing);
    tcase_add_test(t, a_slow_server_holds_nobody_longer_than_its_limit);
    tcase_add_test(t, too_much_is_left_whether_it_was_announced_or_not);
    tcase_add_test(t, a_body_of_exactly_the_limit_is_taken);
    tcase_add_test(t, no_redirect_is_followed);
    tcase_add_test(t, nothing_inside_is_asked_that_nobody_named);
    tcase_add_test(t, plain_http_is_for_named_servers_alone);
    tcase_add_test(t, a_server_for_which_nobody_vouches_is_not_believed);
    tcase_add_test(t, a_proxy_of_the_environment_is_not_asked);
    tcase_add_test(t, a_server_that_is_gone_has_said_nothing);
    tcase_add_test(t, several_are_fetched_at_once_and_each_gets_its_own);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
