/* pgp_keys - what the store keeps of an OpenPGP key: from what gpg said of it to its record. */
#ifndef GATE_PGP_KEYS_H
#define GATE_PGP_KEYS_H

#include "conf/settings.h"
#include "openpgp/key.h"
#include "store/pgp.h"

/*
 * pgp_keys_record - all that follows from the key alone; the rest is nothing: addresses, source, trust, when it was seen. Borrows from key.
 */
struct pgp_record pgp_keys_record(struct arena *arena, const struct pgp_key *key);

/* pgp_keys_are_trusted - at once, when they come from this source. */
bool pgp_keys_are_trusted(const struct openpgp_settings *settings, enum pgp_source source);

/* pgp_keys_names - whether a valid User-ID holds this canonical address, and nothing else; when the key is revoked, one that was valid. */
bool pgp_keys_names(const struct pgp_key *key, const char *addr);

#endif
