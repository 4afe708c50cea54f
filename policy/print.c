/* print - the policy in canonical layout: what is printed parses to the same. */
#include "policy/policy_internal.h"

#include "conf/lex.h"

#include <string.h>

/* Words that mean something where a name or pattern may stand too. */
static bool is_special(const char *text)
{
    static const char *const words[] = {"domain", "address", "group",    "file", "attribute", "if",
                                        "is",     "like",    "contains", "name", "type"};
    for (size_t i = 0; i < SEAL_COUNT(words); i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return false;
}

void print_word(const char *text, struct buf *out)
{
    if (lex_is_plain(text, ",") && !is_special(text))
        buf_add_str(out, text);
    else
        lex_quote(text, out);
}

void print_list(const char *const *values, size_t n, const char *between, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        buf_add_str(out, i > 0 ? between : "");
        print_word(values[i], out);
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

/* Only a group that has a statement has a line. */
static void print_group(const struct policy_group *group, struct buf *out)
{
    if (group->line == 0)
        return;
    buf_add_str(out, "group ");
    print_word(group->name, out);
    buf_printf(out, " is %s ", group->list != NULL ? "file" : "directory");
    lex_quote(group->list != NULL ? group->path : group->dn, out);
    buf_add_char(out, '\n');
}

static void print_rule(const struct policy *policy, const struct rule *rule, struct buf *out)
{
    buf_add_str(out, "\nrule ");
    lex_quote(rule->name, out);
    buf_add_char(out, '\n');
    for (size_t i = 0; i < rule->nconditions; i++) {
        buf_add_str(out, i == 0 ? "    when " : ", ");
        print_condition(policy, &rule->conditions[i], out);
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
    for (size_t i = 0; i < policy->ngroups; i++)
        print_group(&policy->groups[i], out);
    for (size_t i = 0; i < policy->nrules; i++)
        print_rule(policy, &policy->rules[i], out);
}
