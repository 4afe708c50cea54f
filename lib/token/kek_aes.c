/*
 * kek_aes - the token locks and unlocks.
 *
 * CBC is what every token has in the same way; GCM differs in who chooses the nonce, and key wrapping in what may be wrapped. A data key is
 * 32 random octets: there is no padding, and nothing to learn from one that was changed.
 */
#include "token/kek_impl.h"
#include "token/ossl.h"
#include "token/pkcs11_op.h"

#include <openssl/rand.h>
#include <string.h>

#define BLOCK_SIZE 16

/* An attribute that could not be read is no answer. */
static int get(const struct pkcs11_object *object, ck_attribute_type_t type, struct pkcs11_value *out,
               struct err *err)
{
    ck_rv_t rv = pkcs11_object_get(object, type, out);
    return rv == CKR_OK || rv == CKR_ATTRIBUTE_TYPE_INVALID
               ? 0
               : cryptoki_fail(err, rv, "attributes of the master key");
}

static int check_type(const struct pkcs11_object *object, struct err *err)
{
    const unsigned long aes = CKK_AES;
    struct pkcs11_value value;
    if (get(object, CKA_KEY_TYPE, &value, err) < 0)
        return -1;
    return value.len == sizeof aes && memcmp(value.octets, &aes, sizeof aes) == 0
               ? 0
               : err_set(err, ERR_KEY_UNUSABLE, "the secret key on token %s is no AES key",
                         object->token->label);
}

/* What a token does not tell of an attribute is as otherwise. */
static int check_flag(const struct pkcs11_object *object, ck_attribute_type_t type, bool otherwise,
                      const char *why, struct err *err)
{
    struct pkcs11_value value;
    if (get(object, type, &value, err) < 0)
        return -1;
    return (value.len == 1 ? value.octets[0] != 0 : otherwise)
               ? 0
               : err_set(err, ERR_KEY_UNUSABLE, "the key on token %s %s", object->token->label, why);
}

int kek_aes_open(struct kek *kek, const struct pkcs11_object *object, struct err *err)
{
    kek->method = KEK_AES_CBC;
    kek->token = object->token;
    kek->handle = object->handle;
    return check_type(object, err) < 0 ||
                   check_flag(object, CKA_SENSITIVE, false, "can be read in clear: no CKA_SENSITIVE", err) <
                       0 ||
                   check_flag(object, CKA_ENCRYPT, true, "may not encrypt (CKA_ENCRYPT)", err) < 0 ||
                   check_flag(object, CKA_DECRYPT, true, "may not decrypt (CKA_DECRYPT)", err) < 0
               ? -1
               : 0;
}

/* out has room for a block more: some modules want it before they know that none is needed. */
static int run(const struct kek *kek, pkcs11_op op, const unsigned char iv[BLOCK_SIZE], struct span in,
               unsigned char *out, struct err *err)
{
    struct ck_mechanism mechanism = {CKM_AES_CBC, (void *)iv, BLOCK_SIZE};
    size_t len = in.len + BLOCK_SIZE;
    if (op(kek->token, kek->handle, mechanism, in, out, &len, err) < 0) {
        if (err->code == ERR_CRYPTO) /* CBC has no blocks that it could not decrypt: the token is not well */
            err->code = ERR_IO;
        return err_wrap(err, "AES-CBC");
    }
    return len == in.len ? 0 : err_set(err, ERR_KEY_UNUSABLE, "AES-CBC: %zu octets of %zu", len, in.len);
}

/* What the key makes of a constant tells which it is, and nothing else of it. */
int kek_aes_name(struct kek *kek, struct err *err)
{
    static const unsigned char none[BLOCK_SIZE];
    static const char constant[] = "which key is it?";
    _Static_assert(sizeof constant == BLOCK_SIZE + 1, "a block");
    unsigned char made[2 * BLOCK_SIZE];
    if (run(kek, pkcs11_op_encrypt, none, (struct span){constant, BLOCK_SIZE}, made, err) < 0)
        return -1;
    kek_name((struct span){(const char *)made, BLOCK_SIZE}, kek->name);
    return 0;
}

int kek_aes_lock(struct kek *kek, const struct secret *data_key, struct buf *out, struct err *err)
{
    unsigned char iv[BLOCK_SIZE], blocks[KEK_DATA_SIZE + BLOCK_SIZE];
    if (RAND_bytes(iv, sizeof iv) != 1)
        return ossl_fail(err, ERR_CRYPTO, "no random octets");
    struct span in = {(const char *)data_key->ptr, data_key->len};
    if (run(kek, pkcs11_op_encrypt, iv, in, blocks, err) < 0)
        return -1;
    buf_add(out, iv, sizeof iv);
    buf_add(out, blocks, KEK_DATA_SIZE);
    return buf_check(out, err);
}

int kek_aes_unlock(struct kek *kek, struct span octets, struct secret *out, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret blocks = {.ptr = NULL};
    struct span in = span_sub(octets, BLOCK_SIZE, octets.len);
    if (in.len != KEK_DATA_SIZE)
        return err_set(err, ERR_CRYPTO, "locked data key of %zu octets", octets.len);
    if (secret_init(&blocks, KEK_DATA_SIZE + BLOCK_SIZE, err) < 0 ||
        run(kek, pkcs11_op_decrypt, (const unsigned char *)octets.ptr, in, blocks.ptr, err) < 0)
        return -1;
    return secret_copy(out, blocks.ptr, KEK_DATA_SIZE, err);
}
