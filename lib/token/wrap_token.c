/* wrap_token - a locked data key, and AES-256-GCM under it. */
#include "token/wrap_token.h"

#include "token/remote.h"
#include "token/wrap_body.h"
#include "token/wrap_origin.h"

#include <string.h>

#define HEAD_SIZE 3
_Static_assert(KEK_DATA_SIZE == MASTER_KEY_SIZE, "a data key is used as a master key is");

int wrap_token_seal(const struct secret *data_key, struct span locked, const char *owner, struct span subject,
                    const struct secret *secret, struct buf *out, struct err *err)
{
    const char head[HEAD_SIZE] = {WRAP_TOKEN_VERSION, (char)(locked.len >> 8), (char)locked.len};
    SEAL_CLEANUP(buf_fini) struct buf before = BUF_INIT(HEAD_SIZE + KEK_MAX);
    buf_add(&before, head, sizeof head);
    buf_add_span(&before, locked);
    if (buf_check(&before, err) < 0)
        return -1;
    const struct wrap_place place = {buf_span(&before), owner, subject};
    return wrap_body_seal(&place, data_key->ptr, secret, out, err);
}

int wrap_token_locked(struct span wrapped, struct span *locked_out, struct err *err)
{
    if (wrapped.len <= HEAD_SIZE || wrapped.len > WRAP_MAX)
        return err_set(err, ERR_CRYPTO, "wrapped secret of %zu octets", wrapped.len);
    if (wrapped.ptr[0] != WRAP_TOKEN_VERSION)
        return err_set(err, ERR_UNSUPPORTED, "wrapped secret of version %d: not under a token's key",
                       (unsigned char)wrapped.ptr[0]);
    const unsigned char *p = (const unsigned char *)wrapped.ptr;
    size_t len = (size_t)p[1] << 8 | p[2];
    *locked_out = span_sub(wrapped, HEAD_SIZE, len);
    return locked_out->len == len ? 0 : err_set(err, ERR_CRYPTO, "wrapped secret is cut short");
}

/* To say whether length or content was wrong would help to decrypt the data keys of others (Bleichenbacher). */
int wrap_token_open(const struct secret *data_key, const char *owner, struct span subject,
                    struct span wrapped, struct secret *out, struct err *err)
{
    const struct wrap_place place = {wrapped, owner, subject};
    struct span locked;
    SEAL_CLEANUP(secret_fini) struct secret instead = {.ptr = NULL};
    memset(out, 0, sizeof *out);
    if (wrap_token_locked(wrapped, &locked, err) < 0 || kek_data_key(&instead, err) < 0)
        return -1;
    const struct secret *key = data_key->len == KEK_DATA_SIZE ? data_key : &instead;
    return wrap_body_open(&place, key->ptr, span_sub(wrapped, HEAD_SIZE + locked.len, wrapped.len), out, err);
}

int wrap_token_seal_whole(const struct wrap_token *token, const char *owner, struct span subject,
                          const struct secret *secret, struct buf *out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf locked = BUF_INIT(KEK_MAX), record = BUF_INIT(WRAP_MAX);
    SEAL_CLEANUP(secret_fini) struct secret data_key = {.ptr = NULL};
    if (kek_data_key(&data_key, err) < 0 ||
        remote_lock(token->remote, token->uri, &data_key, &locked, NULL, err) < 0 ||
        (token->name != NULL && kek_check(token->name, buf_span(&locked), err) < 0) ||
        wrap_token_seal(&data_key, buf_span(&locked), owner, subject, secret, &record, err) < 0)
        return -1;
    return wrap_origin_seal(token->origin, owner, subject, buf_span(&record), out, err);
}
