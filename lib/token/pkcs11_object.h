/* pkcs11_object - objects on a token: found by label and id, their attributes, a key's public half. For lib/token alone. */
#ifndef TOKEN_PKCS11_OBJECT_H
#define TOKEN_PKCS11_OBJECT_H

#include "token/key.h"
#include "token/pkcs11_token.h"

#include <openssl/evp.h>

#define PKCS11_VALUE_MAX 4096

struct pkcs11_value {
    unsigned char octets[PKCS11_VALUE_MAX];
    size_t len;
};

/* An object, and the session through which it is looked at. */
struct pkcs11_object {
    struct pkcs11_token *token;
    ck_session_handle_t session;
    ck_object_handle_t handle;
};

#define PKCS11_ANY_CLASS ((ck_object_class_t)~0ul)

/*
 * pkcs11_object_find - the object of this class, label and id ("" and 0: any). object names token and session.
 *
 * return  0; -1 with ERR_ABSENT, ERR_KEY_UNUSABLE (several are called so), ERR_IO
 */
int pkcs11_object_find(struct pkcs11_object *object, ck_object_class_t cls, const char *label, struct span id,
                       struct err *err) SEAL_CHECKED;
/* pkcs11_object_find_private - the private key of a URI; ERR_KEY_UNUSABLE when it names another kind of object. */
int pkcs11_object_find_private(struct pkcs11_object *object, const struct pkcs11_uri *uri,
                               struct err *err) SEAL_CHECKED;

/* ---- pkcs11_new.c: of a key that comes to the token ---- */

/* pkcs11_object_name - its URI, with an id of random octets where it has none. ERR_USAGE. */
int pkcs11_object_name(const char *text, struct pkcs11_uri *out, struct err *err) SEAL_CHECKED;
/* pkcs11_object_check_unused - ERR_EXISTS: a name in use, label or id, is never given again, whatever the object is. */
int pkcs11_object_check_unused(struct pkcs11_object *object, const struct pkcs11_uri *uri,
                               struct err *err) SEAL_CHECKED;
/* pkcs11_object_check_kept - ERR_UNSUPPORTED: a token that lets the key out is no place for it. */
int pkcs11_object_check_kept(const struct pkcs11_object *object, struct err *err) SEAL_CHECKED;
/* pkcs11_object_curve - CKA_EC_PARAMS: the DER of the curve's OID; its size. */
#define PKCS11_CURVE_MAX 16
size_t pkcs11_object_curve(enum key_type type, unsigned char out[PKCS11_CURVE_MAX]);

/* ---- attributes ---- */

ck_rv_t pkcs11_object_get(const struct pkcs11_object *object, ck_attribute_type_t type,
                          struct pkcs11_value *out);
/* pkcs11_object_flag - a boolean attribute; what it is when the token does not tell. */
bool pkcs11_object_flag(const struct pkcs11_object *object, ck_attribute_type_t type, bool otherwise);

/* pkcs11_object_public - the public half of a private key: from its own attributes, its public key object or its certificate. */
int pkcs11_object_public(const struct pkcs11_object *object, EVP_PKEY **out, struct err *err) SEAL_CHECKED;

#endif
