/* pkcs11_object - looking for objects. */
#include "token/pkcs11_object.h"

#include <string.h>

/* The handles of up to two objects: one is found, two are too many. */
static ck_rv_t search(const struct pkcs11_object *object, struct ck_attribute *template, unsigned long n,
                      ck_object_handle_t found[2], unsigned long *count)
{
    struct ck_function_list *fn = object->token->fn;
    *count = 0;
    ck_rv_t rv = fn->C_FindObjectsInit(object->session, template, n);
    if (rv != CKR_OK)
        return rv;
    rv = fn->C_FindObjects(object->session, found, 2, count);
    ck_rv_t end = fn->C_FindObjectsFinal(object->session);
    return rv != CKR_OK ? rv : end;
}

int pkcs11_object_find(struct pkcs11_object *object, ck_object_class_t cls, const char *label, struct span id,
                       struct err *err)
{
    struct ck_attribute template[3];
    unsigned long n = 0, count;
    ck_object_handle_t found[2];
    if (cls != PKCS11_ANY_CLASS)
        template[n++] = (struct ck_attribute){CKA_CLASS, &cls, sizeof cls};
    if (label[0] != '\0')
        template[n++] = (struct ck_attribute){CKA_LABEL, (void *)label, strlen(label)};
    if (id.len > 0)
        template[n++] = (struct ck_attribute){CKA_ID, (void *)id.ptr, id.len};
    ck_rv_t rv = search(object, template, n, found, &count);
    if (rv != CKR_OK)
        return cryptoki_fail(err, rv, "objects of the token");
    if (count == 0)
        return err_set(err, ERR_ABSENT, "token %s has no such key", object->token->label);
    object->handle = found[0];
    if (count > 1)
        return err_set(err, ERR_KEY_UNUSABLE,
                       "token %s has several of this name: label and id tell them apart",
                       object->token->label);
    return 0;
}

static const char *class_name(const struct pkcs11_object *object)
{
    struct pkcs11_value value;
    ck_object_class_t cls = PKCS11_ANY_CLASS;
    if (pkcs11_object_get(object, CKA_CLASS, &value) == CKR_OK && value.len == sizeof cls)
        memcpy(&cls, value.octets, sizeof cls);
    return cls == CKO_PUBLIC_KEY    ? "a public key"
           : cls == CKO_CERTIFICATE ? "a certificate"
           : cls == CKO_SECRET_KEY  ? "a secret key"
                                    : "another object";
}

int pkcs11_object_find_private(struct pkcs11_object *object, const struct pkcs11_uri *uri, struct err *err)
{
    struct span id = {(const char *)uri->id, uri->id_len};
    struct err other = ERR_INIT;
    if (uri->is_secret)
        return err_set(err, ERR_KEY_UNUSABLE, "type=secret-key: no private key");
    if (pkcs11_object_find(object, CKO_PRIVATE_KEY, uri->object, id, err) == 0)
        return 0;
    if (err->code != ERR_ABSENT)
        return -1;
    object->handle = 0;
    bool is_there = pkcs11_object_find(object, PKCS11_ANY_CLASS, uri->object, id, &other) == 0;
    if (!is_there && other.code != ERR_KEY_UNUSABLE)
        return -1;
    err_clear(err);
    return err_set(err, ERR_KEY_UNUSABLE, "what token %s has of this name is %s, no private key",
                   object->token->label, class_name(object));
}

ck_rv_t pkcs11_object_get(const struct pkcs11_object *object, ck_attribute_type_t type,
                          struct pkcs11_value *out)
{
    struct ck_attribute attribute = {type, out->octets, sizeof out->octets};
    ck_rv_t rv = object->token->fn->C_GetAttributeValue(object->session, object->handle, &attribute, 1);
    if (rv == CKR_OK && attribute.value_len > sizeof out->octets)
        rv = CKR_ATTRIBUTE_TYPE_INVALID;
    out->len = rv == CKR_OK ? attribute.value_len : 0;
    return rv;
}

bool pkcs11_object_flag(const struct pkcs11_object *object, ck_attribute_type_t type, bool otherwise)
{
    struct pkcs11_value value;
    if (pkcs11_object_get(object, type, &value) != CKR_OK || value.len != 1)
        return otherwise;
    return value.octets[0] != 0;
}
