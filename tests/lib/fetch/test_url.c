/* Tests of the places of keys; the example is the draft's own (draft-koch-openpgp-webkey-service 3.1). */
#include "fetch/url.h"
#include "support/check.h"

#include <string.h>

static struct arena *arena;

static void setup(void)
{
    arena = arena_new(1u << 20);
}

static void teardown(void)
{
    arena_free(&arena);
}

START_TEST(urls_of_the_drafts_example_are_the_drafts)
{
    const char *host = NULL;
    ck_assert_str_eq(url_wkd_advanced(arena, NULL, "Joe.Doe@example.org", &host),
                     "https://openpgpkey.example.org/.well-known/openpgpkey/example.org/hu/"
                     "iy9q119eutrkn8s1mk4r39qejnbu3n5q?l=Joe.Doe");
    ck_assert_str_eq(host, "openpgpkey.example.org");
    ck_assert_str_eq(
        url_wkd_direct(arena, "Joe.Doe@example.org", &host),
        "https://example.org/.well-known/openpgpkey/hu/iy9q119eutrkn8s1mk4r39qejnbu3n5q?l=Joe.Doe");
    ck_assert_str_eq(host, "example.org");
}
END_TEST

START_TEST(hash_is_of_the_local_part_in_lower_case)
{
    char lower[URL_WKD_HASH_SIZE], upper[URL_WKD_HASH_SIZE];
    url_wkd_hash(span_of("joe.doe"), lower);
    url_wkd_hash(span_of("JOE.DOE"), upper);
    ck_assert_str_eq(lower, "iy9q119eutrkn8s1mk4r39qejnbu3n5q");
    ck_assert_str_eq(upper, lower);
}
END_TEST

START_TEST(named_server_takes_the_place_of_the_host_alone)
{
    ck_assert_str_eq(url_wkd_advanced(arena, "https://keys.inside:8443", "joe.doe@example.org", NULL),
                     "https://keys.inside:8443/.well-known/openpgpkey/example.org/hu/"
                     "iy9q119eutrkn8s1mk4r39qejnbu3n5q?l=joe.doe");
}
END_TEST

START_TEST(nothing_of_an_address_gets_out_of_its_place_in_the_url)
{
    const char *host;
    ck_assert_str_eq(
        url_hkp(arena, "https://k.example:443", "a&b=c#d/..%@x.example"),
        "https://k.example:443/pks/lookup?op=get&options=mr&search=a%26b%3Dc%23d%2F..%25%40x.example");
    const char *url = url_wkd_direct(arena, "\"a b\"?x/../#@x.example", &host);
    ck_assert_ptr_nonnull(strstr(url, "?l=%22a%20b%22%3Fx%2F..%2F%23"));
}
END_TEST

static const char *const without[] = {"a@[127.0.0.1]", "a@x.example:22", "a@x/y.example", "a@.example", "a",
                                      "a@x.example#",  "a@u\\x.example"};

START_TEST(what_is_no_host_name_has_no_directory)
{
    const char *host;
    ck_assert_ptr_null(url_wkd_advanced(arena, NULL, without[_i], &host));
    ck_assert_ptr_null(url_wkd_direct(arena, without[_i], &host));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("fetch/url");
    TCase *t = tcase_create("url");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, urls_of_the_drafts_example_are_the_drafts);
    tcase_add_test(t, hash_is_of_the_local_part_in_lower_case);
    tcase_add_test(t, named_server_takes_the_place_of_the_host_alone);
    tcase_add_test(t, nothing_of_an_address_gets_out_of_its_place_in_the_url);
    tcase_add_loop_test(t, what_is_no_host_name_has_no_directory, 0, SEAL_COUNT(without));
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
