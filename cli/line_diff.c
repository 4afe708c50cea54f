/* line_diff - Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), the greedy one. */
#include "cli/line_diff.h"

#include <stdint.h>
#include <string.h>

#define EDITS_MAX 1000 /* more, and what stands between the common ends counts as replaced */
#define CONTEXT   3
#define NOWHERE   (-1)

struct lines {
    struct span *items;
    size_t n;
};

static struct lines split(struct span text, struct arena *arena)
{
    struct lines lines = {.n = 0};
    size_t cap = 0;
    while (text.len > 0) {
        size_t end = span_find(text, "\n", 1, 0);
        size_t length = end == SIZE_MAX ? text.len : end + 1;
        lines.items = arena_grow(arena, lines.items, lines.n, &cap, sizeof *lines.items);
        lines.items[lines.n++] = span_sub(text, 0, length);
        text = span_sub(text, length, text.len);
    }
    return lines;
}

/* Which lines stay: what does not is deleted before or added after. */
struct diff {
    struct lines before, after;
    bool *deleted, *added;
    size_t begin;           /* lines at the beginning that are the same */
    size_t nbefore, nafter; /* lines between the common ends */
    int32_t *rows[EDITS_MAX + 1];
};

static bool same(const struct diff *d, size_t x, size_t y)
{
    return span_eq(d->before.items[d->begin + x], d->after.items[d->begin + y]);
}

static void cut_common_ends(struct diff *d)
{
    size_t n = d->before.n, m = d->after.n;
    while (d->begin < n && d->begin < m && same(d, 0, 0))
        d->begin++;
    while (n > d->begin && m > d->begin && span_eq(d->before.items[n - 1], d->after.items[m - 1])) {
        n--;
        m--;
    }
    d->nbefore = n - d->begin;
    d->nafter = m - d->begin;
}

/*
 * How far diagonal k (x - y) gets with the next edit, from a row of what was reached before: by a line added (from diagonal k + 1) or
 * deleted (from k - 1). NOWHERE: not at all.
 */
static int32_t after_edit(const struct diff *d, const int32_t *row, int32_t k, bool *added_out)
{
    int32_t added = row[k + 1], deleted = row[k - 1] == NOWHERE ? NOWHERE : row[k - 1] + 1;
    if (added != NOWHERE && added - k > (int32_t)d->nafter)
        added = NOWHERE;
    if (deleted > (int32_t)d->nbefore)
        deleted = NOWHERE;
    *added_out = added > deleted;
    return *added_out ? added : deleted;
}

/* Rows are addressed by diagonal. True: the end is reached. */
static bool advance(const struct diff *d, int32_t edits, const int32_t *row, int32_t *next)
{
    for (int32_t k = -edits; k <= edits; k += 2) {
        bool added;
        int32_t x = edits == 0 ? 0 : after_edit(d, row, k, &added);
        while (x != NOWHERE && (size_t)x < d->nbefore && (size_t)(x - k) < d->nafter &&
               same(d, (size_t)x, (size_t)(x - k)))
            x++;
        next[k] = x;
        if (x == (int32_t)d->nbefore && x - k == (int32_t)d->nafter)
            return true;
    }
    return false;
}

/* The fewest edits; -1: more than EDITS_MAX. */
static int32_t search(struct diff *d, struct arena *arena)
{
    for (int32_t edits = 0; edits <= EDITS_MAX; edits++) {
        int32_t reach = edits + 2; /* the next row asks for one diagonal more, and for its neighbours */
        int32_t *row = arena_array(arena, 2 * (size_t)reach + 1, sizeof *row);
        d->rows[edits] = row + reach;
        for (int32_t k = -reach; k <= reach; k++)
            d->rows[edits][k] = NOWHERE;
        if (advance(d, edits, edits == 0 ? NULL : d->rows[edits - 1], d->rows[edits]))
            return edits;
    }
    return -1;
}

