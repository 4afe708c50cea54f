/* decide - which rules match a recipient, and what that adds up to. */
#include "policy/decide.h"

#include "policy/deciding.h"
#include "policy/index.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void deciding_settle(struct deciding *d, enum disposition disposition, const char *status, const char *text)
{
    if (disposition <= d->decision->disposition)
        return;
    d->decision->disposition = disposition;
    d->decision->reply_status = status;
    d->decision->reply_text = text;
}

void deciding_note(struct deciding *d, const char *fmt, ...)
{
    struct decision *decision = d->decision;
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    for (size_t i = 0; i < decision->nwhy; i++)
        if (strcmp(decision->why[i], text) == 0)
            return;
    decision->why = arena_grow(d->arena, decision->why, decision->nwhy, &d->why_cap, sizeof *decision->why);
    decision->why[decision->nwhy++] = arena_strdup(d->arena, text);
}

static void take_repeated(struct deciding *d, const struct rule *rule, const struct step *step)
{
    d->taken = arena_grow(d->arena, d->taken, d->ntaken, &d->taken_cap, sizeof *d->taken);
    d->taken[d->ntaken++] =
        (struct taken){.step = step, .rule = rule, .at = d->nsteps, .inside = d->decision->inside};
}

static void take_first(struct deciding *d, const struct step *step)
{
    const struct step **counts = &d->steps[step->kind];
    if (*counts == NULL)
        d->at[step->kind] = d->nsteps;
    if (*counts == NULL ||
        (step->kind == STEP_ENCRYPT && step_is_required(step) && !step_is_required(*counts)))
        *counts = step;
}

/* Of a rule that matched: the first of a kind counts, but an encryption that is required outweighs one that is not; of kinds that add up, all. */
static void take_steps(struct deciding *d, const struct rule *rule)
{
    for (size_t i = 0; i < rule->nsteps; i++, d->nsteps++) {
        if (step_repeats(rule->steps[i].kind))
            take_repeated(d, rule, &rule->steps[i]);
        else
            take_first(d, &rule->steps[i]);
    }
}

static const char *condition_text(const struct deciding *d, const struct condition *condition)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20);
    if (condition == NULL)
        return NULL;
    print_condition(d->policy, condition, &text);
    return arena_strdup(d->arena, buf_str(&text));
}

static void note_trace(struct deciding *d, const struct rule *rule, enum answer answer,
                       const struct condition *failed)
{
    struct trace *trace = d->trace;
    if (trace == NULL)
        return;
    trace->lines = arena_grow(d->arena, trace->lines, trace->n, &trace->cap, sizeof *trace->lines);
    trace->lines[trace->n++] = (struct trace_line){
        .rcpt = d->rcpt, .rule = rule->name, .matched = answer, .condition = condition_text(d, failed)};
}

static void take_rule(struct deciding *d, const struct rule *rule)
{
    struct decision *decision = d->decision;
    decision->rules =
        arena_grow(d->arena, decision->rules, decision->nrules, &d->rules_cap, sizeof *decision->rules);
    decision->rules[decision->nrules++] = arena_strdup(d->arena, rule->name);
    take_steps(d, rule);
}

static void defer_unknown(struct deciding *d, const struct rule *rule, const struct condition *condition)
{
    deciding_note(d, "rule \"%s\": could not find out: %s", rule->name, condition_text(d, condition));
    if (d->facts->directory_why != NULL)
        deciding_note(d, "%s", d->facts->directory_why);
    deciding_settle(d, DISPOSITION_TEMPFAIL, "4.3.0", "Could not find out what policy asks; try again later");
}

/* policy_check() has seen to it that some rule is the last for all mail but transit; without that check, fail closed. */
static void no_rule_is_left(struct deciding *d)
{
    if (d->facts->rcpts[d->rcpt].direction == DIRECTION_TRANSIT) {
        treat(d);
        return;
    }
    deciding_note(d, "no rule of the policy is the last one for this mail");
    deciding_settle(d, DISPOSITION_TEMPFAIL, "4.3.5", "No rule for this mail; the administrator must act");
}

