/* key - counted keys; each question goes to the backend, after the checks that all backends share. */
#include "token/key.h"

#include "token/evp.h"
#include "token/key_impl.h"

#define PUBLIC_MAX 8192 /* an RSA-16384 SubjectPublicKeyInfo has about 2100 octets */

int key_init(struct key *key, const struct key_ops *ops, EVP_PKEY *evp, struct err *err)
{
    if (!evp_classify(evp, &key->type, &key->bits))
        return err_set(err, ERR_UNSUPPORTED, "key of a type or size that is not supported");
    key->public = (struct buf)BUF_INIT(PUBLIC_MAX);
    if (evp_public(evp, &key->public, err) < 0) {
        buf_fini(&key->public);
        return -1;
    }
    key->ops = ops;
    key->evp = evp;
    key->is_soft = false;
    atomic_init(&key->bridge, NULL);
    atomic_init(&key->refs, 1);
    return 0;
}

void key_fini(struct key *key)
{
    buf_fini(&key->public);
    EVP_PKEY_free(atomic_load(&key->bridge));
    EVP_PKEY_free(key->evp);
}

struct key *key_ref(struct key *key)
{
    atomic_fetch_add_explicit(&key->refs, 1, memory_order_relaxed);
    return key;
}

void key_free(struct key **key)
{
    struct key *k = *key;
    *key = NULL;
    if (k != NULL && atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) == 1)
        k->ops->free(k);
}

enum key_type key_type_of(const struct key *key)
{
    return key->type;
}

unsigned key_bits(const struct key *key)
{
    return key->bits;
}

struct span key_public(const struct key *key)
{
    return buf_span(&key->public);
}

const char *key_backend(const struct key *key)
{
    return key->ops->name;
}

size_t digest_size(enum digest digest)
{
    switch (digest) {
    case DIGEST_SHA256:
        return 32;
    case DIGEST_SHA384:
        return 48;
    case DIGEST_SHA512:
        return 64;
    case DIGEST_SHA1:
        return 20;
    }
    return 0;
}

int key_sign(struct key *key, enum digest digest, enum sign_padding padding, struct span hash,
             unsigned char *sig_out, size_t *len_inout, struct err *err)
{
    if ((key->type == KEY_RSA) == (padding == SIGN_ECDSA))
        return err_set(err, ERR_KEY_UNUSABLE, "signature padding does not fit the type of the key");
    if (digest == DIGEST_SHA1)
        return err_set(err, ERR_UNSUPPORTED, "SHA-1 is not signed any more");
    if (hash.len != digest_size(digest))
        return err_set(err, ERR_BUG, "hash of %zu octets", hash.len);
    if (key->type == KEY_RSA && *len_inout < (key->bits + 7) / 8)
        return err_set(err, ERR_CRYPTO, "no room for a signature of %u bits", key->bits);
    return key->ops->sign(key, digest, padding, hash, sig_out, len_inout, err);
}

int key_decrypt(struct key *key, enum wrap_padding padding, enum digest oaep, struct span wrapped,
                struct secret *out, struct err *err)
{
    if (key->type != KEY_RSA)
        return err_set(err, ERR_KEY_UNUSABLE, "only an RSA key unwraps by decryption");
    return key->ops->decrypt(key, padding, oaep, wrapped, out, err);
}

int key_derive(struct key *key, struct span peer_point, struct secret *out, struct err *err)
{
    if (key->type == KEY_RSA)
        return err_set(err, ERR_KEY_UNUSABLE, "an RSA key agrees on nothing");
    return key->ops->derive(key, peer_point, out, err);
}
