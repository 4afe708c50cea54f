/*
 * soft - private keys that lie in the store, wrapped under the master key.
 *
 * The subject of the wrapping (token/wrap.h) is the SubjectPublicKeyInfo; what is wrapped, the PKCS#8 PrivateKeyInfo.
 */
#ifndef TOKEN_SOFT_H
#define TOKEN_SOFT_H

#include "base/buf.h"
#include "token/key.h"
#include "token/wrap.h"

/* soft_master_generate - a new random master key. */
int soft_master_generate(struct secret *out, struct err *err) SEAL_CHECKED;

/* soft_wrap - wrap a PKCS#8 DER private key for its owner; appended to out. */
int soft_wrap(const struct secret *master, const char *owner, const struct secret *pkcs8, struct buf *out,
              struct err *err) SEAL_CHECKED;
/* soft_unwrap - the PKCS#8 again: for `key export` and backup only. ERR_CRYPTO when owner, key or master do not fit. */
int soft_unwrap(const struct secret *master, const char *owner, struct span public_key, struct span wrapped,
                struct secret *pkcs8_out, struct err *err) SEAL_CHECKED;
/* soft_open - a usable key from a wrapped one. public_key is the SubjectPublicKeyInfo kept beside it. */
int soft_open(const struct secret *master, const char *owner, struct span public_key, struct span wrapped,
              struct key **out, struct err *err) SEAL_CHECKED;

/* soft_key - the same from the PKCS#8 itself. */
int soft_key(const struct secret *pkcs8, struct key **out, struct err *err) SEAL_CHECKED;

/* soft_key_keep - before its first use: what an operation sets up is kept for the next one. For who uses keys again and again. */
void soft_key_keep(struct key *key);

/* soft_generate - a new private key as PKCS#8. bits for RSA only: 2048, 3072, 4096. */
int soft_generate(enum key_type type, unsigned bits, struct secret *pkcs8_out, struct err *err) SEAL_CHECKED;
/* soft_public - the SubjectPublicKeyInfo of a PKCS#8 key, DER, appended. */
int soft_public(const struct secret *pkcs8, struct buf *out, struct err *err) SEAL_CHECKED;

#endif
