/* import - certificates and keys from files of others: PKCS#12, PEM, DER, PKCS#7 bundles. For sealadm; never for mail. */
#ifndef SMIME_IMPORT_H
#define SMIME_IMPORT_H

#include "smime/cert.h"

struct imported {
    struct cert **certs; /* owned; the key's own certificate first when there is a key */
    size_t ncerts;
    struct secret pkcs8; /* len 0: no private key in the file */
};
void imported_fini(struct imported *imported);

/* import_bytes - finds out the format. passphrase may be NULL. ERR_PASSPHRASE when one is needed or wrong, ERR_SYNTAX,
 * ERR_UNSUPPORTED (key type), ERR_KEY_UNUSABLE (key and certificate do not belong together). */
int import_bytes(struct span bytes, const struct secret *passphrase, struct imported *out,
                 struct err *err) SEAL_CHECKED;

/* export_p12 - key, certificate and chain as PKCS#12 under a passphrase, appended to out. */
int export_p12(const struct secret *pkcs8, struct cert *cert, struct cert *const *chain, size_t nchain,
               const struct secret *passphrase, struct buf *out, struct err *err) SEAL_CHECKED;
/* export_pem - a certificate as PEM, appended. */
int export_pem(const struct cert *cert, struct buf *out, struct err *err) SEAL_CHECKED;

#endif
