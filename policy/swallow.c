/* swallow - rules under the texts of their conditions, by hash alone: what is found is compared anyway. */
#include "policy/swallow.h"

#include "base/addr.h"
#include "policy/implies.h"

#include <stdlib.h>
#include <string.h>

#define VALUES_OF_ONE 8 /* a comparison of rules that have so many values counts as one */

struct entry {
    const struct rule *rule;
    size_t number;
    size_t nvalues; /* of all its conditions */
    size_t next;    /* index + 1; 0: the last */
};

/* Rules under one key, in the order in which they were added. */
struct chain {
    uint64_t key;
    size_t first, last; /* indexes + 1; 0: free */
    size_t n;
};

struct swallow {
    struct entry *entries;
    size_t nentries, entries_cap;
    struct chain *chains; /* open addressing; the last one is never used up */
    size_t nchains, chains_cap;
    struct entry *others; /* rules that have no key */
    size_t nothers, others_cap;
    size_t list_max; /* what comparing a rule with one chain, or with those without a key, may cost */
};

struct swallow *swallow_new(size_t list_max)
{
    struct swallow *index = xcalloc(1, sizeof *index);
    index->list_max = list_max;
    index->chains_cap = 64;
    index->chains = xcalloc(index->chains_cap, sizeof *index->chains);
    return index;
}

void swallow_free(struct swallow **index)
{
    if (*index == NULL)
        return;
    free((*index)->entries);
    free((*index)->chains);
    free((*index)->others);
    free(*index);
    *index = NULL;
}

/* ---- keys ---- */

/* FNV-1a over what a condition asks for and a text. */
static uint64_t add_text(uint64_t key, const char *text)
{
    for (; *text != '\0'; text++)
        key = (key ^ (unsigned char)(*text >= 'A' && *text <= 'Z' ? *text | 0x20 : *text)) * 0x100000001b3u;
    return (key ^ 0xff) * 0x100000001b3u;
}

static uint64_t key_of(const struct condition *c, const char *prefix, const char *text)
{
    uint64_t key = 0xcbf29ce484222325u ^ ((uint64_t)c->kind << 8 | (uint64_t)c->test);
    if (c->name != NULL)
        key = add_text(key, c->name);
    return add_text(add_text(key, prefix), text);
}

static bool has_wildcard(const char *text)
{
    return strpbrk(text, "*?") != NULL;
}

static bool is_about_addresses(const struct condition *c)
{
    return c->kind == CONDITION_FROM || c->kind == CONDITION_TO;
}

/* The key of an address pattern; false for one that can hold what its text does not show. */
static bool pattern_key(const struct condition *c, const char *pattern, uint64_t *key_out)
{
    bool below = strncmp(pattern, "*.", 2) == 0, whole = strncmp(pattern, "*@", 2) == 0;
    const char *rest = pattern + (below || whole ? 2 : 0);
    *key_out = key_of(c, below ? "*." : "", rest);
    return !has_wildcard(rest) && !(below && strchr(rest, '@') != NULL);
}

static bool is_about_groups(const struct condition *c)
{
    return c->kind == CONDITION_GROUP || c->kind == CONDITION_FILE;
}

static size_t count_values(const struct condition *c)
{
    return is_about_groups(c) ? c->ngroups : c->nvalues;
}

static size_t count_all_values(const struct rule *rule)
{
    size_t n = 0;
    for (size_t i = 0; i < rule->nconditions; i++)
        n += count_values(&rule->conditions[i]);
    return n;
}

static bool value_key(const struct condition *c, size_t value, uint64_t *key_out)
{
    if (is_about_groups(c)) {
        *key_out = key_of(c, "", "") ^ (uint64_t)c->groups[value] * 0x9e3779b97f4a7c15u;
        return true;
    }
    if (is_about_addresses(c))
        return pattern_key(c, c->values[value], key_out);
    *key_out = key_of(c, "", c->values[value]);
    return c->kind != CONDITION_CLIENT ||
           strpbrk(c->values[value], "/:") == NULL; /* no network holds others */
}

/* ---- adding ---- */

static struct chain *find_chain(const struct swallow *index, uint64_t key)
{
    size_t at = (size_t)key & (index->chains_cap - 1);
    while (index->chains[at].first != 0 && index->chains[at].key != key)
        at = (at + 1) & (index->chains_cap - 1);
    return &index->chains[at];
}

static void make_room(struct swallow *index)
{
    if (index->nchains < index->chains_cap / 2)
        return;
    struct chain *old = index->chains;
    size_t n = index->chains_cap;
    index->chains_cap *= 2;
    index->chains = xcalloc(index->chains_cap, sizeof *index->chains);
    for (size_t i = 0; i < n; i++)
        if (old[i].first != 0)
            *find_chain(index, old[i].key) = old[i];
    free(old);
}

