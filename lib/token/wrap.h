/*
 * wrap - small secrets under the master key: private keys, passphrases.
 *
 * AES-256-GCM, random 96-bit nonce; associated data is version, canonical address of the owner, and the SHA-256 of the subject (each with
 * its length), so that what is wrapped cannot be moved to another owner or subject. Layout: version(1) name(8) nonce(12) tag(16) ciphertext;
 * the name is the master key's (model/wrapped.h), by which the store refuses what came too late for a new one.
 */
#ifndef TOKEN_WRAP_H
#define TOKEN_WRAP_H

#include "base/buf.h"
#include "base/secret.h"
#include "model/wrapped.h"

#define MASTER_KEY_SIZE 32
#define WRAP_MAX        (64u << 10) /* octets of a wrapped secret */

/* wrap_check_master - ERR_CONFIG: none of the right size, or one of zeros, which everybody knows. */
int wrap_check_master(const struct secret *master, struct err *err) SEAL_CHECKED;

/* wrap_name - of a master key: the beginning of a hash of it. */
void wrap_name(const struct secret *master, char out[WRAPPED_NAME_SIZE]);

/*
 * wrap_seal - wrap a secret for its owner; appended to out.
 *
 * subject  what the secret belongs to: a private key's SubjectPublicKeyInfo; of the passphrase of an OpenPGP key its fingerprint
 * errors   ERR_CONFIG (no master key of the right size), ERR_LIMIT, ERR_CRYPTO
 */
int wrap_seal(const struct secret *master, const char *owner, struct span subject,
              const struct secret *secret, struct buf *out, struct err *err) SEAL_CHECKED;
/* wrap_open - the secret again. ERR_CRYPTO when owner, subject or master do not fit, ERR_UNSUPPORTED: another version. */
int wrap_open(const struct secret *master, const char *owner, struct span subject, struct span wrapped,
              struct secret *out, struct err *err) SEAL_CHECKED;

#endif
