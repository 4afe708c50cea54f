/*
 * pkcs11_import - a key pair that was made elsewhere becomes objects of the token: the private key first, as nothing is found without it.
 *
 * Who was interrupted calls again: what is there already is looked at and completed.
 */
#include "token/evp.h"
#include "token/key_impl.h"
#include "token/key_try.h"
#include "token/ossl.h"
#include "token/pkcs11_object.h"

#include <openssl/core_names.h>
#include <string.h>

#define NUMBERS_MAX 8
#define OCTETS_MAX  (6u * EVP_RSA_BITS_MAX / 8) /* modulus, exponents, primes and what is computed of them */

/* What the attributes of both halves point to. */
struct material {
    EVP_PKEY *pkey;
    enum key_type type;
    struct buf public;    /* SubjectPublicKeyInfo */
    struct secret octets; /* of numbers */
    size_t used;
    unsigned char curve[PKCS11_CURVE_MAX];
    unsigned char point[160]; /* DER OCTET STRING */
    struct ck_attribute private[NUMBERS_MAX];
    struct ck_attribute public_half[2];
    unsigned long nprivate;
    struct pkcs11_object added; /* the public half, when it was not there; token NULL: it was */
};

static void material_fini(struct material *m)
{
    EVP_PKEY_free(m->pkey);
    buf_fini(&m->public);
    secret_fini(&m->octets);
}

/* width: octets; 0: as many as there are. False when the key has no such number. */
static bool add_number(struct material *m, ck_attribute_type_t type, const char *name, size_t width)
{
    SEAL_CLEANUP(ossl_free_bn) BIGNUM *number = NULL;
    if (EVP_PKEY_get_bn_param(m->pkey, name, &number) != 1)
        return false;
    size_t size = width > 0 ? width : (size_t)BN_num_bytes(number);
    unsigned char *at = m->octets.ptr + m->used;
    if (m->nprivate == NUMBERS_MAX || size > m->octets.len - m->used ||
        BN_bn2binpad(number, at, (int)size) < 0)
        return false;
    m->private[m->nprivate++] = (struct ck_attribute){type, at, size};
    m->used += size;
    return true;
}

