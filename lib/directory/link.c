/*
 * link - the socket under libldap.
 *
 * libldap's own time limits end between messages: a TLS handshake, or a record of which only the beginning came, would hold a thread for as
 * long as the server likes. So the lowest layer is ours, and everything above ends when it does.
 */
#include "directory/internal.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MESSAGE_MAX (16u << 20) /* octets of one message of a server's: libldap has no limit of its own */

static int left_ms(const struct link *link)
{
    int64_t left = link->deadline - link->clock_ms();
    return left <= 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

bool link_is_late(const struct link *link)
{
    return left_ms(link) == 0;
}

/* 0, or -1 with errno. */
static int wait_for(const struct link *link, short events)
{
    for (;;) {
        struct pollfd p = {.fd = link->fd, .events = events};
        int ms = left_ms(link);
        int n = ms == 0 ? 0 : poll(&p, 1, ms);
        if (n > 0)
            return 0;
        if (n == 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        if (errno != EINTR)
            return -1;
    }
}

bool link_is_idle(const struct link *link)
{
    struct pollfd p = {.fd = link->fd, .events = POLLIN};
    return poll(&p, 1, 0) == 0;
}

/* ---- as a layer of liblber ---- */

static int layer_setup(Sockbuf_IO_Desc *desc, void *arg)
{
    desc->sbiod_pvt = arg;
    return 0;
}

static int layer_nothing(Sockbuf_IO_Desc *desc)
{
    (void)desc;
    return 0;
}

static int layer_ctrl(Sockbuf_IO_Desc *desc, int option, void *arg)
{
    (void)desc;
    (void)option;
    (void)arg;
    return 0;
}

static ber_slen_t layer_read(Sockbuf_IO_Desc *desc, void *p, ber_len_t n)
{
    const struct link *link = desc->sbiod_pvt;
    return wait_for(link, POLLIN) < 0 ? -1 : recv(link->fd, p, n, 0);
}

static ber_slen_t layer_write(Sockbuf_IO_Desc *desc, void *p, ber_len_t n)
{
    const struct link *link = desc->sbiod_pvt;
    return wait_for(link, POLLOUT) < 0 ? -1 : send(link->fd, p, n, MSG_NOSIGNAL);
}

static int layer_close(Sockbuf_IO_Desc *desc)
{
    link_close(desc->sbiod_pvt);
    return 0;
}

int link_attach(struct link *link, LDAP *ld, struct err *err)
{
    static Sockbuf_IO layer = {layer_setup, layer_nothing, layer_ctrl, layer_read, layer_write, layer_close};
    static ber_len_t longest = MESSAGE_MAX;
    Sockbuf *sockbuf = NULL;
    if (ldap_get_option(ld, LDAP_OPT_SOCKBUF, &sockbuf) != LDAP_OPT_SUCCESS ||
        ber_sockbuf_ctrl(sockbuf, LBER_SB_OPT_SET_MAX_INCOMING, &longest) < 0 ||
        ber_sockbuf_add_io(sockbuf, &layer, LBER_SBIOD_LEVEL_PROVIDER, link) < 0)
        return err_set(err, ERR_BUG, "libldap takes no connection");
    return 0;
}

void link_close(struct link *link)
{
    mem_close(&link->fd);
}

/* ---- connecting ---- */

static int connect_to(struct link *link, const struct sockaddr *addr, socklen_t size, struct err *err)
{
    int code = 0;
    socklen_t code_size = sizeof code;
    link->fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (link->fd < 0)
        return err_set(err, ERR_IO, "socket: %s", strerror(errno));
    int on = 1;
    if (addr->sa_family != AF_UNIX)
        (void)setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(link->fd, addr, size) == 0)
        return 0;
    if (errno != EINPROGRESS)
        code = errno;
    else if (wait_for(link, POLLOUT) < 0 || getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &code, &code_size) < 0)
        code = errno;
    if (code == 0)
        return 0;
    link_close(link);
    return err_set(err, ERR_PEER_TEMP, "%s", strerror(code));
}

static int connect_unix(struct link *link, const char *path, struct err *err)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    if (snprintf(addr.sun_path, sizeof addr.sun_path, "%s", path) >= (int)sizeof addr.sun_path)
        return err_set(err, ERR_CONFIG, "%s: the path is too long", path);
    return connect_to(link, (const struct sockaddr *)&addr, sizeof addr, err);
}

/* A look-up that the resolver cannot be made to give up: its thread still writes there, so it is never freed. */
struct lookup {
    struct gaicb request;
    struct addrinfo hints;
    char port[8];
    char host[];
};

static void lookup_free(struct lookup **lookup)
{
    struct gaicb *request = &(*lookup)->request;
    if (gai_error(request) == EAI_INPROGRESS && gai_cancel(request) == EAI_NOTCANCELED)
        return;
    if (request->ar_result != NULL)
        freeaddrinfo(request->ar_result);
    mem_free(lookup);
}

static struct lookup *lookup_new(const char *host, int port)
{
    struct lookup *lookup = xcalloc(1, sizeof *lookup + strlen(host) + 1);
    memcpy(lookup->host, host, strlen(host) + 1);
    snprintf(lookup->port, sizeof lookup->port, "%d", port);
    lookup->hints = (struct addrinfo){.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    lookup->request =
        (struct gaicb){.ar_name = lookup->host, .ar_service = lookup->port, .ar_request = &lookup->hints};
    return lookup;
}

/* The resolver knows no deadline of its own. */
static int resolve(const struct link *link, struct lookup *lookup, struct err *err)
{
    struct gaicb *list[] = {&lookup->request};
    int code = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
    while (code == 0 && (code = gai_error(&lookup->request)) == EAI_INPROGRESS) {
        int ms = left_ms(link);
        const struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
        if (ms == 0)
            return err_set(err, ERR_PEER_TEMP, "the name could not be looked up in time");
        (void)gai_suspend((const struct gaicb *const *)list, 1, &wait);
        code = 0;
    }
    return code == 0 ? 0 : err_set(err, ERR_PEER_TEMP, "%s", gai_strerror(code));
}

static int connect_first(struct link *link, const struct addrinfo *list, struct err *err)
{
    for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
        err_clear(err);
        if (connect_to(link, ai->ai_addr, ai->ai_addrlen, err) == 0)
            return 0;
    }
    return -1;
}

/* An address needs no look-up. */
static int connect_inet(struct link *link, const char *host, int port, struct err *err)
{
    struct addrinfo *list = NULL;
    SEAL_CLEANUP(lookup_free) struct lookup *lookup = lookup_new(host, port);
    lookup->hints.ai_flags |= AI_NUMERICHOST;
    if (getaddrinfo(host, lookup->port, &lookup->hints, &list) == 0) {
        int status = connect_first(link, list, err);
        freeaddrinfo(list);
        return status;
    }
    lookup->hints.ai_flags &= ~AI_NUMERICHOST;
    return resolve(link, lookup, err) < 0 ? -1 : connect_first(link, lookup->request.ar_result, err);
}

int link_open(struct link *link, const LDAPURLDesc *url, struct err *err)
{
    if (link_is_late(link))
        return err_set(err, ERR_PEER_TEMP, "no time is left to connect");
    if (strcmp(url->lud_scheme, "ldapi") == 0)
        return connect_unix(link, url->lud_host, err);
    return connect_inet(link, url->lud_host, url->lud_port, err);
}
