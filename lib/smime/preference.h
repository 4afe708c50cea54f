/* preference - SMIMEEncryptionKeyPreference (RFC 8551 2.5.3): which certificate the signer wants mail to be encrypted to. */
#ifndef SMIME_PREFERENCE_H
#define SMIME_PREFERENCE_H

#include "smime/cert.h"
#include "smime/ossl.h"

/* preference_add - name a certificate by issuer and serial number in the signed attributes; false: see OpenSSL's queue. */
bool preference_add(CMS_SignerInfo *signer, const struct cert *cert);

/* preference_find - which of these certificates an attribute's value (whole element) names; borrowed, NULL: none of them. */
struct cert *preference_find(struct span value, struct cert *const *certs, size_t n);

#endif
