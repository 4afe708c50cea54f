/* wrap - AES-256-GCM under the master key. */
#include "token/wrap.h"

#include "base/hash.h"
#include "token/ossl.h"

#include <openssl/rand.h>
#include <string.h>

#define VERSION    1
#define NONCE_SIZE 12
#define TAG_SIZE   16
#define NONCE_OFF  1
#define TAG_OFF    (NONCE_OFF + NONCE_SIZE)
#define CIPHER_OFF (TAG_OFF + TAG_SIZE)
#define AAD_MAX    1024

static void add_field(struct buf *out, struct span field)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_add_char(out, (char)((uint64_t)field.len >> shift));
    buf_add_span(out, field);
}

/* What ties a wrapped secret to its place: version, owner, SHA-256 of the subject. */
static int associated_data(const char *owner, struct span subject, struct buf *out, struct err *err)
{
    unsigned char digest[HASH_SIZE];
    hash_bytes(subject, digest);
    add_field(out, SPAN_LIT("\1"));
    add_field(out, span_of(owner));
    add_field(out, (struct span){(const char *)digest, sizeof digest});
    return buf_check(out, err);
}
_Static_assert(VERSION == 1, "the first field of the associated data is the version");

static int check_master(const struct secret *master, struct err *err)
{
    if (master->len != MASTER_KEY_SIZE)
        return err_set(err, ERR_CONFIG, "master key has %zu octets instead of %d", master->len,
                       MASTER_KEY_SIZE);
    return 0;
}

/* Encrypts into out, which has room for CIPHER_OFF + secret->len octets. */
static int seal(const struct secret *master, struct span aad, const struct secret *secret, unsigned char *out)
{
    int n = 0;
    SEAL_CLEANUP(ossl_free_cipher_ctx) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    out[0] = VERSION;
    return ctx != NULL && RAND_bytes(out + NONCE_OFF, NONCE_SIZE) == 1 &&
           EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, master->ptr, out + NONCE_OFF) == 1 &&
           EVP_EncryptUpdate(ctx, NULL, &n, (const unsigned char *)aad.ptr, (int)aad.len) == 1 &&
           EVP_EncryptUpdate(ctx, out + CIPHER_OFF, &n, secret->ptr, (int)secret->len) == 1 &&
           EVP_EncryptFinal_ex(ctx, out + CIPHER_OFF + n, &n) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, out + TAG_OFF) == 1;
}

static int unseal(const struct secret *master, struct span aad, struct span wrapped, unsigned char *out)
{
    const unsigned char *in = (const unsigned char *)wrapped.ptr;
    int n = 0;
    SEAL_CLEANUP(ossl_free_cipher_ctx) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    return ctx != NULL &&
           EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, master->ptr, in + NONCE_OFF) == 1 &&
           EVP_DecryptUpdate(ctx, NULL, &n, (const unsigned char *)aad.ptr, (int)aad.len) == 1 &&
           EVP_DecryptUpdate(ctx, out, &n, in + CIPHER_OFF, (int)(wrapped.len - CIPHER_OFF)) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, (void *)(in + TAG_OFF)) == 1 &&
           EVP_DecryptFinal_ex(ctx, out + n, &n) == 1;
}

int wrap_seal(const struct secret *master, const char *owner, struct span subject,
              const struct secret *secret, struct buf *out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf aad = BUF_INIT(AAD_MAX);
    if (check_master(master, err) < 0 || associated_data(owner, subject, &aad, err) < 0)
        return -1;
    if (secret->len > WRAP_MAX - CIPHER_OFF)
        return err_set(err, ERR_LIMIT, "a secret of %zu octets", secret->len);
    ossl_begin();
    char *room = buf_reserve(out, CIPHER_OFF + secret->len);
    if (room == NULL)
        return buf_check(out, err);
    if (!seal(master, buf_span(&aad), secret, (unsigned char *)room))
        return ossl_fail(err, ERR_CRYPTO, "secret cannot be wrapped");
    buf_commit(out, CIPHER_OFF + secret->len);
    return 0;
}

int wrap_open(const struct secret *master, const char *owner, struct span subject, struct span wrapped,
              struct secret *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    SEAL_CLEANUP(buf_fini) struct buf aad = BUF_INIT(AAD_MAX);
    if (check_master(master, err) < 0 || associated_data(owner, subject, &aad, err) < 0)
        return -1;
    if (wrapped.len <= CIPHER_OFF || wrapped.len > WRAP_MAX)
        return err_set(err, ERR_CRYPTO, "wrapped secret of %zu octets", wrapped.len);
    if (wrapped.ptr[0] != VERSION)
        return err_set(err, ERR_UNSUPPORTED, "wrapped secret of version %d", wrapped.ptr[0]);
    ossl_begin();
    if (secret_init(out, wrapped.len - CIPHER_OFF, err) < 0)
        return -1;
    if (unseal(master, buf_span(&aad), wrapped, out->ptr))
        return 0;
    secret_fini(out);
    return ossl_fail(err, ERR_CRYPTO, "master key, owner and wrapped secret do not fit together");
}
