/*
 * gate - a message in, an outcome out: steps 3 to 6, callable without a milter. Read gate.c first.
 *
 * The daemon and `sealadm explain` call the same function. It reads the store and never writes it; it changes nothing outside the
 * process. Nothing in it reads the clock: now is an argument.
 */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include "conf/settings.h"
#include "gate/snapshot.h"
#include "model/envelope.h"
#include "model/outcome.h"
#include "policy/decide.h"
#include "store/store.h"
#include "token/holder.h"

struct
    gate; /* the store, who holds the keys, caches of parsed certificates and chains; shared by all threads */

/*
 * gate_new - settings, store and holder are borrowed.
 *
 * clock_ms  CLOCK_MONOTONIC in milliseconds, for the time limits of directory servers alone
 */
int gate_new(const struct settings *settings, struct store *store, struct holder *holder,
             int64_t (*clock_ms)(void), struct gate **out, struct err *err) SEAL_CHECKED;
void gate_free(struct gate **gate);

/* What a caller may do while the gate works. */
struct progress {
    void (*call)(void *arg); /* now and then; may be NULL */
    void *arg;
};

/* What was done because a run wanted it first. */
struct prepared {
    bool
        learned; /* plan->learn: what it teaches was stored, as far as that could be done. Else it is about plan->generate: gate/generate.h */
    const char *why[METHODS]; /* why it could not be; NULL: it was, or was there by then */
};

/*
 * gate_run - one message.
 *
 * message    sealed: header section, empty line, body; CRLF
 * now        seconds since 1970
 * prepared  NULL: nothing was wanted yet. An outcome whose plan wants keys first has no copies: the caller has them generated or stored and
 *            runs it once more
 * trace      NULL, or which rules were tried
 * return     0 with *out (also when the verdict is a refusal), or -1: could not be worked on; err says why, and the
 *            caller makes it a tempfail or refusal by err_class()
 */
int gate_run(struct gate *gate, struct snapshot *snapshot, const struct envelope *envelope,
             const struct spool *message, int64_t now, const struct progress *progress,
             const struct prepared *prepared, struct trace *trace, struct outcome **out,
             struct err *err) SEAL_CHECKED;

#endif
