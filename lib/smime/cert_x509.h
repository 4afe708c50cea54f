/* cert_x509 - the X509 inside a struct cert, and the other way round. For lib/smime alone. */
#ifndef SMIME_CERT_X509_H
#define SMIME_CERT_X509_H

#include "smime/cert.h"

#include <openssl/x509.h>

/* cert_x509 - borrowed, and never changed: other threads read it. OpenSSL takes it without const where it counts references. */
X509 *cert_x509(const struct cert *cert);

/* cert_from_x509 - a new struct cert of the same DER; x509 stays the caller's. Errors as cert_parse(). */
int cert_from_x509(const X509 *x509, struct cert **out, struct err *err) SEAL_CHECKED;

/* cert_x509_list - what CMS and path building want: a new list of borrowed X509 (ossl_free_x509_list). NULL: no memory. */
STACK_OF(X509) * cert_x509_list(struct cert *const *certs, size_t n);

#endif
