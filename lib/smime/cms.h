/*
 * cms - between byte ranges and OpenSSL's CMS_ContentInfo. For lib/smime alone.
 *
 * OpenSSL is given the structure of an object without its content, certificates, CRLs and unsigned attributes: our own data pass does
 * the content, cert_parse() the certificates, nobody the rest.
 */
#ifndef SMIME_CMS_H
#define SMIME_CMS_H

#include "smime/ossl.h"
#include "smime/outline.h"

/* cms_of_sealed - version, recipients and cipher; mac, but no authAttrs (they are associated data of our own data pass). */
int cms_of_sealed(const struct outline *cms, const struct outline_sealed *sealed, OSSL_LIB_CTX *library,
                  CMS_ContentInfo **out, struct err *err) SEAL_CHECKED;

/* cms_of_signed - with these SignerInfos only (whole elements). */
int cms_of_signed(const struct outline *cms, const struct outline_signed *signed_data, struct span signers,
                  CMS_ContentInfo **out, struct err *err) SEAL_CHECKED;

/* cms_write - DER, appended. */
int cms_write(CMS_ContentInfo *cms, struct buf *out, struct err *err) SEAL_CHECKED;

/* cms_names - whether one of the recipients is this certificate. */
bool cms_names(CMS_ContentInfo *cms, X509 *x509);

#endif
