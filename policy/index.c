/* index - rules filed under address patterns. */
#include "policy/index.h"

#define HASH_FROM 16 /* values; fewer are compared one by one */

struct index {
    struct patterns *from, *to;
};

static bool can_file(const struct condition *condition)
{
    return !condition->negated && (condition->kind == CONDITION_FROM || condition->kind == CONDITION_TO);
}

static struct patterns *side(const struct index *index, const struct condition *condition)
{
    return condition->kind == CONDITION_FROM ? index->from : index->to;
}

static size_t count_values(const struct policy *policy, enum condition_kind kind)
{
    size_t sum = 0;
    for (size_t i = 0; i < policy->nrules; i++)
        for (size_t k = 0; k < policy->rules[i].nconditions; k++) {
            const struct condition *condition = &policy->rules[i].conditions[k];
            sum += condition->kind == kind && can_file(condition) ? condition->nvalues : 0;
        }
    return sum;
}

static void count_rivals(struct index *index, const struct rule *rule)
{
    for (size_t i = 0; i < rule->nconditions; i++) {
        const struct condition *condition = &rule->conditions[i];
        for (size_t k = 0; can_file(condition) && k < condition->nvalues; k++)
            patterns_count(side(index, condition), condition->values[k]);
    }
}

/* How many rules one is a candidate together with, at worst. */
static size_t crowd(const struct index *index, const struct condition *condition)
{
    size_t most = 0;
    for (size_t i = 0; i < condition->nvalues; i++) {
        size_t rivals = patterns_rivals(side(index, condition), condition->values[i]);
        most = rivals > most ? rivals : most;
    }
    return most;
}

static const struct condition *best_condition(const struct index *index, const struct rule *rule)
{
    const struct condition *best = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < rule->nconditions; i++) {
        if (!can_file(&rule->conditions[i]))
            continue;
        size_t has = crowd(index, &rule->conditions[i]);
        if (has < least) {
            least = has;
            best = &rule->conditions[i];
        }
    }
    return best;
}

static void file_rule(struct index *index, const struct rule *rule, unsigned number)
{
    const struct condition *best = best_condition(index, rule);
    if (best == NULL) {
        patterns_add(index->to, "*", number);
        return;
    }
    for (size_t i = 0; i < best->nvalues; i++)
        patterns_add(side(index, best), best->values[i], number);
}

static void file_rules(struct policy *policy)
{
    struct index *index = arena_alloc(policy->arena, sizeof *index);
    index->from = patterns_new(policy->arena, count_values(policy, CONDITION_FROM));
    index->to = patterns_new(policy->arena, count_values(policy, CONDITION_TO));
    for (size_t i = 0; i < policy->nrules; i++)
        count_rivals(index, &policy->rules[i]);
    for (size_t i = 0; i < policy->nrules; i++)
        file_rule(index, &policy->rules[i], (unsigned)i);
    policy->index = index;
}

static void hash_values(struct arena *arena, struct condition *condition)
{
    bool patterns = condition->kind == CONDITION_FROM || condition->kind == CONDITION_TO;
    if (!patterns || condition->nvalues < HASH_FROM)
        return;
    condition->hashed = address_list_of(arena, condition->values, condition->nvalues);
}

void index_policy(struct policy *policy)
{
    file_rules(policy);
    for (size_t i = 0; i < policy->nrules; i++)
        for (size_t k = 0; k < policy->rules[i].nconditions; k++)
            hash_values(policy->arena, &policy->rules[i].conditions[k]);
}

void index_begin(const struct index *index, const char *from, const char *to, struct index_walk *out)
{
    patterns_find(index->from, from, &out->from);
    patterns_find(index->to, to, &out->to);
}

static size_t first_from(struct patterns_found *found, size_t rule)
{
    size_t first = SIZE_MAX;
    for (size_t i = 0; i < found->n; i++) {
        while (found->lists[i] != NULL && found->lists[i]->number < rule)
            found->lists[i] = found->lists[i]->next;
        if (found->lists[i] != NULL && found->lists[i]->number < first)
            first = found->lists[i]->number;
    }
    return first;
}

size_t index_next(struct index_walk *walk, size_t rule)
{
    size_t from = first_from(&walk->from, rule), to = first_from(&walk->to, rule);
    return from < to ? from : to;
}
