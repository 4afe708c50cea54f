/*
 * outcome - what the gate's run left: step 6's value. It owns its arena, its copies' spools and everything pointed to.
 *
 * The daemon applies it (edits, injection, effects); explain prints it. Neither computes anything more.
 */
#ifndef MODEL_OUTCOME_H
#define MODEL_OUTCOME_H

#include "model/plan.h"
#include "model/remembered.h"
#include "spool/spool.h"

enum verdict {
    VERDICT_ACCEPT = 0,
    VERDICT_REJECT,
    VERDICT_TEMPFAIL,
    VERDICT_DISCARD,
    VERDICT_HOLD,
};
const char *verdict_name(enum verdict verdict);

enum effect_kind {
    EFFECT_HARVEST,     /* keep a certificate for an address */
    EFFECT_HARVEST_PGP, /* keep OpenPGP keys that name the address: gate/keep_pgp.h */
    EFFECT_DIRECTORY,   /* keep what the directory said; tell why it did not say all */
    EFFECT_LOOKUP,      /* the same of key servers; their keys are EFFECT_HARVEST_PGP */
};

/* Something to be written to the store after the verdict; explain only prints it. */
struct effect {
    enum effect_kind kind;
    const char *addr; /* canonical */
    const char *fingerprint;
    struct span der; /* the certificate; OpenPGP keys, armoured or packets */
    unsigned source; /* EFFECT_HARVEST_PGP: store/pgp.h's enum pgp_source */
    bool trusted;    /* by its chain */
    const char
        *capabilities; /* "aes256-gcm aes256-cbc": what the peer's SMIMECapabilities say, NULL: nothing */
    const struct remembered
        *remembered; /* EFFECT_DIRECTORY, EFFECT_LOOKUP: this and the following are their own */
    size_t nremembered;
    const char *why; /* NULL: it said all that was asked */
};
void effect_print(const struct effect *effect, struct buf *out);

struct outcome {
    struct arena *arena;
    enum verdict verdict;
    const char *reply; /* "550 5.7.1 text", NULL with accept and discard */
    struct facts *facts;
    struct decision *decisions; /* as many as facts->nrcpts */
    struct plan *plan;
    struct spool **notices;   /* as many as plan->nnotices: whole messages; NULL: not to be sent */
    const char **notices_why; /* as many: why not; NULL: it is */
    struct spool **copies;    /* one whole message per copy; NULL when the copy is the message as it came */
    struct effect *effects;
    size_t neffects;
    void *materials; /* the gate's own: keyring and opened entities */
    void (*materials_free)(void *materials);
};

void outcome_free(struct outcome **outcome);

#endif
