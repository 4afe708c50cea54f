/*
 * check_pairs - rules compared with each other, in bounded time.
 *
 * Of some hundreds of rules all pairs are compared. Of thousands each is compared with a share of the others, and that is said; rules with
 * long lists of values count as several.
 */
#include "policy/checking.h"

#define COSTS_OF_ONE 16 /* pairs of values: as long as comparing two rules takes anyway */

size_t check_share(const struct checking *c)
{
    size_t share = COMPARED_MAX / (c->policy->nrules + 1);
    return share > COMPARED_FLOOR ? share : COMPARED_FLOOR;
}

static size_t count_values(const struct rule *rule)
{
    size_t n = 1;
    for (size_t i = 0; i < rule->nconditions; i++)
        n += rule->conditions[i].nvalues;
    return n;
}

static void note_cut(struct checking *c, const struct rule *rule)
{
    if (c->last_cut == rule)
        return;
    c->last_cut = rule;
    c->ncut++;
    if (c->first_cut == NULL || rule->line < c->first_cut->line)
        c->first_cut = rule;
}

bool check_excludes(struct checking *c, const struct rule *rule, const struct rule *other)
{
    size_t values = count_values(other);
    if (c->comparing != rule) {
        c->comparing = rule;
        c->comparing_values = count_values(rule);
        c->compare_left = check_share(c);
    }
    size_t cost = 1 + c->comparing_values * values / COSTS_OF_ONE;
    if (cost > c->compare_left) {
        c->compare_left = 0;
        note_cut(c, rule);
        return true;
    }
    c->compare_left -= cost;
    return rule_excludes(rule, other);
}

void check_pairs_end(struct checking *c)
{
    if (c->ncut > 0)
        check_warning(
            c, c->first_cut->line,
            "rule \"%s\": %zu rules from here on were not compared with all others: whether mail escapes "
            "from them, leaves in clear, or tells what is inside ciphertext, is not known of each pair",
            c->first_cut->name, c->ncut);
}
