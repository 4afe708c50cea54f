/* pgp_keys - what the store keeps of an OpenPGP key: from what gpg said of it to its record. */
#ifndef GATE_PGP_KEYS_H
#define GATE_PGP_KEYS_H

#include "openpgp/key.h"
#include "store/pgp.h"

/*
 * pgp_keys_record - all that follows from the key alone; the rest is nothing: addresses, source, trust, when it was seen. Borrows from key.
 */
struct pgp_record pgp_keys_record(struct arena *arena, const struct pgp_key *key);

#endif
