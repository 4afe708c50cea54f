/* parse_condition - what may stand behind `when`. */
#include "policy/parser.h"

#include "conf/number.h"

int parser_value(struct parser *p, const char *value, size_t *cap)
{
    struct condition *c = p->condition;
    if (value == NULL)
        return -1;
    c->values = arena_grow(p->policy->arena, c->values, c->nvalues, cap, sizeof *c->values);
    c->values[c->nvalues++] = value;
    return 0;
}

int parser_values(struct parser *p, const char *what, struct err *err)
{
    size_t cap = 0;
    do {
        if (parser_value(p, parser_text(p, what, err), &cap) < 0)
            return -1;
    } while (parser_take(p, "or"));
    return 0;
}

static bool take_name(struct parser *p, const struct names *names)
{
    for (unsigned value = names->first; value <= names->last; value++) {
        if (parser_take(p, names->name(value))) {
            p->condition->set |= BIT(value);
            return true;
        }
    }
    return false;
}

int parser_set(struct parser *p, const struct names *names, struct err *err)
{
    do {
        if (!take_name(p, names))
            return parser_expected(p, err, names->expected);
    } while (parser_take(p, "or"));
    return 0;
}

bool parser_text_test(struct parser *p)
{
    static const char *const words[] = {[TEXT_IS] = "is", [TEXT_CONTAINS] = "contains", [TEXT_LIKE] = "like"};
    for (enum text_test test = TEXT_IS; test <= TEXT_LIKE; test++) {
        if (parser_take(p, words[test])) {
            p->condition->test = test;
            return true;
        }
    }
    return false;
}

static int read_direction(struct parser *p, struct err *err)
{
    p->condition->kind = CONDITION_DIRECTION;
    p->at--;
    return parser_set(p, &direction_names, err);
}

static int read_keyword(struct parser *p, struct err *err)
{
    p->condition->kind = CONDITION_KEYWORD;
    return parser_values(p, "the keyword's name", err);
}

static int read_layer(struct parser *p, enum condition_kind kind, struct err *err)
{
    p->condition->kind = kind;
    if (parser_take(p, "with"))
        return parser_set(p, &layer_names, err);
    p->condition->set = BIT(METHOD_SMIME) | BIT(METHOD_OPENPGP);
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
    return parser_set(p, &party_names, err);
}

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

static int read_possible(struct parser *p, struct err *err)
{
    p->condition->kind = CONDITION_POSSIBLE;
    return parser_set(p, &method_names, err);
}

static int read_verified(struct parser *p, struct err *err)
{
    p->condition->kind = CONDITION_VERIFIED;
    if (!parser_at_end(p))
        return parser_set(p, &signature_names, err);
    p->condition->set = BIT(SIGNATURE_GOOD);
    return 0;
}

static const struct word condition_words[] = {
    {"outbound", read_direction},  {"inbound", read_direction},
    {"internal", read_direction},  {"transit", read_direction},
    {"from", parser_from},         {"to", parser_to},
    {"keyword", read_keyword},     {"signed", read_signed},
    {"encrypted", read_encrypted}, {"registered", read_registered},
    {"size", read_size},           {"header", parser_header},
    {"subject", parser_subject},   {"client", parser_client},
    {"listener", parser_listener}, {"login", parser_login},
    {"tls", parser_tls},           {"attachment", parser_attachment},
    {"priority", parser_priority}, {"sensitivity", parser_sensitivity},
    {"calendar", parser_trait},    {"tnef", parser_trait},
    {"list", parser_trait},        {"automatic", parser_trait},
    {"report", parser_trait},      {"possible", read_possible},
    {"verified", read_verified},
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
    rule->conditions =
        arena_grow(p->scratch, rule->conditions, rule->nconditions, &p->conditions_cap, sizeof condition);
    rule->conditions[rule->nconditions++] = condition;
    return 0;
}
