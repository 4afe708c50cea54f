/*
 * generate - keys that a plan wants before its message is worked on. Two messages of one user wait for each other, so that they end with one key;
 * those of others do not.
 *
 * threads  any
 */
#ifndef MILTER_GENERATE_H
#define MILTER_GENERATE_H

#include "gate/gate.h"

struct generator;

struct generator *generator_new(void);
void generator_free(struct generator **generator); /* accepts NULL inside */

struct generate_for {
    struct gate *gate;
    struct snapshot *snapshot;
    const struct outcome *outcome; /* whose plan wants them */
    const char *queue_id;
    struct arena *arena; /* holds what out points to */
};

/* generate_keys - each of them is there now, or out says why not; both are logged. */
void generate_keys(struct generator *generator, const struct generate_for *message, struct prepared *out);

#endif
