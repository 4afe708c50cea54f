/* submitter - who hands a message in, and in whose name that one may sign (R49): from what a sender cannot forge. Pure. */
#ifndef POLICY_SUBMITTER_H
#define POLICY_SUBMITTER_H

#include "conf/settings.h"
#include "model/envelope.h"
#include "policy/policy.h"

enum submitter submitter_of(const struct settings *settings, const struct policy *policy,
                            const struct envelope *envelope);
/* submitter_may_sign - for facts->from. */
bool submitter_may_sign(const struct policy *policy, const struct facts *facts,
                        const struct envelope *envelope);
/* submitter_direction - of a submitter's message for an address. */
enum direction submitter_direction(const struct policy *policy, enum submitter submitter, const char *addr);

#endif
