/*
 * verify - one CMS SignedData over known bytes. It says what is true of the signature; whether that may be called "signed" is the
 * gate's judgement (coverage, From, time).
 *
 * source  RFC 5652 5.4-5.6, RFC 8551 2.5, RFC 8550
 */
#ifndef SMIME_VERIFY_H
#define SMIME_VERIFY_H

#include "model/facts.h"
#include "smime/chain.h"
#include "smime/open.h"

struct smime_verify_conf {
    const struct anchors *anchors;
    int64_t
        now; /* seconds since 1970: chain validity is judged at the signing time if trusted within the window, else now */
    unsigned min_rsa_bits;
};

struct smime_verified {
    enum signature
        signature; /* GOOD, WEAK, BAD, UNTRUSTED, UNSUPPORTED of the worst SignerInfo; all must verify (R11) */
    char why[200];       /* escaped, for logs and status */
    struct cert *signer; /* owned; NULL when not found: first SignerInfo's certificate */
    struct cert *
        encrypt_cert; /* owned; NULL, or the one of SMIMEEncryptionKeyPreference, same chain as signer (R27) */
    int64_t signing_time;   /* 0: none given */
    char capabilities[200]; /* names of ciphers in SMIMECapabilities, blank-separated; "" when none */
    struct chain_result chain;
};
void smime_verified_fini(struct smime_verified *verified);

/*
 * smime_verify - content is the detached entity byte for byte; with content.ptr NULL the SignedData must hold its own (opaque), and
 * inner_out (may be NULL with detached) receives it.
 * return  0 with *out, or -1 when it could not be found out (temporary)
 */
int smime_verify(struct span cms, struct span content, const struct smime_limits *limits,
                 const struct smime_verify_conf *conf, struct spool *inner_out, struct smime_verified *out,
                 struct err *err) SEAL_CHECKED;

#endif
