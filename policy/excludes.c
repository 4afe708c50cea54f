/* excludes - conditions that cannot hold together. */
#include "policy/implies.h"

#include "base/addr.h"
#include "base/text.h"
#include "conf/network.h"

#include <string.h>

#define PAIRS_MAX 10000 /* of patterns that are compared; more say nothing */

/* ---- patterns ---- */

/* Two characters of patterns that no character fits. */
static bool differ(char a, char b)
{
    return a != '?' && b != '?' && a != b;
}

static bool beginnings_differ(struct span a, struct span b)
{
    for (size_t i = 0; i < a.len && i < b.len && a.ptr[i] != '*' && b.ptr[i] != '*'; i++)
        if (differ(a.ptr[i], b.ptr[i]))
            return true;
    return false;
}

static bool ends_differ(struct span a, struct span b)
{
    for (size_t i = 1; i <= a.len && i <= b.len; i++) {
        char x = a.ptr[a.len - i], y = b.ptr[b.len - i];
        if (x == '*' || y == '*')
            return false;
        if (differ(x, y))
            return true;
    }
    return false;
}

static bool has_star(struct span text)
{
    return text.len > 0 && memchr(text.ptr, '*', text.len) != NULL;
}

static bool texts_exclude(struct span a, struct span b)
{
    if (!has_star(a) && !has_star(b) && a.len != b.len)
        return true;
    return beginnings_differ(a, b) || ends_differ(a, b);
}

static struct span domain_of(const char *pattern)
{
    return span_of(strchr(pattern, '@') != NULL ? addr_domain(pattern) : pattern);
}

static struct span local_of(const char *pattern)
{
    const char *at = strrchr(pattern, '@');
    return at != NULL ? (struct span){pattern, (size_t)(at - pattern)} : SPAN_LIT("*");
}

/* A wildcard can stand for an @: then only the ends tell. */
static bool has_plain_domain(const char *pattern)
{
    return strchr(pattern, '@') == NULL || strpbrk(addr_domain(pattern), "*?") == NULL;
}

static bool patterns_exclude(const char *a, const char *b)
{
    if (!has_plain_domain(a) || !has_plain_domain(b))
        return ends_differ(span_of(a), span_of(b));
    return texts_exclude(domain_of(a), domain_of(b)) || texts_exclude(local_of(a), local_of(b));
}

static bool networks_exclude(const char *a, const char *b)
{
    return !network_within(a, b) && !network_within(b, a);
}

static bool all_exclude(const struct condition *a, const struct condition *b,
                        bool (*exclude)(const char *, const char *))
{
    if (a->nvalues > PAIRS_MAX / b->nvalues)
        return false;
    for (size_t i = 0; i < a->nvalues; i++)
        for (size_t k = 0; k < b->nvalues; k++)
            if (!exclude(a->values[i], b->values[k]))
                return false;
    return true;
}

/* ---- conditions ---- */

static bool sizes_exclude(const struct condition *a, const struct condition *b)
{
    if (a->kind == CONDITION_SIZE_UNDER)
        return b->kind == CONDITION_SIZE_OVER && sizes_exclude(b, a);
    return b->kind == CONDITION_SIZE_UNDER && (b->size == 0 || b->size - 1 <= a->size);
}

/* Neither of them negated. */
static bool plain_excludes(const struct condition *a, const struct condition *b)
{
    if (a->kind == CONDITION_SIZE_OVER || a->kind == CONDITION_SIZE_UNDER)
        return sizes_exclude(a, b);
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case CONDITION_DIRECTION:
    case CONDITION_SIGNED:
    case CONDITION_ENCRYPTED:
    case CONDITION_PRIORITY:
    case CONDITION_SENSITIVITY:
    case CONDITION_VERIFIED:
        return (a->set & b->set) == 0;
    case CONDITION_FROM:
    case CONDITION_TO:
        return all_exclude(a, b, patterns_exclude);
    case CONDITION_CLIENT:
        return all_exclude(a, b, networks_exclude);
    case CONDITION_SIZE_OVER:
    case CONDITION_SIZE_UNDER:
        break;
    case CONDITION_GROUP: /* from here on: several can hold of one message, or texts do not tell */
    case CONDITION_FILE:
    case CONDITION_ATTRIBUTE:
    case CONDITION_KEYWORD:
    case CONDITION_HEADER:
    case CONDITION_REGISTERED:
    case CONDITION_CLIENT_NAME:
    case CONDITION_LISTENER:
    case CONDITION_LOGIN:
    case CONDITION_TLS:
    case CONDITION_ATTACHMENT:
    case CONDITION_TRAIT:
    case CONDITION_POSSIBLE:
        break;
    }
    return false;
}

static bool holds_against(const struct condition *plain, const struct condition *negated)
{
    struct condition positive = *negated;
    positive.negated = false;
    return condition_implies(plain, &positive);
}

bool condition_excludes(const struct condition *a, const struct condition *b)
{
    if (a->negated && b->negated)
        return false;
    if (a->negated)
        return holds_against(b, a);
    return b->negated ? holds_against(a, b) : plain_excludes(a, b);
}

/* ---- rules ---- */

bool rule_excludes(const struct rule *a, const struct rule *b)
{
    if ((rule_directions(a) & rule_directions(b)) == 0)
        return true;
    for (size_t i = 0; i < a->nconditions; i++)
        for (size_t k = 0; k < b->nconditions; k++)
            if (condition_excludes(&a->conditions[i], &b->conditions[k]))
                return true;
    return false;
}

bool rule_contradiction(const struct rule *rule, const struct condition **one_out,
                        const struct condition **other_out)
{
    for (size_t i = 1; i < rule->nconditions; i++) {
        for (size_t k = 0; k < i; k++) {
            *one_out = &rule->conditions[k];
            *other_out = &rule->conditions[i];
            if (condition_excludes(*one_out, *other_out))
                return true;
        }
    }
    return false;
}
