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

static int ask_this(struct lines *lines, const struct wire_question *question, struct err *err)
{
    struct wire_answer answer;
    struct line *line;
    if (lines_ask(lines, question, &line, &answer, err) < 0)
        return -1;
    lines_done(&line);
    return 0;
}

static int ask(struct lines *lines, struct err *err)
{
    return ask_this(lines, &(struct wire_question){.op = WIRE_STATUS}, err);
}

struct server {
    struct lines *lines;
    size_t answers; /* then it hangs up */
};

/* False at the end. */
static bool hear(int fd)
{
    static char packet[WIRE_MAX];
    ssize_t n = recv(fd, packet, sizeof packet, 0);
    ck_assert_int_ge(n, 0);
    return n > 0;
}

static void answer(int fd)
{
    struct err err = ERR_INIT;
    const struct wire_answer answer = {.code = ERR_NONE};
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(WIRE_MAX);
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
        ck_assert(hear(ends[1]));
        answer(ends[1]);
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

/* The one who is asked first hangs up, and his successor is there before that. */
struct successor {
    struct lines *lines;
    int heard; /* how many heard the question */
};

static void *serve_after_another(void *arg)
{
    struct successor *s = arg;
    int first[2], second[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, first), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, second), 0);
    lines_give(s->lines, &first[0], 1, 1);
    s->heard = hear(first[1]) ? 1 : 0;
    lines_give(s->lines, &second[0], 1, 2);
    close(first[1]);
    while (hear(second[1])) {
        s->heard++;
        answer(second[1]);
    }
    close(second[1]);
    return NULL;
}

static int heard(const struct wire_question *question, enum err_code code)
{
    struct err err = ERR_INIT;
    struct successor s = {.lines = lines_new_given(60000, hung, NULL)};
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, serve_after_another, &s), 0);
    (void)!ask_this(s.lines, question, &err);
    ck_assert_int_eq(err.code, code);
    lines_free(&s.lines);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    return s.heard;
}

START_TEST(token_is_told_once_to_make_a_key)
{
    const struct span uri = SPAN_LIT("pkcs11:token=a;object=b");
    const struct wire_question soft = {.op = WIRE_GENERATE, .type = KEY_EC_P256};
    const struct wire_question there = {.op = WIRE_GENERATE, .type = KEY_EC_P256, .uri = uri};
    const struct wire_question into = {.op = WIRE_IMPORT, .uri = uri};
    ck_assert_int_eq(heard(&soft, ERR_NONE), 2);
    ck_assert_int_eq(heard(&into, ERR_NONE), 2);
    ck_assert_int_eq(heard(&there, ERR_BUSY), 1);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/token/lines");
    TCase *tc = tcase_create("given");
    tcase_add_test(tc, question_waits_for_who_comes_next);
    tcase_add_test(tc, who_does_not_come_is_waited_for_once);
    tcase_add_test(tc, token_is_told_once_to_make_a_key);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
