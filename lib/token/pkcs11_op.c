/* pkcs11_op - a session is taken, the operation done, the session given back. */
#include "token/pkcs11_op.h"

#include <string.h>

/* Whether the token still knows the key, asked in a session of its own. */
static bool is_alive(struct pkcs11_token *token, ck_object_handle_t key)
{
    struct err err = ERR_INIT;
    struct pkcs11_value value;
    struct pkcs11_object object = {.token = token, .handle = key};
    if (pkcs11_session_take(token, &object.session, &err) < 0)
        return false;
    ck_rv_t rv = pkcs11_object_get(&object, CKA_KEY_TYPE, &value);
    pkcs11_session_give(token, object.session, rv);
    return rv == CKR_OK;
}

static int judge_data(struct pkcs11_token *token, ck_object_handle_t key, ck_rv_t rv, const char *what,
                      struct err *err)
{
    if ((rv == CKR_GENERAL_ERROR || rv == CKR_FUNCTION_FAILED) && is_alive(token, key))
        return err_set(err, ERR_CRYPTO, "%s: the token refuses the data", what);
    return cryptoki_fail(err, rv, what);
}

/* A module that says to have written more than there was room for is broken; nothing that it wrote is read. */
static ck_rv_t check_len(ck_rv_t rv, unsigned long len, size_t *len_inout)
{
    if (rv == CKR_OK && len > *len_inout)
        return CKR_DEVICE_ERROR;
    *len_inout = len;
    return rv;
}

/* The functions of a module that begin an operation, and those that do it in one go, look alike. */
typedef ck_rv_t (*begin_fn)(ck_session_handle_t session, struct ck_mechanism *mechanism,
                            ck_object_handle_t key);
typedef ck_rv_t (*finish_fn)(ck_session_handle_t session, unsigned char *in, unsigned long in_len,
                             unsigned char *out, unsigned long *out_len);

/* rv_out is CKR_OK, or why the token did not do it; -1 when it could not be asked. */
static int operate(struct pkcs11_token *token, ck_object_handle_t key, struct ck_mechanism *mechanism,
                   begin_fn begin, finish_fn finish, struct span data, unsigned char *out, size_t *len_inout,
                   ck_rv_t *rv_out, struct err *err)
{
    ck_session_handle_t session;
    unsigned long len = *len_inout;
    if (pkcs11_session_take(token, &session, err) < 0)
        return -1;
    ck_rv_t rv = begin(session, mechanism, key);
    if (rv == CKR_OK)
        rv = finish(session, (unsigned char *)data.ptr, data.len, out, &len);
    *rv_out = check_len(rv, len, len_inout);
    pkcs11_session_give(token, session, *rv_out);
    return 0;
}

int pkcs11_op_sign(struct pkcs11_token *token, ck_object_handle_t key, struct ck_mechanism mechanism,
                   struct span data, unsigned char *out, size_t *len_inout, struct err *err)
{
    ck_rv_t rv;
    if (operate(token, key, &mechanism, token->fn->C_SignInit, token->fn->C_Sign, data, out, len_inout, &rv,
                err) < 0)
        return -1;
    return rv == CKR_OK ? 0 : cryptoki_fail(err, rv, "signing on the token");
}

int pkcs11_op_encrypt(struct pkcs11_token *token, ck_object_handle_t key, struct ck_mechanism mechanism,
                      struct span data, unsigned char *out, size_t *len_inout, struct err *err)
{
    ck_rv_t rv;
    if (operate(token, key, &mechanism, token->fn->C_EncryptInit, token->fn->C_Encrypt, data, out, len_inout,
                &rv, err) < 0)
        return -1;
    return rv == CKR_OK ? 0 : cryptoki_fail(err, rv, "encryption on the token");
}

int pkcs11_op_decrypt(struct pkcs11_token *token, ck_object_handle_t key, struct ck_mechanism mechanism,
                      struct span data, unsigned char *out, size_t *len_inout, struct err *err)
{
    ck_rv_t rv;
    if (operate(token, key, &mechanism, token->fn->C_DecryptInit, token->fn->C_Decrypt, data, out, len_inout,
                &rv, err) < 0)
        return -1;
    return rv == CKR_OK ? 0 : judge_data(token, key, rv, "unwrapping on the token", err);
}

/* The secret is an object of the session: it is read, and destroyed. */
static ck_rv_t derive(struct pkcs11_object *object, struct span point, struct secret *out)
{
    struct ck_function_list *fn = object->token->fn;
    unsigned char no = 0, yes = 1;
    unsigned long cls = CKO_SECRET_KEY, type = CKK_GENERIC_SECRET, size = out->len;
    struct ck_attribute template[] = {
        {CKA_CLASS, &cls, sizeof cls}, {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_TOKEN, &no, 1},           {CKA_SENSITIVE, &no, 1},
        {CKA_EXTRACTABLE, &yes, 1},    {CKA_VALUE_LEN, &size, sizeof size},
    };
    struct ck_ecdh1_derive_params params = {
        .kdf = CKD_NULL, .public_data_len = point.len, .public_data = (unsigned char *)point.ptr};
    struct ck_mechanism mechanism = {CKM_ECDH1_DERIVE, &params, sizeof params};
    struct ck_attribute value = {CKA_VALUE, out->ptr, out->len};
    ck_object_handle_t secret;
    ck_rv_t rv =
        fn->C_DeriveKey(object->session, &mechanism, object->handle, template, SEAL_COUNT(template), &secret);
    if (rv != CKR_OK)
        return rv;
    rv = fn->C_GetAttributeValue(object->session, secret, &value, 1);
    ck_rv_t destroyed = fn->C_DestroyObject(object->session, secret);
    return rv != CKR_OK ? rv : value.value_len != out->len ? CKR_FUNCTION_FAILED : destroyed;
}

int pkcs11_op_derive(struct pkcs11_token *token, ck_object_handle_t key, struct span point, size_t size,
                     struct secret *out, struct err *err)
{
    struct pkcs11_object object = {.token = token, .handle = key};
    if (secret_init(out, size, err) < 0)
        return -1;
    if (pkcs11_session_take(token, &object.session, err) < 0) {
        secret_fini(out);
        return -1;
    }
    ck_rv_t rv = derive(&object, point, out);
    pkcs11_session_give(token, object.session, rv);
    if (rv == CKR_OK)
        return 0;
    secret_fini(out);
    return judge_data(token, key, rv, "key agreement on the token", err);
}
