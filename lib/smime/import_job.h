/* import_job - one file being read: what its formats share. For import*.c alone. */
#ifndef SMIME_IMPORT_JOB_H
#define SMIME_IMPORT_JOB_H

#include "smime/import.h"
#include "smime/ossl.h"

#include <openssl/provider.h>

struct import_job {
    struct span bytes;
    const struct secret *passphrase; /* NULL: none was given */
    struct imported *out;
    OSSL_LIB_CTX *legacy; /* NULL until import_legacy() */
    OSSL_PROVIDER *providers[2];
};

/* import_legacy - the library context that has the legacy provider where one is installed; made when first asked for. NULL: no memory. */
OSSL_LIB_CTX *import_legacy(struct import_job *job, struct err *err);

int import_add_cert(struct import_job *job, const X509 *x509, struct err *err) SEAL_CHECKED;
/* import_add_key - a second one is ERR_UNSUPPORTED. */
int import_add_key(struct import_job *job, const PKCS8_PRIV_KEY_INFO *info, struct err *err) SEAL_CHECKED;

/* The formats: each adds what it holds. */
int import_pem(struct import_job *job, struct err *err) SEAL_CHECKED;
int import_der(struct import_job *job, struct err *err) SEAL_CHECKED;
int import_p12(struct import_job *job, PKCS12 *p12, struct err *err) SEAL_CHECKED;
int import_bundle(struct import_job *job, const CMS_ContentInfo *cms, struct err *err) SEAL_CHECKED;
int import_pkey(struct import_job *job, const EVP_PKEY *pkey, struct err *err) SEAL_CHECKED;
int import_encrypted(struct import_job *job, const X509_SIG *encrypted, struct err *err) SEAL_CHECKED;

/* import_check_pbe - ERR_LIMIT when deriving the key of this password-based encryption would take too long. */
int import_check_pbe(const X509_ALGOR *algorithm, struct err *err) SEAL_CHECKED;
#define IMPORT_ITERATIONS_MAX 10000000

/* import_decrypt_failed - ERR_PASSPHRASE or ERR_UNSUPPORTED, by what OpenSSL says; always -1. */
int import_decrypt_failed(struct err *err);

/* The passphrase as OpenSSL wants it; "" when none was given. */
const char *import_passphrase(const struct import_job *job, int *len_out);

#endif
