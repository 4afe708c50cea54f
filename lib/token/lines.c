/* lines - a stack of idle connections: the one used last is taken first, so that few are used when few are needed. */
#include "token/lines.h"

#include "token/spin.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LINES_MAX 128
#define ATTEMPTS  3
#define COMES_S   3 /* in which who was at the other end has a successor, if all is well */

struct line {
    struct lines *lines;
    int fd;
    unsigned generation; /* of the lines when it was made */
    long whose;          /* as lines_give() was told */
    pthread_t user;      /* who used it last */
    struct spin spin;
    size_t received;
    struct buf question;
    char answer[WIRE_MAX];
};

struct lines {
    char *path; /* NULL: given */
    unsigned timeout_ms;
    void (*hung)(void *arg, long whose);
    void *arg;
    pid_t pid;
    struct spin_group group;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t returned;
    unsigned generation; /* raised when all connections of before are worth nothing */
    size_t open;         /* idle or in use */
    size_t idle;
    struct timespec until; /* when none is open: the others are waited for so long */
    struct line *stack[LINES_MAX];
};

/* With the lock, unless nobody else knows the lines. */
static void count_closed(struct lines *lines, size_t n)
{
    lines->open -= n;
    if (lines->open > 0)
        return;
    clock_gettime(CLOCK_MONOTONIC, &lines->until);
    lines->until.tv_sec += COMES_S;
}

static void start_empty(struct lines *lines)
{
    pthread_mutex_init(&lines->lock, NULL);
    pthread_cond_init(&lines->returned, NULL);
    count_closed(lines, lines->open);
    lines->idle = 0;
    lines->pid = getpid();
    spin_group_init(&lines->group);
}

struct lines *lines_new(const char *path, unsigned timeout_ms)
{
    struct lines *lines = xcalloc(1, sizeof *lines);
    lines->path = xstrdup(path);
    lines->timeout_ms = timeout_ms;
    start_empty(lines);
    return lines;
}

struct lines *lines_new_given(unsigned timeout_ms, void (*hung)(void *arg, long whose), void *arg)
{
    struct lines *lines = xcalloc(1, sizeof *lines);
    lines->timeout_ms = timeout_ms;
    lines->hung = hung;
    lines->arg = arg;
    start_empty(lines);
    return lines;
}

static struct line *line_new(struct lines *lines, int fd, unsigned generation)
{
    struct line *line = xmalloc(sizeof *line);
    line->lines = lines;
    line->fd = fd;
    line->generation = generation;
    line->whose = 0;
    line->received = 0;
    line->user = pthread_self();
    line->spin = (struct spin){0};
    line->question = (struct buf)BUF_INIT(WIRE_MAX);
    return line;
}

/* What was kept is a passphrase, what was answered may be a key. */
static void wipe(struct line *line)
{
    explicit_bzero(line->answer, line->received);
    line->received = 0;
    if (line->question.ptr != NULL)
        explicit_bzero(line->question.ptr, line->question.len);
    buf_clear(&line->question);
}

static void line_free(struct line *line)
{
    wipe(line);
    mem_close(&line->fd);
    buf_fini(&line->question);
    free(line);
}

/* With the lock. */
static void close_idle(struct lines *lines)
{
    count_closed(lines, lines->idle);
    while (lines->idle > 0)
        line_free(lines->stack[--lines->idle]);
    lines->generation++;
}

void lines_free(struct lines **lines)
{
    struct lines *p = *lines;
    *lines = NULL;
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

void lines_give(struct lines *lines, const int *fds, size_t n, long whose)
{
    pthread_mutex_lock(&lines->lock);
    close_idle(lines);
    for (size_t i = 0; i < n && lines->idle < LINES_MAX; i++) {
        (void)set_timeouts(fds[i], lines->timeout_ms);
        struct line *line = line_new(lines, fds[i], lines->generation);
        line->whose = whose;
        lines->stack[lines->idle++] = line;
        lines->open++;
    }
    pthread_cond_broadcast(&lines->returned);
    pthread_mutex_unlock(&lines->lock);
}

static int busy(struct err *err, const char *what, int errnum)
{
    return err_set(err, ERR_BUSY, "the key process %s: %s", what, strerror(errnum));
}

static int connect_to(const struct lines *lines, struct err *err)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    memcpy(name.sun_path, lines->path, strlen(lines->path));
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd >= 0 && set_timeouts(fd, lines->timeout_ms) == 0 &&
        connect(fd, (struct sockaddr *)&name, sizeof name) == 0)
        return fd;
    int why = errno;
    mem_close(&fd);
    return err_set(err, ERR_BUSY, "the key process cannot be reached: %s: %s", lines->path, strerror(why));
}

/*
 * The one that this thread used last, or the one that was used last: what answers on it then runs where this thread does, and need not be
 * woken on another processor.
 */
static struct line *take_idle(struct lines *lines)
{
    size_t at = lines->idle - 1;
    for (size_t i = lines->idle; i-- > 0;)
        if (pthread_equal(lines->stack[i]->user, pthread_self())) {
            at = i;
            break;
        }
    struct line *line = lines->stack[at];
    memmove(&lines->stack[at], &lines->stack[at + 1], (--lines->idle - at) * sizeof line);
    line->user = pthread_self();
    return line;
}

/* With the lock. False when it is waited for no longer. */
static bool await_line(struct lines *lines)
{
    if (lines->open > 0) /* who has one gets an answer in time, or none */
        return pthread_cond_wait(&lines->returned, &lines->lock) == 0;
    return pthread_cond_clockwait(&lines->returned, &lines->lock, CLOCK_MONOTONIC, &lines->until) == 0;
}

