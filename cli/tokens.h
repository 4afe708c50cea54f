/* tokens - keys on tokens, through a running sealkeyd: only that process talks to tokens. */
#ifndef CLI_TOKENS_H
#define CLI_TOKENS_H

#include "cli/cli.h"
#include "token/holder.h"

/* tokens_check - the URI of a key (RFC 7512), which names a token and a key, and holds no PIN. ERR_USAGE. */
int tokens_check(const char *uri, struct err *err) SEAL_CHECKED;

/*
 * tokens_connect - before cli_open_store(): sealkeyd lets root and its own user change what is on tokens, and not the daemon's user, whom the
 * command becomes.
 *
 * errors  ERR_BUSY (it does not run)
 */
int tokens_connect(struct cli *cli, struct holder **out, struct err *err) SEAL_CHECKED;

/* tokens_left - after a failure: the token made a key that the store did not take. uri NULL: no token made one. Is -1. */
int tokens_left(struct cli *cli, const char *uri);

#endif
