/* cert_names - the names that stand in a certificate, read as hostile text. For lib/smime alone. */
#ifndef SMIME_CERT_NAMES_H
#define SMIME_CERT_NAMES_H

#include "smime/cert.h"

#include <openssl/x509.h>

/* At most CERT_EMAILS_MAX strings, malloc'd as is the list. */
struct cert_names {
    char **list;
    size_t n;
};
void cert_names_fini(struct cert_names *names);

/*
 * cert_names_is_mailbox - whether it is a name that can be compared with an address of a message: the parser that reads those
 * reads it, and no blank, control character or angle bracket is in it.
 */
bool cert_names_is_mailbox(struct span s);

/*
 * cert_names_san - rfc822Name and SmtpUTF8Mailbox of subjectAltName. What is no mailbox is left out (R8).
 *
 * return  0, or -1 with ERR_SYNTAX (extension malformed or twice), ERR_LIMIT (more than CERT_EMAILS_MAX)
 */
int cert_names_san(const X509 *x509, struct cert_names *out, struct err *err) SEAL_CHECKED;
/* cert_names_dn - emailAddress of the subject, by the same measure. */
int cert_names_dn(const X509 *x509, struct cert_names *out, struct err *err) SEAL_CHECKED;

/* cert_names_line - a distinguished name on one line, "CN=Bob, O=B", escaped; malloc'd. */
char *cert_names_line(const X509_NAME *name);

#endif
