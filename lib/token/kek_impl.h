/* kek_impl - what the two kinds know of a struct kek. For lib/token alone. */
#ifndef TOKEN_KEK_IMPL_H
#define TOKEN_KEK_IMPL_H

#include "token/kek.h"
#include "token/pkcs11_object.h"

struct kek {
    char name[KEK_NAME_SIZE];
    struct key *rsa; /* NULL: AES */
    enum kek_method method;
    struct pkcs11_token *token; /* AES */
    ck_object_handle_t handle;
};

/* kek_name - of what tells the key from others. */
void kek_name(struct span what, char out[KEK_NAME_SIZE]);

/* kek_rsa_open - of a kek that has its key: its name. kek_aes_open - all but the name. ERR_KEY_UNUSABLE. */
int kek_rsa_open(struct kek *kek, struct err *err) SEAL_CHECKED;
int kek_aes_open(struct kek *kek, const struct pkcs11_object *object, struct err *err) SEAL_CHECKED;
/* kek_aes_name - asks the token, in a session that it takes itself. */
int kek_aes_name(struct kek *kek, struct err *err) SEAL_CHECKED;

/* Without the head. */
int kek_rsa_lock(struct kek *kek, const struct secret *data_key, struct buf *out,
                 struct err *err) SEAL_CHECKED;
int kek_rsa_unlock(struct kek *kek, enum kek_method method, struct span octets, struct secret *out,
                   struct err *err) SEAL_CHECKED;
int kek_aes_lock(struct kek *kek, const struct secret *data_key, struct buf *out,
                 struct err *err) SEAL_CHECKED;
int kek_aes_unlock(struct kek *kek, struct span octets, struct secret *out, struct err *err) SEAL_CHECKED;

#endif
