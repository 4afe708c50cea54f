/*
 * engine - gpg as a bounded resource: a pool of GPGME contexts, each with a small home of its own, and one agent for the secret keys.
 *
 * For one operation a context's home gets the public keys that this operation may use and nothing else (a raw pubring.gpg and key files, no
 * import); so gpg can only decrypt with, sign with and verify by what it was given. Secret keys never leave gpg-agent, whose home
 * lies in the state folder; each context's home points to its socket. One gpg process an operation.
 *
 * limits   `processes` operations at once, the others wait up to the time limit (ERR_BUSY); a gpg that runs longer than `timeout` is ended
 *          by its own alarm (ERR_BUSY, temporary); output above the spool's limit ends it too (ERR_LIMIT)
 * threads  an engine is shared by all threads; made after fork
 */
#ifndef OPENPGP_ENGINE_H
#define OPENPGP_ENGINE_H

#include "base/arena.h"
#include "base/secret.h"
#include "spool/spool.h"

struct pgp_engine;

struct pgp_engine_conf {
    const char *gpg;     /* path of the program */
    const char *agent;   /* path of gpg-agent */
    const char *limiter; /* path of seal-limit: sets alarm and limits, then becomes gpg (openpgp/limit.c) */
    const char *home;    /* of the agent: secret keys; 0700; short, sockets have 108 octets */
    const char *scratch; /* folder for the contexts' homes, better on tmpfs */
    unsigned processes;  /* at once; 4 */
    unsigned timeout;    /* seconds for one operation; 60 */
    int64_t (*clock_ms)(void); /* a clock that only goes forward: CLOCK_MONOTONIC */
};

/* pgp_engine_open - ERR_CONFIG (gpg missing or too old, home not ours alone). The agent is started at its first need, and again when it is gone. */
int pgp_engine_open(const struct pgp_engine_conf *conf, struct pgp_engine **out,
                    struct err *err) SEAL_CHECKED;
void pgp_engine_close(struct pgp_engine **engine); /* ends the agent that it started */

#endif
