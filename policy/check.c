/* check - what a careful colleague would find in a policy that parses. */
#include "policy/implies.h"

#include "conf/nearest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL_WITH_FINAL (BIT(DIRECTION_OUTBOUND) | BIT(DIRECTION_INTERNAL) | BIT(DIRECTION_INBOUND))

struct checking {
    const struct policy *policy;
    struct buf *out;
    size_t errors;
};

static void SEAL_PRINTF(4, 0)
    say(const struct checking *c, const char *what, unsigned line, const char *fmt, va_list args)
{
    char text[512];
    vsnprintf(text, sizeof text, fmt, args);
    buf_printf(c->out, "%s: %s", what, c->policy->path);
    if (line > 0)
        buf_printf(c->out, ":%u", line);
    buf_printf(c->out, ": %s\n", text);
}

static void SEAL_PRINTF(3, 4) error_at(struct checking *c, unsigned line, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say(c, "error", line, fmt, args);
    va_end(args);
    c->errors++;
}

static void SEAL_PRINTF(3, 4) warn_at(struct checking *c, unsigned line, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say(c, "warning", line, fmt, args);
    va_end(args);
}

/* ---- the policy as a whole ---- */

/* Directions whose mail this rule ends for good, whatever else is true of it. */
static unsigned final_directions(const struct rule *rule)
{
    for (size_t i = 0; i < rule->nconditions; i++)
        if (rule->conditions[i].kind != CONDITION_DIRECTION)
            return 0;
    return rule_continues(rule) ? 0 : rule_directions(rule);
}

static void check_final_rules(struct checking *c)
{
    unsigned set = 0;
    for (size_t i = 0; i < c->policy->nrules; i++)
        set |= final_directions(&c->policy->rules[i]);
    for (enum direction d = DIRECTION_TRANSIT; d <= DIRECTION_INBOUND; d++)
        if ((ALL_WITH_FINAL & BIT(d)) != 0 && (set & BIT(d)) == 0)
            error_at(c, 0, "no final rule for %s mail: add one whose only condition is '%s'",
                     direction_name(d), direction_name(d));
}

static void check_domains(struct checking *c)
{
    if (c->policy->ndomains == 0)
        error_at(c, 0, "'our domains' is missing: nothing would be inbound or internal");
}

static int by_name_and_line(const void *a, const void *b)
{
    const struct rule *left = *(const struct rule *const *)a, *right = *(const struct rule *const *)b;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : left->line < right->line ? -1 : 1;
}

/* Names stand in logs, in refusals and in explain. */
static void check_names(struct checking *c)
{
    size_t n = c->policy->nrules;
    const struct rule **sorted = xcalloc(n + 1, sizeof *sorted);
    for (size_t i = 0; i < n; i++)
        sorted[i] = &c->policy->rules[i];
    qsort(sorted, n, sizeof *sorted, by_name_and_line);
    for (size_t i = 1; i < n; i++)
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
            error_at(c, sorted[i]->line, "rule \"%s\" has the name of the rule in line %u", sorted[i]->name,
                     sorted[i - 1]->line);
    free(sorted);
}

/* ---- keywords ---- */

static bool is_defined(const struct policy *policy, const char *keyword)
{
    for (size_t i = 0; i < policy->nkeywords; i++)
        if (strcmp(policy->keywords[i].name, keyword) == 0)
            return true;
    return false;
}

static const char *nearest_keyword(const struct policy *policy, const char *keyword)
{
    const char **names = xcalloc(policy->nkeywords + 1, sizeof *names);
    for (size_t i = 0; i < policy->nkeywords; i++)
        names[i] = policy->keywords[i].name;
    const char *near = nearest_word(keyword, names, policy->nkeywords);
    free(names);
    return near;
}

