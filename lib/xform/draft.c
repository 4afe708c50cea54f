/* draft - a message in the making. */
#include "xform/draft.h"

#include "mime/compose.h"

#include <string.h>

static struct span field_name(struct span raw)
{
    size_t colon = span_find(raw, ":", 1, 0);
    return span_trim(span_sub(raw, 0, colon == SIZE_MAX ? raw.len : colon));
}

/* "[sec" CR "ure]": two lines to some readers, one word to others; a field of two words from now on. */
static void join(struct draft *draft, struct span rest)
{
    struct draft_field *field = &draft->fields[draft->n - 1];
    size_t n = field->raw.len - strlen("\r\n");
    char *raw = arena_alloc(draft->arena, n + 1 + rest.len);
    memcpy(raw, field->raw.ptr, n);
    raw[n] = ' ';
    memcpy(raw + n + 1, rest.ptr, rest.len);
    field->raw = (struct span){raw, n + 1 + rest.len};
}

void draft_init(struct draft *draft, struct arena *arena, struct span message, const struct part_table *table)
{
    const struct header *header = &table->parts[0].header;
    *draft = (struct draft){.arena = arena, .message = message, .table = table};
    draft->fields = arena_array(arena, header->n, sizeof *draft->fields);
    for (size_t i = 0; i < header->n; i++) {
        struct span name = header->fields[i].name, raw = header_mend(arena, header->fields[i].raw);
        bool behind_cr = i > 0 && header->fields[i].raw.ptr[-1] == '\r';
        if (behind_cr && name.len == 0)
            join(draft, raw);
        else
            draft->fields[draft->n++] = (struct draft_field){.name = name, .raw = raw};
    }
}

static struct draft_field *find_in(struct draft_field *fields, size_t n, const char *name, size_t *nth)
{
    for (size_t i = 0; i < n; i++)
        if (!fields[i].dropped && span_is_nocase(fields[i].name, name) && (*nth)-- == 0)
            return &fields[i];
    return NULL;
}

struct draft_field *draft_find(struct draft *draft, const char *name, size_t nth)
{
    struct draft_field *found = find_in(draft->top, draft->ntop, name, &nth);
    if (found == NULL)
        found = find_in(draft->fields, draft->n, name, &nth);
    return found != NULL ? found : find_in(draft->end, draft->nend, name, &nth);
}

static struct span field_value(const struct draft_field *field)
{
    size_t colon = span_find(field->raw, ":", 1, 0);
    return colon == SIZE_MAX ? SPAN_LIT("") : span_trim(span_sub(field->raw, colon + 1, field->raw.len));
}

const char *draft_subject(struct draft *draft)
{
    struct draft_field *field = draft_find(draft, "Subject", 0);
    return field == NULL ? "" : header_decode(draft->arena, field_value(field));
}

static struct field whole_field(struct draft *draft, const struct draft_field *from)
{
    struct field field = {.name = from->name, .raw = from->raw};
    size_t colon = span_find(field.raw, ":", 1, 0);
    if (field.name.len > 0 && colon > field.name.len && colon != SIZE_MAX) {
        char *raw = arena_alloc(draft->arena, field.raw.len);
        size_t rest = field.raw.len - colon;
        memcpy(raw, field.name.ptr, field.name.len);
        memcpy(raw + field.name.len, field.raw.ptr + colon, rest);
        field.raw = (struct span){raw, field.name.len + rest};
        colon = field.name.len;
    }
    field.value = colon == SIZE_MAX ? SPAN_LIT("") : span_sub(field.raw, colon + 1, field.raw.len);
    return field;
}

static size_t list_fields(struct draft *draft, const struct draft_field *from, size_t n, struct field *out)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (!from[i].dropped)
            out[count++] = whole_field(draft, &from[i]);
    return count;
}

const struct field *draft_fields(struct draft *draft, size_t *n_out)
{
    struct field *all = arena_array(draft->arena, draft->ntop + draft->n + draft->nend, sizeof *all);
    size_t n = list_fields(draft, draft->top, draft->ntop, all);
    n += list_fields(draft, draft->fields, draft->n, all + n);
    n += list_fields(draft, draft->end, draft->nend, all + n);
    *n_out = n;
    return all;
}

void draft_drop(struct draft *draft, struct draft_field *field)
{
    field->dropped = true;
    draft->changed = true;
}

void draft_replace(struct draft *draft, struct draft_field *field, struct span raw)
{
    field->raw = raw;
    draft->changed = true;
}

