/*
 * token_rig - a token of SoftHSM called gw, sealkeyd on it, and a holder that asks. One at a time.
 *
 * What fails ends the test.
 */
#ifndef KEYD_TOKEN_RIG_H
#define KEYD_TOKEN_RIG_H

#include "support/sealkeyd.h"
#include "support/softhsm.h"
#include "token/holder.h"

#define ALICE "alice@a.example"
#define PIN   "1234"

extern struct softhsm hsm;
extern struct sealkeyd keyd;
extern struct holder *holder;

/* start - with the token made; also: settings. The caller made hsm, teardown() removes all of it. */
void start(const char *also);
void teardown(void);
/* start_anew - the key worker and the token child are new, as after a crash. */
void start_anew(void);

/* A key as the store keeps it. */
struct made {
    struct buf public, wrapped;
};
void made_init(struct made *made);
void made_fini(struct made *made);

/* make_on_token - ALICE's. */
void make_on_token(const char *uri, enum key_type type, struct made *made);
int open_of(const char *owner, const struct made *made, struct key **out, struct err *err) SEAL_CHECKED;
/* open_made - ALICE's. */
int open_made(const struct made *made, struct key **out, struct err *err) SEAL_CHECKED;
/* sign - one kept digest; *len is set. check_signs - and that its public half verifies. */
int sign(struct key *key, enum sign_padding padding, unsigned char sig[2048], size_t *len,
         struct err *err) SEAL_CHECKED;
void check_signs(struct key *key);

#endif
