/* test_connections - connections to the key socket that are many, silent, half closed or not read take nothing from others. */
#include "keyd/peer.h"
#include "support/check.h"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALICE       "alice@a.example"
#define MANY        1000
#define CONNECTIONS 256
#define RESERVED    8
#define LEAVING     4     /* places that who was there before us may not have given back yet */
#define HANGUP_MS   60000 /* a loaded machine's; sealkeyd's own are 10000 */

static struct sealkeyd keyd;
static struct peer_key alice;
static int witness = -1; /* a connection from before */
static const char status[] = {WIRE_VERSION, WIRE_STATUS};

static void setup(void)
{
    sealkeyd_start(&keyd, "");
    witness = peer_connect(&keyd);
    peer_generate(&keyd, ALICE, KEY_EC_P256, &alice);
}

static void teardown(void)
{
    if (witness >= 0)
        peer_is_unharmed(&witness);
    peer_key_fini(&alice);
    sealkeyd_stop(&keyd);
}

static void check_end_of_file(int fd)
{
    struct pollfd wait = {fd, POLLIN, 0};
    struct wire_answer answer;
    ck_assert_int_eq(poll(&wait, 1, HANGUP_MS), 1);
    ck_assert(!peer_hear(fd, &answer));
}

START_TEST(who_does_not_read_answers_is_hung_up_on_and_holds_up_nobody)
{
    SEAL_CLEANUP(mem_close) int fd = peer_connect(&keyd);
    struct pollfd wait = {fd, POLLOUT, 0};
    bool served = false;
    while (poll(&wait, 1, HANGUP_MS) == 1 && !(wait.revents & POLLHUP)) {
        while (send(fd, status, sizeof status, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
            ;
        if (!served)
            peer_is_served(&keyd, &alice);
        served = true;
    }
    ck_assert(served && (wait.revents & POLLHUP));
    peer_is_served(&keyd, &alice);
}
END_TEST

START_TEST(who_asks_no_more_has_his_answers_and_is_hung_up_on)
{
    struct wire_answer answer;
    SEAL_CLEANUP(mem_close) int fd = peer_connect(&keyd);
    peer_send(fd, status, sizeof status);
    peer_send(fd, status, sizeof status);
    ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert(peer_hear(fd, &answer));
        ck_assert_int_eq(answer.code, ERR_NONE);
    }
    check_end_of_file(fd);
}
END_TEST

START_TEST(who_hears_no_more_is_hung_up_on)
{
    SEAL_CLEANUP(mem_close) int fd = peer_connect(&keyd);
    struct pollfd hangup = {fd, 0, 0};
    ck_assert_int_eq(shutdown(fd, SHUT_RD), 0);
    peer_send(fd, status, sizeof status);
    for (int i = 0; i < 1000 && !(hangup.revents & POLLHUP); i++)
        (void)poll(&hangup, 1, HANGUP_MS / 1000);
    ck_assert(hangup.revents & POLLHUP);
    peer_is_served(&keyd, &alice);
}
END_TEST

START_TEST(packet_without_an_octet_is_the_end)
{
    SEAL_CLEANUP(mem_close) int fd = peer_connect(&keyd);
    peer_send(fd, "", 0);
    check_end_of_file(fd);
    peer_is_served(&keyd, &alice);
}
END_TEST

/* With a packet, so many times. */
static void pass(int fd, int passed, const char *packet, size_t n)
{
    int fds[64];
    struct iovec data = {(void *)packet, n};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof fds)];
    } rights = {.space = {0}};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){CMSG_LEN(sizeof fds), SOL_SOCKET, SCM_RIGHTS};
    for (size_t i = 0; i < SEAL_COUNT(fds); i++)
        fds[i] = passed;
    memcpy(CMSG_DATA(header), fds, sizeof fds);
    ck_assert_int_eq(sendmsg(fd, &message, MSG_NOSIGNAL), (ssize_t)n);
}

