/* bridge_unwrap - what opens a message: decryption of a content key, agreement on the key that wraps it. */
#include "base/secret.h"
#include "token/bridge_impl.h"
#include "token/bridge_params.h"
#include "token/ossl.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#define SHARED_INFO_MAX (64u << 10)
#define KEK_MAX         EVP_MAX_KEY_LENGTH

/* ---- decrypting ---- */

struct unwrapping {
    const struct bridge_key *key;
    int padding;
    const EVP_MD *md, *mask; /* OAEP; NULL: SHA-1, as md */
};

static void *unwrap_new(void *provider)
{
    (void)provider;
    return xcalloc(1, sizeof(struct unwrapping));
}

static bool is_empty(const OSSL_PARAM *param)
{
    return param->data_type == OSSL_PARAM_OCTET_STRING && param->data_size == 0;
}

static int unwrap_set_params(void *ctx, const OSSL_PARAM params[])
{
    struct unwrapping *unwrapping = ctx;
    const OSSL_PARAM *param;
    if (params == NULL)
        return 1;
    if ((param = OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_PAD_MODE)) != NULL &&
        (!params_read_padding(param, &unwrapping->padding) || unwrapping->padding == RSA_PKCS1_PSS_PADDING))
        return 0;
    if ((param = OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST)) != NULL &&
        !params_read_md(param, &unwrapping->md))
        return 0;
    if ((param = OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST)) != NULL &&
        !params_read_md(param, &unwrapping->mask))
        return 0;
    return (param = OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL)) == NULL ||
           is_empty(param);
}

static const OSSL_PARAM *unwrap_params(void *ctx, void *provider)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)ctx, (void)provider;
    return types;
}

static int unwrap_init(void *ctx, void *data, const OSSL_PARAM params[])
{
    struct unwrapping *unwrapping = ctx;
    *unwrapping = (struct unwrapping){.key = data, .padding = RSA_PKCS1_PADDING};
    return unwrapping->key != NULL && unwrapping->key->key != NULL && unwrap_set_params(unwrapping, params);
}

/* As a struct key is asked; false when it has no question for it. */
static bool wrap_question(const struct unwrapping *unwrapping, enum wrap_padding *padding,
                          enum digest *digest)
{
    *digest = DIGEST_SHA1;
    *padding = WRAP_PKCS1;
    if (unwrapping->padding == RSA_PKCS1_PADDING)
        return true;
    const EVP_MD *md = unwrapping->md == NULL ? EVP_sha1() : unwrapping->md;
    const EVP_MD *mask = unwrapping->mask == NULL ? md : unwrapping->mask;
    *padding = EVP_MD_get_type(mask) == EVP_MD_get_type(md) ? WRAP_OAEP : WRAP_OAEP_MGF1_SHA1;
    return params_digest(md, digest) && (*padding == WRAP_OAEP || EVP_MD_is_a(mask, "SHA1"));
}

static int decrypt(void *ctx, unsigned char *out, size_t *len, size_t room, const unsigned char *in, size_t n)
{
    const struct unwrapping *unwrapping = ctx;
    SEAL_CLEANUP(secret_fini) struct secret text = {.ptr = NULL};
    struct err err = ERR_INIT;
    enum wrap_padding padding;
    enum digest digest;
    size_t modulus = (size_t)EVP_PKEY_get_size(unwrapping->key->public);
    if (!wrap_question(unwrapping, &padding, &digest) || n != modulus)
        return 0;
    *len = modulus;
    if (out == NULL)
        return 1;
    struct span wrapped = {(const char *)in, n};
    if (key_decrypt(unwrapping->key->key, padding, digest, wrapped, &text, &err) < 0)
        return bridge_note(&err);
    if (text.len > room)
        return 0;
    memcpy(out, text.ptr, text.len);
    *len = text.len;
    return 1;
}

const OSSL_DISPATCH bridge_cipher[] = {
    BRIDGE_FUNCTION(OSSL_FUNC_ASYM_CIPHER_NEWCTX, unwrap_new),
    BRIDGE_FUNCTION(OSSL_FUNC_ASYM_CIPHER_FREECTX, free),
    BRIDGE_FUNCTION(OSSL_FUNC_ASYM_CIPHER_DECRYPT_INIT, unwrap_init),
    BRIDGE_FUNCTION(OSSL_FUNC_ASYM_CIPHER_DECRYPT, decrypt),
    BRIDGE_FUNCTION(OSSL_FUNC_ASYM_CIPHER_SET_CTX_PARAMS, unwrap_set_params),
    BRIDGE_FUNCTION(OSSL_FUNC_ASYM_CIPHER_SETTABLE_CTX_PARAMS, unwrap_params),
    {0, NULL},
};

/* ---- agreeing ---- */

struct agreement {
    const struct bridge_key *key;
    EVP_PKEY *peer;
    bool kdf; /* X9.63; otherwise the shared secret itself */
    const EVP_MD *md;
    size_t size;
    void *ukm; /* SharedInfo */
    size_t ukm_len;
};

static void *agree_new(void *provider)
{
    (void)provider;
    return xcalloc(1, sizeof(struct agreement));
}

static void agree_free(void *ctx)
{
    struct agreement *agreement = ctx;
    if (agreement == NULL)
        return;
    EVP_PKEY_free(agreement->peer);
    OPENSSL_free(agreement->ukm);
    free(agreement);
}

static int agree_set_peer(void *ctx, void *data)
{
    struct agreement *agreement = ctx;
    const struct bridge_key *peer = data;
    if (!peer->has_public || EVP_PKEY_parameters_eq(peer->public, agreement->key->public) != 1 ||
        EVP_PKEY_up_ref(peer->public) != 1)
        return 0;
    EVP_PKEY_free(agreement->peer);
    agreement->peer = peer->public;
    return 1;
}

