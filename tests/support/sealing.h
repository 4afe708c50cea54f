/* sealing - smime_encrypt and its kin with bytes instead of spools, for tests. What fails ends the test. */
#ifndef SUPPORT_SEALING_H
#define SUPPORT_SEALING_H

#include "smime/encrypt.h"
#include "smime/open.h"
#include "smime/sign.h"
#include "smime/verify.h"
#include "support/pki.h"

extern const struct spool_conf sealing_conf;
extern const struct smime_limits sealing_limits;

/* sealing_text - a MIME entity of so many octets, CRLF lines; malloc'd memory that the caller frees by its ptr. */
struct span sealing_text(size_t n);

/* sealing_encrypt, sealing_sign - a sealed spool; the caller frees it. */
struct spool *sealing_encrypt(struct span entity, struct pki_entity *const *to, size_t nto,
                              enum smime_cipher cipher);
struct spool *sealing_sign(struct span entity, const struct smime_signer *signer, enum smime_sign_form form);

/* sealing_open - the result; with SMIME_OPENED *plain_out is a sealed spool that the caller frees, else NULL. */
enum smime_opened sealing_open(struct span cms, const struct pki_entity *who, struct spool **plain_out);
/* sealing_opens - whether exactly these octets come out. */
bool sealing_opens(struct span cms, const struct pki_entity *who, struct span expected);

/*
 * sealing_verify - at PKI_NOW with a floor of 2048 bits, a window of 30 days and these anchors. content.ptr NULL: opaque, and the inner
 * content is dropped. The caller frees with smime_verified_fini().
 */
struct smime_verified sealing_verify(struct span cms, struct span content, struct cert *anchor);

#define SEALING_OPAQUE ((struct span){NULL, 0})

#endif
