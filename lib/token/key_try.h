/*
 * key_try - that a key that is elsewhere does what it is to be used for, and is the private half of its public one: by one operation.
 *
 * errors  ERR_KEY_UNUSABLE (the halves are of two keys), ERR_UNSUPPORTED (the key may not, or the token cannot); those of the operation
 */
#ifndef TOKEN_KEY_TRY_H
#define TOKEN_KEY_TRY_H

#include "token/key.h"

/* key_try_sign - it signs, and the public half verifies it. */
int key_try_sign(struct key *key, struct err *err) SEAL_CHECKED;
/* key_try_open - it unwraps what is encrypted to the public half, in one of the ways that we know; an EC key agrees with another. */
int key_try_open(struct key *key, struct err *err) SEAL_CHECKED;

#endif
