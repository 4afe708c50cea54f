/* part_rules - what holds of every table that part_parse makes, whatever the message was. */
#ifndef TESTS_MIME_PART_RULES_H
#define TESTS_MIME_PART_RULES_H

#include "mime/part.h"

#include <stdlib.h>
#include <string.h>

static inline bool rules_part_is_inside(const struct part_table *table, size_t i, size_t size)
{
    const struct part *part = &table->parts[i], *parent = i == 0 ? NULL : &table->parts[part->parent];
    if (part->begin > part->body || part->body > part->end || part->header.size > part->body - part->begin)
        return false;
    if (i == 0)
        return part->parent == PART_NONE && part->begin == 0 && part->end == size && part->depth == 0;
    return part->parent < i && parent->body <= part->begin && part->end <= parent->end &&
           part->depth == parent->depth + 1 && table->parts[i - 1].begin <= part->begin;
}

static inline bool rules_siblings_follow(const struct part_table *table, size_t i)
{
    size_t children = 0, end = table->parts[i].body;
    for (size_t c = part_child(table, i, 0); c != PART_NONE; c = table->parts[c].next) {
        if (table->parts[c].parent != i || table->parts[c].begin < end)
            return false;
        end = table->parts[c].end;
        children++;
    }
    return children == table->parts[i].nchildren;
}

static inline bool rules_fields_are_inside(struct span message, const struct part *part)
{
    const char *at = message.ptr + part->begin, *end = message.ptr + part->body;
    for (size_t f = 0; f < part->header.n; f++) {
        struct span raw = part->header.fields[f].raw;
        if (raw.ptr != at || raw.len == 0 || raw.ptr + raw.len > end)
            return false;
        at = raw.ptr + raw.len;
    }
    return true;
}

/* Marks an octet for each header or leaf that it is in. */
static inline void rules_mark(const struct part *part, unsigned char *marks)
{
    size_t end = part->nchildren == 0 ? part->end : part->body;
    for (size_t at = part->begin; at < end; at++)
        marks[at]++;
}

/* Every octet is in exactly one header or leaf, or between the parts of a multipart; the lines there begin with "--" somewhere. */
static inline bool rules_octets_are_in_one_place(struct span message, const struct part_table *table)
{
    unsigned char *marks = calloc(message.len + 1, 1);
    bool good = marks != NULL;
    for (size_t i = 0; i < table->n; i++)
        rules_mark(&table->parts[i], marks);
    for (size_t at = 0; at < message.len; at++)
        good = good && (marks[at] == 1 || (marks[at] == 0 && table->parts[0].nchildren > 0));
    for (size_t i = 1; i < table->n; i++) {
        size_t at = table->parts[i].begin; /* behind a boundary line */
        good = good && at > 2 && message.ptr[at - 1] == '\n' ? marks[at - 1] == 0 : at == message.len && good;
    }
    free(marks);
    return good;
}

/* NULL, or the rule that is broken. */
static inline const char *part_rules_broken(struct span message, const struct part_table *table)
{
    for (size_t i = 0; i < table->n; i++) {
        if (!rules_part_is_inside(table, i, message.len))
            return "a part is not inside its parent";
        if (!rules_siblings_follow(table, i))
            return "the children are not in a row";
        if (!rules_fields_are_inside(message, &table->parts[i]))
            return "the fields are not in a row";
    }
    return rules_octets_are_in_one_place(message, table) ? NULL : "an octet is in two places or in none";
}

#endif