static bool add_rsa(struct material *m)
{
    static const struct {
        ck_attribute_type_t type;
        const char *name;
    } numbers[] = {{CKA_MODULUS, OSSL_PKEY_PARAM_RSA_N},
                   {CKA_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E},
                   {CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D},
                   {CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1},
                   {CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2},
                   {CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1},
                   {CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2},
                   {CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};
    bool all = true;
    for (size_t i = 0; all && i < SEAL_COUNT(numbers); i++)
        all = add_number(m, numbers[i].type, numbers[i].name, 0);
    memcpy(m->public_half, m->private, sizeof m->public_half);
    return all;
}

/* The point, uncompressed, is the end of the SubjectPublicKeyInfo. */
static bool add_ec(struct material *m, unsigned bits)
{
    size_t width = (bits + 7) / 8, point = 1 + 2 * width, head = point < 128 ? 2 : 3;
    m->point[0] = V_ASN1_OCTET_STRING;
    m->point[1] = point < 128 ? (unsigned char)point : 0x81;
    m->point[2] = (unsigned char)point;
    if (m->public.len < point || head + point > sizeof m->point)
        return false;
    memcpy(m->point + head, m->public.ptr + m->public.len - point, point);
    m->private[m->nprivate++] =
        (struct ck_attribute){CKA_EC_PARAMS, m->curve, pkcs11_object_curve(m->type, m->curve)};
    m->public_half[0] = m->private[0];
    m->public_half[1] = (struct ck_attribute){CKA_EC_POINT, m->point, head + point};
    return m->private[0].value_len > 0 && add_number(m, CKA_VALUE, OSSL_PKEY_PARAM_PRIV_KEY, width);
}

static int read_material(const struct secret *pkcs8, struct material *out, struct err *err)
{
    unsigned bits;
    *out = (struct material){.public = BUF_INIT(8192)};
    if (evp_read_pkcs8(pkcs8, &out->pkey, err) < 0 || evp_public(out->pkey, &out->public, err) < 0 ||
        secret_init(&out->octets, OCTETS_MAX, err) < 0)
        return -1;
    ossl_begin();
    if (!evp_classify(out->pkey, &out->type, &bits) ||
        !(out->type == KEY_RSA ? add_rsa(out) : add_ec(out, bits)))
        return ossl_fail(err, ERR_UNSUPPORTED, "private key has not all the numbers that a token wants");
    return 0;
}

static int create(struct pkcs11_object *object, struct ck_attribute *attributes, unsigned long n,
                  struct err *err)
{
    ck_rv_t rv = object->token->fn->C_CreateObject(object->session, attributes, n, &object->handle);
    if (rv == CKR_OK)
        return 0;
    struct err why = ERR_INIT;
    cryptoki_fail(&why, rv, "taking in a key");
    return err_set(err, why.code, "token %s does not take it: %s", object->token->label, why.msg);
}

static int create_private(struct pkcs11_object *object, const struct pkcs11_uri *uri, struct material *m,
                          struct err *err)
{
    unsigned char yes = 1, no = 0;
    ck_object_class_t cls = CKO_PRIVATE_KEY;
    ck_key_type_t type = m->type == KEY_RSA ? CKK_RSA : CKK_EC;
    struct ck_attribute all[10 + NUMBERS_MAX] = {{CKA_CLASS, &cls, sizeof cls},
                                                 {CKA_KEY_TYPE, &type, sizeof type},
                                                 {CKA_LABEL, (void *)uri->object, strlen(uri->object)},
                                                 {CKA_ID, (void *)uri->id, uri->id_len},
                                                 {CKA_TOKEN, &yes, 1},
                                                 {CKA_PRIVATE, &yes, 1},
                                                 {CKA_SENSITIVE, &yes, 1},
                                                 {CKA_EXTRACTABLE, &no, 1},
                                                 {CKA_SIGN, &yes, 1},
                                                 {m->type == KEY_RSA ? CKA_DECRYPT : CKA_DERIVE, &yes, 1}};
    memcpy(all + 10, m->private, m->nprivate * sizeof *m->private);
    if (pkcs11_object_check_unused(object, uri, err) < 0 || create(object, all, 10 + m->nprivate, err) < 0)
        return -1;
    if (pkcs11_object_check_kept(object, err) == 0)
        return 0;
    object->token->fn->C_DestroyObject(object->session, object->handle);
    return -1;
}

/* Of the id that the private key has. */
static int create_public(const struct pkcs11_object *private, const struct pkcs11_uri *uri,
                         struct material *m, struct err *err)
{
    unsigned char yes = 1, no = 0, is_rsa = m->type == KEY_RSA;
    ck_object_class_t cls = CKO_PUBLIC_KEY;
    ck_key_type_t type = is_rsa ? CKK_RSA : CKK_EC;
    struct pkcs11_value id;
    struct pkcs11_object object = *private;
    if (pkcs11_object_get(private, CKA_ID, &id) != CKR_OK)
        id.len = 0;
    struct ck_attribute all[] = {{CKA_CLASS, &cls, sizeof cls},
                                 {CKA_KEY_TYPE, &type, sizeof type},
                                 {CKA_LABEL, (void *)uri->object, strlen(uri->object)},
                                 {CKA_ID, id.octets, id.len},
                                 {CKA_TOKEN, &yes, 1},
                                 {CKA_PRIVATE, &no, 1},
                                 {CKA_VERIFY, &yes, 1},
                                 {CKA_ENCRYPT, &is_rsa, 1},
                                 m->public_half[0],
                                 m->public_half[1]};
    if (create(&object, all, SEAL_COUNT(all), err) < 0)
        return -1;
    m->added = object;
    return 0;
}

/* The private key of this name, and that its public half is the one that is wanted, or is added. */
static int complete(struct pkcs11_object *object, const struct pkcs11_uri *uri, struct material *m,
                    struct err *err)
{
    struct err missing = ERR_INIT;
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *public = NULL;
    if (pkcs11_object_public(object, &public, &missing) < 0 && missing.code != ERR_KEY_UNUSABLE)
        return err_set(err, missing.code, "%s", missing.msg);
    if (public == NULL)
        return create_public(object, uri, m, err);
    return EVP_PKEY_eq(public, m->pkey) == 1
               ? 0
               : err_set(err, ERR_KEY_UNUSABLE, "token %s has another key of this name",
                         object->token->label);
}

static int put(struct pkcs11_object *object, const struct pkcs11_uri *named, const struct pkcs11_uri *uri,
               struct material *m, struct err *err)
{
    struct err why = ERR_INIT;
    if (pkcs11_object_find_private(object, named, &why) < 0) {
        if (why.code != ERR_ABSENT)
            return err_set(err, why.code, "%s", why.msg);
        if (create_private(object, uri, m, err) < 0)
            return -1;
    }
    return complete(object, uri, m, err);
}

static int try_name(struct pkcs11 *p11, const char *uri, const struct material *m, struct err *err)
{
    struct key *key = NULL;
    if (pkcs11_key(p11, uri, buf_span(&m->public), &key, err) < 0)
        return -1;
    int result = key_try_sign(key, err);
    key_free(&key);
    return result;
}

/* Beside another private key our public half would be taken for its own. */
static void take_back(const struct pkcs11_object *added)
{
    struct err ignored = ERR_INIT;
    ck_session_handle_t session;
    if (added->token == NULL || pkcs11_session_take_writing(added->token, &session, &ignored) < 0)
        return;
    added->token->fn->C_DestroyObject(session, added->handle);
    pkcs11_session_end(added->token, session);
}

static int import(struct pkcs11 *p11, const char *text, struct material *m, struct err *err)
{
    struct pkcs11_uri named, uri;
    struct pkcs11_object object = {.handle = 0};
    if (pkcs11_uri_parse(text, &named, err) < 0 || pkcs11_object_name(text, &uri, err) < 0 ||
        pkcs11_token_open(p11, &uri, &object.token, err) < 0 ||
        pkcs11_session_take_writing(object.token, &object.session, err) < 0)
        return -1;
    int result = put(&object, &named, &uri, m, err);
    pkcs11_session_end(object.token, object.session);
    return result;
}

int pkcs11_import(struct pkcs11 *p11, const char *uri, const struct secret *pkcs8, struct buf *public_out,
                  struct err *err)
{
    SEAL_CLEANUP(material_fini) struct material m;
    if (read_material(pkcs8, &m, err) < 0 || import(p11, uri, &m, err) < 0)
        return -1;
    if (try_name(p11, uri, &m, err) < 0) {
        take_back(&m.added);
        return -1;
    }
    buf_add_span(public_out, buf_span(&m.public));
    return buf_check(public_out, err);
}
