/* pkcs11_decrypt - unwrapping by an RSA key on a token. */
#include "base/hash.h"
#include "token/ossl.h"
#include "token/padding.h"
#include "token/pkcs11_key.h"
#include "token/unpad.h"

#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

/* Whether a block, as a number, is below the modulus: what is not was encrypted for nobody, and tokens disagree on how to say so. */
static bool is_below_modulus(const struct hsm_key *hsm, struct span block)
{
    SEAL_CLEANUP(ossl_free_bn) BIGNUM *n = NULL;
    SEAL_CLEANUP(ossl_free_bn) BIGNUM *c = BN_bin2bn((const unsigned char *)block.ptr, (int)block.len, NULL);
    return c != NULL && EVP_PKEY_get_bn_param(hsm->key.evp, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
           BN_cmp(c, n) < 0;
}

/* RSA without padding: block_out is as long as the modulus. ERR_UNSUPPORTED when the token does not offer it. */
static int decrypt_raw(struct hsm_key *hsm, struct span wrapped, struct secret *block_out, struct err *err)
{
    size_t size = hsm_modulus(hsm), len = size;
    if (!hsm->has_raw)
        return err_set(err, ERR_UNSUPPORTED, "token %s has no raw RSA", hsm->token->label);
    if (secret_init(block_out, size, err) < 0)
        return -1;
    if (pkcs11_op_decrypt(hsm->token, hsm->handle, (struct ck_mechanism){CKM_RSA_X_509, NULL, 0}, wrapped,
                          block_out->ptr, &len, err) < 0) {
        secret_fini(block_out);
        return -1;
    }
    memmove(block_out->ptr + size - len, block_out->ptr, len); /* some tokens leave leading zeros out */
    memset(block_out->ptr, 0, size - len);
    return 0;
}

/* The token looks at the padding itself. */
static int decrypt_padded(struct hsm_key *hsm, struct ck_mechanism mechanism, struct span wrapped,
                          struct secret *out, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret text = {.ptr = NULL};
    size_t len = hsm_modulus(hsm);
    if (secret_init(&text, len, err) < 0 ||
        pkcs11_op_decrypt(hsm->token, hsm->handle, mechanism, wrapped, text.ptr, &len, err) < 0)
        return -1;
    return secret_copy(out, text.ptr, len, err);
}

/* What a wrong padding is answered with: it depends on key and ciphertext alone. */
static int make_instead(const struct hsm_key *hsm, struct span wrapped,
                        unsigned char instead[KEY_REJECT_SIZE], struct err *err)
{
    if (HMAC(EVP_sha256(), hsm->reject.ptr, (int)hsm->reject.len, (const unsigned char *)wrapped.ptr,
             wrapped.len, instead, NULL) == NULL)
        return ossl_fail(err, ERR_CRYPTO, "unwrapping failed");
    return 0;
}

/* Raw where the token has it: then the padding is looked at in constant time, which no token promises. */
static int decrypt_pkcs1(struct hsm_key *hsm, struct span wrapped, struct secret *out, struct err *err)
{
    unsigned char instead[KEY_REJECT_SIZE];
    SEAL_CLEANUP(secret_fini) struct secret block = {.ptr = NULL};
    if (make_instead(hsm, wrapped, instead, err) < 0)
        return -1;
    if (decrypt_raw(hsm, wrapped, &block, err) == 0)
        return unpad_pkcs1(&block, instead, out, err);
    if (err->code != ERR_UNSUPPORTED)
        return -1;
    err_clear(err);
    if (decrypt_padded(hsm, (struct ck_mechanism){CKM_RSA_PKCS, NULL, 0}, wrapped, out, err) == 0)
        return 0;
    if (err->code != ERR_CRYPTO)
        return err_wrap(err, "RSA PKCS#1 v1.5");
    err_clear(err);
    return secret_copy(out, instead, sizeof instead, err);
}

static int decrypt_oaep(struct hsm_key *hsm, enum digest oaep, enum digest mask, struct span wrapped,
                        struct secret *out, struct err *err)
{
    struct ck_rsa_pkcs_oaep_params params = {pkcs11_digest_of(oaep).hash, pkcs11_digest_of(mask).mgf,
                                             CKZ_DATA_SPECIFIED, NULL, 0};
    SEAL_CLEANUP(secret_fini) struct secret block = {.ptr = NULL};
    if (decrypt_raw(hsm, wrapped, &block, err) == 0)
        return padding_oaep_remove(&block, oaep, mask, out, err);
    if (err->code != ERR_UNSUPPORTED)
        return -1;
    err_clear(err);
    if (decrypt_padded(hsm, (struct ck_mechanism){CKM_RSA_PKCS_OAEP, &params, sizeof params}, wrapped, out,
                       err) == 0)
        return 0;
    return err_wrap(err, "RSA-OAEP");
}

int pkcs11_decrypt(struct key *key, enum wrap_padding padding, enum digest oaep, struct span wrapped,
                   struct secret *out, struct err *err)
{
    struct hsm_key *hsm = (struct hsm_key *)key;
    memset(out, 0, sizeof *out);
    if (!hsm->may_decrypt)
        return err_set(err, ERR_UNSUPPORTED, "the key on token %s may not decrypt (CKA_DECRYPT)",
                       hsm->token->label);
    if (wrapped.len != hsm_modulus(hsm) || !is_below_modulus(hsm, wrapped))
        return err_set(err, ERR_CRYPTO, "wrapped key of %zu octets", wrapped.len);
    switch (padding) {
    case WRAP_PKCS1:
        return decrypt_pkcs1(hsm, wrapped, out, err);
    case WRAP_OAEP:
        return decrypt_oaep(hsm, oaep, oaep, wrapped, out, err);
    case WRAP_OAEP_MGF1_SHA1:
        return decrypt_oaep(hsm, oaep, DIGEST_SHA1, wrapped, out, err);
    }
    return err_set(err, ERR_BUG, "padding %d", (int)padding);
}

/*
 * The key's own secret for answers to wrong padding: its raw private operation on a constant, which is the same in every process.
 * Without raw RSA it is random, so that the answer changes when sealkeyd is started again.
 */
int pkcs11_reject_init(struct hsm_key *hsm, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret block = {.ptr = NULL};
    unsigned char constant[PKCS11_MODULUS_MAX] = {0};
    size_t size = hsm_modulus(hsm);
    struct err raw = ERR_INIT;
    hash_bytes(SPAN_LIT("sealmilter implicit rejection"), constant + size - HASH_SIZE);
    if (secret_init(&hsm->reject, HASH_SIZE, err) < 0)
        return -1;
    if (decrypt_raw(hsm, (struct span){(const char *)constant, size}, &block, &raw) == 0) {
        hash_bytes((struct span){(const char *)block.ptr, block.len}, hsm->reject.ptr);
        return 0;
    }
    if (raw.code == ERR_IO)
        return err_set(err, raw.code, "%s", raw.msg);
    return RAND_priv_bytes(hsm->reject.ptr, HASH_SIZE) == 1 ? 0
                                                            : ossl_fail(err, ERR_CRYPTO, "no random octets");
}
