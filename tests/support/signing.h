/* signing - OpenSSL, with the public half alone, as the judge of what a key signs. What fails ends the test. */
#ifndef SUPPORT_SIGNING_H
#define SUPPORT_SIGNING_H

#include "support/check.h"
#include "token/key.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

/* signing_public - a SubjectPublicKeyInfo as OpenSSL's own key; the caller frees it. */
static inline EVP_PKEY *signing_public(struct span der)
{
    const unsigned char *p = (const unsigned char *)der.ptr;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, (long)der.len);
    ck_assert_ptr_nonnull(pkey);
    return pkey;
}

/* As a correspondent would: over the text, with OpenSSL's own digest. */
static inline bool signing_verifies(const struct key *key, const char *digest, enum sign_padding padding,
                                    const unsigned char *sig, size_t len)
{
    EVP_PKEY *public = signing_public(key_public(key));
    EVP_PKEY_CTX *pctx;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ck_assert_int_eq(EVP_DigestVerifyInit_ex(ctx, &pctx, digest, NULL, NULL, public, NULL), 1);
    if (padding == SIGN_PSS) {
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING), 1);
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST), 1);
    }
    bool good = EVP_DigestVerify(ctx, sig, len, (const unsigned char *)"text", 4) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(public);
    return good;
}

/* signing_check - the key's signatures by every digest verify, and no longer with a bit flipped. */
static inline void signing_check(struct key *key, enum sign_padding padding)
{
    static const struct {
        enum digest digest;
        const char *name;
    } digests[] = {{DIGEST_SHA256, "SHA256"}, {DIGEST_SHA384, "SHA384"}, {DIGEST_SHA512, "SHA512"}};
    for (size_t i = 0; i < SEAL_COUNT(digests); i++) {
        struct err err = ERR_INIT;
        unsigned char hash[EVP_MAX_MD_SIZE], sig[512];
        unsigned n;
        size_t len = sizeof sig;
        EVP_Digest("text", 4, hash, &n, EVP_get_digestbyname(digests[i].name), NULL);
        ck_assert_uint_eq(digest_size(digests[i].digest), n);
        ck_ok(key_sign(key, digests[i].digest, padding, (struct span){(char *)hash, n}, sig, &len, &err));
        ck_assert_msg(signing_verifies(key, digests[i].name, padding, sig, len), "%s", digests[i].name);
        sig[len - 1] ^= 1;
        ck_assert(!signing_verifies(key, digests[i].name, padding, sig, len));
    }
}

#endif
