/* export - keys and certificates in the forms of others. */
#include "smime/cert_x509.h"
#include "smime/import.h"
#include "smime/ossl.h"
#include "token/evp.h"

#include <openssl/pem.h>
#include <string.h>

#define ITERATIONS 100000

/* A copy that ends in NUL, as PKCS12_create() wants it. */
static int copy_passphrase(const struct secret *passphrase, struct secret *out, struct err *err)
{
    if (passphrase->len == 0 || memchr(passphrase->ptr, 0, passphrase->len) != NULL)
        return err_set(err, ERR_PASSPHRASE, "a passphrase is needed to write PKCS#12");
    if (secret_init(out, passphrase->len + 1, err) < 0)
        return -1;
    memcpy(out->ptr, passphrase->ptr, passphrase->len);
    return 0;
}

static int read_own_key(const struct secret *pkcs8, const struct cert *cert, EVP_PKEY **out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf public = BUF_INIT(CERT_DER_MAX);
    if (evp_read_pkcs8(pkcs8, out, err) < 0 || evp_public(*out, &public, err) < 0)
        return -1;
    if (!span_eq(buf_span(&public), cert_public(cert)))
        return err_set(err, ERR_KEY_UNUSABLE, "the private key is not that of the certificate");
    return 0;
}

int export_p12(const struct secret *pkcs8, struct cert *cert, struct cert *const *chain, size_t nchain,
               const struct secret *passphrase, struct buf *out, struct err *err)
{
    ossl_begin();
    SEAL_CLEANUP(secret_fini) struct secret pass = {0};
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *pkey = NULL;
    if (copy_passphrase(passphrase, &pass, err) < 0 || read_own_key(pkcs8, cert, &pkey, err) < 0)
        return -1;
    const struct cert_info *info = cert_info(cert);
    const char *name = info->nemails > 0 ? info->emails[0] : info->subject;
    SEAL_CLEANUP(ossl_free_x509_list) STACK_OF(X509) *others = cert_x509_list(chain, nchain);
    SEAL_CLEANUP(ossl_free_pkcs12)
    PKCS12 *p12 = PKCS12_create((const char *)pass.ptr, name, pkey, cert_x509(cert), others, NID_aes_256_cbc,
                                NID_aes_256_cbc, ITERATIONS, ITERATIONS, 0);
    int len = p12 == NULL ? -1 : i2d_PKCS12(p12, NULL);
    if (len <= 0)
        return ossl_fail(err, ERR_CRYPTO, "PKCS#12 cannot be written");
    unsigned char *p = (unsigned char *)buf_reserve(out, (size_t)len);
    if (p != NULL && i2d_PKCS12(p12, &p) == len)
        buf_commit(out, (size_t)len);
    return buf_check(out, err);
}

int export_pem(const struct cert *cert, struct buf *out, struct err *err)
{
    ossl_begin();
    SEAL_CLEANUP(ossl_free_bio) BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    if (bio == NULL || PEM_write_bio_X509(bio, cert_x509(cert)) != 1)
        return ossl_fail(err, ERR_IO, "certificate cannot be written");
    long len = BIO_get_mem_data(bio, &text);
    buf_add(out, text, (size_t)len);
    return buf_check(out, err);
}
