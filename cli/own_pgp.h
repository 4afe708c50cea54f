/* own_pgp - OpenPGP secret keys of users: into the agent and the store, out of them, and back from the store into the agent. */
#ifndef CLI_OWN_PGP_H
#define CLI_OWN_PGP_H

#include "base/secret.h"
#include "cli/pgpbook.h"
#include "openpgp/own.h"

/* own_pgp_generate - `addr` is the owner; expires: seconds from now, 0: never. Says what it made. */
int own_pgp_generate(struct cli *cli, const char *addr, enum pgp_key_kind kind, int64_t expires,
                     struct err *err) SEAL_CHECKED;
/*
 * own_pgp_import - a secret key from elsewhere; of one that is here already its public part. Says what it brought in.
 *
 * passphrase  of the file; empty: none, or one that is asked for at the terminal and kept here
 * owner       NULL: the only address that its User-IDs name
 */
int own_pgp_import(struct cli *cli, struct span bytes, struct secret *passphrase, const char *owner,
                   struct err *err) SEAL_CHECKED;
/* own_pgp_export - the secret key, armoured, under a passphrase of the administrator's. */
int own_pgp_export(struct cli *cli, const char *fingerprint, const struct secret *passphrase, struct buf *out,
                   struct err *err) SEAL_CHECKED;

/* own_pgp_delete - from the agent and the store; the public key stays. */
int own_pgp_delete(struct cli *cli, const char *fingerprint, struct err *err) SEAL_CHECKED;

/* own_pgp_has_part - whether the agent's home has the secret part of this name. */
bool own_pgp_has_part(const struct settings *settings, const char *grip);
/* own_pgp_names_part - whether its record does. */
bool own_pgp_names_part(const struct pgp_own_record *own, const char *grip);
/* own_pgp_is_missing - whether a part of it that the store knows is not in the agent's home. */
bool own_pgp_is_missing(const struct settings *settings, const struct pgp_own_record *own);
/* own_pgp_restore - what is missing in the agent's home, from the store's copies. *n_out: how many keys. */
int own_pgp_restore(struct cli *cli, size_t *n_out, struct err *err) SEAL_CHECKED;

#endif
