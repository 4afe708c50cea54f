/*
 * bridge - the provider and its keys.
 *
 * A key of the bridge is a reference to a struct key and the public half as OpenSSL's own key, which answers whatever is public. Keys
 * without a private half exist too: a peer of a key agreement, a certificate's key that is compared with ours.
 */
#include "token/bridge.h"

#include "token/bridge_impl.h"
#include "token/ossl.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PROVIDER   "sealmilter"
#define PROPERTIES "provider=" PROVIDER
/* Of an import: a struct handle. No other provider exports such a parameter. */
#define PARAM_HANDLE "sealmilter-key"

/* ---- why a private operation failed ---- */

static _Thread_local struct err fault;

static bool is_temporary(enum err_code code)
{
    return code == ERR_BUSY || code == ERR_IO || code == ERR_CONFIG;
}

int bridge_note(const struct err *err)
{
    if (!err_is_set(&fault) || (is_temporary(err->code) && !is_temporary(fault.code)))
        fault = *err;
    return 0;
}

void bridge_begin(void)
{
    err_clear(&fault);
}

int bridge_failure(struct err *err)
{
    return err_is_set(&fault) ? err_set(err, fault.code, "%s", fault.msg) : 0;
}

int bridge_fault(struct err *err)
{
    return is_temporary(fault.code) ? bridge_failure(err) : 0;
}

/* ---- keys ---- */

struct handle {
    struct key *key;
    EVP_PKEY *public;
};

static void *new_of_type(const char *type)
{
    struct bridge_key *made = xcalloc(1, sizeof *made);
    made->type = type;
    return made;
}

static void *new_rsa(void *provider)
{
    (void)provider;
    return new_of_type("RSA");
}

static void *new_ec(void *provider)
{
    (void)provider;
    return new_of_type("EC");
}

static void free_key(void *data)
{
    struct bridge_key *key = data;
    if (key != NULL)
        EVP_PKEY_free(key->public);
    free(key);
}

static int has(const void *data, int selection)
{
    const struct bridge_key *key = data;
    return key != NULL && key->public != NULL &&
           ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 || key->key != NULL) &&
           ((selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) == 0 || key->has_public);
}

static int match(const void *left, const void *right, int selection)
{
    const struct bridge_key *a = left, *b = right;
    if (a->public == NULL || b->public == NULL)
        return 0;
    if ((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == 0)
        return EVP_PKEY_parameters_eq(a->public, b->public) == 1;
    return a->has_public && b->has_public && EVP_PKEY_eq(a->public, b->public) == 1;
}

/* Of another provider's key only the public half is taken. */
static int import_public(struct bridge_key *key, int selection, const OSSL_PARAM params[])
{
    bool has_public = (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0;
    SEAL_CLEANUP(ossl_free_pkey_ctx) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, key->type, NULL);
    EVP_PKEY *made = NULL;
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &made, has_public ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEY_PARAMETERS,
                          (OSSL_PARAM *)params) != 1)
        return 0;
    EVP_PKEY_free(key->public);
    key->public = made;
    key->has_public = has_public;
    return 1;
}

static int import(void *data, int selection, const OSSL_PARAM params[])
{
    struct bridge_key *key = data;
    const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, PARAM_HANDLE);
    if (param == NULL)
        return import_public(key, selection, params);
    struct handle handle;
    if (key->public != NULL || param->data_size != sizeof handle)
        return 0;
    memcpy(&handle, param->data, sizeof handle);
    if (EVP_PKEY_up_ref(handle.public) != 1)
        return 0;
    *key = (struct bridge_key){key->type, handle.key, handle.public, true};
    return 1;
}

/* The refusal is what makes OpenSSL operate the key here, not by an implementation of its own. */
static int export(void *data, int selection, OSSL_CALLBACK *take, void *arg)
{
    const struct bridge_key *key = data;
    if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 || key->public == NULL)
        return 0;
    if (!key->has_public)
        selection &= ~OSSL_KEYMGMT_SELECT_PUBLIC_KEY;
    return EVP_PKEY_export(key->public, selection, take, arg);
}

/* Of the public half; quicker than export and import. With parameters alone the point stays inside and does not count. */
static void *duplicate(const void *data, int selection)
{
    const struct bridge_key *from = data;
    EVP_PKEY *public = (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 || from->public == NULL
                           ? NULL
                           : EVP_PKEY_dup(from->public);
    if (public == NULL)
        return NULL;
    struct bridge_key *to = new_of_type(from->type);
    to->public = public;
    to->has_public = from->has_public && (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0;
    return to;
}

static const OSSL_PARAM *exchanged_types(int selection)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)selection;
    return types;
}

static int get_params(void *data, OSSL_PARAM params[])
{
    const struct bridge_key *key = data;
    return key->public != NULL && EVP_PKEY_get_params(key->public, params) == 1;
}

static const OSSL_PARAM *gettable_params(void *provider)
{
    (void)provider;
    return exchanged_types(0);
}

/* CMS makes a peer's key of the parameters of ours and the point in the message. */
static int set_params(void *data, const OSSL_PARAM params[])
{
    struct bridge_key *key = data;
    if (key->key != NULL || key->public == NULL ||
        EVP_PKEY_set_params(key->public, (OSSL_PARAM *)params) != 1)
        return 0;
    if (OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY) != NULL)
        key->has_public = true;
    return 1;
}

static const OSSL_PARAM *settable_params(void *provider)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)provider;
    return types;
}

/* Of a curve of prime order every point but infinity, which is one octet, is good; that it is on the curve was checked when it was read. */
static bool is_finite(EVP_PKEY *public)
{
    unsigned char *point = NULL;
    size_t n = EVP_PKEY_get1_encoded_public_key(public, &point);
    OPENSSL_free(point);
    return n > 1;
}

