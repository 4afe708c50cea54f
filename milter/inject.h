/*
 * inject - the copies that do not stay in place, handed to the injection listener of the same MTA.
 *
 * One connection for a message, one transaction a copy, in the order of the plan. Everything is checked, the listener's size limit too,
 * before the first transaction. Each recipient is in the journal before the next copy goes out. When a copy fails,
 * those before it are out: the journal keeps a retry from sending them again.
 */
#ifndef MILTER_INJECT_H
#define MILTER_INJECT_H

#include "milter/journal.h"
#include "milter/loops.h"
#include "model/envelope.h"
#include "model/outcome.h"

struct inject {
    const char *target;   /* "HOST:PORT" */
    const char *hostname; /* behind the random part of the EHLO name */
    struct wire_conf wire;
    struct loops *loops;
    const struct journal *journal;
    const struct envelope *env;
    const struct outcome *outcome;
    const struct spool *message; /* as it came: for copies that need no work */
    const bool *served;          /* of each recipient: by an earlier try */
};

/*
 * inject_copies - every copy but the one in place, without the recipients that were served before.
 *
 * count_out  how many copies went out, also after failure
 * return     0, or -1 with an error of smtp/client.h: the message must not be accepted
 */
int inject_copies(const struct inject *inject, size_t *count_out, struct err *err) SEAL_CHECKED;

#endif
