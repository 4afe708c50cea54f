/* parse_step - what a rule does. */
#include "policy/parser.h"

#include <string.h>

/* ---- what else, when it cannot be done ---- */

/* Steps of DESIGN's language for a failure that this build has nothing for. */
static bool next_is_later_else(const struct parser *p)
{
    static const char *const later[] = {"return", "notify", "hold", "discard"};
    for (size_t i = 0; i < SEAL_COUNT(later); i++)
        if (parser_next_is(p, later[i]))
            return true;
    return false;
}

static int read_refusal(struct parser *p, struct err *err)
{
    p->step->otherwise = OTHERWISE_REFUSE;
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
    if (parser_take(p, "refuse"))
        return read_refusal(p, err);
    if (next_is_later_else(p))
        return parser_unavailable(p, err);
    if (p->step->kind != STEP_ENCRYPT)
        return parser_expected(p, err, "refuse");
    if (!parser_take(p, "clear"))
        return parser_expected(p, err, "refuse or clear");
    p->step->otherwise = OTHERWISE_SKIP;
    return 0;
}

static int read_otherwise(struct parser *p, struct err *err)
{
    if (!parser_take(p, "if"))
        return read_else(p, err);
    p->step->otherwise = OTHERWISE_SKIP;
    return parser_need(p, "possible", err);
}

/* ---- sign, encrypt ---- */

static bool has_method(const struct step *step, enum method method)
{
    for (size_t i = 0; i < step->nmethods; i++)
        if (step->methods[i] == method)
            return true;
    return false;
}

static int read_method(struct parser *p, struct err *err)
{
    struct step *step = p->step;
    enum method method = parser_method(p, err);
    if (method == METHOD_NONE)
        return -1;
    if (has_method(step, method))
        return lex_error(&p->lex, p->at - 1, err, "found '%s' twice", method_name(method));
    step->methods[step->nmethods++] = method;
    return 0;
}

static int read_sign(struct parser *p, struct err *err)
{
    p->step->kind = STEP_SIGN;
    if (parser_take(p, "with") && read_method(p, err) < 0)
        return -1;
    if (parser_take(p, "opaque"))
        p->step->form = SIGN_OPAQUE;
    else if (!parser_take(p, "detached") && !token_ends(p->at) && !parser_next_is(p, "if") &&
             !parser_next_is(p, ","))
        return parser_expected(p, err, "with, opaque, detached, if possible, or the end of the line");
    return read_otherwise(p, err);
}

static int read_cipher(struct parser *p, struct err *err)
{
    static const char *const ciphers[] = {"aes256-cbc", "aes256-gcm"};
    for (size_t i = 0; i < SEAL_COUNT(ciphers); i++) {
        if (parser_take(p, ciphers[i])) {
            p->step->cipher = ciphers[i];
            return 0;
        }
    }
    return parser_expected(p, err, "aes256-cbc or aes256-gcm");
}

static int read_encrypt(struct parser *p, struct err *err)
{
    p->step->kind = STEP_ENCRYPT;
    if (parser_take(p, "with")) {
        do {
            if (read_method(p, err) < 0)
                return -1;
        } while (parser_take(p, "or"));
    }
    if (parser_take(p, "using") && read_cipher(p, err) < 0)
        return -1;
    return read_otherwise(p, err);
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

static int read_tag(struct parser *p, struct err *err)
{
    (void)err;
    p->step->kind = STEP_TAG;
    return 0;
}

static int read_refuse(struct parser *p, struct err *err)
{
    p->step->kind = STEP_REFUSE;
    return read_refusal(p, err);
}

static int read_continue(struct parser *p, struct err *err)
{
    (void)err;
    p->step->kind = STEP_CONTINUE;
    return 0;
}

/* Rows without a function are words of the language that this build has nothing for. */
static const struct word step_words[] = {
    {"pass", read_pass},
    {"sign", read_sign},
    {"encrypt", read_encrypt},
    {"decrypt", read_decrypt},
    {"harvest", read_harvest},
    {"tag", read_tag},
    {"refuse", read_refuse},
    {"continue", read_continue},
    {"return", NULL},
    {"discard", NULL},
    {"hold", NULL},
    {"forward", NULL},
    {"redirect", NULL},
    {"copy", NULL},
    {"add", NULL},
    {"replace", NULL},
    {"delete", NULL},
    {"notify", NULL},
    {"alert", NULL},
    {"attach", NULL},
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
    if (rule_step(rule, step.kind) != NULL)
        return lex_error(&p->lex, first, err, "found '%s' a second time in this rule", first->text);
    if (parser_need_end(p, err) < 0)
        return -1;
    rule->steps = arena_grow(p->policy->arena, rule->steps, rule->nsteps, &p->steps_cap, sizeof step);
    rule->steps[rule->nsteps++] = step;
    return 0;
}
