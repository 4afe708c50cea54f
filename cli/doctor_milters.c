/* doctor_milters - findings themselves, and what both MTAs have in common. */
#include "cli/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void doctor_add(struct doctor *doctor, enum severity severity, const char *todo, const char *what_fmt, ...)
{
    char what[1024];
    va_list args;
    va_start(args, what_fmt);
    vsnprintf(what, sizeof what, what_fmt, args);
    va_end(args);
    doctor->findings =
        arena_grow(doctor->arena, doctor->findings, doctor->n, &doctor->cap, sizeof *doctor->findings);
    doctor->findings[doctor->n++] = (struct finding){.severity = severity,
                                                     .what = arena_strdup(doctor->arena, what),
                                                     .todo = arena_strdup(doctor->arena, todo)};
}

void doctor_list_add(struct doctor *doctor, struct doctor_list *list, struct span item)
{
    list->items = arena_grow(doctor->arena, list->items, list->n, &list->cap, sizeof *list->items);
    list->items[list->n++] = arena_spandup(doctor->arena, item);
}

static bool has(const struct doctor_list *list, const char *item)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i], item) == 0)
            return true;
    return false;
}

void doctor_compare_milters(struct doctor *doctor, const char *where, const struct doctor_list *all,
                            size_t ours, const struct doctor_list *inject)
{
    size_t before = doctor->n;
    if (has(inject, all->items[ours]))
        doctor_add(doctor, FINDING_ERROR,
                   "take sealmilter out of this listener's milters: its own copies come back to it",
                   "%s runs sealmilter", where);
    for (size_t i = ours + 1; i < all->n; i++)
        if (!has(inject, all->items[i]))
            doctor_add(doctor, FINDING_ERROR,
                       "add it to this listener: copies would go without it (unsigned by DKIM, unscanned)",
                       "%s does not run %s, which stands after sealmilter", where, all->items[i]);
    for (size_t i = 0; i < ours; i++)
        if (has(inject, all->items[i]))
            doctor_add(doctor, FINDING_WARNING,
                       "take it out of this listener: it has seen the message, and may refuse a copy",
                       "%s runs %s, which stands before sealmilter", where, all->items[i]);
    if (doctor->n == before)
        doctor_add(doctor, FINDING_GOOD, NULL, "%s runs exactly the milters that stand after sealmilter",
                   where);
}

void doctor_rewriting(struct doctor *doctor, const char *where)
{
    doctor_add(
        doctor, FINDING_WARNING,
        "let users send with the address that the world sees, or rewrite before sealmilter is asked",
        "%s changes addresses when a message leaves: From is then not that of the signature and of the "
        "protected header fields",
        where);
}
