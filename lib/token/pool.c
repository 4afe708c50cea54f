/* pool - a stack of idle connections: the one used last is taken first, so that few are used when few are needed. */
#include "token/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define LINES_MAX 128
#define ATTEMPTS  3

struct line {
    struct pool *pool;
    int fd;
    unsigned generation; /* of the pool when it was made */
    size_t received;
    struct buf question;
    char answer[WIRE_MAX];
};

struct pool {
    char *path; /* NULL: given */
    unsigned timeout_ms;
    void (*hung)(void *arg);
    void *arg;
    pid_t pid;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t returned;
    unsigned generation; /* raised when all connections of before are worth nothing */
    size_t lines;        /* idle or in use */
    size_t idle;
    struct line *stack[LINES_MAX];
};

static void start_empty(struct pool *pool)
{
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->returned, NULL);
    pool->lines = pool->idle = 0;
    pool->pid = getpid();
}

struct pool *pool_new(const char *path, unsigned timeout_ms)
{
    struct pool *pool = xcalloc(1, sizeof *pool);
    pool->path = xstrdup(path);
    pool->timeout_ms = timeout_ms;
    start_empty(pool);
    return pool;
}

struct pool *pool_new_given(unsigned timeout_ms, void (*hung)(void *arg), void *arg)
{
    struct pool *pool = xcalloc(1, sizeof *pool);
    pool->timeout_ms = timeout_ms;
    pool->hung = hung;
    pool->arg = arg;
    start_empty(pool);
    return pool;
}

static struct line *line_new(struct pool *pool, int fd, unsigned generation)
{
    struct line *line = xmalloc(sizeof *line);
    line->pool = pool;
    line->fd = fd;
    line->generation = generation;
    line->received = 0;
    line->question = (struct buf)BUF_INIT(WIRE_MAX);
    return line;
}

static void line_free(struct line *line)
{
    explicit_bzero(line->answer, line->received);
    mem_close(&line->fd);
    buf_fini(&line->question);
    free(line);
}

/* With the lock. */
static void close_idle(struct pool *pool)
{
    pool->lines -= pool->idle;
    while (pool->idle > 0)
        line_free(pool->stack[--pool->idle]);
    pool->generation++;
}

void pool_free(struct pool **pool)
{
    struct pool *p = *pool;
    *pool = NULL;
    if (p == NULL)
        return;
    close_idle(p);
    pthread_cond_destroy(&p->returned);
    pthread_mutex_destroy(&p->lock);
    free(p->path);
    free(p);
}

static int set_timeouts(int fd, unsigned timeout_ms)
{
    const struct timeval limit = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0 ||
                   setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0
               ? -1
               : 0;
}

void pool_give(struct pool *pool, const int *fds, size_t n)
{
    pthread_mutex_lock(&pool->lock);
    close_idle(pool);
    for (size_t i = 0; i < n && pool->idle < LINES_MAX; i++) {
        (void)set_timeouts(fds[i], pool->timeout_ms);
        pool->stack[pool->idle++] = line_new(pool, fds[i], pool->generation);
        pool->lines++;
    }
    pthread_cond_broadcast(&pool->returned);
    pthread_mutex_unlock(&pool->lock);
}

static int busy(struct err *err, const char *what, int errnum)
{
    return err_set(err, ERR_BUSY, "the key process %s: %s", what, strerror(errnum));
}

static int connect_to(const struct pool *pool, struct err *err)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    memcpy(name.sun_path, pool->path, strlen(pool->path));
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd >= 0 && set_timeouts(fd, pool->timeout_ms) == 0 &&
        connect(fd, (struct sockaddr *)&name, sizeof name) == 0)
        return fd;
    int why = errno;
    mem_close(&fd);
    return err_set(err, ERR_BUSY, "the key process cannot be reached: %s: %s", pool->path, strerror(why));
}

/* An idle line, or NULL and room for one to be made (counted already). */
static int take_or_make_room(struct pool *pool, struct line **out, unsigned *generation_out, struct err *err)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->idle == 0 && pool->lines > 0 && (pool->path == NULL || pool->lines == LINES_MAX))
        pthread_cond_wait(&pool->returned, &pool->lock); /* who has one gets an answer in time, or none */
    *out = pool->idle > 0 ? pool->stack[--pool->idle] : NULL;
    bool room = *out == NULL && pool->path != NULL && pool->lines < LINES_MAX;
    pool->lines += room ? 1 : 0;
    *generation_out = pool->generation;
    pthread_mutex_unlock(&pool->lock);
    return *out != NULL || room ? 0 : err_set(err, ERR_BUSY, "the token is away");
}

