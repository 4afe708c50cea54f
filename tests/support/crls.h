/* crls - certificate revocation lists for tests, signed by entities of a pki. */
#ifndef SUPPORT_CRLS_H
#define SUPPORT_CRLS_H

#include "base/buf.h"
#include "support/pki.h"

#define CRLS_REVOKED_MAX 3
#define CRLS_SINCE       (PKI_NOW - 10 * PKI_DAY) /* when what a list names was revoked: 2025-12-22 */

struct crls_spec {
    const struct pki_entity *issuer;
    const struct pki_entity *revoked[CRLS_REVOKED_MAX];
    size_t many;                      /* so many others too */
    int64_t this_update, next_update; /* 0: a day ago, in a week */
    bool no_next;
    const char *digest; /* NULL: SHA256 */
    const char *scope;  /* issuingDistributionPoint in OpenSSL's syntax */
    const char *more;   /* one more extension: "name=value" */
};

/* crls_make - DER, appended. */
void crls_make(const struct crls_spec *spec, struct buf *out);

#endif
