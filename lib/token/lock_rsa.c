/* lock_rsa - to lock takes the public half alone, to unlock asks the token. */
#include "token/evp.h"
#include "token/lock.h"
#include "token/ossl.h"

#include <openssl/rsa.h>
#include <string.h>

#define MODULUS_MAX (EVP_RSA_BITS_MAX / 8)
_Static_assert(LOCK_HEAD_SIZE + MODULUS_MAX <= LOCK_MAX, "every RSA key has room");

static const struct {
    enum lock_method method;
    enum wrap_padding padding;
    enum digest digest;
} paddings[] = {
    /* best first */
    {LOCK_RSA_OAEP_SHA256, WRAP_OAEP, DIGEST_SHA256},
    {LOCK_RSA_OAEP_SHA1, WRAP_OAEP, DIGEST_SHA1},
    {LOCK_RSA_PKCS1, WRAP_PKCS1, DIGEST_SHA1},
};

static int set_padding(EVP_PKEY_CTX *ctx, enum lock_method method)
{
    if (method == LOCK_RSA_PKCS1)
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING);
    const EVP_MD *digest = method == LOCK_RSA_OAEP_SHA256 ? EVP_sha256() : EVP_sha1();
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(ctx, digest) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, digest) == 1;
}

static int encrypt(struct span public_key, enum lock_method method, const struct secret *data_key,
                   struct buf *out, struct err *err)
{
    unsigned char octets[MODULUS_MAX];
    size_t len = sizeof octets;
    ossl_begin();
    const unsigned char *p = (const unsigned char *)public_key.ptr;
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *public = d2i_PUBKEY(NULL, &p, (long)public_key.len);
    SEAL_CLEANUP(ossl_free_pkey_ctx)
    EVP_PKEY_CTX *ctx = public == NULL ? NULL : EVP_PKEY_CTX_new(public, NULL);
    if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 || set_padding(ctx, method) != 1 ||
        EVP_PKEY_encrypt(ctx, octets, &len, data_key->ptr, data_key->len) != 1)
        return ossl_fail(err, ERR_CRYPTO, "data key cannot be locked for the token");
    buf_add(out, octets, len);
    return buf_check(out, err);
}

static int lock_by(struct key *master, enum lock_method method, const struct secret *data_key,
                   struct buf *out, struct err *err)
{
    char name[LOCK_NAME_SIZE];
    SEAL_CLEANUP(secret_fini) struct secret back = {.ptr = NULL};
    lock_name(key_public(master), name);
    lock_head(name, method, out);
    if (encrypt(key_public(master), method, data_key, out, err) < 0 ||
        unlock_rsa(master, buf_span(out), &back, err) < 0)
        return -1;
    return lock_check_back(data_key, &back, err);
}

int lock_rsa(struct key *master, const struct secret *data_key, struct buf *out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf locked = BUF_INIT(LOCK_MAX);
    if (key_type_of(master) != KEY_RSA)
        return err_set(err, ERR_KEY_UNUSABLE, "a master key on a token is an RSA or an AES key");
    for (size_t i = 0; i < SEAL_COUNT(paddings); i++) {
        err_clear(err);
        buf_clear(&locked);
        if (lock_by(master, paddings[i].method, data_key, &locked, err) == 0) {
            buf_add_span(out, buf_span(&locked));
            return buf_check(out, err);
        }
        if (err->code != ERR_UNSUPPORTED)
            return -1;
    }
    return -1;
}

int unlock_rsa(struct key *master, struct span locked, struct secret *out, struct err *err)
{
    char name[LOCK_NAME_SIZE];
    memset(out, 0, sizeof *out);
    lock_name(key_public(master), name);
    if (lock_check(name, locked, err) < 0)
        return -1;
    for (size_t i = 0; i < SEAL_COUNT(paddings); i++)
        if ((char)paddings[i].method == locked.ptr[LOCK_NAME_SIZE])
            return key_decrypt(master, paddings[i].padding, paddings[i].digest,
                               span_sub(locked, LOCK_HEAD_SIZE, locked.len), out, err);
    return err_set(err, ERR_UNSUPPORTED, "data key locked by method %d", locked.ptr[LOCK_NAME_SIZE]);
}
