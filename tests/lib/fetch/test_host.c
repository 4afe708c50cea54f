/* Tests of "is there such a host", against a name server of the test's own. */
#include "base/mem.h"
#include "fetch/host.h"
#include "support/check.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

static int server;
static struct __res_state dns;
static unsigned char rcode; /* of every answer; the name exists without an address when it is 0 */

static void *answer(void *unused)
{
    unsigned char packet[512];
    struct sockaddr_in peer;
    (void)unused;
    for (;;) {
        socklen_t size = sizeof peer;
        ssize_t n = recvfrom(server, packet, sizeof packet, 0, (struct sockaddr *)&peer, &size);
        if (n < 12)
            return NULL;
        packet[2] |= 0x80;
        packet[3] = (unsigned char)(0x80 | rcode); /* recursion was available */
        memset(packet + 6, 0, 6);
        size_t end = 12;
        while (packet[end] != 0)
            end += packet[end] + 1u;
        sendto(server, packet, end + 5, 0, (struct sockaddr *)&peer, size);
    }
}

static void setup(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof addr;
    server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(server, (struct sockaddr *)&addr, sizeof addr), 0);
    ck_assert_int_eq(getsockname(server, (struct sockaddr *)&addr, &size), 0);
    memset(&dns, 0, sizeof dns);
    ck_assert_int_eq(res_ninit(&dns), 0);
    dns.nscount = 1;
    dns.nsaddr_list[0] = addr;
}

static void teardown(void)
{
    res_nclose(&dns);
    mem_close(&server);
}

static enum answer ask(unsigned char code)
{
    pthread_t thread;
    rcode = code;
    ck_assert_int_eq(pthread_create(&thread, NULL, answer, NULL), 0);
    enum answer found = host_exists_at(&dns, "openpgpkey.their.example");
    sendto(server, "", 0, 0, (struct sockaddr *)&dns.nsaddr_list[0], sizeof dns.nsaddr_list[0]); /* ends it */
    pthread_join(thread, NULL);
    return found;
}

START_TEST(name_that_does_not_exist_is_no)
{
    ck_assert_int_eq(ask(3), ANSWER_NO);
}
END_TEST

START_TEST(name_without_an_address_is_no)
{
    ck_assert_int_eq(ask(0), ANSWER_NO);
}
END_TEST

START_TEST(name_server_that_fails_says_nothing)
{
    ck_assert_int_eq(ask(2), ANSWER_UNKNOWN);
}
END_TEST

START_TEST(name_server_that_is_not_there_says_nothing)
{
    mem_close(&server);
    server = -1;
    ck_assert_int_eq(host_exists_at(&dns, "openpgpkey.their.example"), ANSWER_UNKNOWN);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("fetch/host");
    TCase *t = tcase_create("host");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, name_that_does_not_exist_is_no);
    tcase_add_test(t, name_without_an_address_is_no);
    tcase_add_test(t, name_server_that_fails_says_nothing);
    tcase_add_test(t, name_server_that_is_not_there_says_nothing);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
