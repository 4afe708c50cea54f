/* evp - an EVP_PKEY that OpenSSL's CMS can operate, made of a struct key. The only place where both types meet. */
#ifndef TOKEN_EVP_H
#define TOKEN_EVP_H

#include "base/buf.h"
#include "token/key.h"

#include <openssl/evp.h>

/*
 * token_evp - borrowed: lives as long as the key does. A soft key's is OpenSSL's own; private operations on any other's go to the key's
 * backend (token/bridge.h). NULL with ERR_UNSUPPORTED, ERR_CRYPTO.
 */
EVP_PKEY *token_evp(struct key *key, struct err *err) SEAL_CHECKED;

/* evp_md - OpenSSL's name of a digest. */
const EVP_MD *evp_md(enum digest digest);

/* Keys outside these bounds are never used, whoever asks (R33). Floors for what counts as strong are settings. */
#define EVP_RSA_BITS_MIN      1024
#define EVP_RSA_BITS_MAX      16384
#define EVP_RSA_EXPONENT_BITS 64

/* evp_classify - type and size of a public or private key; false when it is of a type, curve or size that we do not use. */
bool evp_classify(const EVP_PKEY *pkey, enum key_type *type_out, unsigned *bits_out);

/* evp_public - the SubjectPublicKeyInfo, DER, appended. One key has one form: EC points are written uncompressed. */
int evp_public(const EVP_PKEY *pkey, struct buf *out, struct err *err) SEAL_CHECKED;

/* evp_read_pkcs8 - an unencrypted PKCS#8 PrivateKeyInfo. ERR_SYNTAX, ERR_UNSUPPORTED (see evp_classify). */
int evp_read_pkcs8(const struct secret *pkcs8, EVP_PKEY **out, struct err *err) SEAL_CHECKED;
int evp_write_pkcs8(const EVP_PKEY *pkey, struct secret *out, struct err *err) SEAL_CHECKED;

#endif
