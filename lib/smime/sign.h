/*
 * sign - one CMS SignedData by one signer.
 *
 * source  RFC 5652 5, RFC 8551 2.5 (attributes), 3.5.3 (detached), 3.5.2 (opaque)
 */
#ifndef SMIME_SIGN_H
#define SMIME_SIGN_H

#include "smime/cert.h"
#include "spool/spool.h"

struct smime_signer {
    struct cert *cert; /* borrowed */
    struct key *key;   /* borrowed */
    struct cert *const
        *chain; /* certificates to include behind the signer's own: intermediates, root when wanted */
    size_t nchain;
    struct cert *
        encrypt_cert; /* what others should encrypt to, when it is not cert: goes in too, named by SMIMEEncryptionKeyPreference; NULL */
};

/*
 * smime_sign - attributes contentType, messageDigest (SHA-256), signingTime, SMIMECapabilities, signingCertificateV2.
 *
 * entity  the canonical MIME entity, byte for byte what will stand in the message
 * when    signing time, seconds since 1970
 * opaque  with SMIME_SIGN_OPAQUE the entity is inside
 * out     receives DER, appended
 * return  0, or -1 with ERR_CRYPTO, ERR_KEY_UNUSABLE, ERR_IO, ERR_LIMIT, or what the key says (ERR_BUSY ..)
 */
enum smime_sign_form {
    SMIME_SIGN_DETACHED,
    SMIME_SIGN_OPAQUE
};
int smime_sign(struct span entity, const struct smime_signer *signer, int64_t when, enum smime_sign_form form,
               struct spool *out, struct err *err) SEAL_CHECKED;

#endif
