/* evp - an EVP_PKEY that OpenSSL's CMS can operate, made of a struct key. The only place where both types meet. */
#ifndef TOKEN_EVP_H
#define TOKEN_EVP_H

#include "token/key.h"

#include <openssl/evp.h>

/* token_evp - borrowed: lives as long as the key does. Private operations on it go to the key's backend. */
EVP_PKEY *token_evp(struct key *key, struct err *err);

#endif