void draft_put_top(struct draft *draft, struct span raw)
{
    draft->top = arena_grow(draft->arena, draft->top, draft->ntop, &draft->top_cap, sizeof *draft->top);
    draft->top[draft->ntop++] = (struct draft_field){.name = field_name(raw), .raw = raw};
    draft->changed = true;
}

static void put_end(struct draft *draft, struct span raw)
{
    draft->end = arena_grow(draft->arena, draft->end, draft->nend, &draft->end_cap, sizeof *draft->end);
    draft->end[draft->nend++] = (struct draft_field){.name = field_name(raw), .raw = raw};
    draft->changed = true;
}

/* A whole field in the arena; ptr NULL with *err set. */
static struct span compose_field(struct draft *draft, const char *name, const char *utf8, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf line = BUF_INIT(1u << 20);
    if (compose_unstructured(&line, name, utf8, err) < 0 || buf_check(&line, err) < 0)
        return (struct span){NULL, 0};
    return (struct span){arena_spandup(draft->arena, buf_span(&line)), line.len};
}

int draft_rewrite_unstructured(struct draft *draft, struct draft_field *field, const char *name,
                               const char *utf8, struct err *err)
{
    struct span raw = compose_field(draft, name, utf8, err);
    if (raw.ptr == NULL)
        return -1;
    draft_replace(draft, field, raw);
    return 0;
}

int draft_set_subject(struct draft *draft, const char *utf8, struct err *err)
{
    struct span raw = compose_field(draft, "Subject", utf8, err);
    if (raw.ptr == NULL)
        return -1;
    struct draft_field *field = draft_find(draft, "Subject", 0);
    if (field == NULL)
        put_end(draft, raw);
    else
        draft_replace(draft, field, raw);
    while ((field = draft_find(draft, "Subject", 1)) != NULL)
        draft_drop(draft, field);
    return 0;
}

void draft_set_entity(struct draft *draft, const struct spool *entity)
{
    draft->entity = entity;
    draft->changed = true;
}

/*
 * The entity's content fields take the place of the first old one of the same name, or go to the end; every other old
 * content field goes, all instances: one that stayed would tell the reader to decode the new body as the old.
 */
static void merge_content_fields(struct draft *draft, const struct header *content)
{
    bool *placed = arena_array(draft->arena, content->n, sizeof *placed);
    bool has_version = false;
    for (size_t i = 0; i < draft->n; i++) {
        struct draft_field *old = &draft->fields[i];
        if (old->dropped || !part_is_content_field(old->name))
            continue;
        if (span_is_nocase(old->name, "MIME-Version") && !has_version) {
            has_version = true;
            continue;
        }
        old->dropped = true;
        for (size_t c = 0; c < content->n && old->dropped; c++) {
            if (placed[c] || !span_eq_nocase(old->name, content->fields[c].name))
                continue;
            old->raw = content->fields[c].raw;
            old->dropped = false;
            placed[c] = true;
        }
    }
    if (!has_version)
        put_end(draft, SPAN_LIT("MIME-Version: 1.0\r\n"));
    for (size_t c = 0; c < content->n; c++)
        if (!placed[c] && part_is_content_field(content->fields[c].name) &&
            !span_is_nocase(content->fields[c].name, "MIME-Version"))
            put_end(draft, content->fields[c].raw);
}

static int write_fields(const struct draft_field *fields, size_t n, struct spool *out, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (!fields[i].dropped && spool_write_span(out, fields[i].raw, err) < 0)
            return -1;
    return 0;
}

int draft_write(struct draft *draft, struct spool *out, struct err *err)
{
    struct span body = span_sub(draft->message, draft->table->parts[0].body, draft->message.len);
    if (draft->entity != NULL) {
        static const struct mime_limits limits = {.header_max = SIZE_MAX,
                                                  .fields_max = SIZE_MAX}; /* it is ours */
        struct span entity = spool_all(draft->entity);
        struct header content;
        if (header_parse(draft->arena, entity, &limits, &content, err) < 0)
            return -1;
        merge_content_fields(draft, &content);
        body = span_sub(entity, content.size, entity.len);
    }
    if (write_fields(draft->top, draft->ntop, out, err) < 0 ||
        write_fields(draft->fields, draft->n, out, err) < 0 ||
        write_fields(draft->end, draft->nend, out, err) < 0 || spool_write(out, "\r\n", 2, err) < 0)
        return -1;
    return spool_write_span(out, body, err);
}
