/* pgpbook - what the commands about certificates and keys do with OpenPGP keys: recognised, read by gpg, merged with what is known, said. */
#ifndef CLI_PGPBOOK_H
#define CLI_PGPBOOK_H

#include "base/json.h"
#include "cli/cli.h"
#include "openpgp/armor.h"
#include "openpgp/key.h"
#include "store/pgp.h"

#define PGPBOOK_FILE_MAX (1u << 20) /* octets of a file with keys */

enum pgpbook_kind {
    PGPBOOK_NONE, /* no OpenPGP */
    PGPBOOK_PUBLIC,
    PGPBOOK_SECRET,
    PGPBOOK_SIGNATURE /* alone: a certificate of revocation */
};
/* pgpbook_recognise - what a file holds, by its beginning. octets_out: without the (first) armour. */
enum pgpbook_kind pgpbook_recognise(struct cli *cli, struct span bytes, struct span *octets_out);

/* pgpbook_engine - gpg as the settings have it; home NULL: the settings'. ERR_CONFIG. */
int pgpbook_engine(struct cli *cli, const char *home, struct pgp_engine **out, struct err *err) SEAL_CHECKED;

struct pgpbook_terms {
    enum pgp_source source;
    enum trust trust;     /* other than untrusted: by hand */
    bool by_source;       /* trusted because of its source, unless the administrator said something else */
    const char *for_addr; /* NULL: all that its User-IDs name; else this one alone */
    const char *also_for; /* NULL, or one more */
};
/* pgpbook_put - a key into the store, merged with what is known of it. *out: the record as it is there now. ERR_KEY_UNUSABLE, ERR_BUSY. */
int pgpbook_put(struct cli *cli, struct pgp_engine *engine, const struct pgp_key *key,
                const struct pgpbook_terms *terms, struct pgp_record *out, struct err *err) SEAL_CHECKED;
/* pgpbook_revoke - a certificate of revocation (octets) for a key that is in the store. ERR_ABSENT. */
int pgpbook_revoke(struct cli *cli, struct pgp_engine *engine, struct span octets, struct pgp_record *out,
                   struct err *err) SEAL_CHECKED;

const char *pgpbook_trust_text(const struct pgp_record *record);
const char *pgpbook_key_text(struct cli *cli, const struct pgp_record *record); /* "ed25519", "rsa 3072" */
/* pgpbook_until_text - "until 2028-11-23", "for ever", "revoked". */
const char *pgpbook_until_text(struct cli *cli, const struct pgp_record *record);

/* pgpbook_say - what came of a key that was put; with what to do next. */
void pgpbook_say(struct cli *cli, const struct pgp_record *record);
void pgpbook_print_line(struct cli *cli, const struct pgp_record *record);
void pgpbook_print(struct cli *cli, const struct pgp_record *record);
int pgpbook_write_json(struct cli *cli, struct json *json, const struct pgp_record *record,
                       struct err *err) SEAL_CHECKED;
/* pgpbook_add_armor - octets as ASCII armour with the lines of this system. */
int pgpbook_add_armor(struct cli *cli, struct span octets, enum armor_type type, struct buf *out,
                      struct err *err) SEAL_CHECKED;

#endif