static int validate(const void *data, int selection, int depth)
{
    const struct bridge_key *key = data;
    (void)depth;
    if (!has(key, selection & OSSL_KEYMGMT_SELECT_KEYPAIR))
        return 0;
    if (key->has_public && strcmp(key->type, "EC") == 0)
        return is_finite(key->public);
    SEAL_CLEANUP(ossl_free_pkey_ctx) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key->public, NULL);
    return ctx != NULL && (key->has_public ? EVP_PKEY_public_check(ctx) : EVP_PKEY_param_check(ctx)) == 1;
}

static const char *ec_operation(int operation)
{
    return operation == OSSL_OP_SIGNATURE ? "ECDSA" : operation == OSSL_OP_KEYEXCH ? "ECDH" : NULL;
}

/* ---- the provider ---- */

#define KEY_FUNCTIONS(new_key)                                                                               \
    BRIDGE_FUNCTION(OSSL_FUNC_KEYMGMT_NEW, new_key), BRIDGE_FUNCTION(OSSL_FUNC_KEYMGMT_FREE, free_key),      \
        BRIDGE_FUNCTION(OSSL_FUNC_KEYMGMT_HAS, has), BRIDGE_FUNCTION(OSSL_FUNC_KEYMGMT_MATCH, match),        \
        BRIDGE_FUNCTION(OSSL_FUNC_KEYMGMT_DUP, duplicate),                                                   \
        BRIDGE_FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT, import),                                                   \
        BRIDGE_FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, exchanged_types),                                    \
        BRIDGE_FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT, export),                                                   \
        BRIDGE_FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, exchanged_types),                                    \
        BRIDGE_FUNCTION(OSSL_FUNC_KEYMGMT_GET_PARAMS, get_params),                                           \
        BRIDGE_FUNCTION(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, gettable_params),                                 \
        BRIDGE_FUNCTION(OSSL_FUNC_KEYMGMT_SET_PARAMS, set_params),                                           \
        BRIDGE_FUNCTION(OSSL_FUNC_KEYMGMT_SETTABLE_PARAMS, settable_params),                                 \
        BRIDGE_FUNCTION(OSSL_FUNC_KEYMGMT_VALIDATE, validate)

static const OSSL_DISPATCH rsa_keys[] = {KEY_FUNCTIONS(new_rsa), {0, NULL}};
static const OSSL_DISPATCH ec_keys[] = {
    KEY_FUNCTIONS(new_ec), BRIDGE_FUNCTION(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, ec_operation), {0, NULL}};

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache)
{
    static const OSSL_ALGORITHM keys[] = {
        {"RSA:rsaEncryption:1.2.840.113549.1.1.1", PROPERTIES, rsa_keys, NULL},
        {"EC:id-ecPublicKey:1.2.840.10045.2.1", PROPERTIES, ec_keys, NULL},
        {NULL, NULL, NULL, NULL},
    };
    static const OSSL_ALGORITHM signatures[] = {
        {"RSA:rsaEncryption:1.2.840.113549.1.1.1", PROPERTIES, bridge_signature, NULL},
        {"ECDSA", PROPERTIES, bridge_signature, NULL},
        {NULL, NULL, NULL, NULL},
    };
    static const OSSL_ALGORITHM ciphers[] = {
        {"RSA:rsaEncryption:1.2.840.113549.1.1.1", PROPERTIES, bridge_cipher, NULL},
        {NULL, NULL, NULL, NULL},
    };
    static const OSSL_ALGORITHM exchanges[] = {
        {"ECDH", PROPERTIES, bridge_exchange, NULL},
        {NULL, NULL, NULL, NULL},
    };
    (void)provider;
    *no_cache = 0;
    switch (operation) {
    case OSSL_OP_KEYMGMT:
        return keys;
    case OSSL_OP_SIGNATURE:
        return signatures;
    case OSSL_OP_ASYM_CIPHER:
        return ciphers;
    case OSSL_OP_KEYEXCH:
        return exchanges;
    default:
        return NULL;
    }
}

static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
                         void **provider)
{
    static const OSSL_DISPATCH functions[] = {BRIDGE_FUNCTION(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query),
                                              {0, NULL}};
    (void)in;
    *provider = (void *)handle;
    *out = functions;
    return 1;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static OSSL_LIB_CTX *library; /* for the life of the process */

static void make_library(void)
{
    OSSL_LIB_CTX *made = OSSL_LIB_CTX_new();
    if (made != NULL && OSSL_PROVIDER_add_builtin(made, PROVIDER, provider_init) == 1 &&
        OSSL_PROVIDER_load(made, PROVIDER) != NULL)
        library = made;
    else
        OSSL_LIB_CTX_free(made);
}

int bridge_pkey(struct key *key, EVP_PKEY *public, EVP_PKEY **out, struct err *err)
{
    ossl_begin();
    *out = NULL;
    pthread_once(&once, make_library);
    const char *type = key_type_of(key) == KEY_RSA ? "RSA" : "EC";
    if (!EVP_PKEY_is_a(public, type))
        return err_set(err, ERR_UNSUPPORTED, "public half of another type than the key");
    struct handle handle = {key, public};
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(PARAM_HANDLE, &handle, sizeof handle),
                           OSSL_PARAM_construct_end()};
    SEAL_CLEANUP(ossl_free_pkey_ctx)
    EVP_PKEY_CTX *ctx = library == NULL ? NULL : EVP_PKEY_CTX_new_from_name(library, type, NULL);
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, out, EVP_PKEY_PUBLIC_KEY, params) != 1)
        return ossl_fail(err, ERR_CRYPTO, "key cannot be given to OpenSSL");
    return 0;
}
