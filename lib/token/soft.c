/* soft - PKCS#8 keys, wrapped with AES-256-GCM under the master key. */
#include "token/soft.h"

#include "base/hash.h"
#include "token/evp.h"
#include "token/ossl.h"

#include <openssl/rand.h>
#include <string.h>

#define VERSION     1
#define NONCE_SIZE  12
#define TAG_SIZE    16
#define NONCE_OFF   1
#define TAG_OFF     (NONCE_OFF + NONCE_SIZE)
#define CIPHER_OFF  (TAG_OFF + TAG_SIZE)
#define WRAPPED_MAX (64u << 10)
#define AAD_MAX     1024
#define PUBLIC_MAX  8192

int soft_master_generate(struct secret *out, struct err *err)
{
    ossl_begin();
    if (secret_init(out, MASTER_KEY_SIZE, err) < 0)
        return -1;
    if (RAND_priv_bytes(out->ptr, MASTER_KEY_SIZE) == 1)
        return 0;
    secret_fini(out);
    return ossl_fail(err, ERR_CRYPTO, "no random octets for a master key");
}

static void add_field(struct buf *out, struct span field)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_add_char(out, (char)((uint64_t)field.len >> shift));
    buf_add_span(out, field);
}

/* What ties a wrapped key to its owner: version, owner, SHA-256 of the public key. */
static int associated_data(const char *owner, struct span public_key, struct buf *out, struct err *err)
{
    unsigned char digest[HASH_SIZE];
    hash_bytes(public_key, digest);
    add_field(out, SPAN_LIT("\1"));
    add_field(out, span_of(owner));
    add_field(out, (struct span){(const char *)digest, sizeof digest});
    return buf_check(out, err);
}
_Static_assert(VERSION == 1, "the first field of the associated data is the version");

static int check_master(const struct secret *master, struct err *err)
{
    if (master->len != MASTER_KEY_SIZE)
        return err_set(err, ERR_CONFIG, "master key has %zu octets instead of %d", master->len,
                       MASTER_KEY_SIZE);
    return 0;
}

/* Encrypts into out, which has room for CIPHER_OFF + pkcs8->len octets. */
static int seal(const struct secret *master, struct span aad, const struct secret *pkcs8, unsigned char *out)
{
    int n = 0;
    SEAL_CLEANUP(ossl_free_cipher_ctx) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    out[0] = VERSION;
    return ctx != NULL && RAND_bytes(out + NONCE_OFF, NONCE_SIZE) == 1 &&
           EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, master->ptr, out + NONCE_OFF) == 1 &&
           EVP_EncryptUpdate(ctx, NULL, &n, (const unsigned char *)aad.ptr, (int)aad.len) == 1 &&
           EVP_EncryptUpdate(ctx, out + CIPHER_OFF, &n, pkcs8->ptr, (int)pkcs8->len) == 1 &&
           EVP_EncryptFinal_ex(ctx, out + CIPHER_OFF + n, &n) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, out + TAG_OFF) == 1;
}

static int unseal(const struct secret *master, struct span aad, struct span wrapped, unsigned char *out)
{
    const unsigned char *in = (const unsigned char *)wrapped.ptr;
    int n = 0;
    SEAL_CLEANUP(ossl_free_cipher_ctx) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    return ctx != NULL &&
           EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, master->ptr, in + NONCE_OFF) == 1 &&
           EVP_DecryptUpdate(ctx, NULL, &n, (const unsigned char *)aad.ptr, (int)aad.len) == 1 &&
           EVP_DecryptUpdate(ctx, out, &n, in + CIPHER_OFF, (int)(wrapped.len - CIPHER_OFF)) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, (void *)(in + TAG_OFF)) == 1 &&
           EVP_DecryptFinal_ex(ctx, out + n, &n) == 1;
}

int soft_wrap(const struct secret *master, const char *owner, const struct secret *pkcs8, struct buf *out,
              struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf public = BUF_INIT(PUBLIC_MAX);
    SEAL_CLEANUP(buf_fini) struct buf aad = BUF_INIT(AAD_MAX);
    if (check_master(master, err) < 0 || soft_public(pkcs8, &public, err) < 0 ||
        associated_data(owner, buf_span(&public), &aad, err) < 0)
        return -1;
    if (pkcs8->len > WRAPPED_MAX - CIPHER_OFF)
        return err_set(err, ERR_LIMIT, "private key of %zu octets", pkcs8->len);
    ossl_begin();
    char *room = buf_reserve(out, CIPHER_OFF + pkcs8->len);
    if (room == NULL)
        return buf_check(out, err);
    if (!seal(master, buf_span(&aad), pkcs8, (unsigned char *)room))
        return ossl_fail(err, ERR_CRYPTO, "private key cannot be wrapped");
    buf_commit(out, CIPHER_OFF + pkcs8->len);
    return 0;
}

int soft_unwrap(const struct secret *master, const char *owner, struct span public_key, struct span wrapped,
                struct secret *pkcs8_out, struct err *err)
{
    memset(pkcs8_out, 0, sizeof *pkcs8_out);
    SEAL_CLEANUP(buf_fini) struct buf aad = BUF_INIT(AAD_MAX);
    if (check_master(master, err) < 0 || associated_data(owner, public_key, &aad, err) < 0)
        return -1;
    if (wrapped.len <= CIPHER_OFF || wrapped.len > WRAPPED_MAX)
        return err_set(err, ERR_CRYPTO, "wrapped key of %zu octets", wrapped.len);
    if (wrapped.ptr[0] != VERSION)
        return err_set(err, ERR_UNSUPPORTED, "wrapped key of version %d", wrapped.ptr[0]);
    ossl_begin();
    if (secret_init(pkcs8_out, wrapped.len - CIPHER_OFF, err) < 0)
        return -1;
    if (unseal(master, buf_span(&aad), wrapped, pkcs8_out->ptr))
        return 0;
    secret_fini(pkcs8_out);
    return ossl_fail(err, ERR_CRYPTO, "master key, owner and wrapped key do not fit together");
}

int soft_public(const struct secret *pkcs8, struct buf *out, struct err *err)
{
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *pkey = NULL;
    if (evp_read_pkcs8(pkcs8, &pkey, err) < 0)
        return -1;
    return evp_public(pkey, out, err);
}

static EVP_PKEY *generate(enum key_type type, unsigned bits)
{
    switch (type) {
    case KEY_RSA:
        return EVP_RSA_gen(bits);
    case KEY_EC_P256:
        return EVP_EC_gen("P-256");
    case KEY_EC_P384:
        return EVP_EC_gen("P-384");
    case KEY_EC_P521:
        return EVP_EC_gen("P-521");
    }
    return NULL;
}

int soft_generate(enum key_type type, unsigned bits, struct secret *pkcs8_out, struct err *err)
{
    memset(pkcs8_out, 0, sizeof *pkcs8_out);
    if (type == KEY_RSA && bits != 2048 && bits != 3072 && bits != 4096)
        return err_set(err, ERR_USAGE, "RSA key of %u bits: 2048, 3072 and 4096 are made", bits);
    ossl_begin();
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *pkey = generate(type, bits);
    if (pkey == NULL)
        return ossl_fail(err, ERR_CRYPTO, "key cannot be generated");
    return evp_write_pkcs8(pkey, pkcs8_out, err);
}
