/* token_master - tried once, then asked for each record. */
#include "cli/token_master.h"

#include "cli/tokens.h"
#include "token/remote.h"

#include <string.h>

/* By a data key that is used for nothing. */
static int learn_name(struct token_master *token, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret data_key = {.ptr = NULL};
    SEAL_CLEANUP(buf_fini) struct buf locked = BUF_INIT(KEK_MAX);
    if (kek_data_key(&data_key, err) < 0 ||
        remote_lock(token->sealkeyd, token->uri, &data_key, &locked, NULL, err) < 0)
        return -1;
    memcpy(token->name, locked.ptr, KEK_NAME_SIZE);
    return 0;
}

int token_master_find(struct cli *cli, struct token_master *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    out->uri = cli->settings->keys.master_token;
    if (*out->uri == '\0')
        return 0;
    return tokens_connect(cli, &out->sealkeyd, err) < 0 ? -1 : learn_name(out, err);
}

void token_master_fini(struct token_master *token)
{
    holder_free(&token->sealkeyd);
}

int token_master_seal(const struct token_master *token, const struct secret *file, const char *owner,
                      struct span subject, const struct secret *secret, struct buf *out, struct err *err)
{
    const struct wrap_token whole = {token->sealkeyd, token->uri, file, token->name};
    if (wrap_token_seal_whole(&whole, owner, subject, secret, out, err) == 0)
        return 0;
    /* The connection was root's; one that is made anew is not. */
    return err->code == ERR_KEY_UNUSABLE ? err_wrap(err, "call it again if sealkeyd was started meanwhile")
                                         : -1;
}

int token_master_check(const struct token_master *token, struct span record, struct err *err)
{
    struct span locked;
    return wrap_token_locked(record, &locked, err) < 0 ? -1 : kek_check(token->name, locked, err);
}
