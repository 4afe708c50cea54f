/* bridge_impl - what the operations of the bridge know of its keys. For the bridge alone. */
#ifndef TOKEN_BRIDGE_IMPL_H
#define TOKEN_BRIDGE_IMPL_H

#include "token/key.h"

#include <openssl/core_dispatch.h>
#include <openssl/evp.h>

struct bridge_key {
    const char *type; /* "RSA", "EC" */
    struct key *key;  /* borrowed; NULL: a public key */
    EVP_PKEY *public; /* OpenSSL's own; NULL: nothing yet */
    bool has_public;  /* otherwise public has the parameters alone */
};

/* bridge_note - keep why a private operation failed. Returns 0, which is failure to OpenSSL. */
int bridge_note(const struct err *err);

/* A row of a dispatch table. */
#define BRIDGE_FUNCTION(id, fn)                                                                              \
    {                                                                                                        \
        id, (void (*)(void))(fn)                                                                             \
    }

extern const OSSL_DISPATCH bridge_signature[], bridge_cipher[], bridge_exchange[];

#endif
