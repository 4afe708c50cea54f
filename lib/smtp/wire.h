/*
 * wire - one TCP connection to a server: lines in, bytes out, each step with a time limit.
 *
 * Not for TLS and not for anything but SMTP. A wire belongs to one thread. After a failure it can only be closed.
 */
#ifndef SMTP_WIRE_H
#define SMTP_WIRE_H

#include "base/err.h"
#include "base/mem.h"

struct wire;

#define WIRE_LINE_MAX 2048 /* octets of a line from the server; RFC 5321 4.5.3.1.5 asks for 512 */
#define WIRE_IP_MAX   46   /* an IPv6 address as text, with its NUL */

struct wire_conf {
    unsigned timeout;           /* seconds that one step may take */
    int64_t (*clock_ms)(void);  /* a clock that only goes forward */
    void (*waiting)(void *arg); /* NULL, or called every few seconds while the server lets us wait */
    void *arg;
};

/* Our end of the connection, as the server sees it when no NAT stands between. */
struct wire_name {
    char addr[WIRE_IP_MAX];
    unsigned port;
};

/*
 * wire_connect - to "HOST:PORT" or "[IPV6]:PORT".
 * return  0, or -1 with ERR_CONFIG (target cannot be read or resolved) or ERR_PEER_TEMP (nobody answers)
 */
int wire_connect(const char *target, const struct wire_conf *conf, struct wire **out,
                 struct err *err) SEAL_CHECKED;
void wire_close(struct wire **wire); /* accepts NULL inside */

int wire_local_name(const struct wire *wire, struct wire_name *out, struct err *err) SEAL_CHECKED;

/* wire_write - buffered; wire_flush sends what is left. -1 with ERR_PEER_TEMP (hung up, too slow). */
int wire_write(struct wire *wire, struct span bytes, struct err *err) SEAL_CHECKED;
int wire_flush(struct wire *wire, struct err *err) SEAL_CHECKED;

/* wire_read_line - without its line end, borrowed until the next read. ERR_PEER_TEMP: hung up, too slow, line too long. */
int wire_read_line(struct wire *wire, struct span *out, struct err *err) SEAL_CHECKED;

/* wire_set_timeout - for the steps that follow. */
void wire_set_timeout(struct wire *wire, unsigned seconds);

#endif
