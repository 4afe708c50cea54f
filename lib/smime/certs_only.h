/*
 * certs_only - certificates for others to keep: a SignedData without signers and without content.
 *
 * source  RFC 8551 3.2.2, 3.8; RFC 5652 5.1, 5.2
 */
#ifndef SMIME_CERTS_ONLY_H
#define SMIME_CERTS_ONLY_H

#include "smime/cert.h"
#include "spool/spool.h"

/*
 * smime_certs_only - one that is given twice goes in once.
 *
 * out     receives DER, appended
 * return  0, or -1 with ERR_CRYPTO, ERR_LIMIT, ERR_IO
 */
int smime_certs_only(struct cert *const *certs, size_t n, struct spool *out, struct err *err) SEAL_CHECKED;

#endif
