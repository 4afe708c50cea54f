/*
 * wrap_token - small secrets under a master key on a token: the other kind of master key (token/wrap.h).
 *
 * Each record has a data key of its own, which the token child locks and unlocks (token/kek.h). Layout: version(1) length(2), the locked data
 * key, nonce(12) tag(16) ciphertext; the associated data is as in version 1.
 * Who made a record is a matter of token/wrap_origin.h: under an RSA key everybody can.
 */
#ifndef TOKEN_WRAP_TOKEN_H
#define TOKEN_WRAP_TOKEN_H

#include "token/holder.h"
#include "token/kek.h"
#include "token/wrap.h"

#define WRAP_TOKEN_VERSION 2

/* wrap_token_seal - as wrap_seal(), under a data key that was locked. */
int wrap_token_seal(const struct secret *data_key, struct span locked, const char *owner, struct span subject,
                    const struct secret *secret, struct buf *out, struct err *err) SEAL_CHECKED;
/* wrap_token_locked - the data key of a record, still locked; in wrapped. ERR_CRYPTO, ERR_UNSUPPORTED: another version. */
int wrap_token_locked(struct span wrapped, struct span *locked_out, struct err *err) SEAL_CHECKED;
/* wrap_token_open - as wrap_open(), with what wrap_token_locked() gave, unlocked; a data key of another length looks like a wrong one. */
int wrap_token_open(const struct secret *data_key, const char *owner, struct span subject,
                    struct span wrapped, struct secret *out, struct err *err) SEAL_CHECKED;

/* A master key on a token, as who wraps for it knows it. */
struct wrap_token {
    struct holder *remote; /* who is asked to lock: sealkeyd, or its worker the token child; borrowed */
    const char *uri;       /* of the key */
    const struct secret
        *origin;      /* who proves that the record is his: the master key in a file (token/wrap_origin.h) */
    const char *name; /* what it must be called, KEK_NAME_SIZE octets; NULL: anything */
};

/* wrap_token_seal_whole - all of it: a new data key, the token is asked, and the proof put in front. ERR_CRYPTO: its key has another name. ERR_BUSY: it is away. */
int wrap_token_seal_whole(const struct wrap_token *token, const char *owner, struct span subject,
                          const struct secret *secret, struct buf *out, struct err *err) SEAL_CHECKED;

#endif
