/* print_condition - what stands behind `when`, as it is written. */
#include "policy/policy_internal.h"

#include "conf/number.h"
#include "policy/names.h"

#include <string.h>
#include <strings.h>

static void print_set(const struct names *names, unsigned set, struct buf *out)
{
    const char *between = "";
    for (unsigned value = names->first; value <= names->last; value++) {
        if ((set & BIT(value)) == 0)
            continue;
        buf_printf(out, "%s%s", between, names->name(value));
        between = " or ";
    }
}

static void print_named_set(const char *what, const struct names *names, unsigned set, struct buf *out)
{
    buf_add_str(out, what);
    print_set(names, set, out);
}

/* Without what is meant when nothing is said. */
static void print_layer(const char *what, unsigned set, struct buf *out)
{
    buf_add_str(out, what);
    if (set != (BIT(METHOD_SMIME) | BIT(METHOD_OPENPGP)))
        print_named_set(" with ", &layer_names, set, out);
}

static void print_verified(unsigned set, struct buf *out)
{
    buf_add_str(out, "verified");
    if (set != BIT(SIGNATURE_GOOD))
        print_named_set(" ", &signature_names, set, out);
}

static void print_values(const char *what, const struct condition *condition, struct buf *out)
{
    buf_add_str(out, what);
    print_list(condition->values, condition->nvalues, " or ", out);
}

/* The word alone, or with values. */
static void print_optional(const char *what, const struct condition *condition, struct buf *out)
{
    buf_add_str(out, what);
    if (condition->nvalues > 0)
        print_values(" ", condition, out);
}

static void print_patterns(const char *what, const struct condition *condition, struct buf *out)
{
    bool domains = true;
    for (size_t i = 0; i < condition->nvalues; i++)
        domains = domains && strchr(condition->values[i], '@') == NULL;
    buf_printf(out, "%s %s", what, domains ? "domain " : "");
    print_values("", condition, out);
}

static void print_test(const struct condition *condition, struct buf *out)
{
    static const char *const tests[] = {
        [TEXT_PRESENT] = "", [TEXT_IS] = " is ", [TEXT_CONTAINS] = " contains ", [TEXT_LIKE] = " like "};
    print_values(tests[condition->test], condition, out);
}

static void print_header(const struct condition *condition, struct buf *out)
{
    if (strcasecmp(condition->name, "Subject") == 0 && condition->test != TEXT_PRESENT) {
        buf_add_str(out, "subject");
    } else {
        buf_add_str(out, "header ");
        print_word(condition->name, out);
    }
    print_test(condition, out);
}

static void print_party(const struct policy *policy, const struct condition *condition, struct buf *out)
{
    buf_add_str(out, condition->party == PARTY_SENDER ? "from " : "to ");
    if (condition->kind == CONDITION_ATTRIBUTE) {
        buf_printf(out, "attribute %s", condition->name);
        print_test(condition, out);
        return;
    }
    for (size_t i = 0; i < condition->ngroups; i++) {
        const struct policy_group *group = &policy->groups[condition->groups[i]];
        buf_add_str(out, i > 0 ? " or " : condition->kind == CONDITION_GROUP ? "group " : "file ");
        print_word(condition->kind == CONDITION_GROUP ? group->name : group->path, out);
    }
}

static void print_attachment(const struct condition *condition, struct buf *out)
{
    buf_add_str(out, "attachment");
    if (condition->test == TEXT_LIKE) {
        print_values(" name ", condition, out);
    } else if (condition->test != TEXT_PRESENT) {
        buf_add_str(out, " name");
        print_test(condition, out);
    }
    if (condition->ntypes > 0) {
        buf_add_str(out, " type ");
        print_list(condition->types, condition->ntypes, " or ", out);
    }
}

static void print_size(const char *what, const struct condition *condition, struct buf *out)
{
    buf_add_str(out, what);
    number_print(condition->size, NUMBER_SIZE, out);
}

void print_condition(const struct policy *policy, const struct condition *condition, struct buf *out)
{
    buf_add_str(out, condition->negated ? "not " : "");
    switch (condition->kind) {
    case CONDITION_DIRECTION:
        return print_set(&direction_names, condition->set, out);
    case CONDITION_FROM:
        return print_patterns("from", condition, out);
    case CONDITION_TO:
        return print_patterns("to", condition, out);
    case CONDITION_GROUP:
    case CONDITION_FILE:
    case CONDITION_ATTRIBUTE:
        return print_party(policy, condition, out);
    case CONDITION_KEYWORD:
        return print_values("keyword ", condition, out);
    case CONDITION_SIGNED:
        return print_layer("signed", condition->set, out);
    case CONDITION_ENCRYPTED:
        return print_layer("encrypted", condition->set, out);
    case CONDITION_SIZE_OVER:
        return print_size("size over ", condition, out);
    case CONDITION_SIZE_UNDER:
        return print_size("size under ", condition, out);
    case CONDITION_HEADER:
        return print_header(condition, out);
    case CONDITION_REGISTERED:
        return print_named_set("registered ", &party_names, condition->set, out);
    case CONDITION_CLIENT:
        return print_values("client ", condition, out);
    case CONDITION_CLIENT_NAME:
        return print_values("client name ", condition, out);
    case CONDITION_LISTENER:
        return print_values("listener ", condition, out);
    case CONDITION_LOGIN:
        return print_optional("login", condition, out);
    case CONDITION_TLS:
        return print_optional("tls", condition, out);
    case CONDITION_ATTACHMENT:
        return print_attachment(condition, out);
    case CONDITION_PRIORITY:
        return print_named_set("priority ", &priority_names, condition->set, out);
    case CONDITION_SENSITIVITY:
        return print_named_set("sensitivity ", &sensitivity_names, condition->set, out);
    case CONDITION_TRAIT:
        return print_set(&trait_names, condition->set, out);
    case CONDITION_POSSIBLE:
        return print_named_set("possible ", &method_names, condition->set, out);
    case CONDITION_VERIFIED:
        return print_verified(condition->set, out);
    }
}
