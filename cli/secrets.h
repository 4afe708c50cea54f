/* secrets - what must not stay behind: passphrases, key files, the master key. Never from the command line or the environment (R43). */
#ifndef CLI_SECRETS_H
#define CLI_SECRETS_H

#include "base/secret.h"
#include "cli/cli.h"

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

/* secrets_read_master - the master key: ERR_CONFIG when it is missing, short, or others may read it. */
int secrets_read_master(struct cli *cli, struct secret *out, struct err *err) SEAL_CHECKED;

#endif
