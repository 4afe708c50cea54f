/* print - the policy in canonical layout: what is printed parses to the same. */
#include "policy/policy_internal.h"

#include "conf/lex.h"
#include "conf/number.h"

#include <string.h>

/* Words that mean something where a name or pattern may stand too. */
static bool is_special(const char *text)
{
    static const char *const words[] = {"domain", "address", "group", "file",    "attribute",
                                        "if",     "is",      "like",  "contains"};
    for (size_t i = 0; i < SEAL_COUNT(words); i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return false;
}

static void print_word(const char *text, struct buf *out)
{
    if (lex_is_plain(text, ",") && !is_special(text))
        buf_add_str(out, text);
    else
        lex_quote(text, out);
}

static void print_list(const char *const *values, size_t n, const char *between, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        buf_add_str(out, i > 0 ? between : "");
        print_word(values[i], out);
    }
}

/* ---- conditions ---- */

static void print_set(unsigned set, unsigned last, const char *(*name)(unsigned), struct buf *out)
{
    const char *between = "";
    for (unsigned value = 0; value <= last; value++) {
        if ((set & BIT(value)) == 0)
            continue;
        buf_printf(out, "%s%s", between, name(value));
        between = " or ";
    }
}

static const char *name_direction(unsigned value)
{
    return direction_name(value);
}

static const char *name_method(unsigned value)
{
    return method_name(value);
}

static const char *name_party(unsigned value)
{
    return value == PARTY_SENDER ? "sender" : "recipient";
}

static void print_layer(const char *what, unsigned set, struct buf *out)
{
    buf_add_str(out, what);
    if (set == (BIT(METHOD_SMIME) | BIT(METHOD_OPENPGP)))
        return;
    buf_add_str(out, " with ");
    print_set(set, METHOD_OPENPGP, name_method, out);
}

static void print_patterns(const char *what, const struct condition *condition, struct buf *out)
{
    bool domains = true;
    for (size_t i = 0; i < condition->nvalues; i++)
        domains = domains && strchr(condition->values[i], '@') == NULL;
    buf_printf(out, "%s %s", what, domains ? "domain " : "");
    print_list(condition->values, condition->nvalues, " or ", out);
}

static void print_header(const struct condition *condition, struct buf *out)
{
    static const char *const tests[] = {[HEADER_PRESENT] = "",
                                        [HEADER_IS] = " is ",
                                        [HEADER_CONTAINS] = " contains ",
                                        [HEADER_LIKE] = " like "};
    buf_add_str(out, "header ");
    print_word(condition->header, out);
    buf_add_str(out, tests[condition->test]);
    print_list(condition->values, condition->nvalues, " or ", out);
}

void print_condition(const struct condition *condition, struct buf *out)
{
    buf_add_str(out, condition->negated ? "not " : "");
    switch (condition->kind) {
    case CONDITION_DIRECTION:
        print_set(condition->set, DIRECTION_INBOUND, name_direction, out);
        break;
    case CONDITION_FROM:
        print_patterns("from", condition, out);
        break;
    case CONDITION_TO:
        print_patterns("to", condition, out);
        break;
    case CONDITION_KEYWORD:
        buf_add_str(out, "keyword ");
        print_list(condition->values, condition->nvalues, " or ", out);
        break;
    case CONDITION_SIGNED:
        print_layer("signed", condition->set, out);
        break;
    case CONDITION_ENCRYPTED:
        print_layer("encrypted", condition->set, out);
        break;
    case CONDITION_SIZE_OVER:
    case CONDITION_SIZE_UNDER:
        buf_add_str(out, condition->kind == CONDITION_SIZE_OVER ? "size over " : "size under ");
        number_print(condition->size, NUMBER_SIZE, out);
        break;
    case CONDITION_HEADER:
        print_header(condition, out);
        break;
    case CONDITION_REGISTERED:
        buf_add_str(out, "registered ");
        print_set(condition->set, PARTY_RECIPIENT, name_party, out);
        break;
    }
}

