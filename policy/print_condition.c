/* print_condition - what stands behind `when`, as it is written. */
#include "policy/policy_internal.h"

#include "conf/number.h"

#include <string.h>

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
