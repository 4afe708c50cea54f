/* implies - comparing conditions and rules by what they say, not by facts. Each may miss a case; none claims a wrong one. Private to policy/. */
#ifndef POLICY_IMPLIES_H
#define POLICY_IMPLIES_H

#include "policy/policy_internal.h"

/* condition_implies - wherever a holds, b holds. */
bool condition_implies(const struct condition *a, const struct condition *b);
/* rule_swallows - earlier matches whatever later could match, and ends there. */
bool rule_swallows(const struct rule *earlier, const struct rule *later);

/* ---- excludes.c ---- */

/* condition_excludes - nowhere do both hold. */
bool condition_excludes(const struct condition *a, const struct condition *b);
/* rule_excludes - no message matches both rules for one recipient. */
bool rule_excludes(const struct rule *a, const struct rule *b);
/* rule_contradiction - two of its conditions that exclude each other; false: none. */
bool rule_contradiction(const struct rule *rule, const struct condition **one_out,
                        const struct condition **other_out);

#endif
