/* implies - whether one rule leaves anything for another to match. Private to policy/. */
#ifndef POLICY_IMPLIES_H
#define POLICY_IMPLIES_H

#include "policy/policy_internal.h"

/* condition_implies - wherever a holds, b holds. May miss a case; never claims a wrong one. */
bool condition_implies(const struct condition *a, const struct condition *b);
/* rule_swallows - earlier matches whatever later could match, and ends there. */
bool rule_swallows(const struct rule *earlier, const struct rule *later);

#endif
