/*
 * vault_token - the master key on a token as the vault has it: by way of the token child. Any thread.
 *
 * It is tried when it is needed first, by a data key that is locked, unlocked and forgotten; from then on its name is known, and what a key of
 * another name does is refused until the worker is another one. What the key fails in is the fault of the token or of the settings, never
 * of a message: mail waits.
 *
 * errors  ERR_BUSY, ERR_IO (the token is away), ERR_CONFIG (its key is not there, not usable, another one)
 */
#ifndef KEYD_VAULT_TOKEN_H
#define KEYD_VAULT_TOKEN_H

#include "token/wrap_token.h"

#include <pthread.h>
#include <time.h>

struct vault_token {
    const char *uri; /* "": there is none */
    struct holder *holder;
    pthread_mutex_t lock; /* of what follows */
    bool is_known, is_trying;
    char name[KEK_NAME_SIZE]; /* set once */
    struct buf public_key;    /* set once; empty: AES */
    struct err failure;       /* of the last unlocking or try, or of what was locked after it */
    time_t tried;             /* for a report */
    time_t proved;            /* when it unlocked last */
};

void vault_token_init(struct vault_token *token, const char *uri);
void vault_token_fini(struct vault_token *token);

/* vault_token_try - that it locks and unlocks now. */
int vault_token_try(struct vault_token *token, struct err *err) SEAL_CHECKED;
/* vault_token_need - that it is known. */
int vault_token_need(struct vault_token *token, struct err *err) SEAL_CHECKED;

/*
 * vault_token_lock - a data key. An RSA key's public half locks although the token is gone, so that it has unlocked just before, in the same
 * second or the one before that: what nobody unlocks again is lost.
 */
int vault_token_lock(struct vault_token *token, const struct secret *data_key, struct buf *locked_out,
                     struct err *err) SEAL_CHECKED;
/* vault_token_wrap - all of a record; origin proves it. */
int vault_token_wrap(struct vault_token *token, const struct secret *origin, const char *owner,
                     struct span subject, const struct secret *secret, struct buf *out,
                     struct err *err) SEAL_CHECKED;
/* vault_token_unwrap - a record that was proven to be ours. */
int vault_token_unwrap(struct vault_token *token, const char *owner, struct span subject, struct span record,
                       struct secret *out, struct err *err) SEAL_CHECKED;

/* vault_token_report - as vault_report(). */
void vault_token_report(struct vault_token *token, bool may_ask, struct buf *out);

#endif
