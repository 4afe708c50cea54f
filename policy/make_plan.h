/*
 * make_plan - recipients with the same treatment share one copy: step 5. Pure.
 *
 * In place stays the group whose operations are only hygiene, else the largest, else the first recipient's; never what goes to another
 * address. RSA and EC recipients never share an envelope. A hidden recipient of an encrypted message gets a copy of its own up to
 * max-hidden; above, the hidden ones share one copy apart from the listed ones; so do the further copies made on their account. More
 * than max-copies copies, further ones counted: the message is deferred (452). The heaviest disposition settles the message: refuse,
 * tempfail, hold, serve; `discard` and `return` take only their own recipients out.
 */
#ifndef POLICY_MAKE_PLAN_H
#define POLICY_MAKE_PLAN_H

#include "conf/settings.h"
#include "model/plan.h"

int make_plan(const struct settings *settings, const struct facts *facts, const struct decision *decisions,
              struct arena *arena, struct plan **out, struct err *err) SEAL_CHECKED;

#endif
