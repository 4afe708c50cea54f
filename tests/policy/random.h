/*
 * random - policies and facts that chance makes: every condition and step of the language, and any facts about a message.
 *
 * A seed gives the same case everywhere. The case is a site; see site.h.
 */
#ifndef TESTS_POLICY_RANDOM_H
#define TESTS_POLICY_RANDOM_H

#include "site.h"

#define RANDOM_RCPTS_MAX 12

void random_seed(uint64_t n);
unsigned random_below(unsigned n); /* 0 .. n - 1 */

/* random_policy - text that parses, with the files that site_new() knows; a rule for all mail stands at its end. */
void random_policy(struct buf *out);
/* random_site - a random policy and random facts, all of them known. */
struct site *random_site(uint64_t seed);
/* random_views - what opening and verifying shows, anew. */
void random_views(struct site *site);

#endif
