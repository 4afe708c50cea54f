/*
 * index - the rules that can match a recipient, as far as addresses tell: in order, without looking at the others.
 *
 * A rule is filed under the patterns of one of its `from` or `to` conditions: the one that tells it best from other rules. A rule
 * without such a condition is a candidate always. Private to policy/.
 */
#ifndef POLICY_INDEX_H
#define POLICY_INDEX_H

#include "policy/patterns.h"
#include "policy/policy_internal.h"

/* index_policy - when all rules are there: files them, and hashes the values of conditions that have many. */
void index_policy(struct policy *policy);

/* The candidates for one sender and one recipient. */
struct index_walk {
    struct patterns_found from, to;
};
void index_begin(const struct index *index, const char *from, const char *to, struct index_walk *out);
/* index_next - the first candidate at or behind a rule; SIZE_MAX: there is none. Never goes back. */
size_t index_next(struct index_walk *walk, size_t rule);

#endif