/*
 * Conditions about what is inside are asked last, when all others of their rule hold: so whether they were asked depends on nothing that
 * a private key has shown.
 */
static void note_inside(struct deciding *d, const struct rule *rule, enum answer answer,
                        const struct condition *failed)
{
    bool asked = answer == ANSWER_YES ? rule_asks_inside(rule) : condition_asks_inside(failed);
    if (asked && d->facts->encrypted_by != METHOD_NONE)
        d->decision->inside = true;
}

/*
 * No oracle (R17): once a rule was asked about the inside of ciphertext, what the sender can notice must be the same whatever the answer
 * was. He notices a refusal, a return and a deferral, whatever brought them about; so he gets none of them.
 */
static void keep_silent(struct deciding *d)
{
    enum disposition disposition = d->decision->disposition;
    if (disposition != DISPOSITION_REFUSE && disposition != DISPOSITION_RETURN &&
        disposition != DISPOSITION_TEMPFAIL)
        return;
    deciding_note(d,
                  "served as it came, instead of %s (%s): the sender would learn from it what is inside the "
                  "ciphertext",
                  disposition_name(disposition), d->decision->reply_text);
    treat_as_it_came(d);
}

/* Rules whose addresses cannot match are passed over, unless somebody wants to know why. */
static size_t next_rule(const struct deciding *d, struct index_walk *walk, size_t rule)
{
    return d->trace != NULL ? rule : index_next(walk, rule);
}

/* The rules in turn, until one of them is the last. */
static void follow_rules(struct deciding *d)
{
    struct index_walk walk;
    index_begin(d->policy->index, match_writer(d->facts), d->facts->rcpts[d->rcpt].addr, &walk);
    for (size_t i = next_rule(d, &walk, 0); i < d->policy->nrules; i = next_rule(d, &walk, i + 1)) {
        const struct rule *rule = &d->policy->rules[i];
        const struct condition *failed;
        enum answer answer = match_rule(d->policy, rule, d->facts, d->rcpt, &d->needs, &failed);
        note_trace(d, rule, answer, failed);
        note_inside(d, rule, answer, failed);
        switch (answer) {
        case ANSWER_NO:
            continue;
        case ANSWER_UNASKED:
            return;
        case ANSWER_UNKNOWN:
            defer_unknown(d, rule, failed);
            return;
        case ANSWER_YES:
            break;
        }
        take_rule(d, rule);
        if (!rule_continues(rule)) {
            treat(d);
            return;
        }
    }
    no_rule_is_left(d);
}

static void decide_rcpt(struct deciding *d)
{
    follow_rules(d);
    if (d->needs != 0)
        return;
    if (d->decision->inside)
        keep_silent(d);
    treat_others(d);
}

int decide(const struct policy *policy, const struct settings *settings, const struct facts *facts,
           struct arena *arena, struct trace *trace, struct decision **decisions_out, struct err *err)
{
    unsigned needs = 0;
    struct decision *decisions = arena_array(arena, facts->nrcpts, sizeof *decisions);
    if (trace != NULL)
        trace->n = 0;
    for (size_t i = 0; i < facts->nrcpts; i++) {
        struct deciding d = {.policy = policy,
                             .settings = settings,
                             .facts = facts,
                             .arena = arena,
                             .trace = trace,
                             .rcpt = i,
                             .decision = &decisions[i]};
        decide_rcpt(&d);
        needs |= d.needs;
    }
    if ((needs & facts->have) != 0)
        return err_set(err, ERR_BUG, "facts 0x%x were gathered and are still missing", needs & facts->have);
    if (arena_check(arena, err) < 0)
        return -1;
    *decisions_out = decisions;
    return (int)needs;
}
