/* parse_step - what a rule does: the words, and the steps that have little behind them. */
#include "policy/parser.h"

#include <string.h>

#define TAG_WORDING_MAX 60 /* octets, as in the settings */

/* ---- what else, when it cannot be done ---- */

static int read_reply(struct parser *p, struct err *err)
{
    if (p->at->kind != TOKEN_STRING)
        return 0;
    p->step->text = parser_reply(p, err);
    return p->step->text == NULL ? -1 : 0;
}

static int read_else(struct parser *p, struct err *err)
{
    if (!parser_take(p, ","))
        return 0;
    if (parser_need(p, "else", err) < 0)
        return -1;
    p->step->otherwise = parser_next_is(p, "return") ? OTHERWISE_RETURN : OTHERWISE_REFUSE;
    if (parser_take(p, "refuse") || parser_take(p, "return"))
        return read_reply(p, err);
    if (p->step->kind != STEP_ENCRYPT)
        return parser_expected(p, err, "refuse or return");
    if (!parser_take(p, "clear"))
        return parser_expected(p, err, "refuse, return or clear");
    p->step->otherwise = OTHERWISE_SKIP;
    return 0;
}

int parser_otherwise(struct parser *p, struct err *err)
{
    if (!parser_take(p, "if"))
        return read_else(p, err);
    p->step->otherwise = OTHERWISE_SKIP;
    return parser_need(p, "possible", err);
}

/* ---- tag ---- */

static int read_wording(struct parser *p, enum tag tag, struct err *err)
{
    const char *text = p->at->text;
    if (p->step->tags[tag] != NULL)
        return lex_error(&p->lex, p->at - 1, err, "found '%s' twice", p->at[-1].text);
    if (p->at->kind != TOKEN_STRING)
        return parser_expected(p, err, "the wording of the tag in quotes");
    if (strlen(text) > TAG_WORDING_MAX)
        return lex_error(&p->lex, p->at, err, "found a tag of %zu octets, expected at most %d", strlen(text),
                         TAG_WORDING_MAX);
    if (span_trim(span_of(text)).len != strlen(text))
        return lex_error(&p->lex, p->at, err, "found a tag with blanks at its ends");
    p->step->tags[tag] = arena_strdup(p->policy->arena, text);
    if (*text != '\0')
        parser_once(p, &p->policy->tags, &p->policy->ntags, &p->tags_cap, p->step->tags[tag]);
    p->at++;
    return 0;
}

static int read_tag(struct parser *p, struct err *err)
{
    static const char *const words[TAGS] = {[TAG_OPENED] = "opened",
                                            [TAG_SIGNED] = "signed",
                                            [TAG_INVALID] = "invalid",
                                            [TAG_UNAUTHENTICATED] = "unauthenticated"};
    p->step->kind = STEP_TAG;
    while (!token_ends(p->at)) {
        enum tag tag = 0;
        while (tag < TAGS && !parser_take(p, words[tag]))
            tag++;
        if (tag == TAGS)
            return parser_expected(p, err,
                                   "opened, signed, invalid, unauthenticated, or the end of the line");
        if (read_wording(p, tag, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- the others ---- */

static int read_pass(struct parser *p, struct err *err)
{
    (void)err; /* cannot fail */
    p->step->kind = parser_take(p, "verbatim") ? STEP_VERBATIM : STEP_PASS;
    return 0;
}

static int read_decrypt(struct parser *p, struct err *err)
{
    p->step->kind = STEP_DECRYPT;
    p->step->otherwise = OTHERWISE_SKIP;
    return read_else(p, err);
}

static int read_harvest(struct parser *p, struct err *err)
{
    (void)err;
    p->step->kind = STEP_HARVEST;
    return 0;
}

static int read_detach(struct parser *p, struct err *err)
{
    p->step->kind = STEP_DETACH;
    return parser_need(p, "keys", err);
}

static int read_refuse(struct parser *p, struct err *err)
{
    p->step->kind = STEP_REFUSE;
    return read_reply(p, err);
}

static int read_return(struct parser *p, struct err *err)
{
    p->step->kind = STEP_RETURN;
    return read_reply(p, err);
}

static int read_discard(struct parser *p, struct err *err)
{
    (void)err;
    p->step->kind = STEP_DISCARD;
    return 0;
}

static int read_hold(struct parser *p, struct err *err)
{
    p->step->kind = STEP_HOLD;
    return read_reply(p, err);
}

static int read_continue(struct parser *p, struct err *err)
{
    (void)err;
    p->step->kind = STEP_CONTINUE;
    return 0;
}

static const struct word step_words[] = {
    {"pass", read_pass},           {"sign", parser_sign},       {"encrypt", parser_encrypt},
    {"decrypt", read_decrypt},     {"harvest", read_harvest},   {"tag", read_tag},
    {"refuse", read_refuse},       {"return", read_return},     {"discard", read_discard},
    {"hold", read_hold},           {"copy", parser_copy},       {"forward", parser_forward},
    {"redirect", parser_redirect}, {"add", parser_add},         {"replace", parser_replace},
    {"delete", parser_delete},     {"attach", parser_attach},   {"notify", parser_notify},
    {"alert", parser_alert},       {"continue", read_continue}, {"protect", parser_protect},
    {"generate", parser_generate}, {"detach", read_detach},
};
const struct vocabulary step_vocabulary = {"a step", step_words, SEAL_COUNT(step_words)};

int parser_step(struct parser *p, struct err *err)
{
    struct rule *rule = p->rule;
    struct step step = {.line = p->at->line};
    const struct token *first = p->at;
    p->step = &step;
    if (rule_continues(rule))
        return lex_error(&p->lex, first, err, "found a step behind 'continue', which is a rule's last one");
    if (parser_read_word(p, &step_vocabulary, err) < 0)
        return -1;
    if (!step_repeats(step.kind) && rule_step(rule, step.kind) != NULL)
        return lex_error(&p->lex, first, err, "found '%s' a second time in this rule", first->text);
    if (parser_need_end(p, err) < 0)
        return -1;
    rule->steps = arena_grow(p->scratch, rule->steps, rule->nsteps, &p->steps_cap, sizeof step);
    rule->steps[rule->nsteps++] = step;
    return 0;
}
