/* wrap - AES-256-GCM under the master key. */
#include "token/wrap.h"

#include "base/hash.h"
#include "token/ossl.h"
#include "token/wrap_body.h"
#include "token/wrap_origin.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#define VERSION    1
#define NONCE_SIZE 12
#define TAG_SIZE   16
#define TAG_OFF    NONCE_SIZE
#define CIPHER_OFF (TAG_OFF + TAG_SIZE)
#define AAD_MAX    1024

static void add_field(struct buf *out, struct span field)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_add_char(out, (char)((uint64_t)field.len >> shift));
    buf_add_span(out, field);
}

/* What ties a wrapped secret to its place: version, owner, SHA-256 of the subject. */
static int associated_data(char version, const char *owner, struct span subject, struct buf *out,
                           struct err *err)
{
    unsigned char digest[HASH_SIZE];
    hash_bytes(subject, digest);
    add_field(out, (struct span){&version, 1});
    add_field(out, span_of(owner));
    add_field(out, (struct span){(const char *)digest, sizeof digest});
    return buf_check(out, err);
}

/* Encrypts into out, which has room for CIPHER_OFF + secret->len octets. */
static int seal(const unsigned char *key, struct span aad, const struct secret *secret, unsigned char *out)
{
    int n = 0;
    SEAL_CLEANUP(ossl_free_cipher_ctx) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    return ctx != NULL && RAND_bytes(out, NONCE_SIZE) == 1 &&
           EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, out) == 1 &&
           EVP_EncryptUpdate(ctx, NULL, &n, (const unsigned char *)aad.ptr, (int)aad.len) == 1 &&
           EVP_EncryptUpdate(ctx, out + CIPHER_OFF, &n, secret->ptr, (int)secret->len) == 1 &&
           EVP_EncryptFinal_ex(ctx, out + CIPHER_OFF + n, &n) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, out + TAG_OFF) == 1;
}

static int unseal(const unsigned char *key, struct span aad, struct span body, unsigned char *out)
{
    const unsigned char *in = (const unsigned char *)body.ptr;
    int n = 0;
    SEAL_CLEANUP(ossl_free_cipher_ctx) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    return ctx != NULL && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, in) == 1 &&
           EVP_DecryptUpdate(ctx, NULL, &n, (const unsigned char *)aad.ptr, (int)aad.len) == 1 &&
           EVP_DecryptUpdate(ctx, out, &n, in + CIPHER_OFF, (int)(body.len - CIPHER_OFF)) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, (void *)(in + TAG_OFF)) == 1 &&
           EVP_DecryptFinal_ex(ctx, out + n, &n) == 1;
}

int wrap_body_seal(const struct wrap_place *place, const unsigned char key[MASTER_KEY_SIZE],
                   const struct secret *secret, struct buf *out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf aad = BUF_INIT(AAD_MAX);
    if (secret->len == 0)
        return err_set(err, ERR_KEY_UNUSABLE, "a secret without content");
    if (associated_data(place->head.ptr[0], place->owner, place->subject, &aad, err) < 0)
        return -1;
    ossl_begin();
    size_t size = place->head.len + CIPHER_OFF + secret->len;
    char *room = buf_reserve(out, size);
    if (room == NULL)
        return buf_check(out, err);
    memcpy(room, place->head.ptr, place->head.len);
    if (!seal(key, buf_span(&aad), secret, (unsigned char *)room + place->head.len))
        return ossl_fail(err, ERR_CRYPTO, "secret cannot be wrapped");
    buf_commit(out, size);
    return 0;
}

int wrap_body_open(const struct wrap_place *place, const unsigned char key[MASTER_KEY_SIZE], struct span body,
                   struct secret *out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf aad = BUF_INIT(AAD_MAX);
    if (associated_data(place->head.ptr[0], place->owner, place->subject, &aad, err) < 0)
        return -1;
    if (body.len <= CIPHER_OFF || body.len > WRAP_MAX)
        return err_set(err, ERR_CRYPTO, "wrapped secret of %zu octets", body.len);
    ossl_begin();
    if (secret_init(out, body.len - CIPHER_OFF, err) < 0)
        return -1;
    if (unseal(key, buf_span(&aad), body, out->ptr))
        return 0;
    secret_fini(out);
    return ossl_fail(err, ERR_CRYPTO, "master key, owner and wrapped secret do not fit together");
}

int wrap_check_master(const struct secret *master, struct err *err)
{
    static const unsigned char nothing[MASTER_KEY_SIZE];
    if (master->len != MASTER_KEY_SIZE)
        return err_set(err, ERR_CONFIG, "master key has %zu octets instead of %d", master->len,
                       MASTER_KEY_SIZE);
    if (CRYPTO_memcmp(master->ptr, nothing, sizeof nothing) == 0)
        return err_set(
            err, ERR_CONFIG,
            "master key was overwritten, as sealadm key rewrap does with an old one: call that again");
    return 0;
}

void wrap_name(const struct secret *master, char out[WRAPPED_NAME_SIZE])
{
    unsigned char digest[HASH_SIZE];
    struct hash *hash = hash_new();
    hash_add_field(hash, SPAN_LIT("name of a master key"));
    hash_add_field(hash, (struct span){(const char *)master->ptr, master->len});
    hash_end(hash, digest);
    hash_free(&hash);
    memcpy(out, digest, WRAPPED_NAME_SIZE);
}

void wrap_head(char version, const struct secret *master, char out[WRAPPED_HEAD_SIZE])
{
    out[0] = version;
    wrap_name(master, out + 1);
}

int wrap_head_check(char version, const struct secret *master, struct span wrapped, struct err *err)
{
    char name[WRAPPED_NAME_SIZE];
    if (wrap_check_master(master, err) < 0)
        return -1;
    if (wrapped.len == 0 || wrapped.len > WRAP_MAX)
        return err_set(err, ERR_CRYPTO, "wrapped secret of %zu octets", wrapped.len);
    if (wrapped.ptr[0] != version)
        return err_set(err, ERR_UNSUPPORTED, "wrapped secret of version %d, which was not made here",
                       wrapped.ptr[0]);
    wrap_name(master, name);
    return span_eq(wrapped_name(wrapped), (struct span){name, sizeof name})
               ? 0
               : err_set(err, ERR_CRYPTO, "it is wrapped under another master key");
}

int wrap_seal(const struct secret *master, const char *owner, struct span subject,
              const struct secret *secret, struct buf *out, struct err *err)
{
    char head[WRAPPED_HEAD_SIZE];
    const struct wrap_place place = {{head, sizeof head}, owner, subject};
    if (wrap_check_master(master, err) < 0)
        return -1;
    if (secret->len > WRAP_MAX - CIPHER_OFF - sizeof head)
        return err_set(err, ERR_LIMIT, "a secret of %zu octets", secret->len);
    wrap_head(VERSION, master, head);
    return wrap_body_seal(&place, master->ptr, secret, out, err);
}

int wrap_open(const struct secret *master, const char *owner, struct span subject, struct span wrapped,
              struct secret *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    const struct wrap_place place = {wrapped, owner, subject};
    if (wrapped.len > 0 && wrapped.ptr[0] == WRAP_ORIGIN_VERSION)
        return err_set(err, ERR_UNSUPPORTED, "wrapped for a token (master-key-token), which alone opens it");
    if (wrap_head_check(VERSION, master, wrapped, err) < 0)
        return -1;
    return wrap_body_open(&place, master->ptr, span_sub(wrapped, WRAPPED_HEAD_SIZE, wrapped.len), out, err);
}
