/* parser - words, patterns and complaints. */
#include "policy/parser.h"

#include "conf/nearest.h"
#include "policy/pattern.h"

#include <string.h>

#define VOCABULARY_MAX 64
#define REPLY_MAX      300 /* octets: with status and addresses it must fit reply lines */

/* One of the possibilities in "smime, openpgp, or the end of the line", and how far it is to the next one. */
static struct span possibility(const char *what, size_t *step_out)
{
    const char *comma = strchr(what, ','), * or = strstr(what, " or ");
    const char *end = comma != NULL && (or == NULL || comma < or) ? comma : or ;
    size_t length = end != NULL ? (size_t)(end - what) : strlen(what);
    *step_out = length + (end == NULL ? 0 : end == comma ? 1 : 4);
    return span_trim((struct span){what, length});
}

/* Those that are words of the language: what has blanks is a description, "10M" an example. */
static size_t possible_words(struct arena *arena, const char *what, const char *words[VOCABULARY_MAX])
{
    size_t n = 0, step;
    for (; *what != '\0' && n < VOCABULARY_MAX; what += step) {
        if (strncmp(what, " or ", 4) == 0)
            what += 4;
        struct span one = possibility(what, &step);
        if (one.len > 0 && *one.ptr >= 'a' && *one.ptr <= 'z' && memchr(one.ptr, ' ', one.len) == NULL)
            words[n++] = arena_spandup(arena, one);
    }
    return n;
}

static int expected_near(struct parser *p, struct err *err, const char *what, const char *const *words,
                         size_t n)
{
    char found[80];
    const char *near = p->at->kind == TOKEN_WORD ? nearest_word(p->at->text, words, n) : NULL;
    return lex_error(&p->lex, p->at, err, "found %s, expected %s%s%s%s",
                     token_describe(p->at, found, sizeof found), what, near != NULL ? "; did you mean '" : "",
                     near != NULL ? near : "", near != NULL ? "'?" : "");
}

/* A word that is the only one possible needs no guess beside it. */
int parser_expected(struct parser *p, struct err *err, const char *what)
{
    const char *words[VOCABULARY_MAX];
    size_t n = possible_words(p->scratch, what, words);
    return expected_near(p, err, what, words, n > 1 ? n : 0);
}

int parser_unavailable(struct parser *p, struct err *err)
{
    return lex_error(&p->lex, p->at, err, "'%s' is not available in this build", p->at->text);
}

static int unknown_word(struct parser *p, const struct vocabulary *vocabulary, struct err *err)
{
    const char *words[VOCABULARY_MAX];
    size_t n = 0;
    for (size_t i = 0; i < vocabulary->n && n < VOCABULARY_MAX; i++)
        words[n++] = vocabulary->words[i].text;
    return expected_near(p, err, vocabulary->what, words, n);
}

int parser_read_word(struct parser *p, const struct vocabulary *vocabulary, struct err *err)
{
    for (size_t i = 0; i < vocabulary->n; i++) {
        if (!parser_next_is(p, vocabulary->words[i].text))
            continue;
        if (vocabulary->words[i].read == NULL)
            return parser_unavailable(p, err);
        p->at++;
        return vocabulary->words[i].read(p, err);
    }
    return unknown_word(p, vocabulary, err);
}

bool parser_next_is(const struct parser *p, const char *text)
{
    return token_is(p->at, text);
}

bool parser_has_text(const struct parser *p)
{
    return p->at->kind == TOKEN_WORD || p->at->kind == TOKEN_STRING;
}

bool parser_at_end(const struct parser *p)
{
    return token_ends(p->at) || parser_next_is(p, ",");
}

bool parser_take(struct parser *p, const char *text)
{
    bool is = parser_next_is(p, text);
    if (is)
        p->at++;
    return is;
}

int parser_need(struct parser *p, const char *text, struct err *err)
{
    return parser_take(p, text) ? 0 : parser_expected(p, err, text);
}

int parser_need_end(struct parser *p, struct err *err)
{
    if (!token_ends(p->at))
        return parser_expected(p, err, "the end of the line");
    if (p->at->kind == TOKEN_NEWLINE)
        p->at++;
    return 0;
}

const char *parser_text(struct parser *p, const char *what, struct err *err)
{
    if (!parser_has_text(p) || *p->at->text == '\0') {
        parser_expected(p, err, what);
        return NULL;
    }
    return arena_strdup(p->policy->arena, p->at++->text);
}

const char *parser_field_name(struct parser *p, struct err *err)
{
    const char *name = parser_text(p, "the name of a header field", err);
    for (const char *c = name; c != NULL && *c != '\0'; c++) {
        if (*c <= ' ' || *c >= 0x7f || *c == ':') {
            p->at--;
            parser_expected(p, err, "the name of a header field, without colon");
            return NULL;
        }
    }
    return name;
}

const char *parser_reply(struct parser *p, struct err *err)
{
    const char *text = p->at->text;
    if (p->at->kind != TOKEN_STRING || *text == '\0') {
        parser_expected(p, err, "the text of the reply in quotes");
        return NULL;
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < ' ' || *c >= 0x7f) {
            lex_error(&p->lex, p->at, err, "found a character in a reply that is not ASCII (RFC 5321 4.2)");
            return NULL;
        }
    }
    if (strlen(text) > REPLY_MAX) {
        lex_error(&p->lex, p->at, err, "found a reply of %zu characters, expected at most %d", strlen(text),
                  REPLY_MAX);
        return NULL;
    }
    return arena_strdup(p->policy->arena, p->at++->text);
}

const char *parser_pattern(struct parser *p, enum pattern_form form, struct err *err)
{
    static const char *const expected[] = {[PATTERN_ANY] = "an address or a domain",
                                           [PATTERN_ADDRESS] = "an address",
                                           [PATTERN_DOMAIN] = "a domain"};
    char canonical[ADDR_MAX + 1];
    struct err why = ERR_INIT;
    bool has_at = parser_has_text(p) && strchr(p->at->text, '@') != NULL;
    if (!parser_has_text(p) || *p->at->text == '\0' || (form == PATTERN_DOMAIN && has_at) ||
        (form == PATTERN_ADDRESS && !has_at)) {
        parser_expected(p, err, expected[form]);
        return NULL;
    }
    if (pattern_canonical(p->at->text, canonical, &why) < 0) {
        lex_error(&p->lex, p->at, err, "%s", why.msg);
        return NULL;
    }
    p->at++;
    return arena_strdup(p->policy->arena, canonical);
}

const char *parser_address(struct parser *p, struct err *err)
{
    bool has_text = p->at->kind == TOKEN_WORD || p->at->kind == TOKEN_STRING;
    if (has_text && strpbrk(p->at->text, "*?") != NULL) {
        parser_expected(p, err, "one address, without wildcards");
        return NULL;
    }
    return parser_pattern(p, PATTERN_ADDRESS, err);
}

size_t parser_once(struct parser *p, const char ***list, size_t *n, size_t *cap, const char *text)
{
    for (size_t i = 0; i < *n; i++)
        if (strcmp((*list)[i], text) == 0)
            return i;
    *list = arena_grow(p->policy->arena, *list, *n, cap, sizeof **list);
    (*list)[*n] = text;
    return (*n)++;
}

enum method parser_method(struct parser *p, struct err *err)
{
    for (enum method method = METHOD_NONE + 1; method < METHODS; method++)
        if (parser_take(p, method_name(method)))
            return method;
    parser_expected(p, err, "smime, openpgp, pdf or portal");
    return METHOD_NONE;
}
