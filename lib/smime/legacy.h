/* legacy - a library context of its own for ciphers that only old mail needs, so that nothing else can choose them. */
#ifndef SMIME_LEGACY_H
#define SMIME_LEGACY_H

#include <openssl/types.h>

/* legacy_library - made once, kept for the life of the process; NULL when this OpenSSL has no legacy provider. */
OSSL_LIB_CTX *legacy_library(void);

#endif
