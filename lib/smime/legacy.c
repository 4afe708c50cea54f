/* legacy - OpenSSL's legacy provider, apart from the default context. */
#include "smime/legacy.h"

#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stddef.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static OSSL_LIB_CTX *library;

static void make(void)
{
    OSSL_LIB_CTX *made = OSSL_LIB_CTX_new();
    if (made != NULL && OSSL_PROVIDER_load(made, "default") != NULL &&
        OSSL_PROVIDER_load(made, "legacy") != NULL)
        library = made;
    else
        OSSL_LIB_CTX_free(made);
}

OSSL_LIB_CTX *legacy_library(void)
{
    pthread_once(&once, make);
    return library;
}
