/* crl_file - revocation lists out of a file: DER, or PEM blocks with anything between them. */
#include "smime/crl.h"
#include "smime/ossl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

void crl_file_fini(struct crl_file *file)
{
    for (size_t i = 0; i < file->n; i++)
        buf_fini(&file->lists[i]);
    free(file->lists);
    *file = (struct crl_file){.n = 0};
}

static int add(struct crl_file *file, struct span der, struct err *err)
{
    if (file->n == CRL_FILE_LISTS)
        return err_set(err, ERR_LIMIT, "more than %d revocation lists in one file", CRL_FILE_LISTS);
    file->lists = xrealloc(file->lists, (file->n + 1) * sizeof *file->lists);
    struct buf *list = &file->lists[file->n++];
    *list = (struct buf)BUF_INIT(CRL_DER_MAX);
    buf_add_span(list, der);
    return buf_check(list, err);
}

/* 1 a block was read, 0 there is no more, -1. */
static int next_block(BIO *bio, struct crl_file *file, struct err *err)
{
    char *name = NULL, *header = NULL;
    unsigned char *data = NULL;
    long len = 0;
    ossl_begin();
    if (PEM_read_bio(bio, &name, &header, &data, &len) != 1)
        return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE
                   ? 0
                   : ossl_fail(err, ERR_SYNTAX, "damaged PEM block");
    int status = 1;
    if (strcmp(name, PEM_STRING_X509_CRL) == 0 &&
        add(file, (struct span){(const char *)data, (size_t)len}, err) < 0)
        status = -1;
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    return status;
}

static int read_pem(struct span bytes, struct crl_file *file, struct err *err)
{
    SEAL_CLEANUP(ossl_free_bio) BIO *bio = BIO_new_mem_buf(bytes.ptr, (int)bytes.len);
    if (bio == NULL)
        return ossl_fail(err, ERR_IO, "no memory to read PEM");
    int more;
    while ((more = next_block(bio, file, err)) > 0)
        continue;
    ossl_begin();
    if (more == 0 && file->n == 0)
        return err_set(err, ERR_SYNTAX, "no revocation list in the file");
    return more;
}

int crl_file_read(struct span bytes, struct crl_file *out, struct err *err)
{
    *out = (struct crl_file){.n = 0};
    if (bytes.len > CRL_FILE_MAX)
        return err_set(err, ERR_LIMIT, "file of %zu octets", bytes.len);
    bool is_pem =
        span_find(bytes, "-----BEGIN ", 11, 0) == 0 || span_find(bytes, "\n-----BEGIN ", 12, 0) != SIZE_MAX;
    int status = is_pem ? read_pem(bytes, out, err) : add(out, bytes, err);
    if (status < 0)
        crl_file_fini(out);
    return status;
}
