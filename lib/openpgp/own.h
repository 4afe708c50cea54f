/*
 * own - secret keys in the agent's home: made, brought in, given out, deleted. Each under a passphrase of its own, which the store keeps
 * wrapped under the master key.
 */
#ifndef OPENPGP_OWN_H
#define OPENPGP_OWN_H

#include "openpgp/key.h"

enum pgp_key_kind {
    PGP_ED25519, /* with cv25519 to encrypt */
    PGP_RSA3072,
    PGP_RSA4096,
};

/* pgp_own_passphrase - a new one, random, printable. */
int pgp_own_passphrase(struct secret *out, struct err *err) SEAL_CHECKED;
/*
 * pgp_own_generate - a key of `name <addr>`, or with addr NULL of `name`, with a subkey to encrypt; preferences without OCB, so that others can read us.
 *
 * expires  seconds from now; 0: never
 */
int pgp_own_generate(struct pgp_engine *engine, struct arena *arena, const char *name, const char *addr,
                     enum pgp_key_kind kind, int64_t expires, const struct secret *passphrase,
                     struct pgp_key *out, struct err *err) SEAL_CHECKED;
/*
 * pgp_own_import - one secret key from elsewhere, binary or in an armour, under `old` (NULL: none); from now on under passphrase. What
 * fails leaves the agent's keys as they were: the key comes into an agent of its own first.
 *
 * return  0, or -1 with ERR_PASSPHRASE, ERR_SYNTAX (not exactly one), ERR_EXISTS (the agent has all of it already, or parts of it under
 *         another passphrase than the one it comes under), ERR_BUSY, ERR_IO, ERR_DISK_FULL
 */
int pgp_own_import(struct pgp_engine *engine, struct arena *arena, struct span bytes,
                   const struct secret *old, const struct secret *passphrase, struct pgp_key *out,
                   struct err *err) SEAL_CHECKED;
/* pgp_own_export - the secret key, binary, still under its passphrase. ERR_KEY_UNUSABLE: that is another. */
int pgp_own_export(struct pgp_engine *engine, const char *fingerprint, struct span key,
                   const struct secret *passphrase, struct secret *out, struct err *err) SEAL_CHECKED;
/* pgp_own_delete - the secret parts of the key and its subkeys. ERR_ABSENT. */
int pgp_own_delete(struct pgp_engine *engine, const char *fingerprint, struct span key,
                   struct err *err) SEAL_CHECKED;

#endif
