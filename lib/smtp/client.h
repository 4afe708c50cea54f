/*
 * client - hands messages to an SMTP server: the injection of copies. Strict: what it sends is checked, what it does not
 * understand is a failure, and only a 250 after the final dot is success.
 *
 * Not a mail transfer agent: one server, no TLS, no retry, no queue. A connection belongs to one thread.
 * After a failure a connection can only be closed; nothing was accepted then, unless the server hung up after the final dot.
 *
 * errors  ERR_PEER_TEMP (4xx, hung up, too slow, not understood), ERR_PEER_PERM (5xx, or a needed extension is not offered),
 *         ERR_TOO_BIG (above the server's SIZE), ERR_SYNTAX (a parameter of ours is none), ERR_CONFIG
 * source  RFC 5321, 1870 (SIZE), 2920 (PIPELINING), 3461 (DSN), 6152 (8BITMIME), 6531 (SMTPUTF8), 8689 (REQUIRETLS)
 */
#ifndef SMTP_CLIENT_H
#define SMTP_CLIENT_H

#include "smtp/wire.h"

struct smtp;

struct smtp_rcpt {
    const char *path;   /* "<a@example.org>" */
    const char *notify; /* NULL: none */
    const char *orcpt;
};

struct smtp_mail {
    const char *sender; /* "<a@example.org>", "<>" */
    const char *ret;    /* NULL: none */
    const char *envid;
    const char *body;
    bool smtputf8;              /* the server must offer it */
    bool requiretls;            /* the server must offer it */
    bool headers_only_required; /* RET=HDRS is not a wish: the server must offer DSN */
    const struct smtp_rcpt *rcpts;
    size_t nrcpts;
    struct span message;
};

/* smtp_connect - connect, nothing is said yet: so that a caller can note the connection's name before the server hears of us. */
int smtp_connect(const char *target, const struct wire_conf *conf, struct smtp **out,
                 struct err *err) SEAL_CHECKED;
int smtp_local_name(const struct smtp *smtp, struct wire_name *out, struct err *err) SEAL_CHECKED;

/* smtp_hello - read the greeting, say EHLO, read what is offered. */
int smtp_hello(struct smtp *smtp, const char *name, struct err *err) SEAL_CHECKED;

/* smtp_offers - whether the answer to EHLO named this extension, of those that we know: "DSN". */
bool smtp_offers(const struct smtp *smtp, const char *word);

/* smtp_check - whether this message could be handed over: parameters, needed extensions, size. Sends nothing. */
int smtp_check(const struct smtp *smtp, const struct smtp_mail *mail, struct err *err) SEAL_CHECKED;

/* smtp_send - one transaction. 0: the server has accepted the message for every recipient. */
int smtp_send(struct smtp *smtp, const struct smtp_mail *mail, struct err *err) SEAL_CHECKED;

void smtp_close(struct smtp **smtp); /* says QUIT when the connection is good; accepts NULL inside */

#endif
