/* agent_keys - single secret keys in the agent, by their keygrips. Private to lib/openpgp. */
#ifndef OPENPGP_AGENT_KEYS_H
#define OPENPGP_AGENT_KEYS_H

#include "openpgp/agent.h"
#include "openpgp/key.h"

/*
 * agent_passwd - the key and its subkeys, as far as they are there, from one passphrase (NULL: none) to another.
 *
 * return  0, or -1 with ERR_PASSPHRASE, ERR_ABSENT (no secret part at all), ERR_BUSY
 */
int agent_passwd(struct agent *agent, const struct pgp_key *key, const struct secret *old,
                 const struct secret *fresh, struct err *err) SEAL_CHECKED;
/* agent_delete - ERR_ABSENT, ERR_BUSY. */
int agent_delete(struct agent *agent, const struct pgp_key *key, struct err *err) SEAL_CHECKED;

#endif
