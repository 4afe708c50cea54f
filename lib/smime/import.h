/*
 * import - certificates and keys from files of others: PKCS#12, PEM, DER, PKCS#7 bundles. For sealadm; never for mail.
 *
 * PKCS#12 with RC2 or 3DES, as Windows and older tools write it, is read in a library context of its own that has the legacy
 * provider; nothing else of the process gets to know those algorithms.
 */
#ifndef SMIME_IMPORT_H
#define SMIME_IMPORT_H

#include "smime/cert.h"

#define IMPORT_MAX       (8u << 20) /* octets of a file */
#define IMPORT_CERTS_MAX 1000

struct imported {
    struct cert **certs; /* owned; the key's own certificate first when there is a key */
    size_t ncerts;
    struct secret pkcs8; /* len 0: no private key in the file */
};
void imported_fini(struct imported *imported);

/*
 * import_bytes - finds out the format. passphrase may be NULL. A key may come without its certificate, never with certificates of
 * which none is its own. The key is tried out: a private half that does not fit its public one is refused.
 *
 * return  0, or -1 with ERR_PASSPHRASE (needed or wrong), ERR_SYNTAX, ERR_LIMIT (size, certificates, iterations),
 *         ERR_UNSUPPORTED (type of key, algorithm, more than one key), ERR_KEY_UNUSABLE
 */
int import_bytes(struct span bytes, const struct secret *passphrase, struct imported *out,
                 struct err *err) SEAL_CHECKED;

/*
 * export_p12 - key, certificate and chain as PKCS#12 under a passphrase (AES-256, PBKDF2), appended to out.
 *
 * return  0, or -1 with ERR_KEY_UNUSABLE (not the certificate's key), ERR_PASSPHRASE (empty), ERR_CRYPTO, ERR_LIMIT
 */
int export_p12(const struct secret *pkcs8, struct cert *cert, struct cert *const *chain, size_t nchain,
               const struct secret *passphrase, struct buf *out, struct err *err) SEAL_CHECKED;
/* export_pem - a certificate as PEM, appended. */
int export_pem(const struct cert *cert, struct buf *out, struct err *err) SEAL_CHECKED;

#endif
