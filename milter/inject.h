/*
 * inject - what does not stay in place, handed to the injection listener of the same MTA: copies for recipients, copies for others,
 * notices.
 *
 * One connection for a message, one transaction a piece. Everything is checked, the listener's size limit too, before the first
 * transaction. Each piece is in the journal before the next one goes out. When one fails, those before it are out: the
 * journal keeps a retry from sending them again. An acknowledgement or alert that the listener refuses for good is dropped, and the log
 * says so: no mail waits for it.
 */
#ifndef MILTER_INJECT_H
#define MILTER_INJECT_H

#include "milter/journal.h"
#include "milter/loops.h"
#include "milter/ratelimit.h"
#include "model/envelope.h"
#include "model/outcome.h"

struct inject {
    const char *target;   /* "HOST:PORT" */
    const char *hostname; /* behind the random part of the EHLO name */
    struct wire_conf wire;
    struct loops *loops;
    const struct journal *journal;
    struct ratelimit *ratelimit;
    unsigned notice_rate; /* an hour */
    int64_t now_ms;
    const struct envelope *env;
    const struct outcome *outcome;
    const struct spool *message; /* as it came: for copies that need no work */
    const bool *served;          /* of each recipient: by an earlier try */
};

struct inject_count {
    size_t copies; /* for whomever */
    size_t notices;
    size_t dropped; /* notices */
};

/*
 * inject_all - every copy but the one in place, without the recipients that were served before, and every notice.
 *
 * count_out  how many went out, also after failure
 * return     0, or -1 with an error of smtp/client.h: the message must not be accepted
 */
int inject_all(const struct inject *inject, struct inject_count *count_out, struct err *err) SEAL_CHECKED;

#endif
