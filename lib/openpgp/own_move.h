/* own_move - a secret key from one agent to another, whole or not at all. Private to lib/openpgp. */
#ifndef OPENPGP_OWN_MOVE_H
#define OPENPGP_OWN_MOVE_H

#include "openpgp/agent.h"
#include "openpgp/key.h"

/*
 * own_move - the parts that the other has not yet; those that it has must open with the passphrase too, and stay as they are.
 *
 * return  0, or -1 with ERR_EXISTS (it has all of them, or some under another passphrase), ERR_BUSY, ERR_IO, ERR_DISK_FULL
 */
int own_move(const struct agent *from, struct agent *to, const struct pgp_key *key,
             const struct secret *passphrase, struct err *err) SEAL_CHECKED;

#endif
