/*
 * patterns - many address patterns, of which those that can fit an address are found by hash.
 *
 * An address, a domain, and all below a domain have a key of their own; "sales-*@bank.example" is found by its domain. The few patterns
 * without a key ("alice@*") are candidates always. A candidate need not fit: addr_matches() judges. What is no candidate does not fit.
 *
 * threads  any number may read
 */
#ifndef POLICY_PATTERNS_H
#define POLICY_PATTERNS_H

#include "base/addr.h"
#include "base/arena.h"

struct patterns;

/* Numbers that were given with patterns, ascending; a number may stand in several lists. */
struct posting {
    unsigned number;
    const struct posting *next;
};
#define PATTERNS_FOUND_MAX ADDR_MAX /* a domain has fewer labels than octets */
struct patterns_found {
    const struct posting *lists[PATTERNS_FOUND_MAX];
    size_t n;
};

/* patterns_new - room for so many; keys are compared with the patterns' own texts, which must live as long. */
struct patterns *patterns_new(struct arena *arena, size_t max);
/* patterns_count - says that it will be added perhaps. */
void patterns_count(struct patterns *patterns, const char *pattern);
/* patterns_rivals - how many with the same key were counted; SIZE_MAX when the pattern has no key. */
size_t patterns_rivals(const struct patterns *patterns, const char *pattern);
/* patterns_add - numbers come in ascending order. */
void patterns_add(struct patterns *patterns, const char *pattern, unsigned number);
/* patterns_find - the lists of all candidates for a canonical address. */
void patterns_find(const struct patterns *patterns, const char *addr, struct patterns_found *out);

#endif
