/* token_child - a thread a lane; the end when a token is dead. */
#include "keyd/token_child.h"

#include "keyd/fence.h"
#include "keyd/sandbox.h"
#include "keyd/token_desk.h"
#include "log/log.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A process that is younger does not end because a token is away: other tokens may be well, and the next would not know better. */
#define AGE_MS   5000
#define DRAIN_MS 1000 /* for what other threads do, when one finds the token dead */

struct token_child {
    struct token_desk desk;
    int64_t started_ms;
    pthread_rwlock_t busy; /* read: a question is answered; write: none is, or will be */
    atomic_uint lanes;     /* that are open */
};

struct lane {
    struct token_child *child;
    int fd;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Other threads finish what they do: their tokens may be well. Then the module is not asked to tidy up: it may hang. */
static _Noreturn void end(struct token_child *child)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DRAIN_MS / 1000;
    (void)pthread_rwlock_timedwrlock(&child->busy, &until);
    _exit(EXIT_SUCCESS);
}

/* False at the end of the lane. */
static bool answer_one(struct lane *lane, char packet[WIRE_MAX], struct buf *answer)
{
    ssize_t n;
    do
        n = recv(lane->fd, packet, WIRE_MAX, MSG_TRUNC);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return false;
    buf_clear(answer);
    pthread_rwlock_rdlock(&lane->child->busy);
    const struct span question = {packet, n > WIRE_MAX ? 0 : (size_t)n};
    bool well = token_desk_answer(&lane->child->desk, question, answer);
    ssize_t sent = send(lane->fd, answer->ptr, answer->len, MSG_NOSIGNAL);
    pthread_rwlock_unlock(&lane->child->busy);
    explicit_bzero(answer->ptr, answer->len);
    explicit_bzero(packet, question.len);
    if (!well && now_ms() - lane->child->started_ms >= AGE_MS && !pkcs11_is_starting(lane->child->desk.p11))
        end(lane->child);
    return sent == (ssize_t)answer->len;
}

static void *serve(void *arg)
{
    struct lane *lane = arg;
    struct token_child *child = lane->child;
    char *packet = xmalloc(WIRE_MAX);
    struct buf answer = BUF_INIT(WIRE_MAX);
    (void)buf_reserve(&answer, WIRE_ANSWER_ROOM);
    while (answer_one(lane, packet, &answer))
        ;
    close(lane->fd);
    buf_fini(&answer);
    free(packet);
    if (atomic_fetch_sub(&child->lanes, 1) == 1)
        _exit(EXIT_SUCCESS);
    return NULL;
}

static int start_lane(struct token_child *child, int fd, struct err *err)
{
    struct lane *lane = xmalloc(sizeof *lane); /* as long as the process */
    pthread_t thread;
    *lane = (struct lane){child, fd};
    int error = pthread_create(&thread, NULL, serve, lane);
    if (error != 0)
        return err_set(err, ERR_IO, "thread: %s", strerror(error));
    pthread_detach(thread);
    return 0;
}

static void log_fence(const struct err *why)
{
    log_event(LEVEL_WARNING, NULL, "token-fence", "result", "open", "why", why->msg, NULL);
}

/* What others keep secret; the PINs are ours. A kernel that cannot do it is said, not a reason to have no tokens. */
static int close_fence(struct token_child *child, const struct settings *settings,
                       const struct token_pins *pins, struct err *err)
{
    char new_master[PATH_MAX];
    const char *const off[] = {settings->state_dir, settings->master_key, new_master, settings->openpgp.home};
    const char **but = xcalloc(pins->npins + 1, sizeof *but);
    size_t nbut = 0;
    for (size_t i = 0; i < pins->npins; i++)
        if (pins->pins[i].path != NULL)
            but[nbut++] = pins->pins[i].path;
    snprintf(new_master, sizeof new_master, "%s.new", settings->master_key);
    int result = fence_close(off, SEAL_COUNT(off), but, nbut, err);
    free(but);
    child->desk.fence = result == 0 ? "closed" : "open";
    if (result == 0 || err->code != ERR_UNSUPPORTED)
        return result;
    log_fence(err);
    err_clear(err);
    return 0;
}

/* Whatever a module does when it is loaded, it does behind fence and sandbox. */
static int start(struct token_child *child, const struct pkcs11_conf *conf, struct err *err)
{
    child->desk.cache = cache_new();
    token_kek_init(&child->desk.master);
    pthread_rwlock_init(&child->busy, NULL);
    atomic_init(&child->lanes, TOKEN_LANES);
    if (sandbox_close_token(err) < 0)
        return -1;
    if (pkcs11_open(conf, &child->desk.p11, err) < 0)
        return -1;
    child->started_ms = now_ms(); /* modules have had their time */
    struct err away = pkcs11_away(child->desk.p11);
    if (away.code != ERR_NONE)
        log_error(NULL, "token-start", &away);
    return 0;
}

static void await_begin(int begin)
{
    char octet;
    ssize_t n;
    do
        n = read(begin, &octet, 1);
    while (n < 0 && errno == EINTR);
    close(begin);
    if (n != 1)
        _exit(EXIT_SUCCESS);
}

_Noreturn void token_child_run(const struct settings *settings, const struct token_pins *pins,
                               const int lanes[TOKEN_LANES], int begin)
{
    static struct token_child child;
    struct err err = ERR_INIT;
    const struct string_list *modules = &settings->keys.pkcs11.modules;
    const struct pkcs11_conf conf = {.modules = modules->items,
                                     .nmodules = modules->n,
                                     .start_ms = settings->keys.pkcs11.timeout * 1000 /
                                                 2, /* questions wait already */
                                     .pins = pins->pins,
                                     .npins = pins->npins};
    (void)!sandbox_lock_memory(&err); /* the worker's start said it when it is not allowed */
    err_clear(&err);
    await_begin(begin);
    int started = close_fence(&child, settings, pins, &err);
    if (started == 0)
        started = start(&child, &conf, &err);
    for (size_t i = 0; started == 0 && i < TOKEN_LANES; i++)
        started = start_lane(&child, lanes[i], &err);
    if (started < 0) {
        log_error(NULL, "token-start", &err);
        _exit(EXIT_FAILURE);
    }
    for (;;)
        pause();
}
