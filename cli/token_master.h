/* token_master - the master key on a token (master-key-token =), as who wraps sees it: sealkeyd, which has data keys locked by it. */
#ifndef CLI_TOKEN_MASTER_H
#define CLI_TOKEN_MASTER_H

#include "base/secret.h"
#include "cli/cli.h"
#include "token/holder.h"
#include "token/wrap_token.h"

struct token_master {
    struct holder *sealkeyd; /* NULL: none is set, the file is the master key */
    const char *uri;
    char name[KEK_NAME_SIZE];
};

/* token_master_find - before cli_open_store(), as tokens_connect(). ERR_BUSY: sealkeyd or the token is away. */
int token_master_find(struct cli *cli, struct token_master *out, struct err *err) SEAL_CHECKED;
void token_master_fini(struct token_master *token); /* for SEAL_CLEANUP, also of a zeroed one */

/* token_master_seal - as wrap_seal(). file: the key of the file, which proves where it comes from (token/wrap_origin.h). */
int token_master_seal(const struct token_master *token, const struct secret *file, const char *owner,
                      struct span subject, const struct secret *secret, struct buf *out,
                      struct err *err) SEAL_CHECKED;

/* token_master_check - that a record (token/wrap_token.h) is under this token's key; ERR_CRYPTO, ERR_UNSUPPORTED. */
int token_master_check(const struct token_master *token, struct span record, struct err *err) SEAL_CHECKED;

#endif
