/* test_remote - the remote holder before servers that hang, hang up, lie or are not there. */
#include "token/remote.h"

#include "support/check.h"
#include "token/soft.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALICE "alice@a.example"

/* A server in a thread: what it does with each question. */
struct server {
    char dir[32], path[64];
    int listener;
    atomic_uint connections, questions, ended;
    bool (*answer)(struct server *s, int fd, const struct wire_question *q); /* false: hang up */
    pthread_t thread;
};

static struct server server;
static struct holder *holder;
static struct buf public_key, wrapped;

static void say(int fd, const struct wire_answer *answer)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf packet = BUF_INIT(WIRE_MAX);
    if (wire_write_answer(answer, &packet, &err) == 0)
        (void)!send(fd, packet.ptr, packet.len, MSG_NOSIGNAL);
}

static void *serve_one(void *arg)
{
    int fd = (int)(intptr_t)arg;
    static _Thread_local char packet[WIRE_MAX];
    struct wire_question question;
    for (ssize_t n; (n = recv(fd, packet, sizeof packet, 0)) > 0;) {
        struct err err = ERR_INIT;
        atomic_fetch_add(&server.questions, 1);
        if (wire_read_question((struct span){packet, (size_t)n}, &question, &err) < 0 ||
            !server.answer(&server, fd, &question))
            break;
    }
    close(fd);
    atomic_fetch_add(&server.ended, 1);
    return NULL;
}

static void *serve(void *arg)
{
    (void)arg;
    for (int fd; (fd = accept(server.listener, NULL, NULL)) >= 0;) {
        pthread_t thread;
        atomic_fetch_add(&server.connections, 1);
        pthread_create(&thread, NULL, serve_one, (void *)(intptr_t)fd);
        pthread_detach(thread);
    }
    return NULL;
}

static void make_key(void)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(secret_fini) struct secret pkcs8 = {.ptr = NULL};
    public_key = (struct buf)BUF_INIT(WIRE_PUBLIC_MAX);
    wrapped = (struct buf)BUF_INIT(WIRE_MAX);
    ck_ok(soft_generate(KEY_EC_P256, 0, &pkcs8, &err));
    ck_ok(soft_public(&pkcs8, &public_key, &err));
    buf_add_str(&wrapped, "wrapped");
}

static void start(unsigned timeout_ms,
                  bool (*answer)(struct server *s, int fd, const struct wire_question *q))
{
    struct err err = ERR_INIT;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    server = (struct server){.dir = "/tmp/seal-remote-XXXXXX", .answer = answer};
    ck_assert_ptr_nonnull(mkdtemp(server.dir));
    snprintf(server.path, sizeof server.path, "%s/socket", server.dir);
    memcpy(name.sun_path, server.path, strlen(server.path));
    server.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(server.listener, (struct sockaddr *)&name, sizeof name), 0);
    ck_assert_int_eq(listen(server.listener, 16), 0);
    pthread_create(&server.thread, NULL, serve, NULL);
    ck_ok(remote_new(server.path, timeout_ms, &holder, &err));
    make_key();
}

static void stop(void)
{
    holder_free(&holder);
    shutdown(server.listener, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.listener);
    unlink(server.path);
    rmdir(server.dir);
    buf_fini(&public_key);
    buf_fini(&wrapped);
}

static int open_alice(struct key **out, struct err *err)
{
    const struct sealed_key sealed = {ALICE, buf_span(&public_key), buf_span(&wrapped)};
    return holder_open_key(holder, &sealed, ALICE, out, err);
}

static int sign(struct key *key, unsigned char *sig, size_t size, struct err *err)
{
    static const char hash[32] = "h";
    return key_sign(key, DIGEST_SHA256, SIGN_ECDSA, (struct span){hash, sizeof hash}, sig, &size, err);
}

static bool never(struct server *s, int fd, const struct wire_question *q)
{
    (void)s;
    (void)fd;
    (void)q;
    return true;
}

START_TEST(who_does_not_answer_in_time_is_busy_and_is_not_waited_for_twice)
{
    struct err err = ERR_INIT;
    struct key *key;
    start(50, never);
    ck_fails(open_alice(&key, &err), ERR_BUSY);
    while (atomic_load(&server.ended) ==
           0) /* it has read all that was sent; Check's limit of time ends this */
        (void)poll(NULL, 0, 1);
    ck_assert_uint_eq(atomic_load(&server.questions), 1);
    ck_assert_uint_eq(atomic_load(&server.connections), 1);
    stop();
}
END_TEST

static bool hang_up(struct server *s, int fd, const struct wire_question *q)
{
    (void)s;
    (void)fd;
    (void)q;
    return false;
}

START_TEST(who_hangs_up_is_asked_a_few_times_then_is_busy)
{
    struct err err = ERR_INIT;
    struct key *key;
    start(60000, hang_up);
    ck_fails(open_alice(&key, &err), ERR_BUSY);
    ck_assert_uint_eq(atomic_load(&server.connections), 3);
    stop();
}
END_TEST

