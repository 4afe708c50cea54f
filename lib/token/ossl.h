/*
 * ossl - how token and smime call OpenSSL: its error queue as a struct err, its handles freed at the end of a scope.
 *
 * A function that calls OpenSSL starts with ossl_begin() and leaves by ossl_fail() when a call failed, so that nothing of one
 * message is left in the thread's queue for the next.
 */
#ifndef TOKEN_OSSL_H
#define TOKEN_OSSL_H

#include "base/err.h"
#include "base/mem.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/* ossl_begin - forget what an earlier call left in the thread's error queue. */
void ossl_begin(void);

/*
 * ossl_fail - err_set() with OpenSSL's own reason behind the text; the queue is empty afterwards. Missing memory becomes
 * ERR_IO whatever the code: it is never the fault of the input. Always returns -1.
 */
int ossl_fail(struct err *err, enum err_code code, const char *fmt, ...) SEAL_PRINTF(3, 4);

/* A function for SEAL_CLEANUP; OpenSSL's free functions all accept NULL. */
#define OSSL_HANDLE(name, type, free_fn)                                                                     \
    static inline void name(type **handle)                                                                   \
    {                                                                                                        \
        free_fn(*handle);                                                                                    \
    }

OSSL_HANDLE(ossl_free_bio, BIO, BIO_free_all)
OSSL_HANDLE(ossl_free_bn, BIGNUM, BN_clear_free)
OSSL_HANDLE(ossl_free_cipher_ctx, EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
OSSL_HANDLE(ossl_free_md_ctx, EVP_MD_CTX, EVP_MD_CTX_free)
OSSL_HANDLE(ossl_free_pkcs8, PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)
OSSL_HANDLE(ossl_free_pkey, EVP_PKEY, EVP_PKEY_free)
OSSL_HANDLE(ossl_free_pkey_ctx, EVP_PKEY_CTX, EVP_PKEY_CTX_free)

#endif
