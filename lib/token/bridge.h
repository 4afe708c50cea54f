/*
 * bridge - an EVP_PKEY whose private operations are asked of a struct key: an OpenSSL provider in this process.
 *
 * The provider is loaded into a library context of its own, so that nothing else fetches it. It knows RSA (PKCS#1 v1.5, PSS, OAEP), ECDSA
 * and ECDH (with X9.63 KDF, as CMS asks for it), gives out the public half and refuses the private one, which is what makes OpenSSL
 * take the key's own provider. There is no raw RSA.
 */
#ifndef TOKEN_BRIDGE_H
#define TOKEN_BRIDGE_H

#include "token/key.h"

#include <openssl/evp.h>

/* bridge_pkey - operates key, which it borrows: it must not outlive it. public: its public half as OpenSSL's own key. ERR_UNSUPPORTED, ERR_CRYPTO. */
int bridge_pkey(struct key *key, EVP_PKEY *public, EVP_PKEY **out, struct err *err) SEAL_CHECKED;

/*
 * OpenSSL cannot carry the reason why a private operation failed. bridge_begin() forgets this thread's failures of backends; then
 * bridge_failure() tells the first one, for who signs, and bridge_fault() the first that has nothing to do with what was asked
 * (ERR_BUSY, ERR_IO, ERR_CONFIG), for who decrypts (R17). -1 with err set, or 0.
 */
void bridge_begin(void);
int bridge_failure(struct err *err) SEAL_CHECKED;
int bridge_fault(struct err *err) SEAL_CHECKED;

#endif
