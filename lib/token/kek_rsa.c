/* kek_rsa - to lock takes the public half alone, to unlock asks the token. */
#include "token/evp.h"
#include "token/kek_impl.h"
#include "token/ossl.h"

#include <openssl/rsa.h>
#include <string.h>

#define MODULUS_MAX (EVP_RSA_BITS_MAX / 8)
_Static_assert(KEK_HEAD_SIZE + MODULUS_MAX <= KEK_MAX, "every RSA key has room");

int kek_rsa_open(struct kek *kek, struct err *err)
{
    if (key_type_of(kek->rsa) != KEY_RSA)
        return err_set(err, ERR_KEY_UNUSABLE, "a master key on a token is an RSA or an AES key");
    kek_name(key_public(kek->rsa), kek->name);
    return 0;
}

static int set_padding(EVP_PKEY_CTX *ctx, enum kek_method method)
{
    if (method == KEK_RSA_PKCS1)
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING);
    const EVP_MD *digest = method == KEK_RSA_OAEP_SHA256 ? EVP_sha256() : EVP_sha1();
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(ctx, digest) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, digest) == 1;
}

int kek_rsa_lock(struct kek *kek, const struct secret *data_key, struct buf *out, struct err *err)
{
    unsigned char octets[MODULUS_MAX];
    size_t len = sizeof octets;
    ossl_begin();
    const unsigned char *p = (const unsigned char *)key_public(kek->rsa).ptr;
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *public = d2i_PUBKEY(NULL, &p, (long)key_public(kek->rsa).len);
    SEAL_CLEANUP(ossl_free_pkey_ctx)
    EVP_PKEY_CTX *ctx = public == NULL ? NULL : EVP_PKEY_CTX_new(public, NULL);
    if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 || set_padding(ctx, kek->method) != 1 ||
        EVP_PKEY_encrypt(ctx, octets, &len, data_key->ptr, data_key->len) != 1)
        return ossl_fail(err, ERR_CRYPTO, "data key cannot be locked for the token");
    buf_add(out, octets, len);
    return buf_check(out, err);
}

int kek_rsa_unlock(struct kek *kek, enum kek_method method, struct span octets, struct secret *out,
                   struct err *err)
{
    switch (method) {
    case KEK_RSA_PKCS1:
        return key_decrypt(kek->rsa, WRAP_PKCS1, DIGEST_SHA1, octets, out, err);
    case KEK_RSA_OAEP_SHA256:
        return key_decrypt(kek->rsa, WRAP_OAEP, DIGEST_SHA256, octets, out, err);
    case KEK_RSA_OAEP_SHA1:
        return key_decrypt(kek->rsa, WRAP_OAEP, DIGEST_SHA1, octets, out, err);
    case KEK_AES_CBC:
        break;
    }
    return err_set(err, ERR_UNSUPPORTED, "data key locked by method %d", (int)method);
}
