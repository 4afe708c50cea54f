/* wire - non-blocking socket, poll in slices, one buffer each way. */
#include "smtp/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLICE_MS 5000 /* how long poll waits before the caller may tell its own peer that we are alive */
#define OUT_SIZE 32768

struct wire {
    struct wire_conf conf;
    int fd;
    size_t in_len, in_used;
    size_t out_len;
    char in[WIRE_LINE_MAX];
    char out[OUT_SIZE];
};

static int wait_for(struct wire *wire, short events, int64_t deadline, struct err *err)
{
    for (;;) {
        int64_t left = deadline - wire->conf.clock_ms();
        if (left <= 0)
            return err_set(err, ERR_PEER_TEMP, "no answer within %u seconds", wire->conf.timeout);
        struct pollfd p = {.fd = wire->fd, .events = events};
        int n = poll(&p, 1, left > SLICE_MS ? SLICE_MS : (int)left);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return err_set(err, ERR_IO, "poll: %s", strerror(errno));
        if (n == 0 && left > SLICE_MS && wire->conf.waiting != NULL)
            wire->conf.waiting(wire->conf.arg);
    }
}

static int64_t deadline_of(const struct wire *wire)
{
    return wire->conf.clock_ms() + (int64_t)wire->conf.timeout * 1000;
}

/* "HOST:PORT", "[IPV6]:PORT" */
static int split_target(const char *target, char host[256], char port[6], struct err *err)
{
    const char *colon = strrchr(target, ':');
    if (colon == NULL || colon == target)
        return err_set(err, ERR_CONFIG, "%s: found no port, expected HOST:PORT", target);
    struct span name = {target, (size_t)(colon - target)};
    if (name.ptr[0] == '[' && name.ptr[name.len - 1] == ']')
        name = span_sub(name, 1, name.len - 2);
    if (name.len == 0 || name.len >= 256 || strlen(colon + 1) == 0 || strlen(colon + 1) >= 6)
        return err_set(err, ERR_CONFIG, "%s: expected HOST:PORT", target);
    memcpy(host, name.ptr, name.len);
    host[name.len] = '\0';
    memcpy(port, colon + 1, strlen(colon + 1) + 1);
    return 0;
}

static int connect_one(struct wire *wire, const struct addrinfo *ai, struct err *err)
{
    wire->fd = socket(ai->ai_family, ai->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, ai->ai_protocol);
    if (wire->fd < 0)
        return err_set(err, ERR_IO, "socket: %s", strerror(errno));
    int on = 1;
    (void)setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(wire->fd, ai->ai_addr, ai->ai_addrlen) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return err_set(err, ERR_PEER_TEMP, "%s", strerror(errno));
    if (wait_for(wire, POLLOUT, deadline_of(wire), err) < 0)
        return -1;
    int code = 0;
    socklen_t size = sizeof code;
    if (getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &code, &size) < 0 || code != 0)
        return err_set(err, ERR_PEER_TEMP, "%s", strerror(code != 0 ? code : errno));
    return 0;
}

/* The first address that takes us; the error of the last one otherwise. */
static int connect_any(struct wire *wire, const struct addrinfo *list, struct err *err)
{
    for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
        err_clear(err);
        if (connect_one(wire, ai, err) == 0)
            return 0;
        mem_close(&wire->fd);
    }
    return -1;
}

int wire_connect(const char *target, const struct wire_conf *conf, struct wire **out, struct err *err)
{
    char host[256];
    char port[6];
    if (split_target(target, host, port, err) < 0)
        return -1;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    int code = getaddrinfo(host, port, &hints, &list);
    if (code != 0)
        return err_set(err, code == EAI_AGAIN ? ERR_PEER_TEMP : ERR_CONFIG, "%s: %s", target,
                       gai_strerror(code));
    struct wire *wire = xcalloc(1, sizeof *wire);
    wire->conf = *conf;
    wire->fd = -1;
    int result = connect_any(wire, list, err);
    freeaddrinfo(list);
    if (result < 0) {
        wire_close(&wire);
        return err_wrap(err, "connect to %s", target);
    }
    *out = wire;
    return 0;
}

