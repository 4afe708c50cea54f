/* secrets - what must not stay behind: passphrases, key files, the master key. Never from the command line or the environment (R43). */
#ifndef CLI_SECRETS_H
#define CLI_SECRETS_H

#include "base/secret.h"
#include "cli/cli.h"
#include "token/holder.h"

/* secrets_read_file - a whole regular file, whoever may read it. ERR_ABSENT, ERR_IO, ERR_LIMIT. */
int secrets_read_file(const char *path, struct secret *out, struct err *err) SEAL_CHECKED;
/* secrets_read_passphrase - the first line of a file that nobody but its owner may read. */
int secrets_read_passphrase(const char *path, struct secret *out, struct err *err) SEAL_CHECKED;

enum ask {
    ASK_ONCE,
    ASK_TWICE
};
/* secrets_ask - typed at the terminal, not shown. ERR_PASSPHRASE when there is no terminal or nothing was typed. */
int secrets_ask(const char *prompt, enum ask how, struct secret *out, struct err *err) SEAL_CHECKED;

/*
 * secrets_keep_master - root reads the master key for later, before it becomes the state folder's owner: the daemon's user may not read it.
 * What is wrong with it is said by secrets_read_master(). secrets_open_store - that, and cli_open_store().
 */
void secrets_keep_master(struct cli *cli);
int secrets_open_store(struct cli *cli, enum cli_rights rights, struct err *err) SEAL_CHECKED;
/* secrets_read_master - the master key: ERR_CONFIG when it is missing, short, or others may read it. */
int secrets_read_master(struct cli *cli, struct secret *out, struct err *err) SEAL_CHECKED;
/* secrets_open_holder - who holds the private keys for this command: the command itself, or sealkeyd when a token has the master key. */
int secrets_open_holder(struct cli *cli, struct holder **out, struct err *err) SEAL_CHECKED;

#endif
