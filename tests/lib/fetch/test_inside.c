/* Tests of what is inside. */
#include "base/mem.h"
#include "fetch/inside.h"
#include "support/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

static bool has(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return inside_has((const void *)&v4);
    ck_assert_int_eq(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return inside_has((const void *)&v6);
}

static const char *const inside[] = {"0.0.0.0",     "0.1.2.3",           "10.255.0.1",
                                     "100.64.0.1",  "127.0.0.1",         "127.255.255.254",
                                     "169.254.1.1", "172.16.0.1",        "172.31.255.255",
                                     "192.168.1.1", "198.18.0.1",        "224.0.0.1",
                                     "240.0.0.1",   "255.255.255.255",   "::",
                                     "::1",         "::7f00:1",          "::ffff:127.0.0.1",
                                     "fe80::1",     "::ffff:10.0.0.1",   "64:ff9b::7f00:1",
                                     "fd12::1",     "64:ff9b::c0a8:1",   "ff02::1",
                                     "fec0::1",     "2002:7f00:1::",     "2001:0:7f00:1::",
                                     "fc00::1",     "::ffff:192.168.0.1"};

static const char *const outside[] = {"9.9.9.9",     "11.0.0.1",       "100.128.0.1",      "128.0.0.1",
                                      "172.32.0.1",  "172.15.255.255", "192.167.255.255",  "223.255.255.254",
                                      "2620:fe::fe", "::ffff:9.9.9.9", "64:ff9b::909:909", "2a00:1450::1",
                                      "169.253.1.1", "198.20.0.1"};

START_TEST(addresses_of_this_host_and_its_networks_are_inside)
{
    ck_assert_msg(has(inside[_i]), "%s", inside[_i]);
}
END_TEST

START_TEST(others_are_not)
{
    ck_assert_msg(!has(outside[_i]), "%s", outside[_i]);
}
END_TEST

START_TEST(what_is_no_network_is_inside)
{
    const struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/run/socket"};
    ck_assert(inside_has((const void *)&local));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("fetch/inside");
    TCase *t = tcase_create("inside");
    tcase_add_loop_test(t, addresses_of_this_host_and_its_networks_are_inside, 0, SEAL_COUNT(inside));
    tcase_add_loop_test(t, others_are_not, 0, SEAL_COUNT(outside));
    tcase_add_test(t, what_is_no_network_is_inside);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
