/* evp - between struct key, PKCS#8, SubjectPublicKeyInfo and OpenSSL's EVP_PKEY. */
#include "token/evp.h"

#include "token/bridge.h"
#include "token/key_impl.h"
#include "token/ossl.h"

#include <openssl/core_names.h>
#include <string.h>

EVP_PKEY *token_evp(struct key *key, struct err *err)
{
    if (key->is_soft)
        return key->evp;
    EVP_PKEY *have = atomic_load(&key->bridge), *made;
    if (have != NULL || bridge_pkey(key, key->evp, &made, err) < 0)
        return have;
    if (atomic_compare_exchange_strong(&key->bridge, &have, made))
        return made;
    EVP_PKEY_free(made); /* another thread was faster */
    return have;
}

const EVP_MD *evp_md(enum digest digest)
{
    switch (digest) {
    case DIGEST_SHA256:
        return EVP_sha256();
    case DIGEST_SHA384:
        return EVP_sha384();
    case DIGEST_SHA512:
        return EVP_sha512();
    case DIGEST_SHA1:
        return EVP_sha1();
    }
    return NULL;
}

static bool rsa_is_sane(const EVP_PKEY *pkey)
{
    int bits = EVP_PKEY_get_bits(pkey);
    SEAL_CLEANUP(ossl_free_bn) BIGNUM *e = NULL;
    return bits >= EVP_RSA_BITS_MIN && bits <= EVP_RSA_BITS_MAX &&
           EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_odd(e) && !BN_is_one(e) &&
           BN_num_bits(e) <= EVP_RSA_EXPONENT_BITS;
}

/* Named curves only: explicit parameters are how forged curves come in. */
static bool ec_type(const EVP_PKEY *pkey, enum key_type *out)
{
    static const struct {
        const char *group;
        enum key_type type;
    } curves[] = {{"prime256v1", KEY_EC_P256}, {"secp384r1", KEY_EC_P384}, {"secp521r1", KEY_EC_P521}};
    char group[32];
    int is_explicit = 1;
    if (EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit) != 1 ||
        is_explicit || EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) != 1)
        return false;
    for (size_t i = 0; i < SEAL_COUNT(curves); i++) {
        if (strcmp(group, curves[i].group) != 0)
            continue;
        *out = curves[i].type;
        return true;
    }
    return false;
}

bool evp_classify(const EVP_PKEY *pkey, enum key_type *type_out, unsigned *bits_out)
{
    ossl_begin();
    *bits_out = (unsigned)EVP_PKEY_get_bits(pkey);
    *type_out = KEY_RSA;
    bool known = EVP_PKEY_is_a(pkey, "RSA")  ? rsa_is_sane(pkey)
                 : EVP_PKEY_is_a(pkey, "EC") ? ec_type(pkey, type_out)
                                             : false;
    ossl_begin();
    return known;
}

/* A new reference. EC: of a copy, because the form of the point is a property of the key that others may use at the same time. */
static EVP_PKEY *uncompressed(EVP_PKEY *pkey)
{
    if (!EVP_PKEY_is_a(pkey, "EC"))
        return EVP_PKEY_up_ref(pkey) == 1 ? pkey : NULL;
    EVP_PKEY *copy = EVP_PKEY_dup(pkey);
    if (copy == NULL ||
        EVP_PKEY_set_utf8_string_param(copy, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed") == 1)
        return copy;
    EVP_PKEY_free(copy);
    return NULL;
}

int evp_public(const EVP_PKEY *pkey, struct buf *out, struct err *err)
{
    ossl_begin();
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *key = uncompressed((EVP_PKEY *)pkey);
    int len = key == NULL ? -1 : i2d_PUBKEY(key, NULL);
    if (len <= 0)
        return ossl_fail(err, ERR_CRYPTO, "public key cannot be written");
    unsigned char *p = (unsigned char *)buf_reserve(out, (size_t)len);
    if (p != NULL && i2d_PUBKEY(key, &p) != len)
        return ossl_fail(err, ERR_CRYPTO, "public key cannot be written");
    if (p != NULL)
        buf_commit(out, (size_t)len);
    return buf_check(out, err);
}

int evp_read_pkcs8(const struct secret *pkcs8, EVP_PKEY **out, struct err *err)
{
    ossl_begin();
    *out = NULL;
    const unsigned char *p = pkcs8->ptr;
    SEAL_CLEANUP(ossl_free_pkcs8)
    PKCS8_PRIV_KEY_INFO *info = pkcs8->len == 0 ? NULL : d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)pkcs8->len);
    if (info == NULL || p != pkcs8->ptr + pkcs8->len)
        return ossl_fail(err, ERR_SYNTAX, "private key is not PKCS#8");
    SEAL_CLEANUP(ossl_free_pkey) EVP_PKEY *pkey = EVP_PKCS82PKEY(info);
    enum key_type type;
    unsigned bits;
    if (pkey == NULL)
        return ossl_fail(err, ERR_UNSUPPORTED, "private key cannot be read");
    if (!evp_classify(pkey, &type, &bits))
        return err_set(err, ERR_UNSUPPORTED,
                       "private key of a type or size that is not supported: RSA, P-256, P-384 or P-521 is");
    *out = pkey;
    pkey = NULL;
    return 0;
}

int evp_write_pkcs8(const EVP_PKEY *pkey, struct secret *out, struct err *err)
{
    ossl_begin();
    SEAL_CLEANUP(ossl_free_pkcs8) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    int len = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, NULL);
    if (len <= 0)
        return ossl_fail(err, ERR_CRYPTO, "private key cannot be written");
    if (secret_init(out, (size_t)len, err) < 0)
        return -1;
    unsigned char *p = out->ptr;
    if (i2d_PKCS8_PRIV_KEY_INFO(info, &p) == len)
        return 0;
    secret_fini(out);
    return ossl_fail(err, ERR_CRYPTO, "private key cannot be written");
}