static bool set_kdf_type(struct agreement *agreement, const OSSL_PARAM *param)
{
    const char *name;
    if (OSSL_PARAM_get_utf8_string_ptr(param, &name) != 1)
        return false;
    agreement->kdf = *name != '\0';
    return !agreement->kdf || strcmp(name, OSSL_KDF_NAME_X963KDF) == 0;
}

static bool set_ukm(struct agreement *agreement, const OSSL_PARAM *param)
{
    OPENSSL_free(agreement->ukm);
    agreement->ukm = NULL;
    return param->data_size <= SHARED_INFO_MAX &&
           OSSL_PARAM_get_octet_string(param, &agreement->ukm, 0, &agreement->ukm_len) == 1;
}

/* The cofactor of our curves is 1: either mode is the same. */
static int agree_set_params(void *ctx, const OSSL_PARAM params[])
{
    struct agreement *agreement = ctx;
    const OSSL_PARAM *param;
    if (params == NULL)
        return 1;
    if ((param = OSSL_PARAM_locate_const(params, OSSL_EXCHANGE_PARAM_KDF_TYPE)) != NULL &&
        !set_kdf_type(agreement, param))
        return 0;
    if ((param = OSSL_PARAM_locate_const(params, OSSL_EXCHANGE_PARAM_KDF_DIGEST)) != NULL &&
        !params_read_md(param, &agreement->md))
        return 0;
    if ((param = OSSL_PARAM_locate_const(params, OSSL_EXCHANGE_PARAM_KDF_OUTLEN)) != NULL &&
        (OSSL_PARAM_get_size_t(param, &agreement->size) != 1 || agreement->size > KEK_MAX))
        return 0;
    return (param = OSSL_PARAM_locate_const(params, OSSL_EXCHANGE_PARAM_KDF_UKM)) == NULL ||
           set_ukm(agreement, param);
}

static const OSSL_PARAM *agree_params(void *ctx, void *provider)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_int(OSSL_EXCHANGE_PARAM_EC_ECDH_COFACTOR_MODE, NULL),
        OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_TYPE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_DIGEST, NULL, 0),
        OSSL_PARAM_size_t(OSSL_EXCHANGE_PARAM_KDF_OUTLEN, NULL),
        OSSL_PARAM_octet_string(OSSL_EXCHANGE_PARAM_KDF_UKM, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)ctx, (void)provider;
    return types;
}

static int agree_init(void *ctx, void *data, const OSSL_PARAM params[])
{
    struct agreement *agreement = ctx;
    agreement->key = data;
    return agreement->key != NULL && agreement->key->key != NULL && agree_set_params(agreement, params);
}

OSSL_HANDLE(free_kdf, EVP_KDF, EVP_KDF_free)
OSSL_HANDLE(free_kdf_ctx, EVP_KDF_CTX, EVP_KDF_CTX_free)

static int x963(const struct agreement *agreement, const struct secret *shared, unsigned char *out)
{
    SEAL_CLEANUP(free_kdf) EVP_KDF *kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_X963KDF, NULL);
    SEAL_CLEANUP(free_kdf_ctx) EVP_KDF_CTX *ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)EVP_MD_get0_name(agreement->md), 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, shared->ptr, shared->len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, agreement->ukm, agreement->ukm_len),
        OSSL_PARAM_construct_end(),
    };
    return ctx != NULL && EVP_KDF_derive(ctx, out, agreement->size, params) == 1;
}

static int agree(const struct agreement *agreement, struct secret *shared)
{
    struct err err = ERR_INIT;
    unsigned char *point = NULL;
    size_t n = EVP_PKEY_get1_encoded_public_key(agreement->peer, &point); /* uncompressed */
    if (n == 0)
        return 0;
    struct span span = {(const char *)point, n};
    int status = key_derive(agreement->key->key, span, shared, &err);
    OPENSSL_free(point);
    return status == 0 || bridge_note(&err);
}

static int derive(void *ctx, unsigned char *out, size_t *len, size_t room)
{
    const struct agreement *agreement = ctx;
    SEAL_CLEANUP(secret_fini) struct secret shared = {.ptr = NULL};
    size_t size = agreement->kdf ? agreement->size : (key_bits(agreement->key->key) + 7) / 8;
    if (agreement->peer == NULL || (agreement->kdf && (agreement->md == NULL || size == 0)))
        return 0;
    *len = size;
    if (out == NULL)
        return 1;
    if (room < size || !agree(agreement, &shared))
        return 0;
    if (agreement->kdf)
        return x963(agreement, &shared, out);
    if (shared.len != size)
        return 0;
    memcpy(out, shared.ptr, size);
    return 1;
}

const OSSL_DISPATCH bridge_exchange[] = {
    BRIDGE_FUNCTION(OSSL_FUNC_KEYEXCH_NEWCTX, agree_new),
    BRIDGE_FUNCTION(OSSL_FUNC_KEYEXCH_FREECTX, agree_free),
    BRIDGE_FUNCTION(OSSL_FUNC_KEYEXCH_INIT, agree_init),
    BRIDGE_FUNCTION(OSSL_FUNC_KEYEXCH_SET_PEER, agree_set_peer),
    BRIDGE_FUNCTION(OSSL_FUNC_KEYEXCH_DERIVE, derive),
    BRIDGE_FUNCTION(OSSL_FUNC_KEYEXCH_SET_CTX_PARAMS, agree_set_params),
    BRIDGE_FUNCTION(OSSL_FUNC_KEYEXCH_SETTABLE_CTX_PARAMS, agree_params),
    {0, NULL},
};
