/* ca - the site's own certification authority, which `sealadm init` makes: the plain case for users without another. */
#ifndef SMIME_CA_H
#define SMIME_CA_H

#include "smime/cert.h"

#define CA_DAYS 3650

/*
 * ca_create - a self-signed root for an organisation, valid CA_DAYS from now. It may issue end-entity certificates only, for e-mail only.
 *
 * pkcs8   its private key: RSA-3072 or P-384 are good choices
 * return  0, or -1 with ERR_USAGE (organisation empty or longer than 64 characters), ERR_SYNTAX, ERR_UNSUPPORTED, ERR_CRYPTO
 */
int ca_create(const char *organisation, const struct secret *pkcs8, int64_t now, struct cert **out,
              struct err *err) SEAL_CHECKED;

struct ca_request {
    const char *addr; /* goes into subjectAltName: rfc822Name, SmtpUTF8Mailbox when the local part needs it */
    const char *name; /* common name, UTF-8, cut at 64 characters; NULL: the address */
    struct span public_key; /* SubjectPublicKeyInfo, DER */
    int64_t not_before;
    int64_t not_after; /* not later than the CA's own: what is later is cut */
};

/*
 * ca_issue - an S/MIME certificate: digitalSignature + keyEncipherment (RSA) or keyAgreement (EC), emailProtection, SKI, AKI, random
 * serial number, SHA-256.
 *
 * return  0, or -1 with ERR_USAGE (address, name), ERR_UNSUPPORTED (public key; a domain that is not ASCII), ERR_KEY_UNUSABLE (ca is none,
 *         or the key is not its key), ERR_KEY_EXPIRED (not_before outside the CA's validity), ERR_CRYPTO, or what the key says
 */
int ca_issue(struct cert *ca, struct key *ca_key, const struct ca_request *request, struct cert **out,
             struct err *err) SEAL_CHECKED;

#endif
