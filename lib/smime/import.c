/* import - files of others. */
#include "smime/import.h"

#include "smime/cert_x509.h"
#include "smime/import_job.h"
#include "token/evp.h"

#include <stdlib.h>
#include <string.h>

void imported_fini(struct imported *imported)
{
    for (size_t i = 0; i < imported->ncerts; i++)
        cert_free(&imported->certs[i]);
    free(imported->certs);
    secret_fini(&imported->pkcs8);
    memset(imported, 0, sizeof *imported);
}

int import_add_cert(struct import_job *job, const X509 *x509, struct err *err)
{
    struct imported *out = job->out;
    if (out->ncerts == IMPORT_CERTS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d certificates in one file", IMPORT_CERTS_MAX);
    out->certs = xrealloc(out->certs, (out->ncerts + 1) * sizeof *out->certs);
    if (cert_from_x509(x509, &out->certs[out->ncerts], err) < 0)
        return -1;
    out->ncerts++;
    return 0;
}

/* Signs with the private half and verifies with the public one. */
static int check_halves(EVP_PKEY *pkey, struct err *err)
{
    static const unsigned char hash[32] = {1};
    unsigned char signature[EVP_RSA_BITS_MAX / 8];
    size_t len = sizeof signature;
    ossl_begin();
    SEAL_CLEANUP(ossl_free_pkey_ctx) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1 ||
        EVP_PKEY_sign(ctx, signature, &len, hash, sizeof hash) != 1 || EVP_PKEY_verify_init(ctx) != 1 ||
        EVP_PKEY_verify(ctx, signature, len, hash, sizeof hash) != 1)
        return ossl_fail(err, ERR_KEY_UNUSABLE, "private key does not fit its own public half");
    return 0;
}

int import_add_key(struct import_job *job, const PKCS8_PRIV_KEY_INFO *info, struct err *err)
{
    if (job->out->pkcs8.len > 0)
        return err_set(err, ERR_UNSUPPORTED,
                       "more than one private key in the file: give each a file of its own");
    ossl_begin();
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *pkey = EVP_PKCS82PKEY(info);
    enum key_type type;
    unsigned bits;
    if (pkey == NULL)
        return ossl_fail(err, ERR_SYNTAX, "private key cannot be read");
    if (!evp_classify(pkey, &type, &bits))
        return err_set(err, ERR_UNSUPPORTED,
                       "private key is neither RSA (%d to %d bits) nor P-256, P-384 or P-521",
                       EVP_RSA_BITS_MIN, EVP_RSA_BITS_MAX);
    return check_halves(pkey, err) < 0 ? -1 : evp_write_pkcs8(pkey, &job->out->pkcs8, err);
}

const char *import_passphrase(const struct import_job *job, int *len_out)
{
    const struct secret *p = job->passphrase;
    *len_out = p == NULL ? 0 : (int)p->len;
    return *len_out == 0 ? "" : (const char *)p->ptr;
}

/* The key's own certificate goes first; of several the one that lasts longest. */
static int match_key(struct imported *out, struct err *err)
{
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *pkey = NULL;
    SEAL_CLEANUP(buf_fini) struct buf public = BUF_INIT(CERT_DER_MAX);
    struct cert **own = NULL;
    if (out->pkcs8.len == 0 || out->ncerts == 0)
        return 0;
    if (evp_read_pkcs8(&out->pkcs8, &pkey, err) < 0 || evp_public(pkey, &public, err) < 0)
        return -1;
    for (size_t i = 0; i < out->ncerts; i++)
        if (span_eq(cert_public(out->certs[i]), buf_span(&public)) &&
            (own == NULL || cert_info(out->certs[i])->not_after > cert_info(*own)->not_after))
            own = &out->certs[i];
    if (own == NULL)
        return err_set(err, ERR_KEY_UNUSABLE, "no certificate in the file belongs to its private key");
    struct cert *first = out->certs[0];
    out->certs[0] = *own;
    *own = first;
    return 0;
}

static int read_any(struct import_job *job, struct err *err)
{
    bool is_pem = span_find(job->bytes, "-----BEGIN ", 11, 0) != SIZE_MAX;
    if ((is_pem ? import_pem(job, err) : import_der(job, err)) < 0 || match_key(job->out, err) < 0)
        return -1;
    if (job->out->ncerts == 0 && job->out->pkcs8.len == 0)
        return err_set(err, ERR_SYNTAX, "neither a certificate nor a private key in the file");
    return 0;
}

OSSL_LIB_CTX *import_legacy(struct import_job *job, struct err *err)
{
    if (job->legacy != NULL)
        return job->legacy;
    job->legacy = OSSL_LIB_CTX_new();
    if (job->legacy == NULL) {
        err_set(err, ERR_IO, "no memory for a library context");
        return NULL;
    }
    job->providers[0] = OSSL_PROVIDER_load(job->legacy, "default");
    job->providers[1] =
        OSSL_PROVIDER_load(job->legacy, "legacy"); /* NULL: not installed; then old files are unsupported */
    return job->legacy;
}

static void job_fini(struct import_job *job)
{
    for (size_t i = 0; i < SEAL_COUNT(job->providers); i++)
        OSSL_PROVIDER_unload(job->providers[i]);
    OSSL_LIB_CTX_free(job->legacy);
    ossl_begin();
}

int import_bytes(struct span bytes, const struct secret *passphrase, struct imported *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    if (bytes.len > IMPORT_MAX)
        return err_set(err, ERR_LIMIT, "file of %zu octets, %u are read", bytes.len, IMPORT_MAX);
    SEAL_CLEANUP(job_fini) struct import_job job = {.bytes = bytes, .passphrase = passphrase, .out = out};
    if (read_any(&job, err) == 0)
        return 0;
    imported_fini(out);
    return -1;
}