START_TEST(who_is_not_there_is_busy)
{
    struct err err = ERR_INIT;
    struct key *key;
    start(60000, never);
    unlink(server.path);
    ck_fails(open_alice(&key, &err), ERR_BUSY);
    stop();
}
END_TEST

/* OPEN works; every other SIGN finds the key forgotten; each third question is hung up on. */
static bool forgetful(struct server *s, int fd, const struct wire_question *q)
{
    static atomic_uint signs;
    struct wire_answer answer = {.code = ERR_NONE};
    if (atomic_load(&s->questions) % 3 == 0)
        return false;
    if (q->op == WIRE_SIGN && atomic_fetch_add(&signs, 1) % 2 == 0)
        answer = (struct wire_answer){.code = ERR_ABSENT, .message = SPAN_LIT("not open")};
    else if (q->op == WIRE_SIGN)
        answer.data = SPAN_LIT("signature");
    say(fd, &answer);
    return true;
}

START_TEST(what_was_forgotten_or_cut_off_is_asked_again_and_nobody_notices)
{
    struct err err = ERR_INIT;
    struct key *key;
    unsigned char sig[100];
    start(60000, forgetful);
    ck_ok(open_alice(&key, &err));
    for (int i = 0; i < 20; i++) {
        ck_ok(sign(key, sig, sizeof sig, &err));
        ck_assert_mem_eq(sig, "signature", 9);
    }
    key_free(&key);
    stop();
}
END_TEST

static bool always_absent(struct server *s, int fd, const struct wire_question *q)
{
    (void)s;
    say(fd, &(struct wire_answer){.code = q->op == WIRE_OPEN ? ERR_NONE : ERR_ABSENT});
    return true;
}

START_TEST(key_that_is_forgotten_each_time_is_busy_in_the_end)
{
    struct err err = ERR_INIT;
    struct key *key;
    unsigned char sig[100];
    start(60000, always_absent);
    ck_ok(open_alice(&key, &err));
    ck_fails(sign(key, sig, sizeof sig, &err), ERR_BUSY);
    key_free(&key);
    stop();
}
END_TEST

static bool lie(struct server *s, int fd, const struct wire_question *q)
{
    static char octets[WIRE_MAX + 100];
    (void)s;
    if (q->op == WIRE_OPEN)
        say(fd, &(struct wire_answer){.code = ERR_NONE});
    else if (q->op == WIRE_SIGN) /* longer than the room */
        say(fd, &(struct wire_answer){.data = {octets, 2000}});
    else /* nothing like an answer, and more than any */
        (void)!send(fd, octets, sizeof octets, MSG_NOSIGNAL);
    return true;
}

START_TEST(answer_that_cannot_be_true_is_an_error)
{
    struct err err = ERR_INIT;
    struct key *key;
    struct secret secret;
    unsigned char sig[100];
    start(60000, lie);
    ck_ok(open_alice(&key, &err));
    ck_fails(sign(key, sig, sizeof sig, &err), ERR_CRYPTO);
    ck_fails(key_derive(key, span_sub(buf_span(&public_key), public_key.len - 65, 65), &secret, &err),
             ERR_SYNTAX);
    key_free(&key);
    stop();
}
END_TEST

static bool with_pid(struct server *s, int fd, const struct wire_question *q)
{
    struct ucred who = {.pid = 0};
    socklen_t len = sizeof who;
    char pid[24];
    (void)s;
    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len);
    snprintf(pid, sizeof pid, "%ld", (long)who.pid);
    say(fd, &(struct wire_answer){.data = q->op == WIRE_SIGN ? span_of(pid) : (struct span){NULL, 0}});
    return true;
}

START_TEST(child_does_not_speak_on_its_parents_connections)
{
    struct err err = ERR_INIT;
    struct key *key;
    unsigned char sig[100] = "";
    int status;
    start(60000, with_pid);
    ck_ok(open_alice(&key, &err));
    ck_ok(sign(key, sig, sizeof sig, &err));
    ck_assert_int_eq(strtol((const char *)sig, NULL, 10), getpid());
    ck_assert_uint_eq(atomic_load(&server.connections), 1);
    pid_t child = fork();
    if (child == 0) {
        memset(sig, 0, sizeof sig);
        _exit(sign(key, sig, sizeof sig, &err) == 0 && strtol((const char *)sig, NULL, 10) == getpid() ? 0
                                                                                                       : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_ok(sign(key, sig, sizeof sig, &err));
    ck_assert_uint_eq(atomic_load(&server.connections), 2);
    key_free(&key);
    stop();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/token/remote");
    TCase *tc = tcase_create("remote");
    tcase_add_test(tc, who_does_not_answer_in_time_is_busy_and_is_not_waited_for_twice);
    tcase_add_test(tc, who_hangs_up_is_asked_a_few_times_then_is_busy);
    tcase_add_test(tc, who_is_not_there_is_busy);
    tcase_add_test(tc, what_was_forgotten_or_cut_off_is_asked_again_and_nobody_notices);
    tcase_add_test(tc, key_that_is_forgotten_each_time_is_busy_in_the_end);
    tcase_add_test(tc, answer_that_cannot_be_true_is_an_error);
    tcase_add_test(tc, child_does_not_speak_on_its_parents_connections);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
