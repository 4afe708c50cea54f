/* check_words - names that a policy gives: each is used, and what is used is there. */
#include "policy/checking.h"

#include "conf/nearest.h"

#include <stdlib.h>
#include <string.h>

/* The keywords' names, sorted, each once. */
struct names {
    const char **items;
    bool *used;
    unsigned *lines;
    size_t n;
};

static int compare_keywords(const void *a, const void *b)
{
    const struct keyword *left = *(const struct keyword *const *)a,
                         *right = *(const struct keyword *const *)b;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : left < right ? -1 : left > right;
}

static void names_init(struct names *names, const struct policy *policy)
{
    size_t n = policy->nkeywords;
    const struct keyword **sorted = xcalloc(n + 1, sizeof *sorted);
    for (size_t i = 0; i < n; i++)
        sorted[i] = &policy->keywords[i];
    qsort(sorted, n, sizeof *sorted, compare_keywords);
    names->items = xcalloc(n + 1, sizeof *names->items);
    names->used = xcalloc(n + 1, sizeof *names->used);
    names->lines = xcalloc(n + 1, sizeof *names->lines);
    for (size_t i = 0; i < n; i++) {
        if (names->n > 0 && strcmp(names->items[names->n - 1], sorted[i]->name) == 0)
            continue;
        names->lines[names->n] = policy->keyword_lines[sorted[i] - policy->keywords];
        names->items[names->n++] = sorted[i]->name;
    }
    free(sorted);
}

static void names_fini(struct names *names)
{
    free(names->items);
    free(names->used);
    free(names->lines);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool use(struct names *names, const char *name)
{
    const char **found = bsearch(&name, names->items, names->n, sizeof *names->items, compare_names);
    if (found != NULL)
        names->used[found - names->items] = true;
    return found != NULL;
}

static void check_keyword(struct checking *c, struct names *names, const struct rule *rule,
                          const struct condition *condition)
{
    for (size_t i = 0; i < condition->nvalues; i++) {
        const char *keyword = condition->values[i];
        if (use(names, keyword))
            continue;
        const char *near = nearest_word(keyword, names->items, names->n);
        check_error(c, condition->line, "rule \"%s\": keyword '%s' is not defined%s%s%s", rule->name, keyword,
                    near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                    near != NULL ? "'?" : "");
    }
}

/* ---- groups ---- */

/* A group that has no statement is one of the directory's; but not when its name is nearly one that has. */
static void check_undeclared(struct checking *c, const struct policy_group *group, unsigned line,
                             const char *const *declared, size_t ndeclared)
{
    const char *near = nearest_word(group->name, declared, ndeclared);
    if (near != NULL)
        check_warning(c, line,
                      "group '%s' has no statement, so the directory is asked for it; did you mean '%s'?",
                      group->name, near);
}

static void note_groups(const struct rule *rule, unsigned *used)
{
    for (size_t i = 0; i < rule->nconditions; i++)
        for (size_t g = 0; g < rule->conditions[i].ngroups; g++)
            used[rule->conditions[i].groups[g]] = rule->conditions[i].line;
}

static void check_groups(struct checking *c)
{
    const struct policy *policy = c->policy;
    SEAL_CLEANUP(mem_free) unsigned *used = xcalloc(policy->ngroups + 1, sizeof *used); /* in which line */
    SEAL_CLEANUP(mem_free) const char **declared = xcalloc(policy->ngroups + 1, sizeof *declared);
    size_t ndeclared = 0;
    for (size_t i = policy->nrules; i > 0; i--)
        note_groups(&policy->rules[i - 1], used);
    for (size_t i = 0; i < policy->ngroups; i++)
        if (policy->groups[i].line > 0)
            declared[ndeclared++] = policy->groups[i].name;
    for (size_t i = 0; i < policy->ngroups; i++) {
        const struct policy_group *group = &policy->groups[i];
        if (group->line > 0 && used[i] == 0)
            check_warning(c, group->line, "group '%s' is used by no rule", group->name);
        if (group->line == 0 && group->name != NULL)
            check_undeclared(c, group, used[i], declared, ndeclared);
    }
}

/* ---- keywords ---- */

static void check_keywords(struct checking *c)
{
    SEAL_CLEANUP(names_fini) struct names names = {.n = 0};
    names_init(&names, c->policy);
    for (size_t i = 0; i < c->policy->nrules; i++) {
        const struct rule *rule = &c->policy->rules[i];
        for (size_t k = 0; k < rule->nconditions; k++)
            if (rule->conditions[k].kind == CONDITION_KEYWORD)
                check_keyword(c, &names, rule, &rule->conditions[k]);
    }
    for (size_t i = 0; i < names.n; i++)
        if (!names.used[i])
            check_warning(c, names.lines[i], "keyword '%s' is used by no rule", names.items[i]);
}

void check_words(struct checking *c)
{
    check_keywords(c);
    check_groups(c);
}
