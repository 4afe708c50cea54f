/*
 * address_list - a file of addresses: one pattern a line, as seal-policy(5) writes patterns; # begins a comment.
 *
 * Parsed once. Addresses, domains, *.domain and *@domain are found by hashing, so that a list may have hundreds of thousands of them;
 * other wildcards are tried one by one. Private to policy/.
 */
#ifndef POLICY_ADDRESS_LIST_H
#define POLICY_ADDRESS_LIST_H

#include "base/arena.h"

struct address_list {
    const char *path;
    size_t n; /* patterns in the file */
    const char **
        slots; /* open addressing, mask + 1 of them: "a@b.example", "b.example", ".b.example" for all below it */
    size_t mask;
    const char **wildcards; /* addr_matches() */
    size_t nwildcards;
};

/* address_list_parse - out in arena. ERR_CONFIG "file:line: found .., expected ..". */
int address_list_parse(struct arena *arena, const char *path, struct span text, struct address_list **out,
                       struct err *err) SEAL_CHECKED;
/* address_list_of - patterns that are canonical already. */
struct address_list *address_list_of(struct arena *arena, const char *const *patterns, size_t n);
/* address_list_has - whether a canonical address fits one of its patterns; the null sender fits none. */
bool address_list_has(const struct address_list *list, const char *addr);

#endif
