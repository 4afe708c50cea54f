/* certbook - what the commands about certificates, keys and authorities have in common. */
#ifndef CLI_CERTBOOK_H
#define CLI_CERTBOOK_H

#include "cli/cli.h"
#include "smime/chain.h"
#include "smime/import.h"

/* certbook_find - the whole fingerprint of one that begins so (any case; colons are left out). ERR_USAGE, ERR_ABSENT, ERR_AMBIGUOUS. */
int certbook_find(struct cli *cli, enum store_kind kind, const char *beginning, char out[HASH_HEX_SIZE],
                  struct err *err) SEAL_CHECKED;
/*
 * certbook_find_either - a certificate or an OpenPGP key (kind STORE_CERT), a private key of either method (STORE_KEY): by the beginning of
 * its fingerprint, an OpenPGP key also by a key id of 16 digits. *found_out: STORE_PGP, STORE_PGP_OWN, or kind.
 */
int certbook_find_either(struct cli *cli, enum store_kind kind, const char *beginning,
                         enum store_kind *found_out, char out[HASH_HEX_SIZE], struct err *err) SEAL_CHECKED;
/* certbook_get - the certificate of a fingerprint's beginning: its record, and parsed. */
int certbook_get(struct cli *cli, const char *beginning, struct cert_record *record, struct cert **out,
                 struct err *err) SEAL_CHECKED;
/* certbook_has_key - FIND_FOUND when its private key is here. */
enum find certbook_has_key(struct cli *cli, const char *fingerprint, struct err *err);

/* certbook_record - what the store keeps of a certificate: its own addresses; trust and chain are left to certs_settle(). Borrows from cert. */
struct cert_record certbook_record(struct cli *cli, const struct cert *cert, enum cert_source source);
/* certbook_add_address - one more, unless the record has it. ERR_LIMIT. */
int certbook_add_address(struct cli *cli, struct cert_record *record, const char *addr,
                         struct err *err) SEAL_CHECKED;
const char *certbook_key_text(struct cli *cli, const struct cert_info *info); /* "RSA 3072", "P-256" */

/* ---- trust.c ---- */

int trust_anchors(struct cli *cli, struct anchors **out, struct err *err) SEAL_CHECKED;
/* trust_chain - extra: candidates for the chain that came in the same file. */
int trust_chain(struct cli *cli, const struct anchors *anchors, struct cert *cert, struct cert *const *extra,
                size_t nextra, struct chain_result *out, struct err *err) SEAL_CHECKED;
/*
 * trust_record - trust by chain, unless the store knows the certificate as trusted or rejected by hand; what else the store knows of it is
 * kept too. *say_out: "trusted by its chain", "untrusted: ..".
 */
int trust_record(struct cli *cli, const struct imported *file, struct cert *cert, struct cert_record *record,
                 const char **say_out, struct err *err) SEAL_CHECKED;
/* trust_all - every stored certificate, after the authorities changed; says how many are trusted now, and how many no more. Ends cli->read. */
int trust_all(struct cli *cli, struct err *err) SEAL_CHECKED;
/* trust_learn - authorities that came along in a file and are no roots become known, which lends them no trust. */
int trust_learn(struct cli *cli, const struct imported *file, struct err *err) SEAL_CHECKED;

#endif
