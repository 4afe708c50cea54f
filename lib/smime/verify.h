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
    int64_t now; /* seconds since 1970 */
    int64_t
        signing_time_window; /* chain validity is judged at a signing time that lies at most so many seconds back, else now */
    unsigned min_rsa_bits;
    /* How a certificate of the message becomes a reference: from a cache, say. NULL: cert_parse. The same errors. */
    int (*cert_get)(void *arg, struct span der, struct cert **out, struct err *err);
    void *cert_arg;
};

struct smime_verified {
    /* GOOD, WEAK, BAD, UNTRUSTED, UNSUPPORTED of the worst SignerInfo, from worst: bad, unsupported, weak, untrusted (R11) */
    enum signature signature;
    char why[256]; /* escaped, for logs and status; "" when good */
    /* Of the first SignerInfo: */
    struct cert *signer; /* owned; NULL when it is not in the message */
    /* owned; NULL, or the certificate of SMIMEEncryptionKeyPreference: same address and same anchor as the signer's (R27) */
    struct cert *encrypt_cert;
    int64_t signing_time;   /* 0: none given */
    char capabilities[200]; /* names of ciphers in SMIMECapabilities, blank-separated; "" when none */
    struct chain_result chain;
};
void smime_verified_fini(struct smime_verified *verified);

/*
 * smime_verify - content is the detached entity byte for byte; with content.ptr NULL the SignedData must hold its own (opaque), and
 * inner_out (may be NULL with detached) receives it.
 * return  0 with *out, or -1 when it could not be found out (temporary). What is wrong with the object is a result: malformed is BAD,
 *         over a limit UNSUPPORTED.
 */
int smime_verify(struct span cms, struct span content, const struct smime_limits *limits,
                 const struct smime_verify_conf *conf, struct spool *inner_out, struct smime_verified *out,
                 struct err *err) SEAL_CHECKED;

#endif
