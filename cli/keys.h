/* keys - what the commands about private keys have in common. */
#ifndef CLI_KEYS_H
#define CLI_KEYS_H

#include "cli/certbook.h"
#include "cli/token_master.h"

/* What --type names. */
struct key_choice {
    const char *name;
    enum key_type type;
    unsigned bits;
};
/* keys_choose - NULL: the usual one. ERR_USAGE. */
int keys_choose(const char *name, const struct key_choice **out, struct err *err) SEAL_CHECKED;

/* keys_waiting_name - what the store calls a key whose certificate is still to come: SHA-256 of the SubjectPublicKeyInfo. */
const char *keys_waiting_name(struct cli *cli, struct span public_key);
/* keys_find_same - the key of this public key, whatever its certificate is; that of the own CA is not looked for. */
enum find keys_find_same(struct cli *cli, struct span public_key, struct key_record *out, struct err *err);
/* keys_join - a certificate that came for a key of ours becomes its certificate. */
int keys_join(struct cli *cli, const struct cert *cert, const struct cert_record *record,
              struct err *err) SEAL_CHECKED;

/* keys_put - wrap a key and keep it. owner: canonical address, "@domain", "" for the own CA. token: zeroed for the file's master key. */
int keys_put(struct cli *cli, const struct token_master *token, const char *owner, const struct cert *cert,
             const struct secret *pkcs8, struct err *err) SEAL_CHECKED;
/* keys_say - one line about a key that was put; keys_say_next - what its owner lacks. */
void keys_say(struct cli *cli, const struct cert *cert, const struct cert_record *record, const char *owner,
              const char *trust);
int keys_say_next(struct cli *cli, const char *owner, struct err *err) SEAL_CHECKED;

#endif
