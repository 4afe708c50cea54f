/*
 * align - least cost over all ways to read the result.
 *
 * cost(i, j) is the least cost of turning the original's fields from i on into the result's from j on, once the new ones on top are
 * done with: keep or change field i into j, or remove it; what is left of the result at the original's end is new.
 */
#include "milter/align.h"

#include <stdlib.h>

#define FIELDS_MAX  2100 /* mime's limit, and what we may add */
#define COST_REMOVE 2
#define COST_NEW    2
#define COST_CHANGE 3 /* less than removing and adding, more than either */
#define IMPOSSIBLE  UINT16_MAX

_Static_assert(2 * FIELDS_MAX * COST_NEW < IMPOSSIBLE, "every possible cost is below");

struct table {
    const struct header *original, *result;
    uint16_t *costs; /* (original->n + 1) rows of (result->n + 1) */
};

static uint16_t *cell(const struct table *t, size_t i, size_t j)
{
    return &t->costs[i * (t->result->n + 1) + j];
}

static uint16_t plus(unsigned a, unsigned b)
{
    return a + b < IMPOSSIBLE ? (uint16_t)(a + b) : IMPOSSIBLE;
}

static unsigned match_cost(const struct table *t, size_t i, size_t j)
{
    const struct field *a = &t->original->fields[i];
    const struct field *b = &t->result->fields[j];
    if (!span_eq_nocase(a->name, b->name))
        return IMPOSSIBLE;
    return span_eq(a->raw, b->raw) ? 0 : COST_CHANGE;
}

static bool has_name(const struct field *fields, size_t n, struct span name)
{
    for (size_t i = 0; i < n; i++)
        if (span_eq_nocase(fields[i].name, name))
            return true;
    return false;
}

/* At the end only the first field of a name finds its place. */
static bool can_be_added(const struct table *t, size_t j)
{
    struct span name = t->result->fields[j].name;
    return !has_name(t->original->fields, t->original->n, name) && !has_name(t->result->fields, j, name);
}

static void fill_last_row(const struct table *t)
{
    size_t n = t->original->n;
    *cell(t, n, t->result->n) = 0;
    for (size_t j = t->result->n; j-- > 0;)
        *cell(t, n, j) = plus(*cell(t, n, j + 1), can_be_added(t, j) ? COST_NEW : IMPOSSIBLE);
}

static uint16_t matched(const struct table *t, size_t i, size_t j)
{
    return j < t->result->n ? plus(match_cost(t, i, j), *cell(t, i + 1, j + 1)) : IMPOSSIBLE;
}

static void fill(const struct table *t)
{
    fill_last_row(t);
    for (size_t i = t->original->n; i-- > 0;)
        for (size_t j = t->result->n + 1; j-- > 0;) {
            uint16_t removed = plus(*cell(t, i + 1, j), COST_REMOVE);
            uint16_t kept = matched(t, i, j);
            *cell(t, i, j) = kept < removed ? kept : removed;
        }
}

static size_t best_top(const struct table *t)
{
    size_t top = 0;
    for (size_t j = 1; j <= t->result->n; j++)
        if (plus((unsigned)j * COST_NEW, *cell(t, 0, j)) < plus((unsigned)top * COST_NEW, *cell(t, 0, top)))
            top = j;
    return top;
}

int align_headers(struct arena *arena, const struct header *original, const struct header *result,
                  struct alignment *out, struct err *err)
{
    if (original->n > FIELDS_MAX || result->n > FIELDS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d header fields", FIELDS_MAX);
    SEAL_CLEANUP(mem_free)
    uint16_t *costs = xcalloc((original->n + 1) * (result->n + 1), sizeof *costs);
    const struct table t = {original, result, costs};
    fill(&t);
    size_t j = best_top(&t);
    *out = (struct alignment){.top = j, .place_of = arena_array(arena, original->n, sizeof(size_t))};
    for (size_t i = 0; i < original->n; i++) {
        bool keep = matched(&t, i, j) == *cell(&t, i, j);
        out->place_of[i] = keep ? j : ALIGN_GONE;
        j += keep;
    }
    out->end = j;
    return 0;
}
