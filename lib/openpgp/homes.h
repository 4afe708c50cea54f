/*
 * homes - the engine's folder, and in it the small homes of gpg, each with its GPGME context and in use by one thread at a time.
 * Private to lib/openpgp.
 *
 *     scratch/pgp-XXXXXX/        locked while its engine lives; one that is not is what a killed process left
 *         gpg -> seal-limit      what GPGME starts
 *         gpg.limits
 *         1/                     a home: gpg.conf, S.gpg-agent (points to the agent), pubring.gpg, recipients' keys
 */
#ifndef OPENPGP_HOMES_H
#define OPENPGP_HOMES_H

#include "openpgp/agent.h"
#include "openpgp/engine.h"

#include <gpgme.h>

#define HOME_DIR_MAX 200

struct home {
    gpgme_ctx_t ctx;
    char dir[HOME_DIR_MAX];
    char signer[65]; /* whose settings are written; "": nobody's */
    bool settled;    /* gpg.conf is written */
    struct home *next;
};

struct pgp_engine {
    struct agent agent;
    char dir[HOME_DIR_MAX];
    char program[HOME_DIR_MAX]; /* the link in it */
    int lock;                   /* of the folder */
    unsigned processes;
    unsigned timeout;
    unsigned keys_at_once; /* that one gpg checks */
    int64_t (*clock_ms)(void);
    pthread_mutex_t mutex;
    pthread_cond_t given;
    struct home *idle;
    unsigned made;  /* homes there are, idle or in use */
    unsigned named; /* the last one's name */
};

/* homes_open - the folder; agent is there already. */
int homes_open(struct pgp_engine *engine, const struct pgp_engine_conf *conf, struct err *err) SEAL_CHECKED;
void homes_close(struct pgp_engine *engine);

/* homes_take - waits for one up to the time limit: ERR_BUSY. */
int homes_take(struct pgp_engine *engine, struct home **out, struct err *err) SEAL_CHECKED;
void homes_give(struct pgp_engine *engine, struct home *home);

/* home_write - a file in it, made of several pieces. */
int home_write(const struct home *home, const char *name, const struct span *pieces, size_t n,
               struct err *err) SEAL_CHECKED;
/* home_settle - gpg.conf with this signer ("": none) and its digest. */
int home_settle(struct home *home, const char *signer, const char *digest, struct err *err) SEAL_CHECKED;
/* home_point - gpg finds the agent at this socket. home_points - it still does: to gpg no agent and no secret key are the same. */
int home_point(const struct home *home, const char *socket, struct err *err) SEAL_CHECKED;
bool home_points(const struct home *home, const char *socket);
/* home_sweep - nothing that gpg or an operation wrote stays. */
void home_sweep(struct home *home);

#endif
