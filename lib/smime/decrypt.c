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
#include "token/bridge.h"
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

static int feed(struct pass *pass, struct span attrs, struct octets *content, struct err *err)
{
    add_attributes(pass, attrs);
    for (struct span piece; octets_next(content, &piece);)
        if (decrypt_piece(pass, piece, err) < 0)
            return -1;
    int n = 0;
    if (EVP_DecryptFinal_ex(pass->ctx, pass->room, &n) == 1)
        return spool_write(pass->out, pass->room, (size_t)n, err);
    pass->failed = true;
    return 0;
}

static int run_pass(struct pass *pass, struct span attrs, struct octets *content, struct err *err)
{
    SEAL_CLEANUP(mem_free) unsigned char *room = xmalloc(PIECE_MAX + EVP_MAX_BLOCK_LENGTH);
    pass->room = room;
    int status = feed(pass, attrs, content, err);
    OPENSSL_cleanse(room, PIECE_MAX + EVP_MAX_BLOCK_LENGTH);
    if (status == 0 || err->code != ERR_LIMIT)
        return status;
    err_clear(err); /* a spool smaller than output_max: after the key was used that is no answer of its own */
    pass->failed = true;
    return 0;
}

struct task {
    struct outline_sealed sealed;
    struct octets content;
    CMS_ContentInfo *info; /* without the content */
};

static void task_fini(struct task *task)
{
    CMS_ContentInfo_free(task->info);
}

/* Everything that can be said without the key; ERR_SYNTAX and ERR_UNSUPPORTED when the object cannot be read. */
static int prepare(struct task *task, struct span cms, const struct smime_limits *limits, struct err *err)
{
    struct outline outline;
    size_t size = 0;
    if (outline_parse(cms, limits, &outline, err) < 0)
        return -1;
    if (outline.kind != SMIME_KIND_ENVELOPED && outline.kind != SMIME_KIND_AUTH_ENVELOPED)
        return err_set(err, ERR_UNSUPPORTED, "not encrypted");
    if (outline_sealed(&outline, limits, &task->sealed, err) < 0)
        return -1;
    const struct cipher *cipher = cipher_of_sealed(&outline, &task->sealed);
    OSSL_LIB_CTX *library = cipher != NULL && cipher->legacy ? legacy_library() : NULL;
    if (cipher == NULL || (cipher->legacy && library == NULL))
        return err_set(err, ERR_UNSUPPORTED, "content cipher");
    if (octets_begin(&task->sealed.content, &task->content, &size, err) < 0)
        return -1;
    if (size > limits->output_max)
        return err_set(err, ERR_LIMIT, "encrypted content of %zu octets", size);
    return cms_of_sealed(&outline, &task->sealed, library, &task->info, err);
}

/* The key is used here and nowhere else; whether it fitted is not told before the end. */
static int use_key(struct task *task, struct cert *cert, EVP_PKEY *pkey, struct spool *out,
                   enum smime_opened *result_out, struct err *err)
{
    struct pass pass = {.out = out};
    struct err refused = ERR_INIT;
    bridge_begin();
    int unwrapped = CMS_decrypt_set1_pkey_and_peer(task->info, pkey, cert_x509(cert), NULL);
    ossl_begin();
    if (bridge_fault(err) < 0) /* whoever sent this: nobody could have opened it now */
        return -1;
    /* CMS calls it unwrapped whatever the key said; with a random content key one in 256 contents of CBC has a padding */
    bool has_key = unwrapped == 1 && bridge_failure(&refused) == 0;
    SEAL_CLEANUP(ossl_free_bio)
    BIO *chain = CMS_dataInit(task->info, NULL); /* no content key: a random one */
    int status = 0;
    if (chain != NULL && BIO_get_cipher_ctx(chain, &pass.ctx) == 1)
        status = run_pass(&pass, task->sealed.auth_attrs, &task->content, err);
    else
        pass.failed = true;
    ossl_begin();
    *result_out = has_key && !pass.failed ? SMIME_OPENED : SMIME_NOT_OPENED;
    return status;
}

int smime_decrypt(struct span cms, const struct smime_limits *limits, struct cert *cert, struct key *key,
                  struct spool *out, enum smime_opened *result_out, struct err *err)
{
    SEAL_CLEANUP(task_fini) struct task task = {.info = NULL};
    struct err fault = ERR_INIT;
    *result_out = SMIME_CANNOT;
    if (prepare(&task, cms, limits, &fault) < 0) {
        bool unreadable = fault.code == ERR_SYNTAX || fault.code == ERR_UNSUPPORTED;
        return unreadable ? 0 : err_set(err, fault.code, "%s", fault.msg);
    }
    EVP_PKEY *pkey = token_evp(key, err);
    return pkey == NULL ? -1 : use_key(&task, cert, pkey, out, result_out, err);
}
