/* token_master - found by asking, tried once with the token, then used without it. */
#include "cli/token_master.h"

#include "cli/tokens.h"
#include "token/remote.h"
#include "token/wrap_origin.h"

#include <string.h>

#define PUBLIC_MAX 8192

int token_master_find(struct cli *cli, struct token_master *out, struct err *err)
{
    const char *uri = cli->settings->keys.master_token;
    SEAL_CLEANUP(buf_fini) struct buf public = BUF_INIT(PUBLIC_MAX), wrapped = BUF_INIT(WRAP_MAX);
    memset(out, 0, sizeof *out);
    if (*uri == '\0')
        return 0;
    if (tokens_connect(cli, &out->sealkeyd, err) < 0 ||
        remote_seal(out->sealkeyd, "", (struct span){NULL, 0}, uri, &public, &wrapped, err) < 0)
        return -1;
    const struct sealed_key sealed = {"", buf_span(&public), buf_span(&wrapped)};
    if (holder_open_key(out->sealkeyd, &sealed, "", &out->key, err) < 0)
        return -1;
    return wrap_token_choose(out->key, &out->padding, err);
}

void token_master_fini(struct token_master *token)
{
    key_free(&token->key);
    holder_free(&token->sealkeyd);
}

int token_master_seal(const struct token_master *token, const struct secret *file, const char *owner,
                      struct span subject, const struct secret *secret, struct buf *out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf record = BUF_INIT(WRAP_MAX);
    if (wrap_token_seal(key_public(token->key), token->padding, owner, subject, secret, &record, err) < 0)
        return -1;
    return wrap_origin_seal(file, owner, subject, buf_span(&record), out, err);
}
