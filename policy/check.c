/* check - what a careful colleague would find in a policy that parses. */
#include "policy/checking.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_COLUMNS   60
#define ALL_WITH_FINAL (BIT(DIRECTION_OUTBOUND) | BIT(DIRECTION_INTERNAL) | BIT(DIRECTION_INBOUND))

/* ---- findings ---- */

static void SEAL_PRINTF(4, 0)
    add(struct checking *c, const char *what, unsigned line, const char *fmt, va_list args)
{
    char text[512];
    vsnprintf(text, sizeof text, fmt, args);
    c->findings = arena_grow(c->arena, c->findings, c->n, &c->cap, sizeof *c->findings);
    c->findings[c->n] =
        (struct finding){.line = line, .number = c->n, .what = what, .text = arena_strdup(c->arena, text)};
    c->n++;
}

void check_error(struct checking *c, unsigned line, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add(c, "error", line, fmt, args);
    va_end(args);
    c->errors++;
}

void check_warning(struct checking *c, unsigned line, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add(c, "warning", line, fmt, args);
    va_end(args);
}

static int by_line(const void *a, const void *b)
{
    const struct finding *left = a, *right = b;
    if (left->line != right->line)
        return left->line < right->line ? -1 : 1;
    return left->number < right->number ? -1 : left->number > right->number;
}

static void print_findings(struct checking *c, struct buf *out)
{
    if (c->n > 1)
        qsort(c->findings, c->n, sizeof *c->findings, by_line);
    for (size_t i = 0; i < c->n; i++) {
        const struct finding *finding = &c->findings[i];
        buf_printf(out, "%s: %s", finding->what, c->policy->path);
        if (finding->line > 0)
            buf_printf(out, ":%u", finding->line);
        buf_printf(out, ": %s\n", finding->text);
    }
}

static const char *cut(struct checking *c, const char *text)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(SIZE_MAX);
    text_cut(text, TEXT_COLUMNS, &out);
    return arena_strdup(c->arena, buf_str(&out));
}

const char *check_condition_text(struct checking *c, const struct condition *condition)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(SIZE_MAX);
    print_condition(c->policy, condition, &text);
    return cut(c, buf_str(&text));
}

const char *check_step_text(struct checking *c, const struct step *step)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(SIZE_MAX);
    print_step(step, &text);
    return cut(c, buf_str(&text));
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
            check_error(c, 0, "no final rule for %s mail: add one whose only condition is '%s'",
                        direction_name(d), direction_name(d));
}

static void check_domains(struct checking *c)
{
    if (c->policy->ndomains == 0)
        check_error(c, 0, "'our domains' is missing: nothing would be inbound or internal");
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
            check_error(c, sorted[i]->line, "rule \"%s\" has the name of the rule in line %u",
                        sorted[i]->name, sorted[i - 1]->line);
    free(sorted);
}

size_t policy_check(const struct policy *policy, struct buf *out)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(SIZE_MAX);
    struct checking c = {.policy = policy, .arena = arena};
    check_domains(&c);
    check_final_rules(&c);
    check_names(&c);
    check_words(&c);
    for (size_t i = 0; i < policy->nrules; i++)
        check_rule(&c, &policy->rules[i]);
    check_rules(&c);
    check_oracle(&c);
    check_leaks(&c);
    check_pairs_end(&c);
    print_findings(&c, out);
    return c.errors;
}
