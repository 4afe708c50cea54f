/* loop - poll, read, write. */
#include "openpgp/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FIRST_OCTETS 2048 /* a pipe that is empty takes them at once */
#define CHUNK        65536
#define PIPE_MAX     (1 << 20)
#define PAUSE_NS     500000 /* gpg needs longer for what PIPE_MAX holds */

/* ---- the first octets, by GPGME ---- */

static gpgme_ssize_t give(void *hook, void *buffer, size_t size)
{
    struct flow *flow = hook;
    size_t n = flow->rest.len < size ? flow->rest.len : size;
    n = n < FIRST_OCTETS ? n : FIRST_OCTETS;
    memcpy(buffer, flow->rest.ptr, n);
    flow->rest = span_sub(flow->rest, n, flow->rest.len);
    flow->loop->asked = flow;
    return (gpgme_ssize_t)n;
}

static gpgme_ssize_t take(void *hook, const void *p, size_t n)
{
    struct flow *flow = hook;
    flow->loop->asked = flow;
    if (!err_is_set(&flow->err) && spool_write(flow->spool, p, n, &flow->err) == 0)
        return (gpgme_ssize_t)n;
    errno = EIO;
    return -1;
}

static int add_flow(struct loop *loop, struct flow flow, gpgme_data_t *out, struct err *err)
{
    static struct gpgme_data_cbs callbacks = {.read = give, .write = take};
    if (loop->nflows == LOOP_FLOWS)
        return err_set(err, ERR_BUG, "more than %d flows", LOOP_FLOWS);
    struct flow *kept = &loop->flows[loop->nflows++];
    *kept = flow;
    kept->loop = loop;
    gpgme_error_t code = gpgme_data_new_from_cbs(out, &callbacks, kept);
    return code == 0 ? 0 : err_set(err, ERR_BUSY, "no memory for GPGME");
}

int loop_in(struct loop *loop, struct span bytes, gpgme_data_t *out, struct err *err)
{
    bool is_long = bytes.len > PIPE_MAX;
    loop->is_long |= is_long;
    return add_flow(loop, (struct flow){.rest = bytes, .is_lent = is_long}, out, err);
}

int loop_out(struct loop *loop, struct spool *spool, gpgme_data_t *out, struct err *err)
{
    return add_flow(loop, (struct flow){.spool = spool}, out, err);
}

const struct err *loop_spool_error(const struct loop *loop)
{
    for (size_t i = 0; i < loop->nflows; i++)
        if (err_is_set(&loop->flows[i].err))
            return &loop->flows[i].err;
    return NULL;
}

/* ---- what GPGME wants watched ---- */

static gpgme_error_t add_watch(void *hook, int fd, int dir, gpgme_io_cb_t call, void *call_data, void **tag)
{
    struct loop *loop = hook;
    for (size_t i = 0; i < LOOP_WATCHES; i++) {
        struct watch *watch = &loop->watches[i];
        if (watch->fd >= 0)
            continue;
        *watch = (struct watch){fd, dir == 1 ? POLLIN : POLLOUT, call, call_data, NULL, false};
        *tag = watch;
        return 0;
    }
    return gpgme_error(GPG_ERR_TOO_MANY);
}

static void remove_watch(void *tag)
{
    struct watch *watch = tag;
    watch->fd = -1;
}

static void note_event(void *hook, gpgme_event_io_t type, void *data)
{
    struct loop *loop = hook;
    const struct gpgme_io_event_done_data *done = data;
    if (type != GPGME_EVENT_DONE)
        return;
    loop->done = true;
    loop->code = done->err != 0 ? done->err : done->op_err;
}

void loop_init(struct loop *loop)
{
    memset(loop, 0, sizeof *loop);
    for (size_t i = 0; i < LOOP_WATCHES; i++)
        loop->watches[i].fd = -1;
}

void loop_watch(struct loop *loop, gpgme_ctx_t ctx)
{
    struct gpgme_io_cbs callbacks = {add_watch, loop, remove_watch, note_event, loop};
    gpgme_set_io_cbs(ctx, &callbacks);
}