static void append(struct entry **entries, size_t *n, size_t *cap, struct entry entry)
{
    if (*n == *cap) {
        *cap = *cap == 0 ? 64 : *cap * 2;
        *entries = xrealloc(*entries, *cap * sizeof **entries);
    }
    (*entries)[(*n)++] = entry;
}

static void add_under(struct swallow *index, uint64_t key, const struct entry *entry)
{
    make_room(index);
    struct chain *chain = find_chain(index, key);
    append(&index->entries, &index->nentries, &index->entries_cap, *entry);
    if (chain->first == 0) {
        *chain = (struct chain){.key = key, .first = index->nentries};
        index->nchains++;
    } else {
        index->entries[chain->last - 1].next = index->nentries;
    }
    chain->last = index->nentries;
    chain->n++;
}

/* How many rules stand under the condition's keys already; SIZE_MAX: it cannot be an anchor. */
static size_t crowd(const struct swallow *index, const struct condition *c)
{
    size_t n = 0;
    uint64_t key;
    if (c->negated || count_values(c) == 0)
        return SIZE_MAX;
    for (size_t i = 0; i < count_values(c); i++) {
        if (!value_key(c, i, &key))
            return SIZE_MAX;
        n += find_chain(index, key)->n;
    }
    return n;
}

void swallow_add(struct swallow *index, const struct rule *rule, size_t number)
{
    const struct condition *anchor = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < rule->nconditions && least > 0; i++) {
        size_t n = crowd(index, &rule->conditions[i]);
        if (n < least) {
            least = n;
            anchor = &rule->conditions[i];
        }
    }
    const struct entry entry = {.rule = rule, .number = number, .nvalues = count_all_values(rule)};
    if (anchor == NULL)
        append(&index->others, &index->nothers, &index->others_cap, entry);
    for (size_t i = 0; anchor != NULL && i < count_values(anchor); i++) {
        uint64_t key;
        if (value_key(anchor, i, &key))
            add_under(index, key, &entry);
    }
}

/* ---- looking up ---- */

struct search {
    const struct swallow *index;
    const struct rule *rule;
    size_t nvalues;
    const struct entry *first; /* found so far */
    struct swallow_search *out;
};

/* Whether this entry ends the search of its list. */
static bool look_at(struct search *s, const struct entry *entry, size_t *left)
{
    if (s->first != NULL && entry->number >= s->first->number)
        return true;
    size_t cost = 1 + (entry->nvalues + s->nvalues) / VALUES_OF_ONE;
    if (cost > *left) {
        s->out->cut = true;
        return true;
    }
    *left -= cost;
    s->out->compared++;
    s->out->cost += cost;
    if (!rule_swallows(entry->rule, s->rule))
        return false;
    s->first = entry;
    return true;
}

static void look_under(struct search *s, uint64_t key)
{
    const struct entry *entries = s->index->entries;
    size_t left = s->index->list_max;
    for (size_t at = find_chain(s->index, key)->first; at != 0; at = entries[at - 1].next)
        if (look_at(s, &entries[at - 1], &left))
            return;
}

static void look_at_others(struct search *s)
{
    size_t left = s->index->list_max;
    for (size_t i = 0; i < s->index->nothers; i++)
        if (look_at(s, &s->index->others[i], &left))
            return;
}

/* Its own text, its domain, and all that this domain is below. */
static void look_for_pattern(struct search *s, const struct condition *c, const char *pattern)
{
    const char *domain = strchr(pattern, '@') != NULL ? addr_domain(pattern) : pattern;
    look_under(s, key_of(c, "", pattern));
    if (domain != pattern)
        look_under(s, key_of(c, "", domain));
    for (const char *dot = strchr(domain, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
        look_under(s, key_of(c, "*.", dot + 1));
}

/* Whatever swallows the rule holds every value of this condition; so it holds the first. */
static void look_for_condition(struct search *s, const struct condition *c)
{
    uint64_t key;
    if (c->negated || count_values(c) == 0)
        return;
    if (is_about_addresses(c))
        look_for_pattern(s, c, c->values[0]);
    else if (value_key(c, 0, &key))
        look_under(s, key);
}

const struct rule *swallow_find(const struct swallow *index, const struct rule *rule,
                                struct swallow_search *out)
{
    struct search s = {.index = index, .rule = rule, .nvalues = count_all_values(rule), .out = out};
    *out = (struct swallow_search){.compared = 0};
    look_at_others(&s);
    for (size_t i = 0; i < rule->nconditions; i++)
        look_for_condition(&s, &rule->conditions[i]);
    return s.first == NULL ? NULL : s.first->rule;
}
