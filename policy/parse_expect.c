/* parse_expect - reads a table of expectations: tests, their facts, what is expected. */
#include "policy/expecting.h"
#include "policy/parser.h"
#include "policy/virtual.h"

#include "conf/number.h"

#include <string.h>

#define SCRATCH_MAX ((size_t)64 << 20)

/* The parser comes first: its functions get a pointer to it. */
struct expect_parser {
    struct parser parser;
    struct virtual virtual;
    const struct policy *policy;
    const struct settings *settings;
    struct expect_table *table;
    struct expect_test *test;
    size_t tests_cap, expectations_cap;
    enum answer answer; /* of the fact being read: `not`, `unknown` */
};

static struct expect_parser *of(struct parser *p)
{
    return (struct expect_parser *)p;
}

/* ---- facts ---- */

static int complain(struct parser *p, const struct token *at, const char *why, struct err *err)
{
    return why == NULL ? 0 : lex_error(&p->lex, at, err, "'%s': %s", at->text, why);
}

static int read_sender(struct parser *p, struct err *err)
{
    struct expect_parser *e = of(p);
    if (token_is(p->at, "<>") ||
        (p->at->kind == TOKEN_STRING && (*p->at->text == '\0' || strcmp(p->at->text, "<>") == 0))) {
        p->at++;
        e->virtual.facts->sender = "";
        return 0;
    }
    e->virtual.facts->sender = parser_address(p, err);
    return e->virtual.facts->sender == NULL ? -1 : 0;
}

static int read_local(struct parser *p, struct err *err)
{
    (void)err;
    of(p)->virtual.envelope.local = of(p)->virtual.placed = true;
    return 0;
}

static int read_size(struct parser *p, struct err *err)
{
    uint64_t size;
    if (p->at->kind != TOKEN_WORD || !number_parse(p->at->text, NUMBER_SIZE, &size))
        return parser_expected(p, err, number_expected(NUMBER_SIZE));
    p->at++;
    of(p)->virtual.facts->size = (size_t)size;
    return 0;
}

static int read_subject(struct parser *p, struct err *err)
{
    struct condition c = {.kind = CONDITION_HEADER, .name = "Subject", .test = TEXT_IS};
    const char *text = p->at->kind == TOKEN_STRING ? p->at->text : NULL;
    if (text == NULL)
        return parser_expected(p, err, "the Subject in quotes");
    const char *values[] = {arena_strdup(p->policy->arena, text)};
    c.values = values;
    c.nvalues = 1;
    const struct token *at = p->at++;
    return complain(p, at, virtual_state(&of(p)->virtual, &(struct stated){p->policy, &c, ANSWER_YES}), err);
}

static int read_opened(struct parser *p, struct err *err)
{
    struct virtual *v = &of(p)->virtual;
    if (v->facts->nrcpts == 0)
        return complain(p, p->at - 1, "expected 'to' before it: who opens it?", err);
    v->rcpts[v->facts->nrcpts - 1].opened = of(p)->answer;
    return 0;
}

/* "key", "key openpgp", "key smime or openpgp" */
static int read_key(struct parser *p, struct err *err)
{
    enum answer *signing = of(p)->virtual.signing;
    if (parser_at_end(p)) {
        signing[METHOD_SMIME] = of(p)->answer;
        return 0;
    }
    do {
        enum method method = parser_method(p, err);
        if (method == METHOD_NONE)
            return -1;
        signing[method] = of(p)->answer;
    } while (parser_take(p, "or"));
    return 0;
}

/* Facts that no condition asks for in these words. */
static const struct word fact_words[] = {{"sender", read_sender}, {"local", read_local},
                                         {"size", read_size},     {"subject", read_subject},
                                         {"opened", read_opened}, {"key", read_key}};

static int read_condition(struct parser *p, const struct token *first, struct err *err)
{
    struct condition *c = arena_alloc(p->policy->arena, sizeof *c);
    p->condition = c;
    if (parser_read_word(p, &condition_vocabulary, err) < 0)
        return -1;
    const struct stated stated = {p->policy, c, of(p)->answer};
    return complain(p, first, virtual_state(&of(p)->virtual, &stated), err);
}

static int read_fact(struct parser *p, struct err *err)
{
    of(p)->answer = parser_take(p, "not")       ? ANSWER_NO
                    : parser_take(p, "unknown") ? ANSWER_UNKNOWN
                                                : ANSWER_YES;
    const struct token *first = p->at;
    for (size_t i = 0; i < SEAL_COUNT(fact_words); i++)
        if (parser_take(p, fact_words[i].text)) {
            if (of(p)->answer != ANSWER_YES && fact_words[i].read != read_opened &&
                fact_words[i].read != read_key)
                return complain(p, first, "what is not stated is not so", err);
            return fact_words[i].read(p, err);
        }
    return read_condition(p, first, err);
}

