/* padding - by OpenSSL's functions, which have no successors since 3.0. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "token/padding.h"

#include "token/evp.h"
#include "token/ossl.h"

#include <openssl/rsa.h>
#include <string.h>

int padding_oaep_remove(const struct secret *block, enum digest digest, enum digest mask, struct secret *out,
                        struct err *err)
{
    ossl_begin();
    memset(out, 0, sizeof *out);
    SEAL_CLEANUP(secret_fini) struct secret text = {.ptr = NULL};
    if (secret_init(&text, block->len, err) < 0)
        return -1;
    int n = RSA_padding_check_PKCS1_OAEP_mgf1(text.ptr, (int)text.len, block->ptr, (int)block->len,
                                              (int)block->len, NULL, 0, evp_md(digest), evp_md(mask));
    if (n < 0)
        return ossl_fail(err, ERR_CRYPTO, "unwrapping failed");
    return secret_copy(out, text.ptr, (size_t)n, err);
}

int padding_pss_add(const EVP_PKEY *public_key, enum digest digest, const unsigned char *hash,
                    unsigned char *block_out, struct err *err)
{
    ossl_begin();
    RSA *rsa = EVP_PKEY_get1_RSA((EVP_PKEY *)public_key);
    const EVP_MD *md = evp_md(digest);
    int done = rsa != NULL
                   ? RSA_padding_add_PKCS1_PSS_mgf1(rsa, block_out, hash, md, md, RSA_PSS_SALTLEN_DIGEST)
                   : 0;
    RSA_free(rsa);
    return done == 1 ? 0 : ossl_fail(err, ERR_CRYPTO, "signing failed");
}
