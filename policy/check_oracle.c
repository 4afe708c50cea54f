/*
 * check_oracle - nothing outward may depend on what is inside ciphertext: who asks often enough would have it opened.
 *
 * A rule asks inside when it has `verified` and can match encrypted mail for recipients whose keys are here. It must not answer itself, and what
 * stands behind it must not answer on mail that it may have taken away, or whose steps it may have changed.
 */
#include "policy/checking.h"

#include <stdlib.h>

#define OPENED_DIRECTIONS (BIT(DIRECTION_INBOUND) | BIT(DIRECTION_INTERNAL))
#define ANY_LAYER         (BIT(METHOD_SMIME) | BIT(METHOD_OPENPGP))

/* Encrypted mail that may be opened can match. */
static bool takes_ciphertext(const struct rule *rule)
{
    for (size_t i = 0; i < rule->nconditions; i++) {
        const struct condition *condition = &rule->conditions[i];
        if (condition->kind == CONDITION_ENCRYPTED && condition->negated && condition->set == ANY_LAYER)
            return false;
    }
    return (rule_directions(rule) & OPENED_DIRECTIONS) != 0;
}

static const struct condition *asks_inside(const struct rule *rule)
{
    for (size_t i = 0; i < rule->nconditions; i++)
        if (rule->conditions[i].kind == CONDITION_VERIFIED)
            return takes_ciphertext(rule) ? &rule->conditions[i] : NULL;
    return NULL;
}

/* Whether the sender may learn from a step that it was taken: by a reply, a report or a notice. */
static bool is_outward(const struct step *step, unsigned directions)
{
    switch (step->kind) {
    case STEP_REFUSE:
    case STEP_RETURN:
    case STEP_NOTIFY:
        return true;
    case STEP_ENCRYPT:
    case STEP_DECRYPT:
        return step->otherwise != OTHERWISE_SKIP;
    case STEP_SIGN: /* mail from outside is never signed, and not refused for it */
        return step->otherwise != OTHERWISE_SKIP && (directions & BIT(DIRECTION_INTERNAL)) != 0;
    case STEP_PASS:
    case STEP_VERBATIM:
    case STEP_GENERATE: /* not done on what is inside: treat_generate() */
    case STEP_HARVEST:
    case STEP_PROTECT:
    case STEP_TAG:
    case STEP_DISCARD:
    case STEP_HOLD:
    case STEP_COPY:
    case STEP_FORWARD:
    case STEP_REDIRECT:
    case STEP_HEADER:
    case STEP_ATTACH:
    case STEP_AUTOCRYPT:
    case STEP_DETACH:
    case STEP_ALERT:
    case STEP_CONTINUE:
    case STEPS:
        break;
    }
    return false;
}

static const struct step *outward_step(const struct rule *rule)
{
    for (size_t i = 0; i < rule->nsteps; i++)
        if (is_outward(&rule->steps[i], rule_directions(rule)))
            return &rule->steps[i];
    return NULL;
}

/* Of a kind the first step counts; and what is opened must be encrypted again. */
static bool changes_step(const struct rule *earlier, const struct step *step)
{
    return rule_step(earlier, step->kind) != NULL ||
           (step->kind == STEP_ENCRYPT && rule_step(earlier, STEP_DECRYPT) != NULL);
}

static bool changes_outward(const struct rule *earlier, const struct rule *later)
{
    if (!rule_continues(earlier))
        return true;
    for (size_t i = 0; i < later->nsteps; i++)
        if (is_outward(&later->steps[i], rule_directions(later)) && changes_step(earlier, &later->steps[i]))
            return true;
    return false;
}

static void check_behind(struct checking *c, const struct rule *const *asking, size_t n,
                         const struct rule *later)
{
    const struct step *step = outward_step(later);
    if (step == NULL || !takes_ciphertext(later))
        return;
    for (size_t i = 0; i < n; i++) {
        const struct rule *earlier = asking[i];
        bool both = (rule_directions(earlier) & rule_directions(later) & OPENED_DIRECTIONS) != 0;
        if (!both || !changes_outward(earlier, later) || check_excludes(c, later, earlier))
            continue;
        check_error(c, step->line,
                    "rule \"%s\": '%s' answers the sender of encrypted mail, and 'verified' in line %u (rule "
                    "\"%s\"), "
                    "which looks inside, settles whether it does: put this rule before that one, or add 'not "
                    "encrypted' to one of them",
                    later->name, check_step_text(c, step), asks_inside(earlier)->line, earlier->name);
        return;
    }
}

void check_oracle(struct checking *c)
{
    size_t n = 0;
    SEAL_CLEANUP(mem_free) const struct rule **asking = xcalloc(c->policy->nrules + 1, sizeof *asking);
    for (size_t i = 0; i < c->policy->nrules; i++) {
        const struct rule *rule = &c->policy->rules[i];
        const struct step *step = outward_step(rule);
        bool asks = asks_inside(rule) != NULL;
        if (asks && step != NULL)
            check_error(c, step->line,
                        "rule \"%s\": '%s' tells the sender what 'verified' has found inside encrypted mail: "
                        "add 'not "
                        "encrypted' to the conditions",
                        rule->name, check_step_text(c, step));
        else
            check_behind(c, asking, n, rule);
        if (asks)
            asking[n++] = rule;
    }
}
