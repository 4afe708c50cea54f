#include "conf/network.h"

#include "base/mem.h"
#include "support/check.h"

START_TEST(a_network_holds_its_addresses_and_no_others)
{
    static const struct {
        const char *network, *addr;
        bool has;
    } cases[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.8", false},
        {"192.0.2.4/30", "192.0.2.7", true},
        {"192.0.2.4/30", "192.0.2.8", false},
        {"0.0.0.0/0", "1.2.3.4", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "1.2.3.4", true}, /* as ::ffff:1.2.3.4 */
        {"2001:db8::/32", "2001:db8:ffff::1", true},
        {"2001:db8::/32", "2001:db9::1", false},
        {"2001:DB8::1", "2001:db8:0:0::1", true},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true},
        {"::ffff:10.0.0.0/104", "10.1.2.3", true},
        {"10.0.0.0/8", NULL, false},
        {"10.0.0.0/8", "", false},
        {"10.0.0.0/8", "localhost", false},
        {"10.0.0.0/8", "10.0.0.1 ", false},
        {"nonsense", "10.0.0.1", false},
    };
    for (size_t i = 0; i < SEAL_COUNT(cases); i++)
        ck_assert_msg(network_has(cases[i].network, cases[i].addr) == cases[i].has, "%s has %s",
                      cases[i].network, cases[i].addr == NULL ? "NULL" : cases[i].addr);
}
END_TEST

START_TEST(of_two_networks_one_is_in_the_other_or_they_have_nothing_in_common)
{
    static const struct {
        const char *inner, *outer;
        bool is, other_way;
    } cases[] = {
        {"10.1.0.0/16", "10.0.0.0/8", true, false},        {"10.0.0.0/8", "10.0.0.0/8", true, true},
        {"10.0.0.7", "10.0.0.7/32", true, true},           {"10.0.0.0/9", "10.128.0.0/9", false, false},
        {"10.0.0.0/8", "::ffff:10.0.0.0/104", true, true}, {"10.0.0.0/8", "::/0", true, false},
        {"2001:db8::1", "2001:db8::/32", true, false},     {"2001:db8::/32", "0.0.0.0/0", false, false},
        {"nonsense", "0.0.0.0/0", false, false},
    };
    for (size_t i = 0; i < SEAL_COUNT(cases); i++) {
        ck_assert_msg(network_within(cases[i].inner, cases[i].outer) == cases[i].is, "%s", cases[i].inner);
        ck_assert_msg(network_within(cases[i].outer, cases[i].inner) == cases[i].other_way, "%s",
                      cases[i].outer);
    }
}
END_TEST

START_TEST(what_is_no_network_is_refused)
{
    static const char *const bad[] = {
        "",           "10",          "10.0.0",         "10.0.0.0/",      "10.0.0.0/33",  "10.0.0.0/-1",
        "10.0.0.1/8", "10.0.0.0/8x", "2001:db8::/129", "2001:db8::1/64", "host.example", "1.2.3.4/1/2"};
    for (size_t i = 0; i < SEAL_COUNT(bad); i++) {
        struct err err = ERR_INIT;
        ck_assert_msg(network_check(bad[i], &err) < 0, "%s", bad[i]);
        ck_assert_int_eq(err.code, ERR_SYNTAX);
    }
}
END_TEST

START_TEST(a_listener_is_a_port_an_address_with_port_or_a_name)
{
    static const struct {
        const char *listener, *addr;
        unsigned port;
        const char *name;
        bool is;
    } cases[] = {
        {"587", "192.0.2.1", 587, NULL, true},
        {"587", "192.0.2.1", 25, "587", false},
        {"587", NULL, 0, NULL, false},
        {"127.0.0.1:10025", "127.0.0.1", 10025, NULL, true},
        {"127.0.0.1:10025", "127.0.0.2", 10025, NULL, false},
        {"127.0.0.1:10025", NULL, 10025, NULL, false},
        {"[::1]:25", "::1", 25, NULL, true},
        {"[::1]:25", "::1", 26, NULL, false},
        {"MSA", "192.0.2.1", 587, "msa", true},
        {"MSA", "192.0.2.1", 587, "MTA", false},
        {"MSA", "192.0.2.1", 587, NULL, false},
    };
    for (size_t i = 0; i < SEAL_COUNT(cases); i++)
        ck_assert_msg(listener_is(cases[i].listener, cases[i].addr, cases[i].port, cases[i].name) ==
                          cases[i].is,
                      "%s, case %zu", cases[i].listener, i);
}
END_TEST

START_TEST(what_is_no_listener_is_refused)
{
    static const char *const bad[] = {
        "", "0", "65536", "host:25", "127.0.0.1:", ":25", "::1:25", "a b", "a/b", "127.0.0.1:0"};
    for (size_t i = 0; i < SEAL_COUNT(bad); i++) {
        struct err err = ERR_INIT;
        ck_assert_msg(listener_check(bad[i], &err) < 0, "%s", bad[i]);
        ck_assert_int_eq(err.code, ERR_SYNTAX);
    }
}
END_TEST

START_TEST(an_endpoint_is_split_into_host_and_port)
{
    struct err err = ERR_INIT;
    char host[16];
    unsigned port;
    ck_ok(endpoint_split("localhost:10026", host, sizeof host, &port, &err));
    ck_assert_str_eq(host, "localhost");
    ck_assert_uint_eq(port, 10026);
    ck_ok(endpoint_split("[::1]:25", host, sizeof host, &port, &err));
    ck_assert_str_eq(host, "::1");
    ck_fails(endpoint_split("localhost", host, sizeof host, &port, &err), ERR_SYNTAX);
    ck_fails(endpoint_split("a-host-name-too-long:25", host, sizeof host, &port, &err), ERR_SYNTAX);
    ck_fails(endpoint_split("h:99999", host, sizeof host, &port, &err), ERR_SYNTAX);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/conf/network");
    TCase *t = tcase_create("network");
    tcase_add_test(t, a_network_holds_its_addresses_and_no_others);
    tcase_add_test(t, of_two_networks_one_is_in_the_other_or_they_have_nothing_in_common);
    tcase_add_test(t, what_is_no_network_is_refused);
    tcase_add_test(t, a_listener_is_a_port_an_address_with_port_or_a_name);
    tcase_add_test(t, what_is_no_listener_is_refused);
    tcase_add_test(t, an_endpoint_is_split_into_host_and_port);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