static void forget_line(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->lines--;
    pthread_cond_signal(&pool->returned);
    pthread_mutex_unlock(&pool->lock);
}

static struct line *take(struct pool *pool, struct err *err)
{
    struct line *line;
    unsigned generation;
    if (pool->pid != getpid()) {
        while (pool->idle > 0)
            line_free(pool->stack[--pool->idle]);
        start_empty(pool);
    }
    if (take_or_make_room(pool, &line, &generation, err) < 0)
        return NULL;
    if (line != NULL)
        return line;
    int fd = connect_to(pool, err);
    if (fd >= 0)
        return line_new(pool, fd, generation);
    forget_line(pool);
    return NULL;
}

/* A line that broke; with it all that were made before: who was at the other end is gone. */
static void drop(struct line *line)
{
    struct pool *pool = line->pool;
    pthread_mutex_lock(&pool->lock);
    if (line->generation == pool->generation)
        close_idle(pool);
    pool->lines--;
    pthread_cond_broadcast(&pool->returned);
    pthread_mutex_unlock(&pool->lock);
    line_free(line);
}

void pool_done(struct line **line)
{
    struct line *l = *line;
    *line = NULL;
    if (l == NULL)
        return;
    explicit_bzero(l->answer, l->received);
    l->received = 0;
    struct pool *pool = l->pool;
    pthread_mutex_lock(&pool->lock);
    bool keep = l->generation == pool->generation;
    if (keep)
        pool->stack[pool->idle++] = l;
    else
        pool->lines--;
    pthread_cond_signal(&pool->returned);
    pthread_mutex_unlock(&pool->lock);
    if (!keep)
        line_free(l);
}

/* Who hangs up may have said why before: an unread question makes the first try ECONNRESET. */
static ssize_t receive(struct line *line, int flags)
{
    ssize_t n = -1;
    for (int i = 0; i < 2 && n < 0; i++) {
        do
            n = recv(line->fd, line->answer, sizeof line->answer, flags);
        while (n < 0 && errno == EINTR);
        if (n < 0 && errno != ECONNRESET)
            break;
    }
    return n;
}

/* 1: answered; 0: the line broke; -1: no answer in time. */
static int exchange(struct line *line)
{
    ssize_t n;
    do
        n = send(line->fd, line->question.ptr, line->question.len, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return -1;
    n = receive(line, n < 0 ? MSG_DONTWAIT : 0);
    if (n < 0)
        return errno == EAGAIN ? -1 : 0;
    line->received = (size_t)n;
    return n > 0 ? 1 : 0;
}

static int no_answer(struct line *line, struct err *err)
{
    struct pool *pool = line->pool;
    drop(line);
    if (pool->hung != NULL)
        pool->hung(pool->arg);
    return busy(err, "does not answer", ETIMEDOUT);
}

static int ask_once(struct pool *pool, const struct wire_question *question, struct line **line_out,
                    struct err *err)
{
    struct line *line = take(pool, err);
    if (line == NULL)
        return -1;
    buf_clear(&line->question);
    if (wire_write_question(question, &line->question, err) < 0) {
        pool_done(&line);
        return -1;
    }
    int got = exchange(line);
    if (got < 0)
        return no_answer(line, err);
    if (got == 0)
        drop(line);
    *line_out = got == 0 ? NULL : line;
    return 0;
}

int pool_ask(struct pool *pool, const struct wire_question *question, struct line **line_out,
             struct wire_answer *answer_out, struct err *err)
{
    struct line *line = NULL;
    *line_out = NULL;
    for (int i = 0; i < ATTEMPTS && line == NULL; i++)
        if (ask_once(pool, question, &line, err) < 0)
            return -1;
    if (line == NULL)
        return busy(err, "hangs up", ECONNRESET);
    if (wire_read_answer((struct span){line->answer, line->received}, answer_out, err) < 0) {
        drop(line);
        return -1;
    }
    *line_out = line;
    return 0;
}
