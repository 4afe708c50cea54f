/* wrap_token - RSA around AES-256-GCM. */
#include "token/wrap_token.h"

#include "base/hash.h"
#include "token/evp.h"
#include "token/ossl.h"
#include "token/wrap_body.h"

#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <string.h>

#define NAME_SIZE     8
#define HEAD_SIZE     (2 + NAME_SIZE + 2)
#define MODULUS_MAX   (EVP_RSA_BITS_MAX / 8)
#define BODY_OVERHEAD 28

static const struct {
    enum wrap_token_padding padding;
    enum wrap_padding wrap;
    enum digest digest;
} paddings[] = {
    /* best first */
    {WRAP_TOKEN_OAEP_SHA256, WRAP_OAEP, DIGEST_SHA256},
    {WRAP_TOKEN_OAEP_SHA1, WRAP_OAEP, DIGEST_SHA1},
    {WRAP_TOKEN_PKCS1, WRAP_PKCS1, DIGEST_SHA1},
};

static int set_padding(EVP_PKEY_CTX *ctx, enum wrap_token_padding padding)
{
    switch (padding) {
    case WRAP_TOKEN_PKCS1:
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
    case WRAP_TOKEN_OAEP_SHA256:
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1;
    case WRAP_TOKEN_OAEP_SHA1:
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1;
    }
    return 0;
}

static int encrypt(struct span master_public, enum wrap_token_padding padding, const struct secret *data_key,
                   unsigned char out[MODULUS_MAX], size_t *len, struct err *err)
{
    ossl_begin();
    const unsigned char *p = (const unsigned char *)master_public.ptr;
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *public = d2i_PUBKEY(NULL, &p, (long)master_public.len);
    SEAL_CLEANUP(ossl_free_pkey_ctx)
    EVP_PKEY_CTX *ctx = public == NULL ? NULL : EVP_PKEY_CTX_new(public, NULL);
    *len = MODULUS_MAX;
    if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 || !set_padding(ctx, padding) ||
        EVP_PKEY_encrypt(ctx, out, len, data_key->ptr, data_key->len) != 1)
        return ossl_fail(err, ERR_CRYPTO, "secret cannot be wrapped for the token");
    return 0;
}

static int decrypt(struct key *master, enum wrap_token_padding padding, struct span wrapped,
                   struct secret *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < SEAL_COUNT(paddings); i++)
        if (paddings[i].padding == padding)
            return key_decrypt(master, paddings[i].wrap, paddings[i].digest, wrapped, out, err);
    return err_set(err, ERR_UNSUPPORTED, "wrapped secret of padding %d", (int)padding);
}

static int make_data_key(struct secret *out, struct err *err)
{
    if (secret_init(out, MASTER_KEY_SIZE, err) < 0)
        return -1;
    return RAND_priv_bytes(out->ptr, MASTER_KEY_SIZE) == 1 ? 0
                                                           : ossl_fail(err, ERR_CRYPTO, "no random octets");
}

static int try_padding(struct key *master, enum wrap_token_padding padding, struct err *err)
{
    unsigned char wrapped[MODULUS_MAX];
    size_t len;
    SEAL_CLEANUP(secret_fini) struct secret data_key = {.ptr = NULL};
    SEAL_CLEANUP(secret_fini) struct secret back = {.ptr = NULL};
    if (make_data_key(&data_key, err) < 0 ||
        encrypt(key_public(master), padding, &data_key, wrapped, &len, err) < 0 ||
        decrypt(master, padding, (struct span){(const char *)wrapped, len}, &back, err) < 0)
        return -1;
    if (back.len != data_key.len || memcmp(back.ptr, data_key.ptr, back.len) != 0)
        return err_set(err, ERR_KEY_UNUSABLE, "the token's key does not undo what its public half does");
    return 0;
}

