/* cipher - one table of content ciphers. */
#include "smime/cipher.h"

#include "smime/oid.h"

#include <openssl/objects.h>

#define GCM_TAG_MIN   12
#define GCM_TAG_MAX   16
#define GCM_NONCE_MIN 8
#define GCM_NONCE_MAX 16 /* OpenSSL copies it into EVP_MAX_IV_LENGTH octets */

static const struct cipher ciphers[] = {
    {"aes256-gcm", NID_aes_256_gcm, 12, true, false, false},
    {"aes192-gcm", NID_aes_192_gcm, 12, true, false, false},
    {"aes128-gcm", NID_aes_128_gcm, 12, true, false, false},
    {"aes256-cbc", NID_aes_256_cbc, 16, false, false, false},
    {"aes192-cbc", NID_aes_192_cbc, 16, false, false, false},
    {"aes128-cbc", NID_aes_128_cbc, 16, false, false, false},
    {"3des-cbc", NID_des_ede3_cbc, 8, false, true, false},
    {"rc2-cbc", NID_rc2_cbc, 8, false, true, true},
    {"des-cbc", NID_des_cbc, 8, false, true, true},
};

const struct cipher *cipher_by_nid(int nid)
{
    for (size_t i = 0; i < SEAL_COUNT(ciphers); i++)
        if (ciphers[i].nid == nid)
            return &ciphers[i];
    return NULL;
}

static bool has_gcm_params(struct span params)
{
    struct ber sequence, nonce, size;
    if (!ber_take(&params, BER_SEQUENCE, &sequence) || params.len != 0 ||
        !ber_take(&sequence.body, BER_OCTETS, &nonce))
        return false;
    (void)ber_take(&sequence.body, BER_INTEGER, &size);
    return sequence.body.len == 0 && nonce.body.len >= GCM_NONCE_MIN && nonce.body.len <= GCM_NONCE_MAX;
}

static bool has_iv(struct span params, size_t size)
{
    struct ber iv;
    return ber_take(&params, BER_OCTETS, &iv) && params.len == 0 && iv.body.len == size;
}

static bool has_rc2_params(struct span params, size_t iv_size)
{
    struct ber sequence, version;
    return ber_take(&params, BER_SEQUENCE, &sequence) && params.len == 0 &&
           ber_take(&sequence.body, BER_INTEGER, &version) && has_iv(sequence.body, iv_size);
}

static const struct cipher *cipher_of(struct span algorithm)
{
    struct span params;
    const struct cipher *cipher = cipher_by_nid(oid_nid(oid_algorithm_oid(algorithm, &params)));
    if (cipher == NULL)
        return NULL;
    bool fits = cipher->authenticated        ? has_gcm_params(params)
                : cipher->nid == NID_rc2_cbc ? has_rc2_params(params, cipher->iv_size)
                                             : has_iv(params, cipher->iv_size);
    return fits ? cipher : NULL;
}

const struct cipher *cipher_of_sealed(const struct outline *cms, const struct outline_sealed *sealed)
{
    const struct cipher *cipher = cipher_of(sealed->algorithm);
    bool in_auth = cms->kind == SMIME_KIND_AUTH_ENVELOPED;
    if (cipher == NULL || cipher->authenticated != in_auth || !sealed->has_content)
        return NULL;
    return in_auth && (sealed->mac.len < GCM_TAG_MIN || sealed->mac.len > GCM_TAG_MAX) ? NULL : cipher;
}
