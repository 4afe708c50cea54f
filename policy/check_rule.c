/* check_rule - what is wrong with a rule whatever stands beside it. */
#include "policy/checking.h"

#include "model/template.h"

static void check_methods(struct checking *c, const struct rule *rule, const struct step *step)
{
    for (size_t i = 0; i < step->nmethods; i++) {
        const char *name = method_name(step->methods[i]);
        if (method_is_available(step->methods[i]))
            continue;
        if (step_has_method(step))
            check_warning(c, step->line, "rule \"%s\": %s is not available in this build", rule->name, name);
        else
            check_error(c, step->line,
                        "rule \"%s\": %s is not available in this build, and no other method is named",
                        rule->name, name);
    }
}

/* The order in which they are done, whatever the order of the lines. */
static int rank(enum step_kind kind)
{
    switch (kind) {
    case STEP_DECRYPT:
        return 1;
    case STEP_GENERATE:
        return 2;
    case STEP_ATTACH:
        return 3;
    case STEP_SIGN:
        return 4;
    case STEP_ENCRYPT:
        return 5;
    case STEP_TAG:
        return 6;
    case STEP_PASS:
    case STEP_VERBATIM:
    case STEP_PROTECT:
    case STEP_HARVEST:
    case STEP_REFUSE:
    case STEP_RETURN:
    case STEP_DISCARD:
    case STEP_HOLD:
    case STEP_COPY:
    case STEP_FORWARD:
    case STEP_REDIRECT:
    case STEP_HEADER:
    case STEP_AUTOCRYPT:
    case STEP_DETACH:
    case STEP_NOTIFY:
    case STEP_ALERT:
    case STEP_CONTINUE:
    case STEPS:
        break;
    }
    return 0;
}

static void check_order(struct checking *c, const struct rule *rule)
{
    int highest = 0;
    for (size_t i = 0; i < rule->nsteps; i++) {
        int at = rank(rule->steps[i].kind);
        if (at != 0 && at < highest)
            check_warning(c, rule->steps[i].line,
                          "rule \"%s\": what stands in this line is done before the step above it: the order "
                          "is decrypt, generate key, attach keys, sign, encrypt, tag",
                          rule->name);
        if (at > highest)
            highest = at;
    }
}

static bool has_subject(const char *text)
{
    struct template_piece piece;
    while (text != NULL && template_next(&text, &piece))
        if (piece.word == TEMPLATE_SUBJECT)
            return true;
    return false;
}

/* What its writer chose, for whomever he names as the sender. */
static bool repeats_subject(const struct step *step)
{
    bool has = step->kind == STEP_NOTIFY && has_subject(step->subject);
    for (size_t i = 0; i < step->nlines && step->kind == STEP_NOTIFY; i++)
        has = has || has_subject(step->lines[i]);
    return has;
}

/* Who is named as the sender of mail from outside need not have sent it. */
static void check_backscatter(struct checking *c, const struct rule *rule)
{
    if ((rule_directions(rule) & (BIT(DIRECTION_INBOUND) | BIT(DIRECTION_TRANSIT))) == 0)
        return;
    for (size_t i = 0; i < rule->nsteps; i++) {
        const struct step *step = &rule->steps[i];
        if (step->kind == STEP_RETURN || step->otherwise == OTHERWISE_RETURN)
            check_warning(
                c, step->line,
                "rule \"%s\": '%s' of mail from outside writes to senders who may be forged: refuse it "
                "instead, or let the rule match submitted mail alone",
                rule->name, check_step_text(c, step));
        if (repeats_subject(step))
            check_warning(
                c, step->line,
                "rule \"%s\": '%s' sends the Subject of mail from outside to senders who may be forged, "
                "advertisements too: leave {subject} out",
                rule->name, check_step_text(c, step));
    }
}

static void check_contradictions(struct checking *c, const struct rule *rule)
{
    const struct condition *one, *other;
    if (rule_directions(rule) == 0)
        check_warning(c, rule->line,
                      "rule \"%s\" can never match: no mail goes in all the directions that it names",
                      rule->name);
    else if (rule_contradiction(rule, &one, &other))
        check_warning(c, rule->line, "rule \"%s\" can never match: '%s' and '%s' exclude each other",
                      rule->name, check_condition_text(c, one), check_condition_text(c, other));
}

void check_rule(struct checking *c, const struct rule *rule)
{
    for (size_t i = 0; i < rule->nsteps; i++)
        check_methods(c, rule, &rule->steps[i]);
    check_order(c, rule);
    check_backscatter(c, rule);
    check_contradictions(c, rule);
    if (rule_directions(rule) != 0)
        check_directions(c, rule);
}