int wrap_token_choose(struct key *master, enum wrap_token_padding *out, struct err *err)
{
    if (key_type_of(master) != KEY_RSA)
        return err_set(err, ERR_KEY_UNUSABLE, "a master key on a token is an RSA key");
    for (size_t i = 0; i < SEAL_COUNT(paddings); i++) {
        err_clear(err);
        *out = paddings[i].padding;
        if (try_padding(master, *out, err) == 0)
            return 0;
        if (err->code != ERR_UNSUPPORTED)
            return -1;
    }
    return -1;
}

static void name_of(struct span master_public, unsigned char out[NAME_SIZE])
{
    unsigned char digest[HASH_SIZE];
    hash_bytes(master_public, digest);
    memcpy(out, digest, NAME_SIZE);
}

int wrap_token_seal(struct span master_public, enum wrap_token_padding padding, const char *owner,
                    struct span subject, const struct secret *secret, struct buf *out, struct err *err)
{
    unsigned char head[HEAD_SIZE + MODULUS_MAX];
    size_t len;
    SEAL_CLEANUP(secret_fini) struct secret data_key = {.ptr = NULL};
    if (secret->len > WRAP_MAX - BODY_OVERHEAD - HEAD_SIZE - MODULUS_MAX)
        return err_set(err, ERR_LIMIT, "a secret of %zu octets", secret->len);
    if (make_data_key(&data_key, err) < 0 ||
        encrypt(master_public, padding, &data_key, head + HEAD_SIZE, &len, err) < 0)
        return -1;
    head[0] = WRAP_TOKEN_VERSION;
    head[1] = (unsigned char)padding;
    name_of(master_public, head + 2);
    head[HEAD_SIZE - 2] = (unsigned char)(len >> 8);
    head[HEAD_SIZE - 1] = (unsigned char)len;
    const struct wrap_place place = {{(const char *)head, HEAD_SIZE + len}, owner, subject};
    return wrap_body_seal(&place, data_key.ptr, secret, out, err);
}

int wrap_token_check(struct span master_public, struct span wrapped, struct err *err)
{
    unsigned char name[NAME_SIZE];
    if (wrapped.len <= HEAD_SIZE || wrapped.len > WRAP_MAX)
        return err_set(err, ERR_CRYPTO, "wrapped secret of %zu octets", wrapped.len);
    if (wrapped.ptr[0] != WRAP_TOKEN_VERSION)
        return err_set(err, ERR_UNSUPPORTED, "wrapped secret of version %d: not under a token's key",
                       (unsigned char)wrapped.ptr[0]);
    name_of(master_public, name);
    return memcmp(name, wrapped.ptr + 2, NAME_SIZE) == 0
               ? 0
               : err_set(err, ERR_CRYPTO, "it is wrapped under another token's key (master-key-token =)");
}

int wrap_token_open(struct key *master, const char *owner, struct span subject, struct span wrapped,
                    struct secret *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    const struct wrap_place place = {wrapped, owner, subject};
    SEAL_CLEANUP(secret_fini) struct secret data_key = {.ptr = NULL};
    SEAL_CLEANUP(secret_fini) struct secret instead = {.ptr = NULL};
    if (wrap_token_check(key_public(master), wrapped, err) < 0)
        return -1;
    const unsigned char *p = (const unsigned char *)wrapped.ptr;
    size_t len = (size_t)p[HEAD_SIZE - 2] << 8 | p[HEAD_SIZE - 1];
    if (make_data_key(&instead, err) < 0 ||
        decrypt(master, (enum wrap_token_padding)p[1], span_sub(wrapped, HEAD_SIZE, len), &data_key, err) < 0)
        return -1;
    /* One of another length fails where a wrong one does: to say which it was would help to decrypt those of others (Bleichenbacher). */
    const struct secret *key = data_key.len == MASTER_KEY_SIZE ? &data_key : &instead;
    return wrap_body_open(&place, key->ptr, span_sub(wrapped, HEAD_SIZE + len, wrapped.len), out, err);
}
