/*
 * lock_aes - the token locks and unlocks.
 *
 * CBC is what every token has in the same way; GCM differs in who chooses the nonce, and key wrapping in what may be wrapped. A data key is
 * 32 random octets: there is no padding, and nothing to learn from one that was changed.
 */
#include "token/lock.h"

#include "token/ossl.h"
#include "token/pkcs11_op.h"

#include <openssl/rand.h>
#include <string.h>

#define BLOCK_SIZE 16

struct aes_key {
    struct pkcs11_token *token;
    ck_object_handle_t handle;
    char name[LOCK_NAME_SIZE];
};

static int check_usage(const struct pkcs11_object *object, struct err *err)
{
    struct pkcs11_value value;
    unsigned long type = 0;
    if (pkcs11_object_get(object, CKA_KEY_TYPE, &value) == CKR_OK && value.len == sizeof type)
        memcpy(&type, value.octets, sizeof type);
    if (type != CKK_AES)
        return err_set(err, ERR_KEY_UNUSABLE, "the secret key on token %s is no AES key",
                       object->token->label);
    if (!pkcs11_object_flag(object, CKA_SENSITIVE, false))
        return err_set(err, ERR_KEY_UNUSABLE, "the key on token %s can be read in clear: no CKA_SENSITIVE",
                       object->token->label);
    if (!pkcs11_object_flag(object, CKA_ENCRYPT, true) || !pkcs11_object_flag(object, CKA_DECRYPT, true))
        return err_set(err, ERR_KEY_UNUSABLE,
                       "the key on token %s may not encrypt and decrypt (CKA_ENCRYPT, CKA_DECRYPT)",
                       object->token->label);
    return 0;
}

static int find_in(struct pkcs11_object *object, const struct pkcs11_uri *uri, struct err *err)
{
    struct span id = {(const char *)uri->id, uri->id_len};
    return pkcs11_object_find(object, CKO_SECRET_KEY, uri->object, id, err) < 0 ? -1
                                                                                : check_usage(object, err);
}

static int run(const struct aes_key *key, pkcs11_op op, const unsigned char iv[BLOCK_SIZE], struct span in,
               unsigned char *out, struct err *err)
{
    struct ck_mechanism mechanism = {CKM_AES_CBC, (void *)iv, BLOCK_SIZE};
    size_t len = in.len;
    if (op(key->token, key->handle, mechanism, in, out, &len, err) < 0)
        return err_wrap(err, "AES-CBC");
    return len == in.len ? 0 : err_set(err, ERR_CRYPTO, "AES-CBC: %zu octets of %zu", len, in.len);
}

/* What the key makes of a constant tells which it is, and nothing else of it. */
static int name_key(struct aes_key *key, struct err *err)
{
    static const unsigned char none[BLOCK_SIZE];
    static const char constant[BLOCK_SIZE] = {'w', 'h', 'i', 'c', 'h', ' ', 'k', 'e',
                                              'y', ' ', 'i', 's', ' ', 'i', 't', '?'};
    unsigned char made[BLOCK_SIZE];
    if (run(key, pkcs11_op_encrypt, none, (struct span){constant, BLOCK_SIZE}, made, err) < 0)
        return -1;
    lock_name((struct span){(const char *)made, BLOCK_SIZE}, key->name);
    return 0;
}

static int find_key(struct pkcs11 *p11, const char *text, struct aes_key *out, struct err *err)
{
    struct pkcs11_uri uri;
    struct pkcs11_object object = {.handle = 0};
    if (pkcs11_uri_parse(text, &uri, err) < 0 || pkcs11_token_open(p11, &uri, &object.token, err) < 0 ||
        pkcs11_session_take(object.token, &object.session, err) < 0)
        return -1;
    int result = find_in(&object, &uri, err);
    pkcs11_session_give(object.token, object.session, err->code == ERR_IO ? CKR_GENERAL_ERROR : CKR_OK);
    out->token = object.token;
    out->handle = object.handle;
    return result < 0 ? -1 : name_key(out, err);
}

static int unlock(const struct aes_key *key, struct span locked, struct secret *out, struct err *err)
{
    struct span iv = span_sub(locked, LOCK_HEAD_SIZE, BLOCK_SIZE);
    struct span blocks = span_sub(locked, LOCK_HEAD_SIZE + BLOCK_SIZE, locked.len);
    if (lock_check(key->name, locked, err) < 0)
        return -1;
    if (locked.ptr[LOCK_NAME_SIZE] != LOCK_AES_CBC)
        return err_set(err, ERR_UNSUPPORTED, "data key locked by method %d", locked.ptr[LOCK_NAME_SIZE]);
    if (blocks.len != LOCK_KEY_SIZE)
        return err_set(err, ERR_CRYPTO, "locked data key of %zu octets", locked.len);
    if (secret_init(out, LOCK_KEY_SIZE, err) < 0)
        return -1;
    if (run(key, pkcs11_op_decrypt, (const unsigned char *)iv.ptr, blocks, out->ptr, err) == 0)
        return 0;
    secret_fini(out);
    return -1;
}

static int lock(const struct aes_key *key, const struct secret *data_key, struct buf *out, struct err *err)
{
    unsigned char iv[BLOCK_SIZE], blocks[LOCK_KEY_SIZE];
    if (data_key->len != LOCK_KEY_SIZE)
        return err_set(err, ERR_BUG, "data key of %zu octets", data_key->len);
    if (RAND_bytes(iv, sizeof iv) != 1)
        return ossl_fail(err, ERR_CRYPTO, "no random octets");
    struct span in = {(const char *)data_key->ptr, data_key->len};
    if (run(key, pkcs11_op_encrypt, iv, in, blocks, err) < 0)
        return -1;
    lock_head(key->name, LOCK_AES_CBC, out);
    buf_add(out, iv, sizeof iv);
    buf_add(out, blocks, sizeof blocks);
    return buf_check(out, err);
}

int lock_aes(struct pkcs11 *p11, const char *uri, const struct secret *data_key, struct buf *out,
             struct err *err)
{
    struct aes_key key;
    SEAL_CLEANUP(buf_fini) struct buf locked = BUF_INIT(LOCK_MAX);
    SEAL_CLEANUP(secret_fini) struct secret back = {.ptr = NULL};
    if (find_key(p11, uri, &key, err) < 0 || lock(&key, data_key, &locked, err) < 0 ||
        unlock(&key, buf_span(&locked), &back, err) < 0 || lock_check_back(data_key, &back, err) < 0)
        return -1;
    buf_add_span(out, buf_span(&locked));
    return buf_check(out, err);
}

int unlock_aes(struct pkcs11 *p11, const char *uri, struct span locked, struct secret *out, struct err *err)
{
    struct aes_key key;
    memset(out, 0, sizeof *out);
    return find_key(p11, uri, &key, err) < 0 ? -1 : unlock(&key, locked, out, err);
}
