/*
 * certify - what a key of ours says of somebody's User-IDs: that they belong to his key. Such certifications are kept apart from the key, so
 * that nothing but what we made ourselves comes beside the owner's own signatures, and are put into it when it is given out.
 *
 * source  RFC 9580 5.2.1 (0x10: generic certification), 10.1
 */
#ifndef OPENPGP_CERTIFY_H
#define OPENPGP_CERTIFY_H

#include "base/buf.h"
#include "openpgp/crypt.h"
#include "openpgp/key.h"

#define CERTIFIED_MAX (16u << 10) /* octets of all certifications of one key */

/*
 * pgp_certify - the valid User-IDs of a cut-down key with one of these addresses ("@domain": all of the domain), by a key of ours.
 *
 * known     what others of our keys say of it so far; what this one said before is replaced
 * out       in arena: for each certification the User-ID and the signature, as packets
 * n_out     how many User-IDs were certified
 * return    0, or -1 with ERR_ABSENT (no such User-ID), ERR_CRYPTO (gpg does not), ERR_LIMIT, ERR_BUSY, ERR_IO
 */
int pgp_certify(struct pgp_engine *engine, struct arena *arena, struct span key, const char *const *addrs,
                size_t naddrs, const struct pgp_own *by, struct span known, struct span *out, size_t *n_out,
                struct err *err) SEAL_CHECKED;

/* pgp_certified_join - the key with its certifications behind the User-IDs that it still has. */
void pgp_certified_join(struct span key, struct span certified, struct buf *out);

struct pgp_certified {
    struct span uid;       /* as written */
    char by[PGP_FPR_SIZE]; /* "": it names the key id alone */
    int64_t created;
};
/* pgp_certified_list - for people; in arena. */
size_t pgp_certified_list(struct arena *arena, struct span certified, struct pgp_certified **out);

#endif