static void walk_back(struct diff *d, int32_t edits)
{
    int32_t k = (int32_t)d->nbefore - (int32_t)d->nafter;
    for (; edits > 0; edits--) {
        bool added;
        int32_t x = after_edit(d, d->rows[edits - 1], k, &added);
        if (added)
            d->added[d->begin + (size_t)(x - k) - 1] = true;
        else
            d->deleted[d->begin + (size_t)x - 1] = true;
        k += added ? 1 : -1;
    }
}

static void replace_all(struct diff *d)
{
    for (size_t i = 0; i < d->nbefore; i++)
        d->deleted[d->begin + i] = true;
    for (size_t i = 0; i < d->nafter; i++)
        d->added[d->begin + i] = true;
}

/* ---- printing ---- */

struct place {
    size_t x, y; /* next line of before and of after */
};

static bool at_end(const struct diff *d, struct place at)
{
    return at.x >= d->before.n && at.y >= d->after.n;
}

static bool is_changed(const struct diff *d, struct place at)
{
    return (at.x < d->before.n && d->deleted[at.x]) || (at.y < d->after.n && d->added[at.y]);
}

/* The line that comes next, and its mark. */
static char step(const struct diff *d, struct place *at, struct span *line)
{
    if (at->x < d->before.n && d->deleted[at->x]) {
        *line = d->before.items[at->x++];
        return '-';
    }
    if (at->y < d->after.n && d->added[at->y]) {
        *line = d->after.items[at->y++];
        return '+';
    }
    *line = d->before.items[at->x];
    at->x++;
    at->y++;
    return ' ';
}

/* The end of a hunk that begins here: so many unchanged lines behind its last change. */
static struct place hunk_end(const struct diff *d, struct place at)
{
    struct place end = at;
    size_t unchanged = 0;
    while (!at_end(d, at) && unchanged <= 2 * CONTEXT) {
        struct span line;
        bool changed = is_changed(d, at);
        step(d, &at, &line);
        unchanged = changed ? 0 : unchanged + 1;
        if (unchanged <= CONTEXT)
            end = at;
    }
    return end;
}

/* A range counts from 1; an empty one names the line before it. */
static void print_range(char mark, size_t from, size_t to, struct buf *out)
{
    buf_printf(out, "%c%zu,%zu ", mark, to > from ? from + 1 : from, to - from);
}

static void print_hunk(const struct diff *d, struct place *at, struct buf *out)
{
    struct place end = hunk_end(d, *at);
    buf_add_str(out, "@@ ");
    print_range('-', at->x, end.x, out);
    print_range('+', at->y, end.y, out);
    buf_add_str(out, "@@\n");
    while (at->x < end.x || at->y < end.y) {
        struct span line;
        buf_add_char(out, step(d, at, &line));
        buf_add_span(out, line);
        if (line.ptr[line.len - 1] != '\n')
            buf_add_str(out, "\n\\ No newline at end of file\n");
    }
}

static void print(const struct diff *d, struct buf *out)
{
    struct place at = {0, 0};
    struct span line;
    while (!at_end(d, at)) {
        struct place ahead = at;
        for (size_t i = 0; i < CONTEXT && !at_end(d, ahead) && !is_changed(d, ahead); i++)
            step(d, &ahead, &line);
        if (!at_end(d, ahead) && is_changed(d, ahead))
            print_hunk(d, &at, out);
        else
            step(d, &at, &line);
    }
}

void line_diff(struct span before, struct span after, struct arena *arena, struct buf *out)
{
    struct diff d = {.before = split(before, arena), .after = split(after, arena)};
    d.deleted = arena_array(arena, d.before.n + 1, sizeof *d.deleted);
    d.added = arena_array(arena, d.after.n + 1, sizeof *d.added);
    cut_common_ends(&d);
    int32_t edits = search(&d, arena);
    if (edits >= 0)
        walk_back(&d, edits);
    else
        replace_all(&d);
    print(&d, out);
}
