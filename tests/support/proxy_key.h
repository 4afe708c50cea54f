/*
 * proxy_key - a key of a backend that is not soft, so that CMS operates it through the bridge: it asks another key, or fails as it is told.
 * What fails ends the test.
 */
#ifndef SUPPORT_PROXY_KEY_H
#define SUPPORT_PROXY_KEY_H

#include "token/key_impl.h"

#include <check.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

struct proxy_key {
    struct key key;
    struct key *inner;
    enum err_code fault; /* ERR_NONE: ask inner */
    atomic_uint asked;
};

static inline int proxy_refuse(struct key *key, struct err *err)
{
    struct proxy_key *proxy = (struct proxy_key *)key;
    atomic_fetch_add(&proxy->asked, 1);
    return proxy->fault == ERR_NONE ? 0 : err_set(err, proxy->fault, "the backend says so");
}

static inline int proxy_sign(struct key *key, enum digest digest, enum sign_padding padding, struct span hash,
                             unsigned char *sig_out, size_t *len_inout, struct err *err)
{
    return proxy_refuse(key, err) < 0
               ? -1
               : key_sign(((struct proxy_key *)key)->inner, digest, padding, hash, sig_out, len_inout, err);
}

static inline int proxy_decrypt(struct key *key, enum wrap_padding padding, enum digest oaep,
                                struct span wrapped, struct secret *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    return proxy_refuse(key, err) < 0
               ? -1
               : key_decrypt(((struct proxy_key *)key)->inner, padding, oaep, wrapped, out, err);
}

static inline int proxy_derive(struct key *key, struct span peer_point, struct secret *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    return proxy_refuse(key, err) < 0 ? -1
                                      : key_derive(((struct proxy_key *)key)->inner, peer_point, out, err);
}

static inline void proxy_free(struct key *key)
{
    struct proxy_key *proxy = (struct proxy_key *)key;
    key_free(&proxy->inner);
    key_fini(key);
    free(proxy);
}

/* proxy_key - takes inner. */
static inline struct key *proxy_key(struct key *inner)
{
    static const struct key_ops ops = {"proxy", proxy_sign, proxy_decrypt, proxy_derive, proxy_free};
    struct err err = ERR_INIT;
    struct proxy_key *proxy = xcalloc(1, sizeof *proxy);
    const unsigned char *p = (const unsigned char *)key_public(inner).ptr;
    EVP_PKEY *public = d2i_PUBKEY(NULL, &p, (long)key_public(inner).len);
    proxy->inner = inner;
    ck_assert_msg(key_init(&proxy->key, &ops, public, &err) == 0, "%s", err.msg);
    return &proxy->key;
}

/* proxy_fail - every question from now on; ERR_NONE: none. */
static inline void proxy_fail(struct key *key, enum err_code fault)
{
    ((struct proxy_key *)key)->fault = fault;
}

/* proxy_asked - questions so far. */
static inline unsigned proxy_asked(struct key *key)
{
    return atomic_load(&((struct proxy_key *)key)->asked);
}

#endif
