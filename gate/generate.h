/*
 * generate - keys that a plan wants first: looked for again, made, stored. For the daemon, between two runs of the gate; gate_run() itself never
 * writes the store.
 */
#ifndef GATE_GENERATE_H
#define GATE_GENERATE_H

#include "gate/gate.h"

struct generated_key {
    bool made; /* false: it was there by now */
    const char *fingerprint;
    int64_t until; /* seconds since 1970; 0: for ever */
};

/*
 * gate_generate - a key of this method for facts->from, as `sealadm key generate` makes it, trusted as that. One call for an address at a time: the
 * caller sees to that.
 *
 * snapshot  the message's
 * facts     of its first run
 * out       in arena
 * errors    ERR_ABSENT (no own CA), ERR_CONFIG (no gpg), ERR_KEY_UNUSABLE (one was made today, and cannot be used), and what the store, the CA and
 *           gpg say
 */
int gate_generate(struct gate *gate, struct snapshot *snapshot, const struct facts *facts, enum method method,
                  int64_t now, struct arena *arena, struct generated_key *out, struct err *err) SEAL_CHECKED;

#endif
