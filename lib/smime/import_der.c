/* import_der - one binary object: the first reading that fits to the last octet is what it is. */
#include "smime/import_job.h"

enum fit {
    FIT_NO,
    FIT_YES, /* and *result holds what adding it gave */
};

static bool at_end(const struct import_job *job, const unsigned char *p)
{
    return p == (const unsigned char *)job->bytes.ptr + job->bytes.len;
}

/* PKCS#12 remembers the library context of the object that it is read into; one that is read once is read again into that. */
static enum fit try_p12(struct import_job *job, const unsigned char *p, int *result, struct err *err)
{
    const unsigned char *again = p;
    SEAL_CLEANUP(ossl_free_pkcs12) PKCS12 *probe = d2i_PKCS12(NULL, &p, (long)job->bytes.len);
    if (probe == NULL || !at_end(job, p))
        return FIT_NO;
    OSSL_LIB_CTX *legacy = import_legacy(job, err);
    SEAL_CLEANUP(ossl_free_pkcs12)
    PKCS12 *p12 = legacy == NULL ? NULL : PKCS12_init_ex(NID_pkcs7_data, legacy, NULL);
    if (p12 == NULL || d2i_PKCS12(&p12, &again, (long)job->bytes.len) == NULL)
        ossl_fail(err, ERR_IO, "no memory for a PKCS#12 file");
    else
        *result = import_p12(job, p12, err);
    return FIT_YES;
}

static enum fit try_cert(struct import_job *job, const unsigned char *p, int *result, struct err *err)
{
    SEAL_CLEANUP(ossl_free_x509) X509 *x509 = d2i_X509(NULL, &p, (long)job->bytes.len);
    if (x509 == NULL || !at_end(job, p))
        return FIT_NO;
    *result = import_add_cert(job, x509, err);
    return FIT_YES;
}

static enum fit try_bundle(struct import_job *job, const unsigned char *p, int *result, struct err *err)
{
    SEAL_CLEANUP(ossl_free_cms) CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)job->bytes.len);
    if (cms == NULL || !at_end(job, p))
        return FIT_NO;
    *result = import_bundle(job, cms, err);
    return FIT_YES;
}

static enum fit try_pkcs8(struct import_job *job, const unsigned char *p, int *result, struct err *err)
{
    SEAL_CLEANUP(ossl_free_pkcs8)
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)job->bytes.len);
    if (info == NULL || !at_end(job, p))
        return FIT_NO;
    *result = import_add_key(job, info, err);
    return FIT_YES;
}

static enum fit try_encrypted(struct import_job *job, const unsigned char *p, int *result, struct err *err)
{
    SEAL_CLEANUP(ossl_free_x509_sig) X509_SIG *encrypted = d2i_X509_SIG(NULL, &p, (long)job->bytes.len);
    if (encrypted == NULL || !at_end(job, p))
        return FIT_NO;
    *result = import_encrypted(job, encrypted, err);
    return FIT_YES;
}

static enum fit try_traditional(struct import_job *job, const unsigned char *p, int *result, struct err *err)
{
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &p, (long)job->bytes.len);
    if (pkey == NULL || !at_end(job, p))
        return FIT_NO;
    *result = import_pkey(job, pkey, err);
    return FIT_YES;
}

int import_der(struct import_job *job, struct err *err)
{
    static enum fit (*const readings[])(struct import_job *, const unsigned char *, int *, struct err *) = {
        try_p12, try_cert, try_bundle, try_pkcs8, try_encrypted, try_traditional};
    for (size_t i = 0; i < SEAL_COUNT(readings); i++) {
        int result = -1;
        ossl_begin();
        if (readings[i](job, (const unsigned char *)job->bytes.ptr, &result, err) == FIT_YES)
            return result;
    }
    ossl_begin();
    return err_set(err, ERR_SYNTAX, "not PEM, DER, PKCS#7 or PKCS#12");
}
