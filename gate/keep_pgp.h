/* keep_pgp - OpenPGP keys that were observed, into the store: read by gpg, merged with what is known, harvested. */
#ifndef GATE_KEEP_PGP_H
#define GATE_KEEP_PGP_H

#include "gate/gate.h"
#include "model/outcome.h"
#include "openpgp/key.h"
#include "store/pgp.h"

/*
 * keep_pgp - those of effect->der whose valid User-IDs name effect->addr exactly; others are nobody's business.
 *
 * kept     called for each with what became of it
 * return   0, or -1 when it could not be done (temporary), or gpg could read no key in it (ERR_SYNTAX)
 */
int keep_pgp(struct gate *gate, const struct effect *effect, int64_t now,
             void (*kept)(void *arg, const char *fingerprint, enum trust trust, enum harvest_result result),
             void *arg, struct err *err) SEAL_CHECKED;

/*
 * keep_pgp_merged - a key that was just read, and what the store has of it, as one.
 *
 * known_out  the stored one; fingerprint NULL: there is none
 */
int keep_pgp_merged(struct gate *gate, struct pgp_engine *engine, struct arena *arena,
                    const struct pgp_key *fresh, struct pgp_key *out, struct pgp_record *known_out,
                    struct err *err) SEAL_CHECKED;

#endif