START_TEST(descriptors_that_are_passed_in_are_nobodys)
{
    static const char nonsense[] = "nonsense";
    struct wire_answer answer;
    int ends[2];
    char octet;
    SEAL_CLEANUP(mem_close) int fd = peer_connect(&keyd);
    ck_assert_int_eq(pipe(ends), 0);
    for (int i = 0; i < 20; i++) {
        pass(fd, ends[1], status, sizeof status);
        ck_assert(peer_hear(fd, &answer));
        ck_assert_int_eq(answer.code, ERR_NONE);
    }
    pass(fd, ends[1], nonsense, sizeof nonsense);
    ck_assert(peer_hear(fd, &answer));
    close(ends[1]);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    ck_assert_int_eq(read(ends[0], &octet, 1), 0); /* the end of file: nobody has the other end any more */
    close(ends[0]);
    peer_is_served(&keyd, &alice);
}
END_TEST

/* Each asks once, and stays. */
static unsigned connect_all(int *fds, int n)
{
    struct wire_answer answer;
    unsigned served = 0;
    for (int i = 0; i < n; i++)
        fds[i] = peer_connect(&keyd);
    for (int i = 0; i < n; i++) {
        peer_send(fds[i], status, sizeof status);
        served += peer_hear(fds[i], &answer) && answer.code == ERR_NONE;
    }
    return served;
}

START_TEST(a_thousand_connections_get_some_and_leave_the_rest)
{
    static int fds[MANY];
    const struct rlimit files = {4096, 4096};
    const struct wire_question question = {.op = WIRE_STATUS};
    if (setrlimit(RLIMIT_NOFILE, &files) < 0)
        return;
    unsigned served = connect_all(fds, MANY);
    ck_assert_uint_ge(served, CONNECTIONS);
    ck_assert_uint_le(served, CONNECTIONS + RESERVED);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    /* who had a place gives it back when it is noticed that he is gone */
    enum err_code code = ERR_PEER_TEMP;
    for (int i = 0; i < 1000 && code != ERR_NONE; i++) {
        code = peer_ask_anew(&keyd, &question);
        usleep(code == ERR_NONE ? 0 : 10000);
    }
    peer_is_served(&keyd, &alice);
}
END_TEST

/* In a process of the daemon's user, until it is killed; says how many were served. */
static _Noreturn void occupy(uid_t uid, int report)
{
    static int fds[CONNECTIONS + 50];
    unsigned served = setresuid(uid, uid, uid) == 0 ? connect_all(fds, (int)SEAL_COUNT(fds)) : 0;
    (void)!write(report, &served, sizeof served);
    for (;;)
        pause();
}

START_TEST(daemons_user_leaves_places_to_root)
{
    const struct passwd *nobody = getpwnam("nobody");
    unsigned served = 0;
    int report[2];
    if (geteuid() != 0 || nobody == NULL)
        return;
    sealkeyd_start(&keyd, "user = nobody\n");
    peer_generate(&keyd, ALICE, KEY_EC_P256, &alice);
    ck_assert_int_eq(chmod(keyd.dir, 0755), 0);
    ck_assert_int_eq(chmod(keyd.socket, 0666), 0);
    ck_assert_int_eq(pipe(report), 0);
    pid_t pid = fork();
    if (pid == 0)
        occupy(nobody->pw_uid, report[1]);
    ck_assert_int_eq(read(report[0], &served, sizeof served), sizeof served);
    ck_assert_uint_ge(served, CONNECTIONS - LEAVING);
    ck_assert_uint_le(served, CONNECTIONS);
    peer_is_served(&keyd, &alice);
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    teardown();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("keyd/connections");
    TCase *tc = tcase_create("connections"), *own = tcase_create("own settings");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, who_does_not_read_answers_is_hung_up_on_and_holds_up_nobody);
    tcase_add_test(tc, who_asks_no_more_has_his_answers_and_is_hung_up_on);
    tcase_add_test(tc, who_hears_no_more_is_hung_up_on);
    tcase_add_test(tc, packet_without_an_octet_is_the_end);
    tcase_add_test(tc, descriptors_that_are_passed_in_are_nobodys);
    tcase_add_test(tc, a_thousand_connections_get_some_and_leave_the_rest);
    tcase_add_test(own, daemons_user_leaves_places_to_root);
    suite_add_tcase(s, tc);
    suite_add_tcase(s, own);
    return s;
}

TEST_MAIN(suite)
