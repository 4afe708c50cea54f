/* doctor_aliases - what is opened for an address of ours must not leave the site in clear by an alias (R51). */
#include "cli/doctor.h"

#include "base/addr.h"

#include <string.h>

struct reader {
    struct doctor *doctor;
    const char *map;
    const struct doctor_list *homes;
    bool ours;                /* the alias that is being read */
    char alias[ADDR_MAX + 1]; /* its canonical address */
};

/* "*@domain" of "@domain", which stands for everybody there. */
static bool canonical(struct doctor *doctor, struct span text, char out[ADDR_MAX + 1])
{
    struct err ignored = ERR_INIT; /* commands, files and bare domains are no addresses */
    if (text.len > 1 && *text.ptr == '@')
        text = span_of(arena_printf(doctor->arena, "*%.*s", SPAN_ARG(text)));
    return addr_canonical(text, out, &ignored) == 0 && *out != '\0';
}

static void check_targets(const struct reader *reader, struct span rest)
{
    struct doctor *doctor = reader->doctor;
    while (rest.len > 0) {
        size_t comma = span_find(rest, ",", 1, 0);
        struct span one = span_trim(span_sub(rest, 0, comma == SIZE_MAX ? rest.len : comma));
        rest = comma == SIZE_MAX ? SPAN_LIT("") : span_sub(rest, comma + 1, rest.len);
        char target[ADDR_MAX + 1];
        if (canonical(doctor, one, target) && !policy_is_ours(doctor->policy, target))
            doctor_add(doctor, FINDING_ERROR,
                       "declare it in the policy: external alias ADDRESS; else what is opened for it leaves "
                       "the site in "
                       "clear",
                       "%s: %s leaves the site to %s", reader->map, reader->alias, target);
    }
}

/* An alias without a domain is one in each home; the first that is ours counts. */
static bool is_ours(struct reader *reader, struct span name)
{
    struct doctor *doctor = reader->doctor;
    if (span_find(name, "@", 1, 0) != SIZE_MAX)
        return canonical(doctor, name, reader->alias) && policy_is_ours(doctor->policy, reader->alias);
    for (size_t i = 0; i < reader->homes->n; i++) {
        const char *address = arena_printf(doctor->arena, "%.*s@%s", SPAN_ARG(name), reader->homes->items[i]);
        if (canonical(doctor, span_of(address), reader->alias) &&
            policy_is_ours(doctor->policy, reader->alias))
            return true;
    }
    return false;
}

/* A line that begins with a blank goes on with the alias before it. */
static void read_line(struct reader *reader, struct span line)
{
    size_t n = 0;
    while (n < line.len && strchr(" \t:", line.ptr[n]) == NULL)
        n++;
    if (line.len > 0 && *line.ptr == '#')
        return;
    if (n > 0)
        reader->ours = is_ours(reader, span_sub(line, 0, n));
    if (!reader->ours)
        return;
    struct span rest = span_trim(span_sub(line, n, line.len));
    if (span_starts(rest, ":"))
        rest = span_sub(rest, 1, rest.len);
    check_targets(reader, rest);
}

void doctor_aliases(struct doctor *doctor, const char *map, const struct doctor_list *homes,
                    struct span lines)
{
    struct reader reader = {.doctor = doctor, .map = map, .homes = homes};
    while (lines.len > 0) {
        size_t n = span_find(lines, "\n", 1, 0);
        read_line(&reader, span_sub(lines, 0, n == SIZE_MAX ? lines.len : n));
        lines = n == SIZE_MAX ? SPAN_LIT("") : span_sub(lines, n + 1, lines.len);
    }
}
