/*
 * envelope - who sends what to whom, as the MTA told us: step 1's value.
 *
 * Owned by the milter session (or by sealadm explain), strings in its arena; the gate borrows it. Strings are NULL
 * when the MTA did not give the thing.
 *
 * source  RFC 5321 4.1.1.2-3, RFC 3461 4 (RET, ENVID, NOTIFY, ORCPT), RFC 6152 (BODY), RFC 6531 (SMTPUTF8), RFC 8689 (REQUIRETLS)
 */
#ifndef MODEL_ENVELOPE_H
#define MODEL_ENVELOPE_H

#include "base/arena.h"
#include "base/buf.h"

struct recipient {
    const char *given;  /* exactly as the MTA gave it, brackets included: smfi_delrcpt wants this string */
    const char *addr;   /* canonical, see base/addr.h */
    const char *notify; /* NOTIFY= value */
    const char *orcpt;  /* ORCPT= value */
};

struct envelope {
    const char *queue_id;     /* for logs only */
    const char *sender_given; /* as the MTA gave it */
    const char *sender;       /* canonical; "" is the null sender */
    const char *ret;          /* RET= value: "FULL" or "HDRS" */
    const char *envid;        /* ENVID= value */
    const char *body;         /* BODY= value: "7BIT" or "8BITMIME" */
    bool smtputf8;
    bool requiretls;
    struct recipient *rcpts;
    size_t nrcpts;
    size_t rcpts_cap;

    const char *client_addr; /* IPv4 or IPv6 as text, without "IPv6:"; NULL: none known */
    unsigned client_port;    /* 0: not a network client */
    const char *client_name;
    const char *helo;
    const char *login;         /* SASL authentication identity */
    const char *tls_subject;   /* subject of a client certificate that the MTA verified */
    const char *tls_version;   /* NULL: the client did not use TLS */
    const char *listener_addr; /* where the client connected to */
    unsigned listener_port;
    const char *listener_name; /* {daemon_name} */
    bool local;                /* handed in on this machine without SMTP (sendmail(1)) */
    const char *mta_host;      /* {j} */
};

#define ENVELOPE_RCPT_MAX 10000

/* envelope_add_rcpt - one recipient more; given is copied and made canonical. ERR_SYNTAX, ERR_RCPTS. */
int envelope_add_rcpt(struct envelope *env, struct arena *arena, const char *given,
                      struct err *err) SEAL_CHECKED;

/* envelope_set_sender - given is copied and made canonical. */
int envelope_set_sender(struct envelope *env, struct arena *arena, const char *given,
                        struct err *err) SEAL_CHECKED;

#endif
