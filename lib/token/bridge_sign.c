/* bridge_sign - the signatures of the bridge: hashed here, signed by a struct key. */
#include "token/bridge_impl.h"
#include "token/bridge_params.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

struct signing {
    const struct bridge_key *key; /* OpenSSL's context holds it */
    const EVP_MD *md, *mask;      /* NULL: not said */
    enum sign_padding padding;
    int salt;
    EVP_MD_CTX *hash;
};

static void *sign_new(void *provider, const char *properties)
{
    (void)provider, (void)properties;
    return xcalloc(1, sizeof(struct signing));
}

static void sign_free(void *ctx)
{
    struct signing *signing = ctx;
    if (signing != NULL)
        EVP_MD_CTX_free(signing->hash);
    free(signing);
}

static void *sign_dup(void *ctx)
{
    const struct signing *from = ctx;
    struct signing *to = xcalloc(1, sizeof *to);
    *to = *from;
    to->hash = from->hash == NULL ? NULL : EVP_MD_CTX_new();
    if (from->hash == NULL || (to->hash != NULL && EVP_MD_CTX_copy_ex(to->hash, from->hash) == 1))
        return to;
    sign_free(to);
    return NULL;
}

static bool is_rsa(const struct bridge_key *key)
{
    return strcmp(key->type, "RSA") == 0;
}

static bool set_sign_padding(struct signing *signing, const OSSL_PARAM *param)
{
    int padding;
    if (!is_rsa(signing->key) || !params_read_padding(param, &padding))
        return false;
    signing->padding = padding == RSA_PKCS1_PSS_PADDING ? SIGN_PSS : SIGN_PKCS1;
    return padding != RSA_PKCS1_OAEP_PADDING;
}

static int sign_set_params(void *ctx, const OSSL_PARAM params[])
{
    struct signing *signing = ctx;
    const OSSL_PARAM *param;
    if (params == NULL)
        return 1;
    if ((param = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_DIGEST)) != NULL &&
        (signing->hash != NULL || !params_read_md(param, &signing->md)))
        return 0;
    if ((param = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE)) != NULL &&
        !set_sign_padding(signing, param))
        return 0;
    if ((param = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST)) != NULL &&
        !params_read_md(param, &signing->mask))
        return 0;
    return (param = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN)) == NULL ||
           params_read_salt(param, &signing->salt);
}

static const OSSL_PARAM *sign_params(void *ctx, void *provider)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)ctx, (void)provider;
    return types;
}

/* What a struct key signs: with PSS one digest for both uses, and a salt as long; "auto" leaves the length to us. */
static bool is_signable(const struct signing *signing, enum digest *digest)
{
    if (signing->md == NULL || !params_digest(signing->md, digest))
        return false;
    if (signing->padding != SIGN_PSS)
        return true;
    return (signing->mask == NULL || EVP_MD_get_type(signing->mask) == EVP_MD_get_type(signing->md)) &&
           (signing->salt == RSA_PSS_SALTLEN_DIGEST || signing->salt == RSA_PSS_SALTLEN_AUTO ||
            signing->salt == EVP_MD_get_size(signing->md));
}

static bool get_algorithm(const struct signing *signing, OSSL_PARAM *param)
{
    unsigned char id[PARAMS_ALGORITHM_MAX];
    enum digest digest;
    size_t n = is_signable(signing, &digest) ? params_algorithm_id(digest, signing->padding, id) : 0;
    return n != 0 && OSSL_PARAM_set_octet_string(param, id, n) == 1;
}

static int sign_get_params(void *ctx, OSSL_PARAM params[])
{
    const struct signing *signing = ctx;
    OSSL_PARAM *param;
    if ((param = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID)) != NULL &&
        !get_algorithm(signing, param))
        return 0;
    return (param = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_PAD_MODE)) == NULL ||
           params_write_padding(param,
                                signing->padding == SIGN_PSS ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING);
}

static int sign_init(void *ctx, void *data, const OSSL_PARAM params[])
{
    struct signing *signing = ctx;
    if (data != NULL) {
        signing->key = data;
        signing->padding = is_rsa(signing->key) ? SIGN_PKCS1 : SIGN_ECDSA;
        signing->salt = RSA_PSS_SALTLEN_DIGEST;
    }
    return signing->key != NULL && signing->key->key != NULL && sign_set_params(signing, params);
}

static int sign(void *ctx, unsigned char *sig, size_t *len, size_t room, const unsigned char *hash, size_t n)
{
    const struct signing *signing = ctx;
    struct err err = ERR_INIT;
    enum digest digest;
    if (!is_signable(signing, &digest))
        return 0;
    *len = sig == NULL ? (size_t)EVP_PKEY_get_size(signing->key->public) : room;
    if (sig == NULL)
        return 1;
    struct span span = {(const char *)hash, n};
    return key_sign(signing->key->key, digest, signing->padding, span, sig, len, &err) == 0 ||
           bridge_note(&err);
}

static int digest_sign_init(void *ctx, const char *md, void *data, const OSSL_PARAM params[])
{
    struct signing *signing = ctx;
    EVP_MD_CTX_free(signing->hash);
    signing->hash = NULL;
    if (md != NULL)
        signing->md = EVP_get_digestbyname(md);
    if (!sign_init(signing, data, params) || signing->md == NULL)
        return 0;
    signing->hash = EVP_MD_CTX_new();
    return signing->hash != NULL && EVP_DigestInit_ex(signing->hash, signing->md, NULL) == 1;
}

static int digest_sign_update(void *ctx, const unsigned char *text, size_t n)
{
    const struct signing *signing = ctx;
    return signing->hash != NULL && EVP_DigestUpdate(signing->hash, text, n) == 1;
}

static int digest_sign_final(void *ctx, unsigned char *sig, size_t *len, size_t room)
{
    const struct signing *signing = ctx;
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (signing->hash == NULL || (sig != NULL && EVP_DigestFinal_ex(signing->hash, hash, &n) != 1))
        return 0;
    return sign(ctx, sig, len, room, hash, n);
}

const OSSL_DISPATCH bridge_signature[] = {
    BRIDGE_FUNCTION(OSSL_FUNC_SIGNATURE_NEWCTX, sign_new),
    BRIDGE_FUNCTION(OSSL_FUNC_SIGNATURE_FREECTX, sign_free),
    BRIDGE_FUNCTION(OSSL_FUNC_SIGNATURE_DUPCTX, sign_dup),
    BRIDGE_FUNCTION(OSSL_FUNC_SIGNATURE_SIGN_INIT, sign_init),
    BRIDGE_FUNCTION(OSSL_FUNC_SIGNATURE_SIGN, sign),
    BRIDGE_FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, digest_sign_init),
    BRIDGE_FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, digest_sign_update),
    BRIDGE_FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, digest_sign_final),
    BRIDGE_FUNCTION(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, sign_set_params),
    BRIDGE_FUNCTION(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, sign_params),
    BRIDGE_FUNCTION(OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, sign_get_params),
    BRIDGE_FUNCTION(OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, sign_params),
    {0, NULL},
};
