/* verified - what gpg calls good is not yet good: it takes SHA-1 and small keys. */
#include "openpgp/verified.h"

#include "openpgp/frame.h"
#include "openpgp/hex.h"
#include "openpgp/public.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define KEYID_DIGITS (PGP_KEYID_SIZE - 1)

/* ---- the key that signed ---- */

struct signer {
    struct public key; /* that signed: the primary key or a subkey */
    char fingerprint[HEX_FINGERPRINT_SIZE];
    char primary[HEX_FINGERPRINT_SIZE];
};

/* In one transferable key, or several after each other. */
static bool find_in(struct span keys, const char *fingerprint, struct signer *out)
{
    struct frame frame;
    while (frame_next(&keys, &frame) == FRAME_FOUND) {
        if (frame.tag != FRAME_PUBLIC_KEY && frame.tag != FRAME_PUBLIC_SUBKEY)
            continue;
        if (public_read(frame.body, &out->key) != PUBLIC_READ)
            continue;
        hex_fingerprint(out->key.fingerprint, out->fingerprint);
        if (frame.tag == FRAME_PUBLIC_KEY)
            memcpy(out->primary, out->fingerprint, sizeof out->primary);
        if (strcasecmp(out->fingerprint, fingerprint) == 0)
            return true;
    }
    return false;
}

static bool find_signer(const struct span *signers, size_t nsigners, const char *fingerprint,
                        struct signer *out)
{
    for (size_t i = 0; i < nsigners; i++)
        if (find_in(signers[i], fingerprint, out))
            return true;
    return false;
}

/* ---- one signature ---- */

static void judge(struct pgp_verified *one, enum signature signature, const char *fmt, ...) SEAL_PRINTF(3, 4);

static void judge(struct pgp_verified *one, enum signature signature, const char *fmt, ...)
{
    va_list args;
    one->signature = signature;
    va_start(args, fmt);
    vsnprintf(one->why, sizeof one->why, fmt, args);
    va_end(args);
}

static bool is_strong(gpgme_hash_algo_t digest)
{
    return digest == GPGME_MD_SHA256 || digest == GPGME_MD_SHA384 || digest == GPGME_MD_SHA512;
}

static void judge_strength(const struct _gpgme_signature *sig, const struct public *key,
                           const struct pgp_floors *floors, struct pgp_verified *one)
{
    const char *digest = gpgme_hash_algo_name(sig->hash_algo);
    if (!is_strong(sig->hash_algo))
        judge(one, SIGNATURE_WEAK, "the digest is %s", digest != NULL ? digest : "unknown");
    else if (strcmp(key->algorithm, "dsa") == 0)
        judge(one, SIGNATURE_WEAK, "the key is a DSA key");
    else if (strcmp(key->algorithm, "rsa") == 0 && key->bits < floors->min_rsa_bits)
        judge(one, SIGNATURE_WEAK, "the RSA key has %u bits, below %u", key->bits, floors->min_rsa_bits);
    else
        judge(one, SIGNATURE_GOOD, "good signature");
}

/* gpg found the key and the signature fits. */
static void judge_fitting(const struct _gpgme_signature *sig, const struct span *signers, size_t nsigners,
                          const struct pgp_floors *floors, struct pgp_verified *one)
{
    struct signer signer;
    if (!find_signer(signers, nsigners, sig->fpr, &signer)) {
        judge(one, SIGNATURE_UNTRUSTED, "made by %s, which is not among the signer's keys", one->keyid);
        return;
    }
    memcpy(one->fingerprint, signer.primary, sizeof signer.primary);
    switch ((int)gpgme_err_code(sig->status)) {
    case GPG_ERR_NO_ERROR:
        judge_strength(sig, &signer.key, floors, one);
        break;
    case GPG_ERR_SIG_EXPIRED:
        judge(one, SIGNATURE_UNTRUSTED, "the signature has expired");
        break;
    case GPG_ERR_KEY_EXPIRED:
        judge(one, SIGNATURE_UNTRUSTED, "made by %s, which has expired", one->keyid);
        break;
    default:
        judge(one, SIGNATURE_UNTRUSTED, "made by %s, which was revoked", one->keyid);
        break;
    }
}

static void note_keyid(const char *fingerprint, char out[PGP_KEYID_SIZE])
{
    size_t len = fingerprint != NULL ? strlen(fingerprint) : 0;
    size_t n = len >= KEYID_DIGITS ? KEYID_DIGITS : 0;
    for (size_t i = 0; i < n; i++)
        out[i] = (char)tolower((unsigned char)fingerprint[len - n + i]);
    out[n] = '\0';
}

static void judge_signature(const struct _gpgme_signature *sig, const struct span *signers, size_t nsigners,
                            const struct pgp_floors *floors, struct pgp_verified *one)
{
    char text[128];
    *one = (struct pgp_verified){.signing_time = (int64_t)sig->timestamp};
    note_keyid(sig->fpr, one->keyid);
    switch ((int)gpgme_err_code(sig->status)) {
    case GPG_ERR_NO_ERROR:
    case GPG_ERR_SIG_EXPIRED:
    case GPG_ERR_KEY_EXPIRED:
    case GPG_ERR_CERT_REVOKED:
        judge_fitting(sig, signers, nsigners, floors, one);
        break;
    case GPG_ERR_NO_PUBKEY:
        judge(one, SIGNATURE_UNTRUSTED, "made by %s, which is not among the signer's keys", one->keyid);
        break;
    case GPG_ERR_BAD_SIGNATURE:
        judge(one, SIGNATURE_BAD, "the signature does not fit the content");
        break;
    default:
        gpgme_strerror_r(sig->status, text, sizeof text);
        judge(one, SIGNATURE_UNSUPPORTED, "cannot be verified: %s", text);
        break;
    }
}

/* ---- all ---- */

static int badness(enum signature signature)
{
    static const enum signature order[] = {SIGNATURE_NONE,      SIGNATURE_GOOD,        SIGNATURE_WEAK,
                                           SIGNATURE_UNTRUSTED, SIGNATURE_UNSUPPORTED, SIGNATURE_BAD};
    for (size_t i = 0; i < SEAL_COUNT(order); i++)
        if (order[i] == signature)
            return (int)i;
    return (int)SEAL_COUNT(order);
}

size_t verified_read(gpgme_ctx_t ctx, const struct span *signers, size_t nsigners,
                     const struct pgp_floors *floors, struct pgp_verified *out)
{
    const gpgme_verify_result_t result = gpgme_op_verify_result(ctx);
    size_t n = 0;
    *out = (struct pgp_verified){.signature = SIGNATURE_NONE};
    if (result == NULL)
        return 0;
    for (gpgme_signature_t sig = result->signatures; sig != NULL; sig = sig->next, n++) {
        struct pgp_verified one;
        judge_signature(sig, signers, nsigners, floors, &one);
        if (badness(one.signature) > badness(out->signature))
            *out = one;
    }
    return n;
}
