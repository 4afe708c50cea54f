/* check_directions - what a rule asks for, or does, that mail of its directions never has. */
#include "policy/checking.h"

#define SUBMITTED (BIT(DIRECTION_OUTBOUND) | BIT(DIRECTION_INTERNAL))
#define FOR_US    (BIT(DIRECTION_INBOUND) | BIT(DIRECTION_INTERNAL))

static const char *directions_text(struct checking *c, unsigned directions)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(SIZE_MAX);
    for (enum direction d = DIRECTION_TRANSIT; d <= DIRECTION_INBOUND; d++)
        if ((directions & BIT(d)) != 0)
            buf_printf(&text, "%s%s", text.len > 0 ? " or " : "", direction_name(d));
    return arena_strdup(c->arena, buf_str(&text));
}

static struct condition to_any(const char **patterns, size_t n)
{
    return (struct condition){.kind = CONDITION_TO, .values = patterns, .nvalues = n};
}

static bool names_others_only(const struct policy *policy, const struct condition *to)
{
    const struct condition ours = to_any(policy->domains, policy->ndomains);
    return policy->ndomains > 0 && condition_excludes(to, &ours);
}

static bool names_ours_only(const struct policy *policy, const struct condition *to)
{
    const struct condition ours = to_any(policy->domains, policy->ndomains),
                           aliases = to_any(policy->aliases, policy->naliases);
    return policy->ndomains > 0 && condition_implies(to, &ours) &&
           (policy->naliases == 0 || condition_excludes(to, &aliases));
}

static void check_recipients(struct checking *c, const struct rule *rule, const struct condition *to)
{
    unsigned directions = rule_directions(rule);
    bool for_us = (directions & ~FOR_US) == 0, for_others = (directions & FOR_US) == 0;
    const char *whom = for_us && names_others_only(c->policy, to)     ? "others alone"
                       : for_others && names_ours_only(c->policy, to) ? "addresses of ours alone"
                                                                      : NULL;
    if (whom != NULL)
        check_warning(c, to->line, "rule \"%s\" can never match: '%s' names %s, and no mail for them is %s",
                      rule->name, check_condition_text(c, to), whom, directions_text(c, directions));
}

static void check_condition(struct checking *c, const struct rule *rule, const struct condition *condition)
{
    bool submitted = (rule_directions(rule) & SUBMITTED) != 0, for_us = (rule_directions(rule) & FOR_US) != 0;
    if (condition->kind == CONDITION_TO)
        check_recipients(c, rule, condition);
    else if (condition->kind == CONDITION_KEYWORD && !condition->negated && !submitted)
        check_warning(c, condition->line,
                      "rule \"%s\" can never match: '%s' holds of submitted mail only, and no %s mail is",
                      rule->name, check_condition_text(c, condition),
                      directions_text(c, rule_directions(rule)));
    else if (condition->kind == CONDITION_VERIFIED && !for_us)
        check_warning(c, condition->line,
                      "rule \"%s\": '%s' is asked of mail that is not for us: nothing of it is opened",
                      rule->name, check_condition_text(c, condition));
}

static void check_step(struct checking *c, const struct rule *rule, const struct step *step)
{
    bool submitted = (rule_directions(rule) & SUBMITTED) != 0, for_us = (rule_directions(rule) & FOR_US) != 0;
    if (step->kind == STEP_GENERATE && !submitted)
        check_warning(c, step->line,
                      "rule \"%s\": '%s' does nothing: who sends mail from outside is given no key",
                      rule->name, check_step_text(c, step));
    else if ((step->kind == STEP_SIGN || step->kind == STEP_ATTACH) && !submitted)
        check_warning(c, step->line, "rule \"%s\": '%s' does nothing: mail from outside is never signed",
                      rule->name, check_step_text(c, step));
    else if (step->kind == STEP_AUTOCRYPT && !submitted)
        check_warning(c, step->line,
                      "rule \"%s\": '%s' does nothing: keys go into mail of our own users alone", rule->name,
                      check_step_text(c, step));
    else if (step->kind == STEP_DETACH && (rule_directions(rule) & BIT(DIRECTION_INBOUND)) == 0)
        check_warning(c, step->line,
                      "rule \"%s\": '%s' does nothing: keys leave only mail from outside that is for us",
                      rule->name, check_step_text(c, step));
    else if (step->kind == STEP_DECRYPT && !for_us)
        check_warning(c, step->line, "rule \"%s\": '%s' does nothing: only mail for us is opened", rule->name,
                      check_step_text(c, step));
}

void check_directions(struct checking *c, const struct rule *rule)
{
    for (size_t i = 0; i < rule->nconditions; i++)
        check_condition(c, rule, &rule->conditions[i]);
    for (size_t i = 0; i < rule->nsteps; i++)
        check_step(c, rule, &rule->steps[i]);
}
