/*
 * swallow - which earlier rules could swallow a later one, without comparing all pairs.
 *
 * What swallows a rule has only conditions that the rule's own imply. So it is found under one of its conditions' values (its anchor), and looked
 * up under those values of the later rule's that could lie within. Rules without such a condition are candidates for all.
 */
#ifndef POLICY_SWALLOW_H
#define POLICY_SWALLOW_H

#include "policy/policy_internal.h"

struct swallow;

struct swallow *swallow_new(void);
void swallow_free(struct swallow **index);

/* swallow_add - a rule, borrowed; number is its place among the rules. */
void swallow_add(struct swallow *index, const struct rule *rule, size_t number);

/* swallow_find - the first rule added that swallows this one; NULL: none. */
const struct rule *swallow_find(const struct swallow *index, const struct rule *rule);

#endif
