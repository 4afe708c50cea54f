/* pkcs11_generate - a key pair made by the token, whose private half never leaves it. */
#include "token/evp.h"
#include "token/ossl.h"
#include "token/pkcs11_object.h"

#include <string.h>

struct pair {
    ck_object_handle_t public, private;
};

static ck_rv_t make_pair(struct pkcs11_object *object, const struct pkcs11_uri *uri, enum key_type type,
                         unsigned bits, struct pair *out)
{
    unsigned char yes = 1, no = 0, is_rsa = type == KEY_RSA, is_ec = !is_rsa;
    unsigned char exponent[] = {1, 0, 1}, curve[16];
    unsigned long size = bits;
    struct ck_attribute label = {CKA_LABEL, (void *)uri->object, strlen(uri->object)};
    struct ck_attribute id = {CKA_ID, (void *)uri->id, uri->id_len};
    struct ck_attribute public[] = {label,
                                    id,
                                    {CKA_TOKEN, &yes, 1},
                                    {CKA_PRIVATE, &no, 1},
                                    {CKA_VERIFY, &yes, 1},
                                    {CKA_ENCRYPT, &is_rsa, 1},
                                    {CKA_MODULUS_BITS, &size, sizeof size},
                                    {CKA_PUBLIC_EXPONENT, exponent, sizeof exponent}};
    struct ck_attribute private[] = {label,
                                     id,
                                     {CKA_TOKEN, &yes, 1},
                                     {CKA_PRIVATE, &yes, 1},
                                     {CKA_SENSITIVE, &yes, 1},
                                     {CKA_EXTRACTABLE, &no, 1},
                                     {CKA_SIGN, &yes, 1},
                                     {is_rsa ? CKA_DECRYPT : CKA_DERIVE, &yes, 1}};
    struct ck_mechanism mechanism = {is_rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, NULL, 0};
    size_t npublic = SEAL_COUNT(public);
    if (is_ec) {
        npublic -= 2;
        public[npublic - 1] = (struct ck_attribute){CKA_EC_PARAMS, curve, pkcs11_object_curve(type, curve)};
    }
    return object->token->fn->C_GenerateKeyPair(object->session, &mechanism, public, npublic, private,
                                                SEAL_COUNT(private), &out->public, &out->private);
}

static int read_pair(struct pkcs11_object *object, const struct pair *pair, struct buf *public_out,
                     struct err *err)
{
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *public = NULL;
    object->handle = pair->private;
    if (pkcs11_object_check_kept(object, err) == 0 && pkcs11_object_public(object, &public, err) == 0 &&
        evp_public(public, public_out, err) == 0)
        return 0;
    object->token->fn->C_DestroyObject(object->session, pair->private);
    object->token->fn->C_DestroyObject(object->session, pair->public);
    return -1;
}

static int generate(struct pkcs11_object *object, const struct pkcs11_uri *uri, enum key_type type,
                    unsigned bits, struct buf *public_out, struct err *err)
{
    struct pair pair;
    if (pkcs11_object_check_unused(object, uri, err) < 0)
        return -1;
    ck_rv_t rv = make_pair(object, uri, type, bits, &pair);
    if (rv != CKR_OK)
        return cryptoki_fail(err, rv, "making a key on the token");
    return read_pair(object, &pair, public_out, err);
}

int pkcs11_generate(struct pkcs11 *p11, const char *uri, enum key_type type, unsigned bits,
                    struct buf *public_out, struct err *err)
{
    struct pkcs11_uri parsed;
    struct pkcs11_object object = {.handle = 0};
    if (type == KEY_RSA && bits != 2048 && bits != 3072 && bits != 4096)
        return err_set(err, ERR_USAGE, "RSA key of %u bits: 2048, 3072 and 4096 are made", bits);
    if (pkcs11_object_name(uri, &parsed, err) < 0 ||
        pkcs11_token_open(p11, &parsed, &object.token, err) < 0 ||
        pkcs11_session_take_writing(object.token, &object.session, err) < 0)
        return -1;
    int result = generate(&object, &parsed, type, bits, public_out, err);
    pkcs11_session_end(object.token, object.session);
    return result;
}