/* ---- expectations ---- */

enum argument {
    ARGUMENT_NONE,
    ARGUMENT_NAME,
    ARGUMENT_METHOD, /* may be left out */
    ARGUMENT_TEXT,   /* may be left out */
    ARGUMENT_TO,     /* "to ADDRESS" */
    ARGUMENT_ADDRESS,
    ARGUMENT_FIELD, /* "header FIELD" */
    ARGUMENT_ADDED, /* the same, or "autocrypt" */
    ARGUMENT_SENDER,
    ARGUMENT_KEYS,  /* "keys", method */
    ARGUMENT_ALONE, /* "keys" */
    ARGUMENT_KEY,   /* "key", method */
};

static const struct {
    const char *word;
    enum expected what;
    enum argument argument;
} expect_words[] = {
    {"rule", EXPECTED_RULE, ARGUMENT_NAME},       {"pass", EXPECTED_PASS, ARGUMENT_NONE},
    {"sign", EXPECTED_SIGN, ARGUMENT_METHOD},     {"encrypt", EXPECTED_ENCRYPT, ARGUMENT_METHOD},
    {"decrypt", EXPECTED_DECRYPT, ARGUMENT_NONE}, {"harvest", EXPECTED_HARVEST, ARGUMENT_NONE},
    {"tag", EXPECTED_TAG, ARGUMENT_TEXT},         {"refuse", EXPECTED_REFUSE, ARGUMENT_TEXT},
    {"return", EXPECTED_RETURN, ARGUMENT_TEXT},   {"discard", EXPECTED_DISCARD, ARGUMENT_NONE},
    {"hold", EXPECTED_HOLD, ARGUMENT_TEXT},       {"defer", EXPECTED_DEFER, ARGUMENT_NONE},
    {"copy", EXPECTED_COPY, ARGUMENT_TO},         {"forward", EXPECTED_COPY, ARGUMENT_TO},
    {"redirect", EXPECTED_REDIRECT, ARGUMENT_TO}, {"add", EXPECTED_HEADER, ARGUMENT_ADDED},
    {"replace", EXPECTED_HEADER, ARGUMENT_FIELD}, {"delete", EXPECTED_HEADER, ARGUMENT_FIELD},
    {"attach", EXPECTED_ATTACH, ARGUMENT_KEYS},   {"notify", EXPECTED_NOTIFY, ARGUMENT_SENDER},
    {"alert", EXPECTED_ALERT, ARGUMENT_ADDRESS},  {"generate", EXPECTED_GENERATE, ARGUMENT_KEY},
    {"detach", EXPECTED_DETACH, ARGUMENT_ALONE},
};

static int read_argument(struct parser *p, enum argument argument, struct expectation *x, struct err *err)
{
    switch (argument) {
    case ARGUMENT_NONE:
        return 0;
    case ARGUMENT_NAME:
        x->text = parser_text(p, "the name of a rule", err);
        return x->text == NULL ? -1 : 0;
    case ARGUMENT_METHOD:
        x->method = parser_at_end(p) ? METHOD_NONE : parser_method(p, err);
        return err_is_set(err) ? -1 : 0;
    case ARGUMENT_TEXT:
        x->text = parser_at_end(p) ? NULL : parser_text(p, "a text, or nothing more", err);
        return err_is_set(err) ? -1 : 0;
    case ARGUMENT_TO:
    case ARGUMENT_ADDRESS:
        if (argument == ARGUMENT_TO && parser_need(p, "to", err) < 0)
            return -1;
        x->text = parser_address(p, err);
        return x->text == NULL ? -1 : 0;
    case ARGUMENT_ADDED:
    case ARGUMENT_FIELD:
        if (argument == ARGUMENT_ADDED && parser_take(p, "autocrypt")) {
            x->what = EXPECTED_AUTOCRYPT;
            return 0;
        }
        if (parser_need(p, "header", err) < 0)
            return -1;
        x->text = parser_field_name(p, err);
        return x->text == NULL ? -1 : 0;
    case ARGUMENT_SENDER:
        return parser_need(p, "sender", err);
    case ARGUMENT_ALONE:
        return parser_need(p, "keys", err);
    case ARGUMENT_KEYS:
    case ARGUMENT_KEY:
        if (parser_need(p, argument == ARGUMENT_KEYS ? "keys" : "key", err) < 0)
            return -1;
        x->method = parser_at_end(p) ? METHOD_NONE : parser_method(p, err);
        return err_is_set(err) ? -1 : 0;
    }
    return -1;
}

static bool has_rule(const struct policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->nrules; i++)
        if (strcmp(policy->rules[i].name, name) == 0)
            return true;
    return false;
}

