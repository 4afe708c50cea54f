/*
 * swallow - which earlier rules could swallow a later one, without comparing all pairs.
 *
 * What swallows a rule has only conditions that the rule's own imply. So it is found under one of its conditions' values (its anchor), and looked
 * up under those values of the later rule's that could lie within. Rules without such a condition are candidates for all.
 *
 * Thousands of rules can share a value and still swallow nothing of each other ("from a@b.example, size under N"). So a rule is compared with so
 * many of one list at most: the first ones, which are the likeliest to be general. Rules with long lists of values count as several.
 */
#ifndef POLICY_SWALLOW_H
#define POLICY_SWALLOW_H

#include "policy/policy_internal.h"

struct swallow;

/* swallow_new - list_max: with how many rules of a few values a rule is compared at most, of those under one value. */
struct swallow *swallow_new(size_t list_max);
void swallow_free(struct swallow **index);

/* swallow_add - a rule, borrowed; number is its place among the rules. */
void swallow_add(struct swallow *index, const struct rule *rule, size_t number);

struct swallow_search {
    size_t compared; /* with how many rules */
    size_t cost;     /* in rules of a few values */
    bool cut;        /* with fewer than could swallow it */
};

/* swallow_find - the first rule added that swallows this one, among those that it was compared with; NULL: none. */
const struct rule *swallow_find(const struct swallow *index, const struct rule *rule,
                                struct swallow_search *out);

#endif
