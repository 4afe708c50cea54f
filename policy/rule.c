/* rule - questions about a policy and its rules. */
#include "policy/policy_internal.h"

#include "base/addr.h"

#include <stdlib.h>

void policy_free(struct policy **policy)
{
    if (*policy == NULL)
        return;
    arena_free(&(*policy)->arena);
    free(*policy);
    *policy = NULL;
}

size_t policy_memory(const struct policy *policy)
{
    return arena_taken(policy->arena);
}

const char *const *policy_domains(const struct policy *policy, size_t *n_out)
{
    *n_out = policy->ndomains;
    return policy->domains;
}

const struct keyword *policy_keywords(const struct policy *policy, size_t *n_out)
{
    *n_out = policy->nkeywords;
    return policy->keywords;
}

const struct sign_grant *policy_grants(const struct policy *policy, size_t *n_out)
{
    *n_out = policy->ngrants;
    return policy->grants;
}

const struct policy_group *policy_groups(const struct policy *policy, size_t *n_out)
{
    *n_out = policy->ngroups;
    return policy->groups;
}

const char *const *policy_attributes(const struct policy *policy, size_t *n_out)
{
    *n_out = policy->nattributes;
    return policy->attributes;
}

const char *const *policy_certificates(const struct policy *policy, size_t *n_out)
{
    *n_out = policy->ncertificates;
    return policy->certificates;
}

const char *const *policy_tags(const struct policy *policy, size_t *n_out)
{
    *n_out = policy->ntags;
    return policy->tags;
}

static bool matches_any(const char *addr, const char *const *patterns, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (addr_matches(addr, patterns[i]))
            return true;
    return false;
}

bool policy_is_external_alias(const struct policy *policy, const char *addr)
{
    return matches_any(addr, policy->aliases, policy->naliases);
}

bool policy_is_ours(const struct policy *policy, const char *addr)
{
    return matches_any(addr, policy->domains, policy->ndomains) && !policy_is_external_alias(policy, addr);
}

const struct step *rule_step(const struct rule *rule, enum step_kind kind)
{
    for (size_t i = 0; i < rule->nsteps; i++)
        if (rule->steps[i].kind == kind)
            return &rule->steps[i];
    return NULL;
}

bool rule_continues(const struct rule *rule)
{
    return rule_step(rule, STEP_CONTINUE) != NULL;
}

bool step_ends_alone(enum step_kind kind)
{
    return kind == STEP_PASS || kind == STEP_VERBATIM || kind == STEP_REFUSE || kind == STEP_RETURN ||
           kind == STEP_DISCARD || kind == STEP_HOLD;
}

bool step_stands_beside(enum step_kind kind)
{
    return kind == STEP_COPY || kind == STEP_FORWARD || kind == STEP_NOTIFY || kind == STEP_ALERT;
}

bool step_repeats(enum step_kind kind)
{
    return step_stands_beside(kind) || kind == STEP_HEADER || kind == STEP_ATTACH || kind == STEP_GENERATE;
}

bool step_is_required(const struct step *step)
{
    return step->otherwise != OTHERWISE_SKIP;
}

unsigned rule_directions(const struct rule *rule)
{
    const unsigned all =
        BIT(DIRECTION_TRANSIT) | BIT(DIRECTION_OUTBOUND) | BIT(DIRECTION_INTERNAL) | BIT(DIRECTION_INBOUND);
    unsigned set = all;
    for (size_t i = 0; i < rule->nconditions; i++)
        if (rule->conditions[i].kind == CONDITION_DIRECTION)
            set &= rule->conditions[i].negated ? ~rule->conditions[i].set : rule->conditions[i].set;
    return set;
}

bool condition_asks_inside(const struct condition *condition)
{
    return condition->kind == CONDITION_VERIFIED;
}

bool rule_asks_inside(const struct rule *rule)
{
    for (size_t i = 0; i < rule->nconditions; i++)
        if (condition_asks_inside(&rule->conditions[i]))
            return true;
    return false;
}

bool rule_has_keyword(const struct rule *rule)
{
    for (size_t i = 0; i < rule->nconditions; i++)
        if (rule->conditions[i].kind == CONDITION_KEYWORD && !rule->conditions[i].negated)
            return true;
    return false;
}

bool method_is_available(enum method method)
{
    return method == METHOD_SMIME || method == METHOD_OPENPGP;
}

bool step_has_method(const struct step *step)
{
    for (size_t i = 0; i < step->nmethods; i++)
        if (method_is_available(step->methods[i]))
            return true;
    return step->nmethods == 0;
}

/* Its messages go out by injection; a redirected one too. */
static bool step_sends(const struct step *step)
{
    return step->kind == STEP_COPY || step->kind == STEP_FORWARD || step->kind == STEP_REDIRECT ||
           step->kind == STEP_NOTIFY || step->kind == STEP_ALERT || step->kind == STEP_RETURN ||
           step->otherwise == OTHERWISE_RETURN;
}

const char *policy_sends(const struct policy *policy)
{
    for (size_t i = 0; i < policy->nrules; i++)
        for (size_t k = 0; k < policy->rules[i].nsteps; k++)
            if (step_sends(&policy->rules[i].steps[k]))
                return policy->rules[i].name;
    return NULL;
}
