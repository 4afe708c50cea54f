/* service - threads that wait for a connection, and serve it until its end. */
#include "keyd/service.h"

#include "token/spin.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define THREADS       (SERVICE_CONNECTIONS + SERVICE_RESERVED)
#define STACK_SIZE    (512u << 10)
#define SEND_SECONDS  10 /* who does not read its answers is hung up on */
#define DRAIN_STEP_MS 5

struct connection {
    int fd;
    struct peer peer;
    struct spin spin;
};

struct service {
    struct desk *desk;
    uid_t allowed, own;
    pid_t refused; /* of the thread that accepts */
    struct spin_group group;
    atomic_uint answering;
    atomic_bool draining;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t arrived, all_idle;
    struct connection queue[THREADS];
    size_t queued, idle; /* idle threads that no queued connection is meant for */
};

static bool begin_answer(struct service *s)
{
    atomic_fetch_add(&s->answering, 1);
    if (!atomic_load(&s->draining))
        return true;
    atomic_fetch_sub(&s->answering, 1);
    return false;
}

static bool send_answer(int fd, const struct buf *answer)
{
    ssize_t n;
    do
        n = send(fd, answer->ptr, answer->len, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)answer->len;
}

/* The length may be beyond the room: such a packet is nonsense in full, not only its end. */
static ssize_t receive(struct service *s, struct connection *c, char packet[WIRE_MAX])
{
    return spin_receive(&s->group, &c->spin, c->fd, packet, WIRE_MAX, MSG_TRUNC);
}

static bool answer_one(struct service *s, struct connection *c, char packet[WIRE_MAX], struct buf *answer)
{
    ssize_t n = receive(s, c, packet);
    if (n <= 0 || !begin_answer(s))
        return false;
    buf_clear(answer);
    const struct span question = {packet, n > WIRE_MAX ? 0 : (size_t)n};
    bool go_on = desk_answer(s->desk, &c->peer, question, answer);
    go_on = send_answer(c->fd, answer) && go_on;
    explicit_bzero(answer->ptr, answer->len);
    explicit_bzero(packet, question.len);
    atomic_fetch_sub(&s->answering, 1);
    return go_on;
}

static struct connection next_connection(struct service *s)
{
    pthread_mutex_lock(&s->lock);
    if (++s->idle == THREADS)
        pthread_cond_broadcast(&s->all_idle);
    while (s->queued == 0)
        pthread_cond_wait(&s->arrived, &s->lock);
    struct connection c = s->queue[--s->queued];
    pthread_mutex_unlock(&s->lock);
    return c;
}

static void *serve(void *arg)
{
    struct service *s = arg;
    char *packet = xmalloc(WIRE_MAX);
    struct buf answer = BUF_INIT(WIRE_MAX);
    (void)buf_reserve(&answer, WIRE_ANSWER_ROOM);
    for (;;) {
        struct connection c = next_connection(s);
        atomic_fetch_add(&s->desk->connections, 1);
        while (answer_one(s, &c, packet, &answer))
            ;
        atomic_fetch_sub(&s->desk->connections, 1);
        close(c.fd);
    }
    return NULL;
}

static int start_threads(struct service *s, struct err *err)
{
    pthread_t thread;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    int result = 0;
    for (int i = 0; i < THREADS && result == 0; i++)
        result = pthread_create(&thread, &attr, serve, s);
    pthread_attr_destroy(&attr);
    return result == 0 ? 0 : err_set(err, ERR_IO, "%d threads: %s", THREADS, strerror(result));
}

int service_new(struct desk *desk, uid_t allowed, struct service **out, struct err *err)
{
    struct service *s = xcalloc(1, sizeof *s);
    s->desk = desk;
    s->allowed = allowed;
    s->own = geteuid();
    spin_group_init(&s->group);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->arrived, NULL);
    pthread_cond_init(&s->all_idle, NULL);
    *out = s;
    if (start_threads(s, err) < 0)
        return -1;
    pthread_mutex_lock(&s->lock);
    while (s->idle < THREADS)
        pthread_cond_wait(&s->all_idle, &s->lock);
    pthread_mutex_unlock(&s->lock);
    return 0;
}

void service_refuse(struct service *s, pid_t pid)
{
    s->refused = pid;
}

static int check_peer(const struct service *s, int fd, struct peer *out, struct err *err)
{
    struct ucred who;
    socklen_t len = sizeof who;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
        return err_set(err, ERR_IO, "peer: %s", strerror(errno));
    *out = (struct peer){who.pid, who.uid, who.uid == 0 || who.uid == s->own};
    if (s->refused != 0 && who.pid == s->refused)
        return err_set(err, ERR_CONFIG, "the process of the tokens answers, and asks nothing");
    if (out->privileged || who.uid == s->allowed)
        return 0;
    return err_set(err, ERR_CONFIG, "the key process is not asked by user %u (user =)", who.uid);
}

static void hang_up(struct service *s, const struct connection *c, const struct err *why)
{
    struct audit_entry entry;
    SEAL_CLEANUP(buf_fini) struct buf answer = BUF_INIT(WIRE_MAX);
    audit_begin(&entry, limits_tell(s->desk->limits, c->peer.uid) ? "refuse" : "", c->peer.pid, c->peer.uid);
    desk_note(s->desk, &entry, why);
    desk_refuse(why, &answer);
    (void)!send(c->fd, answer.ptr, answer.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(c->fd);
}

/* Whether there is a thread for it. */
static bool enqueue(struct service *s, const struct connection *c)
{
    pthread_mutex_lock(&s->lock);
    bool room = s->idle > (c->peer.privileged ? 0 : SERVICE_RESERVED);
    if (room) {
        s->idle--;
        s->queue[s->queued++] = *c;
        pthread_cond_signal(&s->arrived);
    }
    pthread_mutex_unlock(&s->lock);
    return room;
}

void service_accept(struct service *s, int listener)
{
    struct err err = ERR_INIT;
    const struct timeval limit = {.tv_sec = SEND_SECONDS};
    struct connection c = {.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)};
    if (c.fd < 0)
        return;
    (void)setsockopt(c.fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (check_peer(s, c.fd, &c.peer, &err) < 0)
        hang_up(s, &c, &err);
    else if (!enqueue(s, &c))
        close(c.fd);
}

void service_close(struct service *s)
{
    atomic_store(&s->draining, true);
}

bool service_is_closed(const struct service *s)
{
    return atomic_load(&s->draining);
}

void service_drain(struct service *s, unsigned ms)
{
    service_close(s);
    for (unsigned waited = 0; waited < ms && atomic_load(&s->answering) > 0; waited += DRAIN_STEP_MS)
        (void)poll(NULL, 0, DRAIN_STEP_MS);
}
