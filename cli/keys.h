/* keys - what the commands about private keys have in common. */
#ifndef CLI_KEYS_H
#define CLI_KEYS_H

#include "cli/certbook.h"

/* keys_put - wrap a key under the master key and keep it. owner: canonical address, "@domain", "" for the own CA. */
int keys_put(struct cli *cli, const char *owner, const struct cert *cert, const struct secret *pkcs8,
             struct err *err) SEAL_CHECKED;
/* keys_say - one line about a key that was put; keys_say_next - what its owner lacks. */
void keys_say(struct cli *cli, const struct cert *cert, const struct cert_record *record, const char *owner,
              const char *trust);
int keys_say_next(struct cli *cli, const char *owner, struct err *err) SEAL_CHECKED;

#endif
