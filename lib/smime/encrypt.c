/*
 * encrypt - CMS makes recipients and cipher, our own pass encrypts.
 *
 * The length of the ciphertext is known before it is made, so the DER in front of it is written first and big pieces stream behind it
 * into the spool: nothing is held twice.
 */
#include "smime/encrypt.h"

#include "smime/cert_x509.h"
#include "smime/cipher.h"
#include "smime/cms.h"
#include "smime/frame.h"

#include <openssl/objects.h>
#include <string.h>

#define PIECE_MAX     65536
#define GCM_TAG_SIZE  16
#define STRUCTURE_MAX (8u << 20) /* SMIME_RCPT_MAX recipients with the largest keys and names that we take */

bool smime_cipher_find(const char *name, enum smime_cipher *out)
{
    static const char *const names[] = {
        [SMIME_AES256_CBC] = "aes256-cbc",
        [SMIME_AES128_CBC] = "aes128-cbc",
        [SMIME_AES256_GCM] = "aes256-gcm",
    };
    for (size_t i = 0; i < SEAL_COUNT(names); i++) {
        if (strcmp(name, names[i]) != 0)
            continue;
        *out = (enum smime_cipher)i;
        return true;
    }
    return false;
}

static const EVP_CIPHER *evp_cipher(enum smime_cipher cipher)
{
    switch (cipher) {
    case SMIME_AES128_CBC:
        return EVP_aes_128_cbc();
    case SMIME_AES256_GCM:
        return EVP_aes_256_gcm();
    case SMIME_AES256_CBC:
    default:
        return EVP_aes_256_cbc();
    }
}

static int check_recipients(struct cert *const *to, size_t nto, struct err *err)
{
    if (nto == 0 || nto > SMIME_RCPT_MAX)
        return err_set(err, ERR_LIMIT, "%zu recipients in one envelope, at most %d", nto, SMIME_RCPT_MAX);
    for (size_t i = 0; i < nto; i++) {
        const struct cert_info *info = cert_info(to[i]);
        if (!info->supported)
            return err_set(err, ERR_KEY_UNUSABLE,
                           "certificate %s: its key is of a type that is not supported", info->fingerprint);
        if ((info->key_type == KEY_RSA) != (cert_info(to[0])->key_type == KEY_RSA))
            return err_set(err, ERR_BUG, "RSA and EC recipients in one envelope");
    }
    return 0;
}

/* The scheme of RFC 5753 with SHA-256 instead of OpenSSL's default, SHA-1. */
static bool set_agreement(CMS_RecipientInfo *recipient)
{
    EVP_PKEY_CTX *ctx = CMS_RecipientInfo_get0_pkey_ctx(recipient);
    return ctx != NULL && EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha256()) == 1;
}

static int add_recipient(CMS_ContentInfo *info, struct cert *cert, struct err *err)
{
    bool is_ec = cert_info(cert)->key_type != KEY_RSA;
    CMS_RecipientInfo *recipient = CMS_add1_recipient_cert(info, cert_x509(cert), is_ec ? CMS_KEY_PARAM : 0);
    if (recipient == NULL || (is_ec && !set_agreement(recipient)))
        return ossl_fail(err, ERR_KEY_UNUSABLE, "certificate %s cannot be encrypted to",
                         cert_info(cert)->fingerprint);
    return 0;
}

/* Recipients, content key and cipher; *chain_out holds the cipher, ready. */
static int prepare(struct cert *const *to, size_t nto, enum smime_cipher cipher, CMS_ContentInfo **info_out,
                   BIO **chain_out, struct err *err)
{
    unsigned flags = CMS_BINARY | CMS_PARTIAL | CMS_DETACHED;
    *info_out = CMS_encrypt(NULL, NULL, evp_cipher(cipher), flags);
    if (*info_out == NULL)
        return ossl_fail(err, ERR_CRYPTO, "encrypt");
    for (size_t i = 0; i < nto; i++)
        if (add_recipient(*info_out, to[i], err) < 0)
            return -1;
    *chain_out = CMS_dataInit(*info_out, NULL);
    return *chain_out == NULL ? ossl_fail(err, ERR_CRYPTO, "encrypt the content key") : 0;
}

static size_t ciphertext_size(size_t entity, EVP_CIPHER_CTX *ctx)
{
    size_t block = (size_t)EVP_CIPHER_CTX_get_block_size(ctx);
    return block <= 1 ? entity : entity - entity % block + block;
}

