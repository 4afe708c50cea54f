/*
 * daemon - what all connections of the process share, and how many messages are worked on.
 *
 * Made after daemonising (LMDB does not survive a fork), never changed while callbacks run but for the parts that guard themselves.
 */
#ifndef MILTER_DAEMON_H
#define MILTER_DAEMON_H

#include "gate/gate.h"
#include "milter/generate.h"
#include "milter/loops.h"
#include "milter/ratelimit.h"
#include "milter/reload.h"
#include "milter/session.h"

#include <pthread.h>

struct daemon {
    const struct settings *settings; /* those of the start */
    struct session_conf session;
    struct store *store;
    struct holder *holder; /* sealkeyd */
    struct gate *gate;
    struct reload *reload;
    struct loops *loops;
    struct generator *generator;
    struct ratelimit *ratelimit; /* of notices */

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t idle;
    unsigned sessions; /* connections of the MTA */
    unsigned working;  /* messages at their end */
    bool stopping;
};

int daemon_open(const struct settings *settings, struct daemon *daemon, struct err *err) SEAL_CHECKED;
void daemon_close(struct daemon *daemon);

/* daemon_begin_work - one message more is worked on. -1 with ERR_BUSY when there are too many, or we are about to stop. */
int daemon_begin_work(struct daemon *daemon, unsigned max, struct err *err) SEAL_CHECKED;
void daemon_end_work(struct daemon *daemon);

/* daemon_begin_session - does not return once the daemon is about to stop: a late connection waits for the end of the process. */
void daemon_begin_session(struct daemon *daemon);
void daemon_end_session(struct daemon *daemon);

/* daemon_stop - no new work; waits until no message is worked on, or so many seconds. Returns whether nothing uses the daemon any more. */
bool daemon_stop(struct daemon *daemon, unsigned seconds);

#endif
