/* import_pem - PEM files: any number of blocks, text between them; blocks of other kinds are passed over. */
#include "smime/import_job.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

struct block {
    char *name;
    char *header;
    unsigned char *data;
    long len;
};

static void block_fini(struct block *block)
{
    OPENSSL_free(block->name);
    OPENSSL_free(block->header);
    OPENSSL_clear_free(block->data, (size_t)block->len);
}

static int give_passphrase(char *buf, int size, int rwflag, void *arg)
{
    (void)rwflag;
    int len;
    const char *passphrase = import_passphrase(arg, &len);
    if (len > size)
        return -1;
    memcpy(buf, passphrase, (size_t)len);
    return len;
}

/* Traditional encryption: "DEK-Info" in the block's own header, RFC 1421. */
static int decrypt_block(struct import_job *job, struct block *block, struct err *err)
{
    EVP_CIPHER_INFO cipher;
    if (PEM_get_EVP_CIPHER_INFO(block->header, &cipher) != 1)
        return ossl_fail(err, ERR_UNSUPPORTED, "private key is encrypted in an unknown way");
    if (cipher.cipher != NULL && job->passphrase == NULL)
        return err_set(err, ERR_PASSPHRASE, "private key is encrypted: its passphrase is needed");
    if (PEM_do_header(&cipher, block->data, &block->len, give_passphrase, job) != 1)
        return ossl_fail(err, ERR_PASSPHRASE, "private key cannot be decrypted");
    return 0;
}

static int add_traditional(struct import_job *job, struct block *block, struct err *err)
{
    if (decrypt_block(job, block, err) < 0)
        return -1;
    const unsigned char *p = block->data;
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &p, block->len);
    if (pkey == NULL)
        return ossl_fail(err, ERR_SYNTAX, "%s cannot be read", block->name);
    return import_pkey(job, pkey, err);
}

static int add_pkcs8(struct import_job *job, struct block *block, struct err *err)
{
    const unsigned char *p = block->data;
    SEAL_CLEANUP(ossl_free_pkcs8) PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, block->len);
    if (info == NULL)
        return ossl_fail(err, ERR_SYNTAX, "private key cannot be read");
    return import_add_key(job, info, err);
}

static int add_encrypted(struct import_job *job, struct block *block, struct err *err)
{
    const unsigned char *p = block->data;
    SEAL_CLEANUP(ossl_free_x509_sig) X509_SIG *encrypted = d2i_X509_SIG(NULL, &p, block->len);
    if (encrypted == NULL)
        return ossl_fail(err, ERR_SYNTAX, "encrypted private key cannot be read");
    return import_encrypted(job, encrypted, err);
}

static int add_cert(struct import_job *job, struct block *block, struct err *err)
{
    const unsigned char *p = block->data;
    SEAL_CLEANUP(ossl_free_x509) X509 *x509 = d2i_X509_AUX(NULL, &p, block->len);
    if (x509 == NULL)
        return ossl_fail(err, ERR_SYNTAX, "certificate cannot be read");
    return import_add_cert(job, x509, err);
}

static int add_bundle(struct import_job *job, struct block *block, struct err *err)
{
    const unsigned char *p = block->data;
    SEAL_CLEANUP(ossl_free_cms) CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, block->len);
    if (cms == NULL)
        return ossl_fail(err, ERR_SYNTAX, "PKCS#7 bundle cannot be read");
    return import_bundle(job, cms, err);
}

static const struct {
    const char *name;
    int (*add)(struct import_job *job, struct block *block, struct err *err);
} kinds[] = {
    {PEM_STRING_X509, add_cert},
    {PEM_STRING_X509_OLD, add_cert},
    {PEM_STRING_X509_TRUSTED, add_cert},
    {PEM_STRING_PKCS7, add_bundle},
    {PEM_STRING_CMS, add_bundle},
    {PEM_STRING_PKCS8INF, add_pkcs8},
    {PEM_STRING_PKCS8, add_encrypted},
    {PEM_STRING_RSA, add_traditional},
    {PEM_STRING_ECPRIVATEKEY, add_traditional},
};

static int add_block(struct import_job *job, struct block *block, struct err *err)
{
    ossl_begin();
    for (size_t i = 0; i < SEAL_COUNT(kinds); i++)
        if (strcmp(block->name, kinds[i].name) == 0)
            return kinds[i].add(job, block, err);
    return 0;
}

int import_pem(struct import_job *job, struct err *err)
{
    SEAL_CLEANUP(ossl_free_bio) BIO *bio = BIO_new_mem_buf(job->bytes.ptr, (int)job->bytes.len);
    if (bio == NULL)
        return ossl_fail(err, ERR_IO, "no memory to read PEM");
    for (;;) {
        SEAL_CLEANUP(block_fini) struct block block = {0};
        ossl_begin();
        if (PEM_read_bio(bio, &block.name, &block.header, &block.data, &block.len) != 1)
            break;
        if (add_block(job, &block, err) < 0)
            return -1;
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        return ossl_fail(err, ERR_SYNTAX, "damaged PEM block");
    return 0;
}
