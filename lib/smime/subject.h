/* subject - whom a certificate of ours, or a request for one, names. Private to lib/smime. */
#ifndef SMIME_SUBJECT_H
#define SMIME_SUBJECT_H

#include "base/err.h"
#include "base/mem.h"

#include <openssl/x509v3.h>

#define SUBJECT_CHARS_MAX 64 /* ub-common-name, ub-organization-name: RFC 5280 A.1 */

/* subject_check - an address as a certificate holds it; name: NULL, or UTF-8 and not empty. ERR_USAGE, ERR_UNSUPPORTED (a domain that is not ASCII). */
int subject_check(const char *addr, const char *name, struct err *err) SEAL_CHECKED;

/* subject_cut - as many characters as a name may have. */
struct span subject_cut(const char *name);

/* subject_set - one field of a name. Returns 1 as OpenSSL does. */
int subject_set(X509_NAME *name, const char *field, struct span text);

/* subject_alt_names - the address alone: rfc822Name, SmtpUTF8Mailbox when the local part needs it. NULL: no memory. */
GENERAL_NAMES *subject_alt_names(const char *addr);

#endif
