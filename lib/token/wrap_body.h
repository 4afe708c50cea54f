/* wrap_body - what records begin with, and end in: nonce(12) tag(16) ciphertext, AES-256-GCM. For lib/token alone. */
#ifndef TOKEN_WRAP_BODY_H
#define TOKEN_WRAP_BODY_H

#include "token/wrap.h"

/* wrap_head - for a record of this version under (or proven by) this master key. */
void wrap_head(char version, const struct secret *master, char out[WRAPPED_HEAD_SIZE]);
/* wrap_head_check - and that it is one that can be opened; errors as of wrap_open(). */
int wrap_head_check(char version, const struct secret *master, struct span wrapped,
                    struct err *err) SEAL_CHECKED;

/* What a wrapped secret is tied to. */
struct wrap_place {
    struct span head; /* what stands before the body; its first octet is the version, which counts here */
    const char *owner;
    struct span subject;
};

/* wrap_body_seal - head and body, appended to out. */
int wrap_body_seal(const struct wrap_place *place, const unsigned char key[MASTER_KEY_SIZE],
                   const struct secret *secret, struct buf *out, struct err *err) SEAL_CHECKED;
int wrap_body_open(const struct wrap_place *place, const unsigned char key[MASTER_KEY_SIZE], struct span body,
                   struct secret *out, struct err *err) SEAL_CHECKED;

#endif
