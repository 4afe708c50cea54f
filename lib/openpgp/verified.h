/* verified - gpg's results judged: whose key, what digest, what size. Private to lib/openpgp. */
#ifndef OPENPGP_VERIFIED_H
#define OPENPGP_VERIFIED_H

#include "openpgp/crypt.h"

#include <gpgme.h>

/* verified_read - the worst of the context's last signatures; NONE when there are none. Returns how many there are. */
size_t verified_read(gpgme_ctx_t ctx, const struct span *signers, size_t nsigners,
                     const struct pgp_floors *floors, struct pgp_verified *out);

#endif
