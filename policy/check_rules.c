/* check_rules - rules among each other. */
#include "policy/checking.h"
#include "policy/swallow.h"

bool check_requires_encryption(const struct rule *rule)
{
    const struct step *encrypt = rule_step(rule, STEP_ENCRYPT);
    return encrypt != NULL && encrypt->otherwise != OTHERWISE_SKIP;
}

static bool is_void(const struct rule *rule)
{
    const struct condition *one, *other;
    return rule_directions(rule) == 0 || rule_contradiction(rule, &one, &other);
}

static void check_cut(struct checking *c, const struct rule *first, size_t n)
{
    if (n > 0)
        check_warning(
            c, first->line,
            "rule \"%s\": %zu rules from here on were not compared with all of the many earlier ones for "
            "the same mail: whether they can ever match is not known",
            first->name, n);
}

/* A rule that another swallows swallows nothing that the other does not. */
static void check_swallowed(struct checking *c)
{
    size_t ncut = 0;
    const struct rule *first_cut = NULL;
    SEAL_CLEANUP(swallow_free) struct swallow *index = swallow_new(check_share(c));
    for (size_t i = 0; i < c->policy->nrules; i++) {
        const struct rule *rule = &c->policy->rules[i];
        struct swallow_search search = {.cut = false};
        const struct rule *earlier = is_void(rule) ? NULL : swallow_find(index, rule, &search);
        if (earlier != NULL)
            check_warning(c, rule->line,
                          "rule \"%s\" can never match: rule \"%s\" in line %u takes all its mail",
                          rule->name, earlier->name, earlier->line);
        else if (!rule_continues(rule))
            swallow_add(index, rule, i);
        if (earlier == NULL && search.cut && ncut++ == 0)
            first_cut = rule;
    }
    check_cut(c, first_cut, ncut);
}

/* A user's keyword that takes mail away from a rule which requires encryption. */
static bool may_escape(const struct rule *rule)
{
    return rule_has_keyword(rule) && !check_requires_encryption(rule) && !rule_continues(rule) &&
           rule_step(rule, STEP_REFUSE) == NULL && rule_step(rule, STEP_RETURN) == NULL &&
           rule_step(rule, STEP_DISCARD) == NULL;
}

/* The next rule that requires encryption, for each: nrules when there is none. */
static void find_required(const struct policy *policy, size_t *next)
{
    next[policy->nrules] = policy->nrules;
    for (size_t i = policy->nrules; i > 0; i--)
        next[i - 1] = check_requires_encryption(&policy->rules[i - 1]) ? i - 1 : next[i];
}

static void check_escape(struct checking *c, const size_t *next, size_t at)
{
    const struct rule *rule = &c->policy->rules[at];
    for (size_t i = next[at + 1]; i < c->policy->nrules; i = next[i + 1]) {
        const struct rule *later = &c->policy->rules[i];
        if (check_excludes(c, rule, later))
            continue;
        check_warning(c, rule->line,
                      "rule \"%s\": its keyword lets mail escape from rule \"%s\", which requires encryption",
                      rule->name, later->name);
        return;
    }
}

void check_rules(struct checking *c)
{
    SEAL_CLEANUP(mem_free) size_t *next = xcalloc(c->policy->nrules + 1, sizeof *next);
    check_swallowed(c);
    find_required(c->policy, next);
    for (size_t i = 0; i < c->policy->nrules; i++)
        if (may_escape(&c->policy->rules[i]))
            check_escape(c, next, i);
}
