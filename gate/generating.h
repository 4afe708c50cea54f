/* generating - a key that is being generated: shared by generate.c and generate_pgp.c. */
#ifndef GATE_GENERATING_H
#define GATE_GENERATING_H

#include "gate/generate.h"
#include "gate/internal.h"

struct generating {
    struct work work;  /* as much of a message as selecting its sender's key asks for */
    const char *owner; /* canonical */
    const char *name;  /* "": none is known */
    struct generated_key *out;
};

/* generate_pgp - an OpenPGP key into agent and store. */
int generate_pgp(struct generating *g, struct err *err) SEAL_CHECKED;

#endif
