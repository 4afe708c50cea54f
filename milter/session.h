/*
 * session - what one connection of the MTA has told us: the client, and the message under way. Step 1 of the way of a message.
 *
 * Free of libmilter: callbacks.c feeds it. Everything of a message hangs on it and dies with session_reset(); nothing is shared with
 * other connections but the table of our own injections. After a failure (spool full, header too long) a message is
 * read to its end and failed there, because the MTA waits for no answer before.
 *
 * threads  one at a time
 */
#ifndef MILTER_SESSION_H
#define MILTER_SESSION_H

#include "milter/loops.h"
#include "model/envelope.h"
#include "spool/spool.h"

#include <sys/socket.h>

#define SESSION_HEADER_MAX ((size_t)1 << 20) /* octets of a header section that we keep */

struct session_conf {
    struct spool_conf spool;
    const char *hostname;
    struct loops *loops;
};

/* The MTA's macros, as they are known at this moment. */
struct macros {
    const char *(*get)(void *arg, const char *name); /* "{auth_authen}", "i"; NULL: not known */
    void *arg;
};

struct message {
    struct arena *arena;
    struct envelope env;
    struct spool *spool; /* sealed by session_end_message() */
    size_t nfields;      /* header fields that the MTA showed */
    size_t header_size;
    bool in_body;
    struct err err; /* the first failure */
};

struct session {
    const struct session_conf *conf; /* borrowed */
    struct arena *arena;             /* the client's strings */
    struct envelope client;          /* its client_*, listener_*, tls_* and helo only */
    bool from_us;                    /* our own injection came back (R47) */
    bool is_postfix;
    char helo[LOOPS_NAME_MAX];
    struct message *message; /* NULL between messages */
};

struct session *session_new(const struct session_conf *conf);
void session_free(struct session **session); /* accepts NULL inside */

/* session_connect - a client; addr may be NULL. Forgets an earlier one. */
void session_connect(struct session *session, const char *name, const struct sockaddr *addr,
                     const struct macros *macros);
void session_helo(struct session *session, const char *name);

/* session_mail - begins a message. args: the sender as given, then ESMTP parameters, ended by NULL. */
void session_mail(struct session *session, const char *const *args, const struct macros *macros);
void session_rcpt(struct session *session, const char *const *args);
/* session_header - value with its leading blank, folds as LF or CRLF. */
void session_header(struct session *session, const char *name, const char *value);
void session_body(struct session *session, const void *p, size_t n);

/* session_end_message - seals the spool. return 0, or -1 with the message's first failure. */
int session_end_message(struct session *session, const struct macros *macros, struct err *err) SEAL_CHECKED;

/* session_reset - the message is over, well or not. */
void session_reset(struct session *session);

#endif
