/* signer - one SignerInfo: does it verify over known digests, and with what strength. For lib/smime alone. */
#ifndef SMIME_SIGNER_H
#define SMIME_SIGNER_H

#include "model/facts.h"
#include "smime/attrs.h"
#include "smime/outline.h"

/* signer_digest_find - whether the SignerInfo's digest is one that we compute. */
bool signer_digest_find(const struct outline_signer *outline, const EVP_MD **out);

struct signer_finding {
    enum signature signature; /* GOOD, WEAK, BAD, UNSUPPORTED: nothing about trust yet */
    const char *why;
    struct cert *cert; /* borrowed; NULL: not in the message */
    struct attrs attrs;
};

/*
 * signer_check - digests: a chain of digest BIOs that the content went through. The attributes point into info.
 *
 * like_set  the content begins like a DER SET: a signature over the signed attributes of another message can be passed off as one
 *           without attributes over a content that is those attributes
 */
void signer_check(CMS_SignerInfo *info, const struct outline_signer *outline, BIO *digests, bool like_set,
                  struct cert *const *certs, size_t ncerts, unsigned min_rsa_bits,
                  struct signer_finding *out);

#endif
