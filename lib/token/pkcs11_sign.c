/* pkcs11_sign - signatures by a key on a token. */
#include "token/ossl.h"
#include "token/padding.h"
#include "token/pkcs11_key.h"

#include <openssl/ecdsa.h>
#include <string.h>

struct pkcs11_digest pkcs11_digest_of(enum digest digest)
{
    switch (digest) {
    case DIGEST_SHA256:
        return (struct pkcs11_digest){CKM_SHA256, CKG_MGF1_SHA256};
    case DIGEST_SHA384:
        return (struct pkcs11_digest){CKM_SHA384, CKG_MGF1_SHA384};
    case DIGEST_SHA512:
        return (struct pkcs11_digest){CKM_SHA512, CKG_MGF1_SHA512};
    case DIGEST_SHA1:
        break;
    }
    return (struct pkcs11_digest){CKM_SHA_1, CKG_MGF1_SHA1};
}

/* What stands before the hash in a DigestInfo (RFC 8017 9.2, note 1). */
static struct span digest_prefix(enum digest digest)
{
    switch (digest) {
    case DIGEST_SHA256:
        return SPAN_LIT("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20");
    case DIGEST_SHA384:
        return SPAN_LIT("\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30");
    case DIGEST_SHA512:
        return SPAN_LIT("\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40");
    case DIGEST_SHA1:
        break;
    }
    return SPAN_LIT("\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14");
}

static int sign_pkcs1(struct hsm_key *hsm, enum digest digest, struct span hash, unsigned char *sig,
                      size_t *len, struct err *err)
{
    unsigned char info[128];
    struct span prefix = digest_prefix(digest);
    memcpy(info, prefix.ptr, prefix.len);
    memcpy(info + prefix.len, hash.ptr, hash.len);
    return pkcs11_op_sign(hsm->token, hsm->handle, (struct ck_mechanism){CKM_RSA_PKCS, NULL, 0},
                          (struct span){(const char *)info, prefix.len + hash.len}, sig, len, err);
}

/* The token makes the padding; where it cannot, we do. */
static int sign_pss(struct hsm_key *hsm, enum digest digest, struct span hash, unsigned char *sig,
                    size_t *len, struct err *err)
{
    struct pkcs11_digest d = pkcs11_digest_of(digest);
    struct ck_rsa_pkcs_pss_params params = {d.hash, d.mgf, hash.len};
    if (pkcs11_op_sign(hsm->token, hsm->handle,
                       (struct ck_mechanism){CKM_RSA_PKCS_PSS, &params, sizeof params}, hash, sig, len,
                       err) == 0)
        return 0;
    if (err->code != ERR_UNSUPPORTED || !pkcs11_token_can(hsm->token, CKM_RSA_X_509, CKF_SIGN))
        return err_wrap(err, "RSA-PSS");
    err_clear(err);
    unsigned char block[PKCS11_MODULUS_MAX];
    if (padding_pss_add(hsm->key.evp, digest, (const unsigned char *)hash.ptr, block, err) < 0)
        return -1;
    *len = hsm_modulus(hsm);
    return pkcs11_op_sign(hsm->token, hsm->handle, (struct ck_mechanism){CKM_RSA_X_509, NULL, 0},
                          (struct span){(const char *)block, *len}, sig, len, err);
}

/* Tokens write r and s one behind the other. */
static int write_ecdsa(const unsigned char *raw, size_t raw_len, unsigned char *sig, size_t *len,
                       struct err *err)
{
    ossl_begin();
    int half = (int)(raw_len / 2), n = 0;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, half, NULL), *s = BN_bin2bn(raw + half, half, NULL);
    if (pair == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
    } else if ((n = i2d_ECDSA_SIG(pair, NULL)) > 0 && (size_t)n <= *len) {
        n = i2d_ECDSA_SIG(pair, &sig);
    } else {
        n = 0;
    }
    ECDSA_SIG_free(pair);
    if (n <= 0)
        return ossl_fail(err, ERR_CRYPTO, "signature of the token");
    *len = (size_t)n;
    return 0;
}

static int sign_ecdsa(struct hsm_key *hsm, struct span hash, unsigned char *sig, size_t *len, struct err *err)
{
    unsigned char raw[2 * 66];
    size_t raw_len = sizeof raw, field = (hsm->key.bits + 7) / 8;
    struct span left =
        span_sub(hash, 0, field); /* a longer hash is cut (FIPS 186-4 6.4): not every token does it */
    if (pkcs11_op_sign(hsm->token, hsm->handle, (struct ck_mechanism){CKM_ECDSA, NULL, 0}, left, raw,
                       &raw_len, err) < 0)
        return -1;
    return write_ecdsa(raw, raw_len, sig, len, err);
}

int pkcs11_sign(struct key *key, enum digest digest, enum sign_padding padding, struct span hash,
                unsigned char *sig_out, size_t *len_inout, struct err *err)
{
    struct hsm_key *hsm = (struct hsm_key *)key;
    if (!hsm->may_sign)
        return err_set(err, ERR_UNSUPPORTED, "the key on token %s may not sign (CKA_SIGN)",
                       hsm->token->label);
    switch (padding) {
    case SIGN_PKCS1:
        return sign_pkcs1(hsm, digest, hash, sig_out, len_inout, err);
    case SIGN_PSS:
        return sign_pss(hsm, digest, hash, sig_out, len_inout, err);
    case SIGN_ECDSA:
        return sign_ecdsa(hsm, hash, sig_out, len_inout, err);
    }
    return err_set(err, ERR_BUG, "padding %d", (int)padding);
}