static void check_used_keywords(struct checking *c, const struct rule *rule,
                                const struct condition *condition)
{
    for (size_t i = 0; i < condition->nvalues; i++) {
        const char *keyword = condition->values[i];
        if (is_defined(c->policy, keyword))
            continue;
        const char *near = nearest_keyword(c->policy, keyword);
        error_at(c, condition->line, "rule \"%s\": keyword '%s' is not defined%s%s%s", rule->name, keyword,
                 near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
    }
}

static bool uses_keyword(const struct rule *rule, const char *keyword)
{
    for (size_t i = 0; i < rule->nconditions; i++)
        for (size_t k = 0; k < rule->conditions[i].nvalues; k++)
            if (rule->conditions[i].kind == CONDITION_KEYWORD &&
                strcmp(rule->conditions[i].values[k], keyword) == 0)
                return true;
    return false;
}

/* A keyword that has several lines is spoken of once. */
static void check_unused_keyword(struct checking *c, size_t keyword)
{
    const struct policy *policy = c->policy;
    const char *name = policy->keywords[keyword].name;
    for (size_t i = 0; i < keyword; i++)
        if (strcmp(policy->keywords[i].name, name) == 0)
            return;
    for (size_t i = 0; i < policy->nrules; i++)
        if (uses_keyword(&policy->rules[i], name))
            return;
    warn_at(c, policy->keyword_lines[keyword], "keyword '%s' is used by no rule", name);
}

/* ---- a rule for itself ---- */

static void check_methods(struct checking *c, const struct rule *rule, const struct step *step)
{
    for (size_t i = 0; i < step->nmethods; i++) {
        const char *name = method_name(step->methods[i]);
        if (method_is_available(step->methods[i]))
            continue;
        if (step_has_method(step))
            warn_at(c, step->line, "rule \"%s\": %s is not available in this build", rule->name, name);
        else
            error_at(c, step->line,
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
    case STEP_SIGN:
        return 2;
    case STEP_ENCRYPT:
        return 3;
    case STEP_TAG:
        return 4;
    case STEP_PASS:
    case STEP_VERBATIM:
    case STEP_HARVEST:
    case STEP_REFUSE:
    case STEP_RETURN:
    case STEP_DISCARD:
    case STEP_HOLD:
    case STEP_COPY:
    case STEP_FORWARD:
    case STEP_REDIRECT:
    case STEP_HEADER:
    case STEP_ATTACH:
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
            warn_at(c, rule->steps[i].line,
                    "rule \"%s\": what stands in this line is done before the step above it: the order is "
                    "decrypt, "
                    "sign, encrypt, tag",
                    rule->name);
        if (at > highest)
            highest = at;
    }
}

static void check_rule(struct checking *c, const struct rule *rule)
{
    for (size_t i = 0; i < rule->nconditions; i++)
        if (rule->conditions[i].kind == CONDITION_KEYWORD)
            check_used_keywords(c, rule, &rule->conditions[i]);
    for (size_t i = 0; i < rule->nsteps; i++)
        check_methods(c, rule, &rule->steps[i]);
    check_order(c, rule);
    if (rule_directions(rule) == 0)
        warn_at(c, rule->line,
                "rule \"%s\" can never match: no mail goes in all the directions that it names", rule->name);
}

/* ---- rules among each other ---- */

static bool requires_encryption(const struct rule *rule)
{
    const struct step *encrypt = rule_step(rule, STEP_ENCRYPT);
    return encrypt != NULL && encrypt->otherwise == OTHERWISE_REFUSE;
}

static void check_swallowed(struct checking *c, size_t later)
{
    const struct rule *rule = &c->policy->rules[later];
    for (size_t i = 0; i < later && rule_directions(rule) != 0; i++) {
        const struct rule *earlier = &c->policy->rules[i];
        if (!rule_swallows(earlier, rule))
            continue;
        warn_at(c, rule->line, "rule \"%s\" can never match: rule \"%s\" in line %u takes all its mail",
                rule->name, earlier->name, earlier->line);
        return;
    }
}

/* A user's keyword that takes mail away from a rule which requires encryption. */
static void check_escape(struct checking *c, size_t at)
{
    const struct rule *rule = &c->policy->rules[at];
    if (!rule_has_keyword(rule) || requires_encryption(rule) || rule_continues(rule) ||
        rule_step(rule, STEP_REFUSE) != NULL)
        return;
    for (size_t i = at + 1; i < c->policy->nrules; i++) {
        const struct rule *later = &c->policy->rules[i];
        if (!requires_encryption(later) || (rule_directions(rule) & rule_directions(later)) == 0)
            continue;
        warn_at(c, rule->line,
                "rule \"%s\": its keyword lets mail escape from rule \"%s\", which requires encryption",
                rule->name, later->name);
        return;
    }
}

size_t policy_check(const struct policy *policy, struct buf *out)
{
    struct checking c = {.policy = policy, .out = out};
    check_domains(&c);
    check_final_rules(&c);
    check_names(&c);
    for (size_t i = 0; i < policy->nkeywords; i++)
        check_unused_keyword(&c, i);
    for (size_t i = 0; i < policy->nrules; i++) {
        check_rule(&c, &policy->rules[i]);
        check_swallowed(&c, i);
        check_escape(&c, i);
    }
    return c.errors;
}
