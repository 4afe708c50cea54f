/*
 * minimal - of a key only what somebody needs who writes to one address: the primary key, the User-ID that is the address, the newest subkey
 * that encrypts, and over each of these two the newest signature that the key itself made.
 *
 * By packets alone, no signature is checked: for keys that gpg has seen (pgp_key_read).
 *
 * source  Autocrypt level 1, 2.1.1 (OpenPGP based key data)
 */
#ifndef OPENPGP_MINIMAL_H
#define OPENPGP_MINIMAL_H

#include "openpgp/key.h"

#define PGP_MINIMAL_MAX 7000 /* octets: in base64, folded, a header field below 10 KiB */

/*
 * pgp_minimal_key
 *
 * addr    canonical
 * out     packets, in the arena
 * return  0, or -1 with ERR_ABSENT (no such User-ID, no subkey that encrypts at `now`), ERR_LIMIT (too large)
 */
int pgp_minimal_key(struct arena *arena, struct span key, const char *addr, int64_t now, struct span *out,
                    struct err *err) SEAL_CHECKED;

#endif
