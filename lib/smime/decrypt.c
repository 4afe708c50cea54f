/*
 * decrypt - opening with one key.
 *
 * CMS unwraps the content key; the content is decrypted by our own pass over big pieces into the spool. Once the key was used
 * there is one way out: whatever was wrong, the whole content was decrypted (with a random key at worst) and the answer is the same,
 * so that neither result nor time tells a sender what happened (R17, R18).
 */
#include "smime/open.h"

#include "smime/cert_x509.h"
#include "smime/cipher.h"
#include "smime/cms.h"
#include "smime/legacy.h"
#include "token/evp.h"

#include <stdlib.h>

#define PIECE_MAX 65536

struct pass {
    EVP_CIPHER_CTX *ctx;
    struct spool *out;
    unsigned char *room; /* PIECE_MAX and a block */
    bool failed;         /* of the cipher: not shown before the end */
};

static int decrypt_piece(struct pass *pass, struct span piece, struct err *err)
{
    for (size_t at = 0; at < piece.len;) {
        struct span part = span_sub(piece, at, PIECE_MAX);
        int n = 0;
        at += part.len;
        if (EVP_DecryptUpdate(pass->ctx, pass->room, &n, (const unsigned char *)part.ptr, (int)part.len) != 1)
            pass->failed = true;
        else if (spool_write(pass->out, pass->room, (size_t)n, err) < 0)
            return -1;
    }
    return 0;
}

/* RFC 5083 2.2: the associated data is authAttrs with the tag of a SET. */
static void add_attributes(struct pass *pass, struct span attrs)
{
    int n = 0;
    unsigned char set = BER_SET;
    if (attrs.len == 0)
        return;
    struct span rest = span_sub(attrs, 1, attrs.len);
    if (EVP_DecryptUpdate(pass->ctx, NULL, &n, &set, 1) != 1 || rest.len > INT32_MAX ||
        EVP_DecryptUpdate(pass->ctx, NULL, &n, (const unsigned char *)rest.ptr, (int)rest.len) != 1)
        pass->failed = true;
}

static int run_pass(struct pass *pass, struct span attrs, struct octets *content, struct err *err)
{
    SEAL_CLEANUP(mem_free) unsigned char *room = xmalloc(PIECE_MAX + EVP_MAX_BLOCK_LENGTH);
    pass->room = room;
    add_attributes(pass, attrs);
    for (struct span piece; octets_next(content, &piece);)
        if (decrypt_piece(pass, piece, err) < 0)
            return -1;
    int n = 0;
    if (EVP_DecryptFinal_ex(pass->ctx, room, &n) != 1)
        pass->failed = true;
    else if (spool_write(pass->out, room, (size_t)n, err) < 0)
        return -1;
    OPENSSL_cleanse(room, PIECE_MAX + EVP_MAX_BLOCK_LENGTH);
    return 0;
}

/* What can be said without the key: 1 it can be tried, 0 it cannot be read, -1 with *err. */
static int prepare(struct span cms, const struct smime_limits *limits, struct outline *outline,
                   struct outline_sealed *sealed, struct octets *content, struct err *err)
{
    size_t size = 0;
    if (outline_parse(cms, limits, outline, err) < 0)
        return -1;
    if (outline->kind != SMIME_KIND_ENVELOPED && outline->kind != SMIME_KIND_AUTH_ENVELOPED)
        return 0;
    if (outline_sealed(outline, limits, sealed, err) < 0)
        return -1;
    if (cipher_of_sealed(outline, sealed) == NULL)
        return 0;
    if (octets_begin(&sealed->content, content, &size, err) < 0)
        return -1;
    if (size > limits->output_max)
        return err_set(err, ERR_LIMIT, "encrypted content of %zu octets", size);
    return 1;
}

/* The key is used here and nowhere else. Returns the cipher's chain, NULL when there is none. */
static BIO *unwrap(CMS_ContentInfo *info, struct cert *cert, EVP_PKEY *pkey, bool *unwrapped_out)
{
    *unwrapped_out = CMS_decrypt_set1_pkey_and_peer(info, pkey, cert_x509(cert), NULL) == 1;
    ossl_begin();
    return CMS_dataInit(info, NULL); /* without a content key: a random one */
}

static int try_key(CMS_ContentInfo *info, struct cert *cert, EVP_PKEY *pkey, struct span attrs,
                   struct octets *content, struct spool *out, enum smime_opened *result_out, struct err *err)
{
    bool unwrapped = false;
    struct pass pass = {.out = out};
    SEAL_CLEANUP(ossl_free_bio) BIO *chain = unwrap(info, cert, pkey, &unwrapped);
    *result_out = SMIME_NOT_OPENED;
    if (chain == NULL || BIO_get_cipher_ctx(chain, &pass.ctx) != 1) {
        ossl_begin();
        return 0;
    }
    int status = run_pass(&pass, attrs, content, err);
    ossl_begin();
    if (status == 0 && unwrapped && !pass.failed)
        *result_out = SMIME_OPENED;
    return status;
}

int smime_decrypt(struct span cms, const struct smime_limits *limits, struct cert *cert, struct key *key,
                  struct spool *out, enum smime_opened *result_out, struct err *err)
{
    struct outline outline;
    struct outline_sealed sealed = {0};
    struct octets content;
    struct err fault = ERR_INIT;
    OSSL_LIB_CTX *library = NULL;
    SEAL_CLEANUP(ossl_free_cms) CMS_ContentInfo *info = NULL;
    *result_out = SMIME_CANNOT;
    int status = prepare(cms, limits, &outline, &sealed, &content, &fault);
    if (status > 0 && cipher_of_sealed(&outline, &sealed)->legacy && (library = legacy_library()) == NULL)
        return 0;
    if (status > 0 && cms_of_sealed(&outline, &sealed, library, &info, &fault) < 0)
        status = -1;
    if (status < 0 && fault.code != ERR_SYNTAX)
        return err_set(err, fault.code, "%s", fault.msg);
    if (status <= 0)
        return 0;
    EVP_PKEY *pkey = token_evp(key, err);
    if (pkey == NULL)
        return -1;
    return try_key(info, cert, pkey, sealed.auth_attrs, &content, out, result_out, err);
}
