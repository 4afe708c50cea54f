/* key_try - signed and verified; closed and opened. */
#include "token/key_try.h"

#include "token/evp.h"
#include "token/kek.h"
#include "token/key_impl.h"
#include "token/ossl.h"
#include "token/soft.h"

#include <string.h>

int key_try_sign(struct key *key, struct err *err)
{
    static const unsigned char hash[32] = "is it the same on the token";
    unsigned char signature[EVP_RSA_BITS_MAX / 8];
    size_t len = sizeof signature;
    enum sign_padding padding = key->type == KEY_RSA ? SIGN_PKCS1 : SIGN_ECDSA;
    if (key_sign(key, DIGEST_SHA256, padding, (struct span){(const char *)hash, sizeof hash}, signature, &len,
                 err) < 0)
        return -1;
    ossl_begin();
    SEAL_CLEANUP(ossl_free_pkey_ctx) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key->evp, NULL);
    if (ctx == NULL || EVP_PKEY_verify_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1 ||
        EVP_PKEY_verify(ctx, signature, len, hash, sizeof hash) != 1)
        return ossl_fail(err, ERR_KEY_UNUSABLE, "the token's private key is not that of its public half");
    return 0;
}

static int agree(struct key *key, const struct key *peer, struct secret *out, struct err *err)
{
    ossl_begin();
    unsigned char *point = NULL;
    size_t len = EVP_PKEY_get1_encoded_public_key(peer->evp, &point);
    if (len == 0)
        return ossl_fail(err, ERR_CRYPTO, "public key cannot be written");
    int result = key_derive(key, (struct span){(const char *)point, len}, out, err);
    OPENSSL_free(point);
    return result;
}

static int new_peer(const struct key *key, struct key **out, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret pkcs8 = {.ptr = NULL};
    return soft_generate(key->type, key->bits, &pkcs8, err) < 0 ? -1 : soft_key(&pkcs8, out, err);
}

static int try_agreement(struct key *key, struct err *err)
{
    SEAL_CLEANUP(key_free) struct key *peer = NULL;
    SEAL_CLEANUP(secret_fini) struct secret here = {.ptr = NULL};
    SEAL_CLEANUP(secret_fini) struct secret there = {.ptr = NULL};
    if (new_peer(key, &peer, err) < 0 || agree(peer, key, &here, err) < 0 ||
        agree(key, peer, &there, err) < 0)
        return -1;
    if (here.len != there.len || memcmp(here.ptr, there.ptr, here.len) != 0)
        return err_set(err, ERR_KEY_UNUSABLE, "the token's private key is not that of its public half");
    return 0;
}

static int try_decryption(struct key *key, struct err *err)
{
    SEAL_CLEANUP(kek_free) struct kek *unused = NULL;
    return kek_of_key(key, &unused, err);
}

int key_try_open(struct key *key, struct err *err)
{
    return key->type == KEY_RSA ? try_decryption(key, err) : try_agreement(key, err);
}
