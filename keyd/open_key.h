/* open_key - a key from what is wrapped: a PKCS#8 (soft), or the URI of a key on a token, which then is asked. */
#ifndef KEYD_OPEN_KEY_H
#define KEYD_OPEN_KEY_H

#include "keyd/desk.h"

/* open_key - what WIRE_OPEN asks for. The master key on a token is not opened, whatever the record: who decrypts with it has every soft key. */
int open_key(struct desk *desk, const char *owner, const struct wire_question *question, struct key **out,
             struct err *err) SEAL_CHECKED;

/* open_key_on_token - WIRE_GENERATE with a URI, WIRE_SEAL, WIRE_IMPORT: the token is asked, its URI wrapped for the owner. */
int open_key_on_token(struct desk *desk, const char *owner, const struct wire_question *question,
                      struct buf *public_out, struct buf *wrapped_out, struct err *err) SEAL_CHECKED;

#endif
