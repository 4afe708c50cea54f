/* test_lines - connections that are given, as sealkeyd's worker has them to the token child. */
#include "token/lines.h"

#include "support/check.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void hung(void *arg, long whose)
{
    (void)arg;
    ck_abort_msg("%ld hangs", whose);
}

static int ask(struct lines *lines, struct err *err)
{
    const struct wire_question question = {.op = WIRE_STATUS};
    struct wire_answer answer;
    struct line *line;
    if (lines_ask(lines, &question, &line, &answer, err) < 0)
        return -1;
    lines_done(&line);
    return 0;
}

struct server {
    struct lines *lines;
    size_t answers; /* then it hangs up */
};

static void answer_one(int fd)
{
    static char packet[WIRE_MAX];
    struct err err = ERR_INIT;
    const struct wire_answer answer = {.code = ERR_NONE};
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(WIRE_MAX);
    ck_assert_int_gt(recv(fd, packet, sizeof packet, 0), 0);
    ck_ok(wire_write_answer(&answer, &out, &err));
    ck_assert_int_eq(send(fd, out.ptr, out.len, MSG_NOSIGNAL), (ssize_t)out.len);
}

/* As the token child, and the one after it. */
static void *serve(void *arg)
{
    const struct server *server = arg;
    for (size_t i = 0; i < server->answers; i++) {
        int ends[2];
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        lines_give(server->lines, &ends[0], 1, 1);
        answer_one(ends[1]);
        close(ends[1]);
    }
    return NULL;
}

START_TEST(question_waits_for_who_comes_next)
{
    struct err err = ERR_INIT;
    struct lines *lines = lines_new_given(60000, hung, NULL);
    struct server server = {lines, 5};
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, serve, &server), 0);
    for (size_t i = 0; i < server.answers; i++)
        ck_ok(ask(lines, &err));
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    lines_free(&lines);
}
END_TEST

START_TEST(who_does_not_come_is_waited_for_once)
{
    struct err err = ERR_INIT;
    struct lines *lines = lines_new_given(60000, hung, NULL);
    time_t begun = time(NULL);
    for (int i = 0; i < 100; i++)
        ck_fails(ask(lines, &err), ERR_BUSY);
    ck_assert_int_lt(time(NULL) - begun, 60);
    lines_free(&lines);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/token/lines");
    TCase *tc = tcase_create("given");
    tcase_add_test(tc, question_waits_for_who_comes_next);
    tcase_add_test(tc, who_does_not_come_is_waited_for_once);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
