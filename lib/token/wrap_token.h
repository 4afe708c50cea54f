/*
 * wrap_token - small secrets under an RSA key on a token: the other kind of master key (token/wrap.h).
 *
 * Each record has a data key of its own, which is wrapped for the token's key: to wrap takes the public half alone, to unwrap asks the
 * token. Layout: version(1) padding(1) name(8) length(2), the wrapped data key, nonce(12) tag(16) ciphertext; the associated data is as in
 * version 1, and the name is the beginning of the SHA-256 of the token's public key.
 * Unlike there, everybody can make them: who did is a matter of token/wrap_origin.h.
 */
#ifndef TOKEN_WRAP_TOKEN_H
#define TOKEN_WRAP_TOKEN_H

#include "token/key.h"
#include "token/wrap.h"

#define WRAP_TOKEN_VERSION 2

/* The best padding that the token has; OAEP before PKCS#1 v1.5. */
enum wrap_token_padding {
    WRAP_TOKEN_PKCS1 = 0,
    WRAP_TOKEN_OAEP_SHA256 = 1,
    WRAP_TOKEN_OAEP_SHA1 = 2,
};

/* wrap_token_choose - by trying: the token is asked. ERR_KEY_UNUSABLE (no RSA key), ERR_UNSUPPORTED (none works), ERR_BUSY, ERR_IO. */
int wrap_token_choose(struct key *master, enum wrap_token_padding *out, struct err *err) SEAL_CHECKED;

/* wrap_token_seal, wrap_token_open - as wrap_seal() and wrap_open(); ERR_UNSUPPORTED for a record of another version; ERR_CRYPTO, too, under another token's key. */
int wrap_token_seal(struct span master_public, enum wrap_token_padding padding, const char *owner,
                    struct span subject, const struct secret *secret, struct buf *out,
                    struct err *err) SEAL_CHECKED;
int wrap_token_open(struct key *master, const char *owner, struct span subject, struct span wrapped,
                    struct secret *out, struct err *err) SEAL_CHECKED;
/* wrap_token_check - that wrap_token_open() would ask the token with this public key; its errors. */
int wrap_token_check(struct span master_public, struct span wrapped, struct err *err) SEAL_CHECKED;

#endif
