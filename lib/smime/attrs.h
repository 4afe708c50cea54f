/* attrs - the signed attributes of one SignerInfo, read strictly (R11). For lib/smime alone. */
#ifndef SMIME_ATTRS_H
#define SMIME_ATTRS_H

#include "smime/cert.h"
#include "smime/ossl.h"

struct attrs {
    int64_t signing_time; /* 0: none */
    struct span
        capabilities; /* value of SMIMECapabilities, whole element; empty when there is none; borrowed */
    struct span preference; /* value of SMIMEEncryptionKeyPreference, the same */
};

/*
 * attrs_read - exactly one contentType that is id-data, exactly one messageDigest, at most one signingTime; a signing-certificate
 * attribute (RFC 2634 5.4, RFC 5035 3) names the signer's certificate. CMS compares the digest itself.
 *
 * return  NULL, or what is wrong
 */
const char *attrs_read(CMS_SignerInfo *info, const struct cert *signer, struct attrs *out);

#endif
