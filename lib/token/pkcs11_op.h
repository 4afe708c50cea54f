/* pkcs11_op - one operation with a key on a token. For lib/token alone. */
#ifndef TOKEN_PKCS11_OP_H
#define TOKEN_PKCS11_OP_H

#include "token/pkcs11_object.h"

/*
 * pkcs11_op_sign, pkcs11_op_encrypt, pkcs11_op_decrypt - *len_inout: room in out, then the result's length.
 *
 * errors  as cryptoki_code() says. Some tokens answer "general error" to data that they do not like: when the key is still there
 *         after a failed decryption it is ERR_CRYPTO, so that no message makes us believe that the token is gone.
 */
typedef int (*pkcs11_op)(struct pkcs11_token *token, ck_object_handle_t key, struct ck_mechanism mechanism,
                         struct span data, unsigned char *out, size_t *len_inout, struct err *err);
int pkcs11_op_sign(struct pkcs11_token *token, ck_object_handle_t key, struct ck_mechanism mechanism,
                   struct span data, unsigned char *out, size_t *len_inout, struct err *err) SEAL_CHECKED;
int pkcs11_op_encrypt(struct pkcs11_token *token, ck_object_handle_t key, struct ck_mechanism mechanism,
                      struct span data, unsigned char *out, size_t *len_inout, struct err *err) SEAL_CHECKED;
int pkcs11_op_decrypt(struct pkcs11_token *token, ck_object_handle_t key, struct ck_mechanism mechanism,
                      struct span data, unsigned char *out, size_t *len_inout, struct err *err) SEAL_CHECKED;
/* pkcs11_op_derive - the ECDH secret, size octets. */
int pkcs11_op_derive(struct pkcs11_token *token, ck_object_handle_t key, struct span point, size_t size,
                     struct secret *out, struct err *err) SEAL_CHECKED;

#endif
