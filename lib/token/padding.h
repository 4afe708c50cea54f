/*
 * padding - OAEP taken off and PSS put on in this process, for a token that has raw RSA but not the padding with this digest.
 *
 * source  RFC 8017 7.1.2, 9.1.1
 */
#ifndef TOKEN_PADDING_H
#define TOKEN_PADDING_H

#include "token/key.h"

#include <openssl/evp.h>

/* padding_oaep_remove - the message in a block as long as the modulus (no label; mask: the digest of MGF1); in constant time. ERR_CRYPTO. */
int padding_oaep_remove(const struct secret *block, enum digest digest, enum digest mask, struct secret *out,
                        struct err *err) SEAL_CHECKED;

/* padding_pss_add - block_out, as long as the modulus of the public key: the hash in EMSA-PSS. ERR_CRYPTO. */
int padding_pss_add(const EVP_PKEY *public_key, enum digest digest, const unsigned char *hash,
                    unsigned char *block_out, struct err *err) SEAL_CHECKED;

#endif
