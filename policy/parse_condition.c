/* parse_condition - what may stand behind `when`. */
#include "policy/parser.h"

#include "conf/number.h"

#include <string.h>

static int add_value(struct parser *p, const char *value, size_t *cap)
{
    struct condition *c = p->condition;
    if (value == NULL)
        return -1;
    c->values = arena_grow(p->policy->arena, c->values, c->nvalues, cap, sizeof *c->values);
    c->values[c->nvalues++] = value;
    return 0;
}

/* ---- direction ---- */

static bool take_direction(struct parser *p)
{
    for (enum direction d = DIRECTION_TRANSIT; d <= DIRECTION_INBOUND; d++) {
        if (parser_take(p, direction_name(d))) {
            p->condition->set |= BIT(d);
            return true;
        }
    }
    return false;
}

static int read_direction(struct parser *p, struct err *err)
{
    p->condition->kind = CONDITION_DIRECTION;
    p->at--;
    do {
        if (!take_direction(p))
            return parser_expected(p, err, "outbound, inbound, internal or transit");
    } while (parser_take(p, "or"));
    return 0;
}

/* ---- addresses ---- */

static int read_patterns(struct parser *p, enum condition_kind kind, struct err *err)
{
    static const char *const later[] = {"group", "file", "attribute"};
    size_t cap = 0;
    p->condition->kind = kind;
    for (size_t i = 0; i < SEAL_COUNT(later); i++)
        if (parser_next_is(p, later[i]) && !token_ends(p->at + 1))
            return parser_unavailable(p, err);
    enum pattern_form form = parser_take(p, "domain")    ? PATTERN_DOMAIN
                             : parser_take(p, "address") ? PATTERN_ADDRESS
                                                         : PATTERN_ANY;
    do {
        if (add_value(p, parser_pattern(p, form, err), &cap) < 0)
            return -1;
    } while (parser_take(p, "or"));
    return 0;
}

static int read_from(struct parser *p, struct err *err)
{
    return read_patterns(p, CONDITION_FROM, err);
}

static int read_to(struct parser *p, struct err *err)
{
    return read_patterns(p, CONDITION_TO, err);
}

/* ---- keyword, signed, encrypted, registered ---- */

static int read_keyword(struct parser *p, struct err *err)
{
    size_t cap = 0;
    p->condition->kind = CONDITION_KEYWORD;
    do {
        if (add_value(p, parser_text(p, "the keyword's name", err), &cap) < 0)
            return -1;
    } while (parser_take(p, "or"));
    return 0;
}

static int read_layer(struct parser *p, enum condition_kind kind, struct err *err)
{
    p->condition->kind = kind;
    p->condition->set = BIT(METHOD_SMIME) | BIT(METHOD_OPENPGP);
    if (!parser_take(p, "with"))
        return 0;
    p->condition->set = 0;
    do {
        enum method method =
            parser_next_is(p, "smime") || parser_next_is(p, "openpgp") ? parser_method(p, err) : METHOD_NONE;
        if (method == METHOD_NONE)
            return parser_expected(p, err, "smime or openpgp");
        p->condition->set |= BIT(method);
    } while (parser_take(p, "or"));
    return 0;
}

static int read_signed(struct parser *p, struct err *err)
{
    return read_layer(p, CONDITION_SIGNED, err);
}

static int read_encrypted(struct parser *p, struct err *err)
{
    return read_layer(p, CONDITION_ENCRYPTED, err);
}

static int read_registered(struct parser *p, struct err *err)
{
    p->condition->kind = CONDITION_REGISTERED;
    do {
        if (parser_take(p, "sender"))
            p->condition->set |= BIT(PARTY_SENDER);
        else if (parser_take(p, "recipient"))
            p->condition->set |= BIT(PARTY_RECIPIENT);
        else
            return parser_expected(p, err, "sender or recipient");
    } while (parser_take(p, "or"));
    return 0;
}

/* ---- size, header ---- */

static int read_size(struct parser *p, struct err *err)
{
    if (parser_take(p, "over"))
        p->condition->kind = CONDITION_SIZE_OVER;
    else if (parser_take(p, "under"))
        p->condition->kind = CONDITION_SIZE_UNDER;
    else
        return parser_expected(p, err, "over or under");
    if (p->at->kind != TOKEN_WORD || !number_parse(p->at->text, NUMBER_SIZE, &p->condition->size))
        return parser_expected(p, err, number_expected(NUMBER_SIZE));
    p->at++;
    return 0;
}

static int read_header(struct parser *p, struct err *err)
{
    struct condition *c = p->condition;
    size_t cap = 0;
    c->kind = CONDITION_HEADER;
    c->header = parser_field_name(p, err);
    if (c->header == NULL)
        return -1;
    if (token_ends(p->at) || parser_next_is(p, ","))
        return 0;
    if (parser_take(p, "is"))
        c->test = HEADER_IS;
    else if (parser_take(p, "contains"))
        c->test = HEADER_CONTAINS;
    else if (parser_take(p, "like"))
        c->test = HEADER_LIKE;
    else
        return parser_expected(p, err, "is, contains, like, or nothing more");
    do {
        if (add_value(p, parser_text(p, "a value of the header field", err), &cap) < 0)
            return -1;
    } while (parser_take(p, "or"));
    return 0;
}

/* Rows without a function are words of the language that this build has nothing for. */
static const struct word condition_words[] = {
    {"outbound", read_direction},
    {"inbound", read_direction},
    {"internal", read_direction},
    {"transit", read_direction},
    {"from", read_from},
    {"to", read_to},
    {"keyword", read_keyword},
    {"signed", read_signed},
    {"encrypted", read_encrypted},
    {"registered", read_registered},
    {"size", read_size},
    {"header", read_header},
    {"subject", NULL},
    {"client", NULL},
    {"network", NULL},
    {"listener", NULL},
    {"login", NULL},
    {"tls", NULL},
    {"attachment", NULL},
    {"attachments", NULL},
    {"priority", NULL},
    {"sensitivity", NULL},
    {"calendar", NULL},
    {"tnef", NULL},
    {"list", NULL},
    {"automatic", NULL},
    {"report", NULL},
    {"verified", NULL},
    {"possible", NULL},
    {"group", NULL},
};
const struct vocabulary condition_vocabulary = {"a condition", condition_words, SEAL_COUNT(condition_words)};

int parser_condition(struct parser *p, struct err *err)
{
    struct condition condition = {.line = p->at->line};
    condition.negated = parser_take(p, "not");
    p->condition = &condition;
    if (parser_read_word(p, &condition_vocabulary, err) < 0)
        return -1;
    struct rule *rule = p->rule;
    rule->conditions = arena_grow(p->policy->arena, rule->conditions, rule->nconditions, &p->conditions_cap,
                                  sizeof condition);
    rule->conditions[rule->nconditions++] = condition;
    return 0;
}