static int write_head(CMS_ContentInfo *info, size_t ciphertext, struct spool *out, struct err *err)
{
    static const struct smime_limits limits = {SMIME_RCPT_MAX, 0, 0, BER_DEPTH_MAX, 0};
    SEAL_CLEANUP(buf_fini) struct buf shell = BUF_INIT(STRUCTURE_MAX);
    SEAL_CLEANUP(buf_fini) struct buf head = BUF_INIT(STRUCTURE_MAX);
    SEAL_CLEANUP(buf_fini) struct buf tail = BUF_INIT(STRUCTURE_MAX);
    struct outline outline;
    struct outline_sealed sealed;
    if (cms_write(info, &shell, err) < 0 || outline_parse(buf_span(&shell), &limits, &outline, err) < 0 ||
        outline_sealed(&outline, &limits, &sealed, err) < 0)
        return err_wrap(err, "envelope");
    bool tagged = outline.kind == SMIME_KIND_AUTH_ENVELOPED;
    struct span front = span_sub(sealed.version, 0, sealed.version.len);
    front.len += sealed.recipients.all.len;
    const struct span empty = {"", 0};
    char tag[2 + GCM_TAG_SIZE] = {BER_OCTETS,
                                  GCM_TAG_SIZE}; /* its octets come when the content is encrypted */
    const struct frame frames[] = {
        {BER_SEQUENCE, outline.type, empty},
        {BER_CONTEXT_CONSTRUCTED, empty, empty},
        {BER_SEQUENCE, front, tagged ? (struct span){tag, sizeof tag} : empty},
        {BER_SEQUENCE, {sealed.content_type.ptr, sealed.content_type.len + sealed.algorithm.len}, empty},
        {BER_CONTEXT, empty, empty},
    };
    frame_put(frames, SEAL_COUNT(frames), ciphertext, &head, &tail);
    return buf_check(&head, err) < 0 ? -1 : spool_write_span(out, buf_span(&head), err);
}

static int write_content(EVP_CIPHER_CTX *ctx, struct span entity, struct spool *out, struct err *err)
{
    SEAL_CLEANUP(mem_free) unsigned char *room = xmalloc(PIECE_MAX + EVP_MAX_BLOCK_LENGTH);
    int n = 0;
    for (size_t at = 0; at < entity.len; at += PIECE_MAX) {
        struct span part = span_sub(entity, at, PIECE_MAX);
        if (EVP_EncryptUpdate(ctx, room, &n, (const unsigned char *)part.ptr, (int)part.len) != 1)
            return ossl_fail(err, ERR_CRYPTO, "encrypt");
        if (spool_write(out, room, (size_t)n, err) < 0)
            return -1;
    }
    if (EVP_EncryptFinal_ex(ctx, room, &n) != 1)
        return ossl_fail(err, ERR_CRYPTO, "encrypt");
    return spool_write(out, room, (size_t)n, err);
}

static int write_tag(EVP_CIPHER_CTX *ctx, struct spool *out, struct err *err)
{
    unsigned char tag[2 + GCM_TAG_SIZE] = {BER_OCTETS, GCM_TAG_SIZE};
    if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_SIZE, tag + 2) != 1)
        return ossl_fail(err, ERR_CRYPTO, "authentication tag");
    return spool_write(out, tag, sizeof tag, err);
}

int smime_encrypt(struct span entity, struct cert *const *to, size_t nto, enum smime_cipher cipher,
                  struct spool *out, struct err *err)
{
    SEAL_CLEANUP(ossl_free_cms) CMS_ContentInfo *info = NULL;
    SEAL_CLEANUP(ossl_free_bio) BIO *chain = NULL;
    EVP_CIPHER_CTX *ctx = NULL;
    ossl_begin();
    if (check_recipients(to, nto, err) < 0 || prepare(to, nto, cipher, &info, &chain, err) < 0)
        return -1;
    if (BIO_get_cipher_ctx(chain, &ctx) != 1)
        return ossl_fail(err, ERR_CRYPTO, "content cipher");
    if (write_head(info, ciphertext_size(entity.len, ctx), out, err) < 0 ||
        write_content(ctx, entity, out, err) < 0)
        return -1;
    return cipher == SMIME_AES256_GCM ? write_tag(ctx, out, err) : 0;
}
