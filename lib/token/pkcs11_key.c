/* pkcs11_key - a key on a token, from its name. */
#include "token/pkcs11_key.h"

#include "token/ossl.h"

#include <stdlib.h>
#include <string.h>

/* A point that is not on the curve never gets to the token. */
static bool is_on_curve(const struct key *key, struct span point)
{
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *peer = EVP_PKEY_new();
    bool good = peer != NULL && EVP_PKEY_copy_parameters(peer, key->evp) == 1 &&
                EVP_PKEY_set1_encoded_public_key(peer, (const unsigned char *)point.ptr, point.len) == 1;
    ossl_begin();
    return good;
}

static int hsm_derive(struct key *key, struct span peer_point, struct secret *out, struct err *err)
{
    struct hsm_key *hsm = (struct hsm_key *)key;
    memset(out, 0, sizeof *out);
    if (!hsm->may_derive)
        return err_set(err, ERR_UNSUPPORTED,
                       "the key on token %s may not agree on keys (CKA_DERIVE): it only signs",
                       hsm->token->label);
    if (peer_point.len == 0 || peer_point.ptr[0] != 4 || !is_on_curve(key, peer_point))
        return err_set(err, ERR_CRYPTO, "key agreement failed: the peer's point");
    return pkcs11_op_derive(hsm->token, hsm->handle, peer_point, (key->bits + 7) / 8, out, err);
}

static void hsm_free(struct key *key)
{
    struct hsm_key *hsm = (struct hsm_key *)key;
    secret_fini(&hsm->reject);
    key_fini(key);
    free(hsm);
}

static const struct key_ops hsm_ops = {"pkcs11", pkcs11_sign, pkcs11_decrypt, hsm_derive, hsm_free};

/* What the token says of the key. */
static int look_at(struct hsm_key *hsm, const struct pkcs11_object *object, struct err *err)
{
    hsm->token = object->token;
    hsm->handle = object->handle;
    hsm->may_sign = pkcs11_object_flag(object, CKA_SIGN, true);
    hsm->may_decrypt = pkcs11_object_flag(object, CKA_DECRYPT, true);
    hsm->may_derive = pkcs11_object_flag(object, CKA_DERIVE, true);
    hsm->has_raw = pkcs11_token_can(object->token, CKM_RSA_X_509, CKF_DECRYPT);
    if (pkcs11_object_flag(object, CKA_ALWAYS_AUTHENTICATE, false))
        return err_set(err, ERR_UNSUPPORTED, "the key on token %s wants its PIN for each operation",
                       object->token->label);
    EVP_PKEY *public = NULL;
    if (pkcs11_object_public(object, &public, err) < 0)
        return -1;
    if (key_init(&hsm->key, &hsm_ops, public, err) == 0)
        return 0;
    EVP_PKEY_free(public);
    return -1;
}

static int check_public(const struct hsm_key *hsm, struct span wanted, struct err *err)
{
    if (wanted.len > 0 && !span_eq(wanted, key_public(&hsm->key)))
        return err_set(err, ERR_KEY_UNUSABLE, "the key on token %s is another one", hsm->token->label);
    return 0;
}

static int hsm_new(const struct pkcs11_object *object, struct span public_key, struct key **out,
                   struct err *err)
{
    struct hsm_key *hsm = xcalloc(1, sizeof *hsm);
    if (look_at(hsm, object, err) < 0) {
        free(hsm);
        return -1;
    }
    *out = &hsm->key;
    if (check_public(hsm, public_key, err) == 0)
        return 0;
    key_free(out);
    return -1;
}

/* Operates the key, in a session that it takes itself. */
static int complete(struct key **key, struct err *err)
{
    struct hsm_key *hsm = (struct hsm_key *)*key;
    if ((*key)->type != KEY_RSA || !hsm->may_decrypt || pkcs11_reject_init(hsm, err) == 0)
        return 0;
    key_free(key);
    return -1;
}

int pkcs11_key(struct pkcs11 *p11, const char *uri, struct span public_key, struct key **out, struct err *err)
{
    *out = NULL;
    struct pkcs11_uri parsed;
    struct pkcs11_object object = {.handle = 0};
    if (pkcs11_uri_parse(uri, &parsed, err) < 0 || pkcs11_token_open(p11, &parsed, &object.token, err) < 0 ||
        pkcs11_session_take(object.token, &object.session, err) < 0)
        return -1;
    int result = pkcs11_object_find_private(&object, &parsed, err);
    if (result == 0)
        result = hsm_new(&object, public_key, out, err);
    pkcs11_session_give(object.token, object.session, err->code == ERR_IO ? CKR_GENERAL_ERROR : CKR_OK);
    return result == 0 ? complete(out, err) : -1;
}
