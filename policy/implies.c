/* implies - comparing conditions by what they say, not by facts. */
#include "policy/implies.h"

#include "base/addr.h"
#include "conf/network.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PAIRS_EACH 50 /* values of a list that each value is compared with, on average; more say nothing */

/* Whatever fits pattern a fits pattern b. A * in b matches the * of a; a ? in b might not, so it must be the same text. */
static bool pattern_within(const char *a, const char *b)
{
    char address[ADDR_MAX + 3];
    if (strcmp(a, b) == 0)
        return true;
    if (strchr(b, '?') != NULL)
        return false;
    int n = snprintf(address, sizeof address, "%s%s", strchr(a, '@') == NULL ? "*@" : "", a);
    return n > 0 && (size_t)n < sizeof address && addr_matches(address, b);
}

static bool text_within(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/*
 * Lists that were copied have their values in the same order: so each is looked for from where the one before was found. Long lists in another
 * order are given up.
 */
static bool values_within(const struct condition *a, const struct condition *b,
                          bool (*within)(const char *, const char *))
{
    size_t left = PAIRS_EACH * (a->nvalues + b->nvalues), at = 0;
    for (size_t i = 0; i < a->nvalues; i++) {
        size_t tried = 0;
        while (tried < b->nvalues && left > 0 && !within(a->values[i], b->values[at % b->nvalues])) {
            at++;
            tried++;
            left--;
        }
        if (tried == b->nvalues || left == 0)
            return false;
    }
    return true;
}

static bool named_text_within(const struct condition *a, const struct condition *b)
{
    if (strcasecmp(a->name, b->name) != 0)
        return false;
    return b->test == TEXT_PRESENT || (a->test == b->test && values_within(a, b, text_within));
}

static bool groups_within(const struct condition *a, const struct condition *b)
{
    for (size_t i = 0; i < a->ngroups; i++) {
        size_t k = 0;
        while (k < b->ngroups && a->groups[i] != b->groups[k])
            k++;
        if (k == b->ngroups)
            return false;
    }
    return true;
}

static bool attachment_within(const struct condition *a, const struct condition *b)
{
    if (b->test != TEXT_PRESENT && (a->test != b->test || !values_within(a, b, text_within)))
        return false;
    for (size_t i = 0; i < a->ntypes; i++) {
        size_t k = 0;
        while (k < b->ntypes && strcasecmp(a->types[i], b->types[k]) != 0)
            k++;
        if (k == b->ntypes && b->ntypes > 0)
            return false;
    }
    return b->ntypes == 0 || a->ntypes > 0;
}

/* A condition without values holds for any. */
static bool optional_within(const struct condition *a, const struct condition *b)
{
    return b->nvalues == 0 || (a->nvalues > 0 && values_within(a, b, text_within));
}

/* Without regard to `not`. */
static bool plain_implies(const struct condition *a, const struct condition *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case CONDITION_DIRECTION:
    case CONDITION_SIGNED:
    case CONDITION_ENCRYPTED:
    case CONDITION_REGISTERED:
    case CONDITION_PRIORITY:
    case CONDITION_SENSITIVITY:
    case CONDITION_TRAIT:
    case CONDITION_POSSIBLE:
    case CONDITION_VERIFIED:
        return (a->set & ~b->set) == 0;
    case CONDITION_FROM:
    case CONDITION_TO:
        return values_within(a, b, pattern_within);
    case CONDITION_GROUP:
    case CONDITION_FILE:
        return a->party == b->party && groups_within(a, b);
    case CONDITION_ATTRIBUTE:
        return a->party == b->party && named_text_within(a, b);
    case CONDITION_LOGIN:
    case CONDITION_TLS:
        return optional_within(a, b);
    case CONDITION_ATTACHMENT:
        return attachment_within(a, b);
    case CONDITION_CLIENT:
        return values_within(a, b, network_within);
    case CONDITION_KEYWORD:
    case CONDITION_CLIENT_NAME:
    case CONDITION_LISTENER:
        return values_within(a, b, text_within);
    case CONDITION_SIZE_OVER:
        return a->size >= b->size;
    case CONDITION_SIZE_UNDER:
        return a->size <= b->size;
    case CONDITION_HEADER:
        return named_text_within(a, b);
    }
    return false;
}

bool condition_implies(const struct condition *a, const struct condition *b)
{
    if (a->negated != b->negated)
        return false;
    return a->negated ? plain_implies(b, a) : plain_implies(a, b);
}

static bool some_implies(const struct rule *rule, const struct condition *wanted)
{
    if (wanted->kind == CONDITION_DIRECTION) {
        unsigned holds = wanted->negated ? ~wanted->set : wanted->set;
        return (rule_directions(rule) & ~holds) == 0;
    }
    for (size_t i = 0; i < rule->nconditions; i++)
        if (condition_implies(&rule->conditions[i], wanted))
            return true;
    return false;
}

bool rule_swallows(const struct rule *earlier, const struct rule *later)
{
    if (rule_continues(earlier))
        return false;
    for (size_t i = 0; i < earlier->nconditions; i++)
        if (!some_implies(later, &earlier->conditions[i]))
            return false;
    return true;
}