/* ---- steps ---- */

static void print_methods(const struct step *step, struct buf *out)
{
    for (size_t i = 0; i < step->nmethods; i++)
        buf_printf(out, "%s%s", i == 0 ? " with " : " or ", method_name(step->methods[i]));
}

static void print_else(const struct step *step, struct buf *out)
{
    if (step->otherwise == OTHERWISE_SKIP)
        buf_add_str(out, step->kind == STEP_DECRYPT ? "" : " if possible");
    else if (step->text != NULL || step->kind == STEP_DECRYPT)
        buf_add_str(out, ", else refuse");
    if (step->text != NULL) {
        buf_add_char(out, ' ');
        lex_quote(step->text, out);
    }
}

void print_step(const struct step *step, struct buf *out)
{
    static const char *const names[STEPS] = {"pass",    "pass verbatim", "sign",   "encrypt", "decrypt",
                                             "harvest", "tag",           "refuse", "continue"};
    buf_add_str(out, names[step->kind]);
    print_methods(step, out);
    if (step->form == SIGN_OPAQUE)
        buf_add_str(out, " opaque");
    if (step->cipher != NULL)
        buf_printf(out, " using %s", step->cipher);
    if (step->kind == STEP_SIGN || step->kind == STEP_ENCRYPT || step->kind == STEP_DECRYPT)
        print_else(step, out);
    if (step->kind == STEP_REFUSE && step->text != NULL) {
        buf_add_char(out, ' ');
        lex_quote(step->text, out);
    }
}

/* ---- statements ---- */

static void print_names(const char *what, const char *const *names, size_t n, struct buf *out)
{
    if (n == 0)
        return;
    buf_printf(out, "%s ", what);
    print_list(names, n, ", ", out);
    buf_add_char(out, '\n');
}

static void print_keyword(const struct keyword *keyword, struct buf *out)
{
    buf_add_str(out, "keyword ");
    print_word(keyword->name, out);
    if (keyword->subject != NULL) {
        buf_add_str(out, " subject ");
        lex_quote(keyword->subject, out);
    } else {
        buf_add_str(out, " header ");
        print_word(keyword->header, out);
        buf_add_str(out, " is ");
        print_word(keyword->header_value, out);
    }
    buf_add_char(out, '\n');
}

static void print_grant(const struct sign_grant *grant, struct buf *out)
{
    bool any = grant->who == NULL && grant->submitter != SUBMITTER_LOCAL;
    buf_printf(out, "%s%s ", any ? "any " : "", submitter_name(grant->submitter));
    if (grant->who != NULL) {
        lex_quote(grant->who, out);
        buf_add_char(out, ' ');
    }
    buf_add_str(out, "may sign for ");
    print_list(grant->for_addrs, grant->nfor, ", ", out);
    buf_add_char(out, '\n');
}

static void print_rule(const struct rule *rule, struct buf *out)
{
    buf_add_str(out, "\nrule ");
    lex_quote(rule->name, out);
    buf_add_char(out, '\n');
    for (size_t i = 0; i < rule->nconditions; i++) {
        buf_add_str(out, i == 0 ? "    when " : ", ");
        print_condition(&rule->conditions[i], out);
    }
    if (rule->nconditions > 0)
        buf_add_char(out, '\n');
    for (size_t i = 0; i < rule->nsteps; i++) {
        buf_add_str(out, "    ");
        print_step(&rule->steps[i], out);
        buf_add_char(out, '\n');
    }
}

void policy_print(const struct policy *policy, struct buf *out)
{
    print_names("our domains", policy->domains, policy->ndomains, out);
    print_names("external alias", policy->aliases, policy->naliases, out);
    for (size_t i = 0; i < policy->nkeywords; i++)
        print_keyword(&policy->keywords[i], out);
    for (size_t i = 0; i < policy->ngrants; i++)
        print_grant(&policy->grants[i], out);
    for (size_t i = 0; i < policy->nrules; i++)
        print_rule(&policy->rules[i], out);
}