/* ---- the rest, directly ---- */

/* Written where the kernel does not lend. */
static ssize_t give_on(const struct watch *watch)
{
    const struct span *rest = &watch->flow->rest;
    const struct iovec pages = {(void *)rest->ptr, rest->len};
    if (watch->flow->is_lent) {
        ssize_t n = vmsplice(watch->fd, &pages, 1, SPLICE_F_NONBLOCK);
        if (n >= 0 || errno == EAGAIN || errno == EINTR)
            return n;
    }
    return write(watch->fd, rest->ptr, rest->len);
}

/* true: nothing more for now; false: GPGME has to see what is next. */
static bool write_on(struct watch *watch)
{
    struct flow *flow = watch->flow;
    while (flow->rest.len > 0) {
        ssize_t n = give_on(watch);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        flow->rest = span_sub(flow->rest, (size_t)n, flow->rest.len);
    }
    return false;
}

static bool read_on(struct watch *watch)
{
    struct flow *flow = watch->flow;
    char chunk[CHUNK];
    for (;;) {
        ssize_t n = read(watch->fd, chunk, sizeof chunk);
        if (n <= 0)
            return n < 0 && (errno == EINTR || errno == EAGAIN);
        if (spool_write(flow->spool, chunk, (size_t)n, &flow->err) < 0)
            return false;
    }
}

/* Whose pipe this is has just become known. */
static void bind_watch(struct watch *watch, struct flow *flow)
{
    watch->flow = flow;
    if (flow->rest.len > CHUNK || (flow->loop->is_long && flow->spool != NULL))
        watch->is_wide = fcntl(watch->fd, F_SETPIPE_SZ, PIPE_MAX) >= PIPE_MAX;
    int flags = fcntl(watch->fd, F_GETFL);
    if (flow->spool != NULL && flags >= 0)
        (void)fcntl(watch->fd, F_SETFL, flags | O_NONBLOCK);
}

/* true: long content went on, and more will be there in a while. */
static bool serve(struct loop *loop, struct watch *watch)
{
    int fd = watch->fd;
    if (watch->flow != NULL && !err_is_set(&watch->flow->err) &&
        (watch->flow->spool != NULL ? read_on(watch) : write_on(watch)))
        return watch->is_wide;
    loop->asked = NULL;
    (void)watch->call(watch->call_data, fd); /* what fails comes as the event "done" */
    if (watch->fd == fd && watch->flow == NULL && loop->asked != NULL)
        bind_watch(watch, loop->asked);
    return false;
}

/* gpg moves 8 KB at a time, and each would wake us. */
static void wait_for_more(void)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    (void)nanosleep(&pause, NULL);
}

static void wait_and_serve(struct loop *loop, int wait_ms)
{
    struct pollfd fds[LOOP_WATCHES];
    bool went = false;
    for (size_t i = 0; i < LOOP_WATCHES; i++)
        fds[i] = (struct pollfd){.fd = loop->watches[i].fd, .events = loop->watches[i].events};
    if (poll(fds, LOOP_WATCHES, wait_ms) <= 0)
        return;
    for (size_t i = 0; i < LOOP_WATCHES && !loop->done; i++)
        if (fds[i].revents != 0 && loop->watches[i].fd == fds[i].fd)
            went |= serve(loop, &loop->watches[i]);
    if (went && !loop->done)
        wait_for_more();
}

gpgme_error_t loop_run(struct loop *loop, gpgme_ctx_t ctx, gpgme_error_t started, int64_t (*clock_ms)(void),
                       int64_t deadline)
{
    if (started != 0)
        return started;
    loop->done = false;
    while (!loop->done) {
        int64_t left = deadline - clock_ms();
        if (left > 0)
            wait_and_serve(loop, (int)left);
        else if (gpgme_cancel(ctx) != 0)
            return gpgme_error(GPG_ERR_TIMEOUT);
    }
    return loop->code;
}
