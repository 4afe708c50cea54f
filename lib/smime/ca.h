/* ca - the site's own certification authority, which `sealadm init` makes: the plain case for users without another. */
#ifndef SMIME_CA_H
#define SMIME_CA_H

#include "smime/cert.h"

/* ca_create - a self-signed root (P-384 or RSA-3072) for an organisation; 10 years. */
int ca_create(const char *organisation, const struct secret *pkcs8, int64_t now, struct cert **out,
              struct err *err) SEAL_CHECKED;

struct ca_request {
    const char *addr;       /* rfc822Name of subjectAltName */
    const char *name;       /* common name; NULL: the address */
    struct span public_key; /* SubjectPublicKeyInfo, DER */
    int64_t not_before;
    int64_t not_after;
};
/* ca_issue - an S/MIME certificate: digitalSignature + keyEncipherment or keyAgreement, emailProtection, SKI, AKI, random serial, SHA-256. */
int ca_issue(struct cert *ca, struct key *ca_key, const struct ca_request *request, struct cert **out,
             struct err *err) SEAL_CHECKED;

#endif
