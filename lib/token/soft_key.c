/* soft_key - what an opened soft key answers. */
#include "base/hash.h"
#include "token/evp.h"
#include "token/key_impl.h"
#include "token/ossl.h"
#include "token/soft.h"
#include "token/unpad.h"

#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

/* A context that is set up for one kind of operation, and nobody's just now; NULL: none. */
struct slot {
    _Atomic(EVP_PKEY_CTX *) ctx;
};

struct soft {
    struct key key;
    struct secret reject; /* what answers to wrong padding are made of (see unpad.h) */
    bool keeps;
    struct slot signers[SIGN_ECDSA + 1][DIGEST_SHA512 + 1];
    struct slot decrypters[WRAP_OAEP_MGF1_SHA1 + 1][DIGEST_SHA1 + 1];
    struct slot deriver;
};

static int set_sign_padding(EVP_PKEY_CTX *ctx, enum sign_padding padding, const EVP_MD *md)
{
    switch (padding) {
    case SIGN_PKCS1:
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
    case SIGN_PSS:
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
    case SIGN_ECDSA:
        return 1;
    }
    return 0;
}

static EVP_PKEY_CTX *new_signer(struct soft *soft, enum digest digest, enum sign_padding padding)
{
    const EVP_MD *md = evp_md(digest);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(soft->key.evp, NULL);
    if (ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 && set_sign_padding(ctx, padding, md) &&
        EVP_PKEY_CTX_set_signature_md(ctx, md) == 1)
        return ctx;
    EVP_PKEY_CTX_free(ctx);
    return NULL;
}

static EVP_PKEY_CTX *take_ctx(struct slot *slot)
{
    return atomic_exchange(&slot->ctx, NULL);
}

static void keep_ctx(const struct soft *soft, struct slot *slot, EVP_PKEY_CTX *ctx)
{
    EVP_PKEY_CTX_free(soft->keeps ? atomic_exchange(&slot->ctx, ctx) : ctx);
}

static int soft_sign(struct key *key, enum digest digest, enum sign_padding padding, struct span hash,
                     unsigned char *sig_out, size_t *len_inout, struct err *err)
{
    ossl_begin();
    struct soft *soft = (struct soft *)key;
    struct slot *slot = &soft->signers[padding][digest];
    EVP_PKEY_CTX *ctx = take_ctx(slot);
    if (ctx == NULL)
        ctx = new_signer(soft, digest, padding);
    if (ctx == NULL ||
        EVP_PKEY_sign(ctx, sig_out, len_inout, (const unsigned char *)hash.ptr, hash.len) != 1) {
        EVP_PKEY_CTX_free(ctx);
        return ossl_fail(err, ERR_CRYPTO, "signing failed");
    }
    keep_ctx(soft, slot, ctx);
    return 0;
}

void soft_key_keep(struct key *key)
{
    ((struct soft *)key)->keeps = true;
}

static int set_wrap_padding(EVP_PKEY_CTX *ctx, enum wrap_padding padding, enum digest oaep)
{
    switch (padding) {
    case WRAP_PKCS1: /* raw: unpad_pkcs1() looks at the padding, in constant time */
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1;
    case WRAP_OAEP:
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(ctx, evp_md(oaep)) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, evp_md(oaep)) == 1;
    case WRAP_OAEP_MGF1_SHA1:
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(ctx, evp_md(oaep)) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha1()) == 1;
    }
    return 0;
}

static EVP_PKEY_CTX *new_decrypter(struct soft *soft, enum wrap_padding padding, enum digest oaep)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(soft->key.evp, NULL);
    if (ctx != NULL && EVP_PKEY_decrypt_init(ctx) == 1 && set_wrap_padding(ctx, padding, oaep))
        return ctx;
    EVP_PKEY_CTX_free(ctx);
    return NULL;
}

/* The private operation; text is as long as the modulus. */
static int rsa_decrypt(struct soft *soft, enum wrap_padding padding, enum digest oaep, struct span wrapped,
                       struct secret *text, struct err *err)
{
    ossl_begin();
    size_t len = text->len;
    struct slot *slot = &soft->decrypters[padding][padding == WRAP_PKCS1 ? 0 : oaep];
    EVP_PKEY_CTX *ctx = take_ctx(slot);
    if (ctx == NULL)
        ctx = new_decrypter(soft, padding, oaep);
    if (ctx == NULL ||
        EVP_PKEY_decrypt(ctx, text->ptr, &len, (const unsigned char *)wrapped.ptr, wrapped.len) != 1) {
        EVP_PKEY_CTX_free(ctx);
        return ossl_fail(err, ERR_CRYPTO, "unwrapping failed");
    }
    text->len = len;
    keep_ctx(soft, slot, ctx);
    return 0;
}

static int soft_decrypt(struct key *key, enum wrap_padding padding, enum digest oaep, struct span wrapped,
                        struct secret *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    SEAL_CLEANUP(secret_fini) struct secret text = {0};
    size_t modulus = (size_t)EVP_PKEY_get_size(key->evp);
    if (wrapped.len != modulus)
        return err_set(err, ERR_CRYPTO, "wrapped key of %zu octets", wrapped.len);
    if (secret_init(&text, modulus, err) < 0 ||
        rsa_decrypt((struct soft *)key, padding, oaep, wrapped, &text, err) < 0)
        return -1;
    if (padding != WRAP_PKCS1)
        return secret_copy(out, text.ptr, text.len, err);
    unsigned char instead[KEY_REJECT_SIZE];
    const struct soft *soft = (const struct soft *)key;
    if (HMAC(EVP_sha256(), soft->reject.ptr, (int)soft->reject.len, (const unsigned char *)wrapped.ptr,
             wrapped.len, instead, NULL) == NULL)
        return ossl_fail(err, ERR_CRYPTO, "unwrapping failed");
    int result = unpad_pkcs1(&text, instead, out, err);
    explicit_bzero(instead, sizeof instead);
    return result;
}

