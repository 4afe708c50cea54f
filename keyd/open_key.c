/* open_key - soft keys here, keys of tokens by way of the token child. */
#include "keyd/open_key.h"

#include "token/remote.h"
#include "token/soft.h"

#include <string.h>

#define URI_PREFIX "pkcs11:"

static int no_token(struct err *err)
{
    return err_set(err, ERR_UNSUPPORTED, "this key is on a token, and none is set (pkcs11-module =)");
}

/* The token child takes the URI where others take what is wrapped. */
static int open_token_key(struct desk *desk, const char *owner, struct span public_key,
                          const struct secret *uri, struct key **out, struct err *err)
{
    if (desk->token == NULL)
        return no_token(err);
    const struct sealed_key sealed = {owner, public_key, {(const char *)uri->ptr, uri->len}};
    if (holder_open_key(desk->token, &sealed, owner, out, err) < 0)
        return -1;
    if (vault_refuse_master(desk->vault, key_public(*out), err) == 0)
        return 0;
    key_free(out);
    return -1;
}

int open_key(struct desk *desk, const char *owner, const struct wire_question *question, struct key **out,
             struct err *err)
{
    const struct span public_key = question->public_key;
    SEAL_CLEANUP(secret_fini) struct secret inside = {.ptr = NULL};
    if (vault_unwrap(desk->vault, owner, public_key, question->wrapped, &inside, err) < 0)
        return -1;
    if (span_starts((struct span){(const char *)inside.ptr, inside.len}, URI_PREFIX))
        return open_token_key(desk, owner, public_key, &inside, out, err);
    if (soft_key(&inside, out, err) < 0)
        return -1;
    soft_key_keep(*out);
    return 0;
}

/* Unwrapped here, and given to the token child as it is. */
static int move_to_token(struct desk *desk, const struct wire_question *q, const char *owner, const char *uri,
                         struct buf *public_out, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret inside = {.ptr = NULL};
    SEAL_CLEANUP(buf_fini) struct buf unused = BUF_INIT(WIRE_MAX);
    if (vault_unwrap(desk->vault, owner, q->public_key, q->wrapped, &inside, err) < 0)
        return -1;
    const struct sealed_key bare = {owner, q->public_key, {(const char *)inside.ptr, inside.len}};
    if (span_starts(bare.wrapped, URI_PREFIX))
        return err_set(err, ERR_EXISTS, "this key is on a token already");
    if (remote_import(desk->token, &bare, uri, public_out, &unused, err) < 0)
        return -1;
    return span_eq(buf_span(public_out), q->public_key)
               ? 0
               : err_set(err, ERR_CRYPTO, "the wrapped key is not the one of this public key");
}

static int ask_token(struct desk *desk, const struct wire_question *q, const char *owner, const char *uri,
                     struct buf *public_out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf unused = BUF_INIT(WIRE_MAX);
    if (q->op == WIRE_IMPORT)
        return move_to_token(desk, q, owner, uri, public_out, err);
    if (q->op == WIRE_SEAL)
        return remote_seal(desk->token, owner, q->public_key, uri, public_out, &unused, err);
    return remote_generate_on_token(desk->token, owner, q->type, q->bits, uri, public_out, &unused, err);
}

int open_key_on_token(struct desk *desk, const char *owner, const struct wire_question *q,
                      struct buf *public_out, struct buf *wrapped_out, struct err *err)
{
    char uri[WIRE_URI_MAX + 1];
    SEAL_CLEANUP(secret_fini) struct secret inside = {.ptr = NULL};
    memcpy(uri, q->uri.ptr, q->uri.len);
    uri[q->uri.len] = '\0';
    if (!span_starts(q->uri, URI_PREFIX))
        return err_set(err, ERR_USAGE, "%s: no URI of a token's key (pkcs11:)", uri);
    if (desk->token == NULL)
        return no_token(err);
    if (vault_ready(desk->vault, err) < 0 || ask_token(desk, q, owner, uri, public_out, err) < 0 ||
        vault_refuse_master(desk->vault, buf_span(public_out), err) < 0 ||
        secret_copy(&inside, uri, q->uri.len, err) < 0)
        return -1;
    return vault_wrap(desk->vault, owner, buf_span(public_out), &inside, wrapped_out, err);
}
