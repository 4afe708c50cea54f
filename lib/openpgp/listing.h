/*
 * listing - gpg's list of keys in colons, as keys. Private to lib/openpgp.
 *
 * source  doc/DETAILS of GnuPG, "Format of the colon listings"
 */
#ifndef OPENPGP_LISTING_H
#define OPENPGP_LISTING_H

#include "openpgp/key.h"

/*
 * listing_read - all but the keys' bytes.
 *
 * complete_out  gpg's last line is there
 * return        0, or -1 with ERR_LIMIT
 */
int listing_read(struct arena *arena, struct span text, struct pgp_key **out, size_t *n_out,
                 bool *complete_out, struct err *err) SEAL_CHECKED;

#endif