/*
 * The peer's key: our curve, his point. OpenSSL checks that the point lies on the curve; infinity is one octet. More need not be
 * asked: our curves have a prime order, so every other point has it (SP 800-56A 5.6.2.3.4).
 */
static EVP_PKEY *peer_key(const struct key *key, struct span point)
{
    EVP_PKEY *peer = point.len > 1 ? EVP_PKEY_new() : NULL;
    if (peer != NULL && EVP_PKEY_copy_parameters(peer, key->evp) == 1 &&
        EVP_PKEY_set1_encoded_public_key(peer, (const unsigned char *)point.ptr, point.len) == 1)
        return peer;
    EVP_PKEY_free(peer);
    return NULL;
}

static EVP_PKEY_CTX *new_deriver(struct soft *soft)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(soft->key.evp, NULL);
    if (ctx != NULL && EVP_PKEY_derive_init(ctx) == 1)
        return ctx;
    EVP_PKEY_CTX_free(ctx);
    return NULL;
}

static int derive_with(EVP_PKEY_CTX *ctx, EVP_PKEY *peer, struct secret *out, struct err *err)
{
    size_t len = 0;
    if (peer == NULL || ctx == NULL || EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) != 1 ||
        EVP_PKEY_derive(ctx, NULL, &len) != 1)
        return ossl_fail(err, ERR_CRYPTO, "key agreement failed");
    if (secret_init(out, len, err) < 0)
        return -1;
    if (EVP_PKEY_derive(ctx, out->ptr, &len) == 1 && len == out->len)
        return 0;
    secret_fini(out);
    return ossl_fail(err, ERR_CRYPTO, "key agreement failed");
}

static int soft_derive(struct key *key, struct span peer_point, struct secret *out, struct err *err)
{
    ossl_begin();
    memset(out, 0, sizeof *out);
    struct soft *soft = (struct soft *)key;
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *peer = peer_key(key, peer_point);
    EVP_PKEY_CTX *ctx = take_ctx(&soft->deriver);
    if (ctx == NULL)
        ctx = new_deriver(soft);
    if (derive_with(ctx, peer, out, err) < 0) {
        EVP_PKEY_CTX_free(ctx);
        return -1;
    }
    keep_ctx(soft, &soft->deriver, ctx);
    return 0;
}

static void free_slots(struct slot *slots, size_t n)
{
    for (size_t i = 0; i < n; i++)
        EVP_PKEY_CTX_free(slots[i].ctx);
}

static void soft_free(struct key *key)
{
    struct soft *soft = (struct soft *)key;
    free_slots(&soft->signers[0][0], sizeof soft->signers / sizeof soft->deriver);
    free_slots(&soft->decrypters[0][0], sizeof soft->decrypters / sizeof soft->deriver);
    free_slots(&soft->deriver, 1);
    secret_fini(&soft->reject);
    key_fini(key);
    free(soft);
}

static const struct key_ops soft_ops = {"soft", soft_sign, soft_decrypt, soft_derive, soft_free};

/* A key of its own for answers to wrong padding, the same in every process: SHA-256 over a label and the private key. */
static int make_reject(const struct secret *pkcs8, struct secret *out, struct err *err)
{
    if (secret_init(out, HASH_SIZE, err) < 0)
        return -1;
    struct hash *hash = hash_new();
    hash_add_field(hash, SPAN_LIT("sealmilter implicit rejection"));
    hash_add_field(hash, (struct span){(const char *)pkcs8->ptr, pkcs8->len});
    hash_end(hash, out->ptr);
    hash_free(&hash);
    return 0;
}

/* Takes pkey on success. */
static int soft_new(EVP_PKEY *pkey, const struct secret *pkcs8, struct key **out, struct err *err)
{
    struct soft *soft = xcalloc(1, sizeof *soft);
    if (make_reject(pkcs8, &soft->reject, err) == 0 && key_init(&soft->key, &soft_ops, pkey, err) == 0) {
        soft->key.is_soft = true;
        *out = &soft->key;
        return 0;
    }
    secret_fini(&soft->reject);
    free(soft);
    return -1;
}

int soft_key(const struct secret *pkcs8, struct key **out, struct err *err)
{
    *out = NULL;
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *pkey = NULL;
    if (evp_read_pkcs8(pkcs8, &pkey, err) < 0 || soft_new(pkey, pkcs8, out, err) < 0)
        return -1;
    pkey = NULL;
    return 0;
}

int soft_open(const struct secret *master, const char *owner, struct span public_key, struct span wrapped,
              struct key **out, struct err *err)
{
    *out = NULL;
    SEAL_CLEANUP(secret_fini) struct secret pkcs8 = {0};
    return soft_unwrap(master, owner, public_key, wrapped, &pkcs8, err) < 0 ? -1 : soft_key(&pkcs8, out, err);
}
