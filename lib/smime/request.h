/*
 * request - a certificate request (PKCS#10) for a key that stays where it is.
 *
 * source  RFC 2986, RFC 2985 5.4.2 (extensionRequest)
 */
#ifndef SMIME_REQUEST_H
#define SMIME_REQUEST_H

#include "base/buf.h"
#include "token/key.h"

/*
 * request_create - signed by the key itself, with SHA-256. Subject: the common name; the address stands in subjectAltName, and what the key is
 * for in keyUsage and extKeyUsage. PEM, appended.
 *
 * name    common name, UTF-8, cut at 64 characters; NULL: the address
 * return  0, or -1 with ERR_USAGE (address, name), ERR_UNSUPPORTED (a domain that is not ASCII), ERR_CRYPTO, or what the key says
 */
int request_create(struct key *key, const char *addr, const char *name, struct buf *out,
                   struct err *err) SEAL_CHECKED;

#endif
