/* check_leaks - mail that must be encrypted, or was, and leaves in clear all the same. */
#include "policy/checking.h"

static bool is_strangers(const struct checking *c, const struct step *step)
{
    return step->nto > 0 && !policy_is_ours(c->policy, step->to[0]);
}

static bool is_sent_on(const struct step *step)
{
    return step->kind == STEP_COPY || step->kind == STEP_FORWARD || step->kind == STEP_REDIRECT;
}

/* A copy is the message as the steps above it left it. */
static bool stands_above(const struct rule *rule, const struct step *step, enum step_kind kind)
{
    for (const struct step *above = rule->steps; above < step; above++)
        if (above->kind == kind)
            return true;
    return false;
}

static void check_copies(struct checking *c, const struct rule *rule)
{
    bool required = check_requires_encryption(rule), encrypts = rule_step(rule, STEP_ENCRYPT) != NULL;
    bool opens = rule_step(rule, STEP_DECRYPT) != NULL;
    for (size_t i = 0; i < rule->nsteps; i++) {
        const struct step *step = &rule->steps[i];
        bool copy = step->kind == STEP_COPY;
        if (!is_sent_on(step) || !is_strangers(c, step))
            continue;
        if (copy && required && !stands_above(rule, step, STEP_ENCRYPT))
            check_warning(c, step->line,
                          "rule \"%s\": '%s' leaves in clear, to an address that is not ours, what must be "
                          "encrypted: put "
                          "it below 'encrypt'",
                          rule->name, check_step_text(c, step));
        else if (opens &&
                 (copy ? stands_above(rule, step, STEP_DECRYPT) && !stands_above(rule, step, STEP_ENCRYPT)
                       : !encrypts))
            check_warning(c, step->line,
                          "rule \"%s\": '%s' sends what was opened to an address that is not ours",
                          rule->name, check_step_text(c, step));
    }
}

/* The next rule that requires encryption of mail that this one has let go on. */
static const struct rule *required_later(struct checking *c, size_t at)
{
    for (size_t i = at + 1; i < c->policy->nrules; i++)
        if (check_requires_encryption(&c->policy->rules[i]) &&
            !check_excludes(c, &c->policy->rules[at], &c->policy->rules[i]))
            return &c->policy->rules[i];
    return NULL;
}

/* Whether it goes on in clear what a rule opened, for all that this step sends. */
static bool sends_opened(const struct rule *rule, const struct step *step)
{
    return step->kind == STEP_COPY ? !stands_above(rule, step, STEP_ENCRYPT)
                                   : rule_step(rule, STEP_ENCRYPT) == NULL;
}

static void warn_opened(struct checking *c, const struct rule *rule, const struct step *step,
                        const struct rule *opener)
{
    check_warning(c, step->line,
                  "rule \"%s\": '%s' sends what rule \"%s\" opens to an address that is not ours", rule->name,
                  check_step_text(c, step), opener->name);
}

static bool opens_for_good(const struct rule *rule)
{
    return rule_step(rule, STEP_DECRYPT) != NULL && rule_step(rule, STEP_ENCRYPT) == NULL;
}

static const struct step *opened_for_strangers(const struct checking *c, const struct rule *rule,
                                               enum step_kind except)
{
    for (size_t i = 0; i < rule->nsteps; i++) {
        const struct step *step = &rule->steps[i];
        if (is_sent_on(step) && step->kind != except && is_strangers(c, step) && sends_opened(rule, step))
            return step;
    }
    return NULL;
}

/* What `continue` leads to opens what this rule sends on, or sends on what it opens. A copy in this one is made before that. */
static void check_opened(struct checking *c, size_t at)
{
    const struct rule *rule = &c->policy->rules[at];
    bool opens = opens_for_good(rule);
    const struct step *sent = opens ? NULL : opened_for_strangers(c, rule, STEP_COPY);
    for (size_t i = at + 1; i < c->policy->nrules && (opens || sent != NULL); i++) {
        const struct rule *later = &c->policy->rules[i];
        const struct step *step = sent;
        if (opens)
            step = opened_for_strangers(c, later, STEPS);
        else if (!opens_for_good(later))
            step = NULL;
        if (step == NULL || check_excludes(c, rule, later))
            continue;
        warn_opened(c, opens ? later : rule, step, opens ? rule : later);
        return;
    }
}

/* Steps that cannot be taken together with those of a rule to which `continue` leads. */
static void check_continued(struct checking *c, size_t at)
{
    const struct rule *rule = &c->policy->rules[at], *later = NULL;
    for (size_t i = 0; i < rule->nsteps; i++) {
        const struct step *step = &rule->steps[i];
        bool leaves = step->kind == STEP_COPY && is_strangers(c, step);
        if (!leaves && step->kind != STEP_HOLD)
            continue;
        if (later == NULL)
            later = required_later(c, at);
        if (later == NULL)
            return;
        check_warning(
            c, step->line,
            step->kind == STEP_HOLD
                ? "rule \"%s\": '%s' defers mail that rule \"%s\" wants encrypted: what is held is released "
                  "in clear"
                : "rule \"%s\": '%s' leaves in clear, to an address that is not ours, what rule \"%s\" wants "
                  "encrypted",
            rule->name, check_step_text(c, step), later->name);
    }
}

static void check_held_later(struct checking *c, size_t at)
{
    const struct rule *rule = &c->policy->rules[at];
    for (size_t i = at + 1; i < c->policy->nrules; i++) {
        const struct rule *later = &c->policy->rules[i];
        const struct step *hold = rule_step(later, STEP_HOLD);
        if (hold == NULL || check_excludes(c, rule, later))
            continue;
        check_warning(c, hold->line,
                      "rule \"%s\": '%s' defers mail that rule \"%s\" wants encrypted: what is held is "
                      "released in clear",
                      later->name, check_step_text(c, hold), rule->name);
        return;
    }
}

/* What is held is released one day without passing here again. */
static void check_hold(struct checking *c, const struct rule *rule)
{
    const struct step *hold = rule_step(rule, STEP_HOLD);
    if (hold != NULL && check_requires_encryption(rule))
        check_error(c, hold->line,
                    "rule \"%s\": '%s' beside an encryption that is required: what is held is released in "
                    "clear",
                    rule->name, check_step_text(c, hold));
}

void check_leaks(struct checking *c)
{
    for (size_t i = 0; i < c->policy->nrules; i++) {
        const struct rule *rule = &c->policy->rules[i];
        check_copies(c, rule);
        check_hold(c, rule);
        if (rule_continues(rule))
            check_opened(c, i);
        if (rule_continues(rule) && check_requires_encryption(rule))
            check_held_later(c, i);
        else if (rule_continues(rule))
            check_continued(c, i);
    }
}
