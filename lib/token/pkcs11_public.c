/* pkcs11_public - the public half of a key on a token. */
#include "token/pkcs11_object.h"

#include "token/ossl.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <string.h>

OSSL_HANDLE(free_asn1_object, ASN1_OBJECT, ASN1_OBJECT_free)
OSSL_HANDLE(free_octets, ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)
OSSL_HANDLE(free_x509, X509, X509_free)
OSSL_HANDLE(free_builder, OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
OSSL_HANDLE(free_params, OSSL_PARAM, OSSL_PARAM_free)

/* Takes nothing; builder holds what the key is made of. */
static EVP_PKEY *make_key(const char *type, OSSL_PARAM_BLD *builder)
{
    EVP_PKEY *pkey = NULL;
    SEAL_CLEANUP(free_params) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    SEAL_CLEANUP(ossl_free_pkey_ctx) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        return NULL;
    return pkey;
}

static EVP_PKEY *make_rsa(const struct pkcs11_value *modulus, const struct pkcs11_value *exponent)
{
    SEAL_CLEANUP(ossl_free_bn) BIGNUM *n = BN_bin2bn(modulus->octets, (int)modulus->len, NULL);
    SEAL_CLEANUP(ossl_free_bn) BIGNUM *e = BN_bin2bn(exponent->octets, (int)exponent->len, NULL);
    SEAL_CLEANUP(free_builder) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (n == NULL || e == NULL || builder == NULL ||
        !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) ||
        !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e))
        return NULL;
    return make_key("RSA", builder);
}

/* CKA_EC_PARAMS: the DER of a named curve's OID; explicit parameters are not taken. */
static const char *curve_name(const struct pkcs11_value *params)
{
    const unsigned char *p = params->octets;
    SEAL_CLEANUP(free_asn1_object) ASN1_OBJECT *oid = d2i_ASN1_OBJECT(NULL, &p, (long)params->len);
    return oid == NULL ? NULL : OBJ_nid2sn(OBJ_obj2nid(oid));
}

static EVP_PKEY *make_ec(const struct pkcs11_value *params, struct span point)
{
    const char *curve = curve_name(params);
    SEAL_CLEANUP(free_builder) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (curve == NULL || builder == NULL ||
        !OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) ||
        !OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.ptr, point.len))
        return NULL;
    return make_key("EC", builder);
}

/* CKA_EC_POINT is the DER of an OCTET STRING; some tokens leave the wrapping out. */
static EVP_PKEY *ec_of_point(const struct pkcs11_value *params, const struct pkcs11_value *point)
{
    const unsigned char *p = point->octets;
    SEAL_CLEANUP(free_octets) ASN1_OCTET_STRING *octets = d2i_ASN1_OCTET_STRING(NULL, &p, (long)point->len);
    if (octets != NULL && p == point->octets + point->len)
        return make_ec(params, (struct span){(const char *)ASN1_STRING_get0_data(octets),
                                             (size_t)ASN1_STRING_length(octets)});
    return make_ec(params, (struct span){(const char *)point->octets, point->len});
}

static EVP_PKEY *of_public_object(const struct pkcs11_object *object, const struct pkcs11_value *params)
{
    struct pkcs11_value point;
    if (pkcs11_object_get(object, CKA_EC_POINT, &point) != CKR_OK || point.len == 0)
        return NULL;
    return ec_of_point(params, &point);
}

static EVP_PKEY *of_certificate(const struct pkcs11_object *object)
{
    struct pkcs11_value value;
    if (pkcs11_object_get(object, CKA_VALUE, &value) != CKR_OK)
        return NULL;
    const unsigned char *p = value.octets;
    SEAL_CLEANUP(free_x509) X509 *cert = d2i_X509(NULL, &p, (long)value.len);
    return cert == NULL ? NULL : X509_get_pubkey(cert);
}

/* An object of the key's id (its label where it has no id) and of this class. */
static bool find_companion(const struct pkcs11_object *key, ck_object_class_t cls, struct pkcs11_object *out)
{
    struct pkcs11_value id, label;
    struct err err = ERR_INIT;
    *out = *key;
    if (pkcs11_object_get(key, CKA_ID, &id) == CKR_OK && id.len > 0)
        return pkcs11_object_find(out, cls, "", (struct span){(const char *)id.octets, id.len}, &err) == 0;
    if (pkcs11_object_get(key, CKA_LABEL, &label) != CKR_OK || label.len == 0 ||
        label.len == sizeof label.octets)
        return false;
    label.octets[label.len] = '\0';
    return pkcs11_object_find(out, cls, (const char *)label.octets, (struct span){NULL, 0}, &err) == 0;
}

static int rsa_public(const struct pkcs11_object *object, EVP_PKEY **out, struct err *err)
{
    struct pkcs11_value modulus, exponent;
    ck_rv_t rv = pkcs11_object_get(object, CKA_MODULUS, &modulus);
    if (rv == CKR_OK)
        rv = pkcs11_object_get(object, CKA_PUBLIC_EXPONENT, &exponent);
    if (rv != CKR_OK)
        return cryptoki_fail(err, rv, "public half of the token's key");
    *out = make_rsa(&modulus, &exponent);
    return *out != NULL ? 0 : ossl_fail(err, ERR_CRYPTO, "public half of the token's key");
}

static int ec_public(const struct pkcs11_object *object, EVP_PKEY **out, struct err *err)
{
    struct pkcs11_value params;
    struct pkcs11_object other;
    ck_rv_t rv = pkcs11_object_get(object, CKA_EC_PARAMS, &params);
    if (rv != CKR_OK)
        return cryptoki_fail(err, rv, "curve of the token's key");
    *out = find_companion(object, CKO_PUBLIC_KEY, &other) ? of_public_object(&other, &params) : NULL;
    if (*out == NULL && find_companion(object, CKO_CERTIFICATE, &other))
        *out = of_certificate(&other);
    if (*out != NULL)
        return 0;
    ossl_begin();
    return err_set(err, ERR_KEY_UNUSABLE,
                   "token %s has neither the public key nor a certificate of this EC key",
                   object->token->label);
}

int pkcs11_object_public(const struct pkcs11_object *object, EVP_PKEY **out, struct err *err)
{
    ossl_begin();
    *out = NULL;
    struct pkcs11_value value;
    ck_key_type_t type = 0;
    ck_rv_t rv = pkcs11_object_get(object, CKA_KEY_TYPE, &value);
    if (rv != CKR_OK || value.len != sizeof type)
        return cryptoki_fail(err, rv != CKR_OK ? rv : CKR_GENERAL_ERROR, "type of the token's key");
    memcpy(&type, value.octets, sizeof type);
    if (type == CKK_RSA)
        return rsa_public(object, out, err);
    if (type == CKK_EC)
        return ec_public(object, out, err);
    return err_set(err, ERR_UNSUPPORTED, "key on token %s is neither RSA nor EC", object->token->label);
}
