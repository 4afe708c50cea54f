/* key_check - gpg's judgement of keys that were cut down. Private to lib/openpgp. */
#ifndef OPENPGP_KEY_CHECK_H
#define OPENPGP_KEY_CHECK_H

#include "openpgp/key.h"

/*
 * key_check - the keys that gpg can use, without what their self-signatures do not cover; one run of gpg.
 *
 * keys    binary, one after the other
 * return  0, or -1 with ERR_LIMIT, ERR_BUSY, ERR_IO, ERR_DISK_FULL
 */
int key_check(struct pgp_engine *engine, struct arena *arena, struct span keys, struct pgp_key **out,
              size_t *n_out, struct err *err) SEAL_CHECKED;

#endif
