/* token_desk - what the token child answers: a question of the worker, asked of a token. Any thread. */
#ifndef KEYD_TOKEN_DESK_H
#define KEYD_TOKEN_DESK_H

#include "keyd/cache.h"
#include "keyd/token_kek.h"
#include "token/pkcs11.h"

struct token_desk {
    struct pkcs11 *p11;
    struct cache *cache;
    struct token_kek master;
    const char *fence; /* "closed", or "open": the kernel has none (keyd/fence.h) */
};

/*
 * token_desk_answer - an answer to a packet, into out, which is empty and has room for a packet. False when the token is not there, or does
 * not answer any more with what this process knows of it: it says so as ERR_BUSY.
 */
bool token_desk_answer(struct token_desk *desk, struct span packet, struct buf *out);

#endif
