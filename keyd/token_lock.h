/*
 * token_lock - data keys locked and unlocked by the master key of a token, whichever kind it is (token/lock.h). Of the token child alone.
 *
 * errors  as of lock_rsa() and lock_aes(), and those of pkcs11_key()
 */
#ifndef KEYD_TOKEN_LOCK_H
#define KEYD_TOKEN_LOCK_H

#include "keyd/token_desk.h"

/* token_lock - locked_out and, of an RSA key, public_out: appended. */
int token_lock(struct token_desk *desk, const char *uri, const struct secret *data_key,
               struct buf *locked_out, struct buf *public_out, struct err *err) SEAL_CHECKED;
int token_unlock(struct token_desk *desk, const char *uri, struct span locked, struct secret *out,
                 struct err *err) SEAL_CHECKED;

#endif
