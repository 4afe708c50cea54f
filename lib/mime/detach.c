/* detach - a part goes with the delimiter in front of it; the first ones with the delimiter behind them. */
#include "mime/detach.h"

const char *detach_fault(const struct part_table *table, size_t part)
{
    size_t above = table->parts[part].parent;
    if (above == PART_NONE)
        return "it is the message itself";
    bool mixed = part_is(&table->parts[above], "multipart", "mixed");
    for (; above != PART_NONE; above = table->parts[above].parent) {
        const struct part *parent = &table->parts[above];
        if (part_is(parent, "multipart", "signed"))
            return "a signature covers it";
        mixed = mixed && (part_is(parent, "multipart", "mixed") || part_is(parent, "multipart", "related") ||
                          part_is(parent, "multipart", "alternative"));
    }
    return mixed ? NULL : "it stands where no attachment does";
}

static bool is_multipart(const struct part *part)
{
    return part_is(part, "multipart", "*");
}

static bool is_blank(struct span message, const struct part *part)
{
    return part_is(part, "text", "*") &&
           span_trim(span_sub(message, part->body, part->end - part->body)).len == 0;
}

static bool has_child_left(const struct part_table *table, size_t parent, const bool *gone)
{
    size_t child = part_child(table, parent, 0);
    while (child != PART_NONE && gone[child])
        child = table->parts[child].next;
    return child != PART_NONE;
}

bool detach_leaves_content(struct span message, const struct part_table *table, const bool *gone)
{
    bool content = false;
    for (size_t i = 0; i < table->n; i++) {
        const struct part *part = &table->parts[i];
        if (is_multipart(part) && !has_child_left(table, i, gone))
            return false;
        content = content || (!is_multipart(part) && !gone[i] && !is_blank(message, part));
    }
    return content;
}

/* From where to where a part goes. */
static void extent(const struct part_table *table, const bool *gone, size_t part, size_t *from, size_t *to)
{
    size_t before = PART_NONE;
    bool first = true; /* no sibling stays before it */
    for (size_t i = part_child(table, table->parts[part].parent, 0); i != part; i = table->parts[i].next) {
        first = first && gone[i];
        before = i;
    }
    *from = first ? table->parts[part].begin : table->parts[before].end;
    *to = first ? table->parts[table->parts[part].next].begin : table->parts[part].end;
}

int detach_write(struct span message, const struct part_table *table, const bool *gone, struct spool *out,
                 struct err *err)
{
    size_t at = table->parts[0].body;
    for (size_t i = 1; i < table->n; i++) {
        size_t from, to;
        if (!gone[i])
            continue;
        extent(table, gone, i, &from, &to);
        if (spool_write_span(out, span_sub(message, at, from - at), err) < 0)
            return -1;
        at = to;
    }
    return spool_write_span(out, span_sub(message, at, message.len), err);
}
