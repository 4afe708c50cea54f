/* key_impl - what backends know of a struct key. For lib/token alone. */
#ifndef TOKEN_KEY_IMPL_H
#define TOKEN_KEY_IMPL_H

#include "base/buf.h"
#include "token/key.h"

#include <openssl/evp.h>
#include <stdatomic.h>

/* The first member of a backend's own struct. */
struct key {
    const struct key_ops *ops;
    atomic_uint refs;
    enum key_type type;
    unsigned bits;
    struct buf public;          /* SubjectPublicKeyInfo */
    EVP_PKEY *evp;              /* owned: the public half at least */
    bool is_soft;               /* evp has the private half, too: CMS operates it. Otherwise: */
    _Atomic(EVP_PKEY *) bridge; /* made when CMS needs it first (token/bridge.h) */
};

/* key_init - one reference; takes evp on success. ERR_UNSUPPORTED when it is of a type that we do not use. */
int key_init(struct key *key, const struct key_ops *ops, EVP_PKEY *evp, struct err *err) SEAL_CHECKED;
void key_fini(struct key *key); /* for the backend's free */

#endif