void wire_close(struct wire **wire)
{
    if (*wire == NULL)
        return;
    mem_close(&(*wire)->fd);
    free(*wire);
    *wire = NULL;
}

void wire_set_timeout(struct wire *wire, unsigned seconds)
{
    wire->conf.timeout = seconds;
}

int wire_local_name(const struct wire *wire, struct wire_name *out, struct err *err)
{
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    char port[6];
    if (getsockname(wire->fd, (struct sockaddr *)&name, &size) < 0)
        return err_set(err, ERR_IO, "getsockname: %s", strerror(errno));
    int code = getnameinfo((struct sockaddr *)&name, size, out->addr, sizeof out->addr, port, sizeof port,
                           NI_NUMERICHOST | NI_NUMERICSERV);
    if (code != 0)
        return err_set(err, ERR_IO, "getnameinfo: %s", gai_strerror(code));
    out->port = (unsigned)strtoul(port, NULL, 10);
    return 0;
}

static int send_all(struct wire *wire, const char *p, size_t n, struct err *err)
{
    int64_t deadline = deadline_of(wire);
    while (n > 0) {
        ssize_t done = send(wire->fd, p, n, MSG_NOSIGNAL);
        if (done > 0) {
            p += done;
            n -= (size_t)done;
            deadline = deadline_of(wire);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (wait_for(wire, POLLOUT, deadline, err) < 0)
                return -1;
        } else if (errno != EINTR) {
            return err_set(err, ERR_PEER_TEMP, "hung up: %s", strerror(errno));
        }
    }
    return 0;
}

int wire_flush(struct wire *wire, struct err *err)
{
    size_t n = wire->out_len;
    wire->out_len = 0;
    return send_all(wire, wire->out, n, err);
}

int wire_write(struct wire *wire, struct span bytes, struct err *err)
{
    if (bytes.len > OUT_SIZE - wire->out_len && wire_flush(wire, err) < 0)
        return -1;
    if (bytes.len > OUT_SIZE)
        return send_all(wire, bytes.ptr, bytes.len, err);
    if (bytes.len > 0)
        memcpy(wire->out + wire->out_len, bytes.ptr, bytes.len);
    wire->out_len += bytes.len;
    return 0;
}

/* More octets from the server behind those that are there already; a server that trickles them is waited for no longer. */
static int fill(struct wire *wire, int64_t deadline, struct err *err)
{
    if (wire->in_used > 0) {
        memmove(wire->in, wire->in + wire->in_used, wire->in_len - wire->in_used);
        wire->in_len -= wire->in_used;
        wire->in_used = 0;
    }
    if (wire->in_len == sizeof wire->in)
        return err_set(err, ERR_PEER_TEMP, "answer has a line of more than %d octets", WIRE_LINE_MAX);
    if (wire->conf.clock_ms() >= deadline)
        return wait_for(wire, POLLIN, deadline, err);
    for (;;) {
        ssize_t n = recv(wire->fd, wire->in + wire->in_len, sizeof wire->in - wire->in_len, 0);
        if (n > 0) {
            wire->in_len += (size_t)n;
            return 0;
        }
        if (n == 0)
            return err_set(err, ERR_PEER_TEMP, "hung up");
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            return err_set(err, ERR_PEER_TEMP, "hung up: %s", strerror(errno));
        if (wait_for(wire, POLLIN, deadline, err) < 0)
            return -1;
    }
}

int wire_read_line(struct wire *wire, struct span *out, struct err *err)
{
    int64_t deadline = deadline_of(wire);
    for (;;) {
        const char *start = wire->in + wire->in_used;
        const char *lf = memchr(start, '\n', wire->in_len - wire->in_used);
        if (lf != NULL) {
            size_t len = (size_t)(lf - start);
            wire->in_used += len + 1;
            if (len > 0 && start[len - 1] == '\r')
                len--;
            *out = (struct span){start, len};
            return 0;
        }
        if (fill(wire, deadline, err) < 0)
            return -1;
    }
}