/* An idle line, or NULL and room for one to be made (counted already). */
static int take_or_make_room(struct lines *lines, struct line **out, unsigned *generation_out,
                             struct err *err)
{
    pthread_mutex_lock(&lines->lock);
    while (lines->idle == 0 && (lines->path == NULL || lines->open == LINES_MAX) && await_line(lines))
        ;
    *out = lines->idle > 0 ? take_idle(lines) : NULL;
    bool room = *out == NULL && lines->path != NULL && lines->open < LINES_MAX;
    lines->open += room ? 1 : 0;
    *generation_out = lines->generation;
    pthread_mutex_unlock(&lines->lock);
    return *out != NULL || room ? 0 : err_set(err, ERR_BUSY, "the token is away");
}

static void forget_line(struct lines *lines)
{
    pthread_mutex_lock(&lines->lock);
    count_closed(lines, 1);
    pthread_cond_signal(&lines->returned);
    pthread_mutex_unlock(&lines->lock);
}

static struct line *take(struct lines *lines, struct err *err)
{
    struct line *line;
    unsigned generation;
    if (lines->pid != getpid()) {
        while (lines->idle > 0)
            line_free(lines->stack[--lines->idle]);
        start_empty(lines);
    }
    if (take_or_make_room(lines, &line, &generation, err) < 0)
        return NULL;
    if (line != NULL)
        return line;
    int fd = connect_to(lines, err);
    if (fd >= 0)
        return line_new(lines, fd, generation);
    forget_line(lines);
    return NULL;
}

/* A line that broke; with it all that were made before: who was at the other end is gone. */
static void drop(struct line *line)
{
    struct lines *lines = line->lines;
    pthread_mutex_lock(&lines->lock);
    if (line->generation == lines->generation)
        close_idle(lines);
    count_closed(lines, 1);
    pthread_cond_broadcast(&lines->returned);
    pthread_mutex_unlock(&lines->lock);
    line_free(line);
}

void lines_done(struct line **line)
{
    struct line *l = *line;
    *line = NULL;
    if (l == NULL)
        return;
    wipe(l);
    struct lines *lines = l->lines;
    pthread_mutex_lock(&lines->lock);
    bool keep = l->generation == lines->generation;
    if (keep) {
        lines->stack[lines->idle++] = l;
        pthread_cond_signal(&lines->returned);
    } else {
        count_closed(lines, 1);
        pthread_cond_broadcast(&lines->returned);
    }
    pthread_mutex_unlock(&lines->lock);
    if (!keep)
        line_free(l);
}

/* Who hangs up may have said why before: an unread question makes the first try ECONNRESET. */
static ssize_t receive(struct line *line, int flags)
{
    ssize_t n = -1;
    for (int i = 0; i < 2 && n < 0; i++) {
        n = spin_receive(&line->lines->group, &line->spin, line->fd, line->answer, sizeof line->answer,
                         flags);
        if (n < 0 && errno != ECONNRESET)
            break;
    }
    return n;
}

enum exchanged {
    ANSWERED,
    BROKE,      /* before the question was sent */
    BROKE_SENT, /* after that */
    LATE
};

static enum exchanged exchange(struct line *line)
{
    ssize_t n;
    do
        n = send(line->fd, line->question.ptr, line->question.len, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return LATE;
    bool sent = n >= 0;
    n = receive(line, sent ? 0 : MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return LATE;
    line->received = n > 0 ? (size_t)n : 0;
    return n > 0 ? ANSWERED : sent ? BROKE_SENT : BROKE;
}

/* A token makes a key pair in its own time. */
static enum exchanged exchange_slowly(struct line *line)
{
    unsigned usual = line->lines->timeout_ms;
    (void)set_timeouts(line->fd, usual > LINES_MAKING_MS ? usual : LINES_MAKING_MS);
    enum exchanged got = exchange(line);
    (void)set_timeouts(line->fd, usual);
    return got;
}

static int no_answer(struct line *line, struct err *err)
{
    struct lines *lines = line->lines;
    long whose = line->whose;
    drop(line);
    if (lines->hung != NULL)
        lines->hung(lines->arg, whose);
    return busy(err, "does not answer", ETIMEDOUT);
}

/* Asked twice, it would find the name taken by what it made itself. */
static bool makes_on_token(const struct wire_question *question)
{
    return question->op == WIRE_GENERATE && question->uri.len > 0;
}

/* *line_out NULL: to be asked again. */
static int ask_once(struct lines *lines, const struct wire_question *question, struct line **line_out,
                    struct err *err)
{
    struct line *line = take(lines, err);
    if (line == NULL)
        return -1;
    buf_clear(&line->question);
    if (wire_write_question(question, &line->question, err) < 0) {
        lines_done(&line);
        return -1;
    }
    enum exchanged got = makes_on_token(question) ? exchange_slowly(line) : exchange(line);
    if (got == LATE)
        return no_answer(line, err);
    *line_out = got == ANSWERED ? line : NULL;
    if (got == ANSWERED)
        return 0;
    drop(line);
    return got == BROKE_SENT && makes_on_token(question) ? busy(err, "hangs up", ECONNRESET) : 0;
}

int lines_ask(struct lines *lines, const struct wire_question *question, struct line **line_out,
              struct wire_answer *answer_out, struct err *err)
{
    struct line *line = NULL;
    *line_out = NULL;
    for (int i = 0; i < ATTEMPTS && line == NULL; i++)
        if (ask_once(lines, question, &line, err) < 0)
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
