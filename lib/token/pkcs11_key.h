/* pkcs11_key - a key on a token as the parts of this backend see it. For lib/token alone. */
#ifndef TOKEN_PKCS11_KEY_H
#define TOKEN_PKCS11_KEY_H

#include "token/key_impl.h"
#include "token/pkcs11_op.h"

#define PKCS11_MODULUS_MAX 2048 /* octets */

struct hsm_key {
    struct key key; /* its evp: the public half */
    struct pkcs11_token *token;
    ck_object_handle_t handle;
    bool may_sign, may_decrypt, may_derive;
    bool has_raw;         /* the token decrypts without looking at the padding */
    struct secret reject; /* RSA: what answers to wrong padding are made of (see unpad.h) */
};

static inline size_t hsm_modulus(const struct hsm_key *hsm)
{
    return (size_t)EVP_PKEY_get_size(hsm->key.evp);
}

/* For both paddings with a digest of their own. */
struct pkcs11_digest {
    ck_mechanism_type_t hash;
    ck_rsa_pkcs_mgf_type_t mgf;
};
struct pkcs11_digest pkcs11_digest_of(enum digest digest);

/* struct key_ops' functions. */
int pkcs11_sign(struct key *key, enum digest digest, enum sign_padding padding, struct span hash,
                unsigned char *sig_out, size_t *len_inout, struct err *err);
int pkcs11_decrypt(struct key *key, enum wrap_padding padding, enum digest oaep, struct span wrapped,
                   struct secret *out, struct err *err);

/* pkcs11_reject_init - of an RSA key, which is complete but for this. */
int pkcs11_reject_init(struct hsm_key *hsm, struct err *err) SEAL_CHECKED;

#endif