static int read_expectation(struct parser *p, const char *rcpt, struct err *err)
{
    struct expectation x = {.rcpt = rcpt, .line = p->at->line, .column = p->at->column};
    const struct token *first = p->at;
    size_t i = 0;
    x.negated = parser_take(p, "not");
    while (i < SEAL_COUNT(expect_words) && !parser_next_is(p, expect_words[i].word))
        i++;
    if (i == SEAL_COUNT(expect_words))
        return parser_expected(
            p, err,
            "rule, pass, sign, encrypt, decrypt, harvest, tag, refuse, return, discard, hold, "
            "defer, copy, forward, redirect, add, replace, delete, attach, detach, generate, notify or "
            "alert");
    const struct token *word = p->at++;
    x.what = expect_words[i].what;
    if (read_argument(p, expect_words[i].argument, &x, err) < 0)
        return -1;
    if (x.what == EXPECTED_RULE && !has_rule(of(p)->policy, x.text))
        return lex_error(&p->lex, word + 1, err, "the policy has no rule \"%s\"", x.text);
    const struct span last = p->at[-1].source;
    x.source = (struct span){first->source.ptr, (size_t)(last.ptr + last.len - first->source.ptr)};
    struct expect_test *test = of(p)->test;
    test->expectations =
        arena_grow(p->policy->arena, test->expectations, test->n, &of(p)->expectations_cap, sizeof x);
    test->expectations[test->n++] = x;
    return 0;
}

static int check_rcpt(struct parser *p, const char *rcpt, struct err *err)
{
    const struct facts *facts = of(p)->virtual.facts;
    for (size_t i = 0; i < facts->nrcpts; i++)
        if (strcmp(facts->rcpts[i].addr, rcpt) == 0)
            return 0;
    return lex_error(&p->lex, p->at - 1, err, "%s is no recipient of this test", rcpt);
}

static int read_expect(struct parser *p, struct err *err)
{
    const char *rcpt = NULL;
    if (parser_has_text(p) && strchr(p->at->text, '@') != NULL) {
        rcpt = parser_address(p, err);
        if (rcpt == NULL || check_rcpt(p, rcpt, err) < 0)
            return -1;
    }
    do {
        if (read_expectation(p, rcpt, err) < 0)
            return -1;
    } while (parser_take(p, ","));
    return parser_need_end(p, err);
}

/* ---- tests ---- */

static int read_facts(struct parser *p, struct err *err)
{
    if (of(p)->test->n > 0)
        return lex_error(&p->lex, p->at, err,
                         "found a fact behind 'expect', expected it before the first one");
    do {
        if (read_fact(p, err) < 0)
            return -1;
    } while (parser_take(p, ","));
    return parser_need_end(p, err);
}

static int read_lines(struct parser *p, struct err *err)
{
    while (p->at->kind != TOKEN_END && p->at->indented)
        if ((parser_take(p, "expect") ? read_expect(p, err) : read_facts(p, err)) < 0)
            return -1;
    return 0;
}

static int read_test(struct parser *p, struct err *err)
{
    struct expect_parser *e = of(p);
    struct expect_table *table = e->table;
    const struct token *at = p->at;
    if (!parser_take(p, "test"))
        return parser_expected(p, err, p->at->indented ? "test \"NAME\" before indented lines" : "test");
    if (p->at->kind != TOKEN_STRING || *p->at->text == '\0')
        return parser_expected(p, err, "the test's name in quotes");
    table->tests = arena_grow(p->policy->arena, table->tests, table->n, &e->tests_cap, sizeof *table->tests);
    e->test = &table->tests[table->n++];
    e->expectations_cap = 0;
    *e->test = (struct expect_test){.name = parser_text(p, "a name", err), .line = at->line};
    virtual_begin(&e->virtual, e->policy, e->settings, p->policy->arena);
    if (parser_need_end(p, err) < 0 || read_lines(p, err) < 0)
        return -1;
    const char *why = virtual_end(&e->virtual);
    if (why != NULL)
        return lex_error(&p->lex, at, err, "test \"%s\" %s", e->test->name, why);
    e->test->facts = e->virtual.facts;
    return 0;
}

int expect_parse(const char *path, struct span text, const struct policy *policy,
                 const struct settings *settings, struct arena *arena, struct expect_table *out,
                 struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX * 4);
    struct policy *words = arena_alloc(arena, sizeof *words); /* what the parser collects: names of groups */
    *words = (struct policy){.arena = arena, .path = arena_strdup(arena, path)};
    *out = (struct expect_table){.path = words->path};
    struct expect_parser e = {.parser = {.policy = words, .scratch = scratch, .missing_files = FILES_WANTED},
                              .policy = policy,
                              .settings = settings,
                              .table = out};
    if (lex_text(arena, words->path, text, ",", &e.parser.lex, err) < 0)
        return -1;
    for (e.parser.at = e.parser.lex.tokens; e.parser.at->kind != TOKEN_END;)
        if (read_test(&e.parser, err) < 0 || arena_check(arena, err) < 0)
            return -1;
    return 0;
}
