/*
 * cert - X.509 certificates, parsed once, counted, immutable, usable from any thread.
 *
 * Strings that come from a certificate are hostile: printers of this module escape them (R38).
 *
 * source  RFC 5280, RFC 8550 (S/MIME certificates), RFC 8398 (SmtpUTF8Mailbox)
 */
#ifndef SMIME_CERT_H
#define SMIME_CERT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "token/key.h"

struct cert;

#define CERT_DER_MAX    65536
#define CERT_EMAILS_MAX 100

/* What the holder may do by key usage and extended key usage. */
enum {
    CERT_SIGN = 1 << 0,    /* digitalSignature or nonRepudiation, and e-mail protection allowed */
    CERT_ENCRYPT = 1 << 1, /* keyEncipherment (RSA) or keyAgreement (EC), and e-mail protection allowed */
    CERT_CA = 1 << 2,
};

struct cert_info {
    char fingerprint[HASH_HEX_SIZE]; /* SHA-256 of the DER, lower case */
    int64_t not_before;              /* seconds since 1970, UTC */
    int64_t not_after;
    unsigned usage;         /* CERT_* */
    enum key_type key_type; /* meaningful when supported */
    bool supported;         /* a key type and size that we use */
    unsigned key_bits;
    const char *subject; /* one line, escaped, UTF-8 */
    const char *issuer;
    const char *serial; /* hex */
    const char *const *
        emails; /* subjectAltName rfc822Name and SmtpUTF8Mailbox only; as written, without NUL or blank (those are left out) */
    size_t nemails;
    const char *const *dn_emails; /* emailAddress of the subject: used only where policy says so */
    size_t ndn_emails;
    bool self_signed;
    bool weak_signature; /* signed with MD5 or SHA-1 (not counted for self-signed) */
};

/* cert_parse - one DER certificate. ERR_SYNTAX, ERR_LIMIT. */
int cert_parse(struct span der, struct cert **out, struct err *err) SEAL_CHECKED;
struct cert *cert_ref(struct cert *cert);
void cert_free(struct cert **cert); /* drops one reference */
const struct cert_info *cert_info(const struct cert *cert);
struct span cert_der(const struct cert *cert);
/* cert_public - the SubjectPublicKeyInfo, DER; borrowed. */
struct span cert_public(const struct cert *cert);

/* cert_has_address - whether the certificate is this address's (R8): domain in any case, local part exact or, with fold, in any case. */
enum addr_case {
    ADDR_CASE_EXACT,
    ADDR_CASE_FOLD
};
bool cert_has_address(const struct cert *cert, const char *addr, enum addr_case how);

/* cert_print - for people: several "name: value" lines, escaped. */
void cert_print(const struct cert *cert, struct buf *out);

/* cert_same - same DER. */
bool cert_same(const struct cert *a, const struct cert *b);

#endif
