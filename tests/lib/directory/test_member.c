#include "directory/directory.h"

#include "asking.h"
#include "support/check.h"
#include "support/port.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static pid_t server;
static unsigned port;

static bool listens(void)
{
    const struct sockaddr_in addr = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    SEAL_CLEANUP(mem_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(fd, (const struct sockaddr *)&addr, sizeof addr) == 0;
}

static void start(const char *kind)
{
    char number[16];
    port = port_take();
    snprintf(number, sizeof number, "%u", port);
    char *words[] = {(char[]){"python3"},
                     (char[]){"-B"},
                     (char[]){TESTS_DIR "/support/ad.py"},
                     number,
                     (char *)(uintptr_t)kind,
                     NULL};
    ck_assert_int_eq(posix_spawnp(&server, words[0], NULL, NULL, words, environ), 0);
    for (int i = 0; i < 2000 && !listens(); i++) {
        ck_assert_int_eq(waitpid(server, NULL, WNOHANG), 0);
        poll(NULL, 0, 10);
    }
    asking_open("directory = ldap://127.0.0.1:%u\ndirectory-starttls = no\ndirectory-nested = in-chain\n"
                "directory-address-attributes = mail, proxyAddresses\n",
                port);
}

static void stop(void)
{
    asking_close();
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

START_TEST(the_server_follows_groups_in_groups)
{
    static const struct {
        const char *addr, *group;
        enum answer answer;
    } cases[] = {
        {"alice@our.example", "team", ANSWER_YES},
        {"alice@our.example", "House (all)", ANSWER_YES},
        {"alice@our.example", "CN=House (all),OU=Groups,DC=example", ANSWER_YES},
        {"alice.a@our.example", "team", ANSWER_YES},
        {"alice@our.example", "others", ANSWER_NO},
        {"bob@our.example", "team", ANSWER_NO},
        {"bob@our.example", "House (all)", ANSWER_NO},
        {"nobody@our.example", "team", ANSWER_NO},
        {"alice@our.example", "gone", ANSWER_UNKNOWN},
    };
    start("ad");
    for (size_t i = 0; i < SEAL_COUNT(cases); i++)
        ck_assert_msg(asking_group(cases[i].addr, cases[i].group) == cases[i].answer, "%s in %s",
                      cases[i].addr, cases[i].group);
}
END_TEST

START_TEST(an_address_of_another_kind_is_none)
{
    start("ad");
    ck_assert_int_eq(asking_group("/o=x/cn=alice@our.example", "team"), ANSWER_NO);
    ck_assert_int_eq(asking_group("smtp:alice@our.example", "team"), ANSWER_NO);
}
END_TEST

/* Its "no" is not to be believed. */
START_TEST(a_server_that_does_not_know_the_rule_is_not_asked)
{
    start("plain");
    ck_assert_ptr_null(asking(&(struct asked){.addrs = {"alice@our.example"}, .groups = {"team"}}));
    ck_assert(strstr(asking_err.msg, "no Active Directory") != NULL);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("member");
    TCase *t = tcase_create("member");
    tcase_add_checked_fixture(t, NULL, stop);
    tcase_add_test(t, the_server_follows_groups_in_groups);
    tcase_add_test(t, an_address_of_another_kind_is_none);
    tcase_add_test(t, a_server_that_does_not_know_the_rule_is_not_asked);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
