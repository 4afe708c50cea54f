/* legacy_display - the parts that are marked, each without what leads its text. */
#include "mime/legacy_display.h"

#include "mime/content_param.h"
#include "mime/transfer.h"

#include <string.h>

#define LEAD_MAX 8192 /* octets of what is taken away; a longer lead is none */

struct removal {
    struct arena *arena;
    struct span entity;
    const struct part_table *table;
    struct spool *out;
    size_t done; /* of entity: written so far */
};

/* ---- where the text begins ---- */

static size_t line_end(struct span text, size_t at)
{
    size_t nl = span_find(text, "\n", 1, at);
    return nl == SIZE_MAX ? text.len : nl + 1;
}

/* Whether it looks like "Name: value". */
static bool is_field(struct span line)
{
    size_t n = 0;
    while (n < line.len && line.ptr[n] > ' ' && line.ptr[n] < 0x7f && line.ptr[n] != ':')
        n++;
    return n > 0 && n < line.len && line.ptr[n] == ':';
}

/* Behind the lines of fields and the empty line; 0: they are not there. */
static size_t plain_lead(struct span text)
{
    size_t at = 0, end;
    for (; at < text.len && at < LEAD_MAX; at = end) {
        end = line_end(text, at);
        struct span line = span_sub(text, at, end - at);
        if (span_trim(line).len == 0)
            return at > 0 ? end : 0;
        bool continued = at > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
        if (!continued && !is_field(line))
            return 0;
    }
    return 0;
}

static size_t skip_blanks(struct span text, size_t at)
{
    while (at < text.len &&
           (text.ptr[at] == ' ' || text.ptr[at] == '\t' || text.ptr[at] == '\r' || text.ptr[at] == '\n'))
        at++;
    return at;
}

/* Behind a word that stands here; SIZE_MAX: it does not. */
static size_t take(struct span text, size_t at, const char *word)
{
    struct span rest = at > text.len ? (struct span){"", 0} : span_sub(text, at, text.len);
    return span_starts_nocase(rest, word) ? at + strlen(word) : SIZE_MAX;
}

static size_t find_nocase(struct span text, const char *word, size_t from)
{
    for (size_t at = from; at < text.len; at++)
        if (take(text, at, word) != SIZE_MAX)
            return at;
    return SIZE_MAX;
}

/* Behind "<body ..>"; the text's beginning where there is none. */
static size_t body_begin(struct span text)
{
    size_t body = find_nocase(span_sub(text, 0, LEAD_MAX), "<body", 0);
    size_t end = body == SIZE_MAX ? SIZE_MAX : span_find(text, ">", 1, body);
    return end == SIZE_MAX ? 0 : end + 1;
}

/* The whole element, when nothing is in it but text, in a <pre> or not; else false. */
static bool find_div(struct span html, size_t *begin_out, size_t *end_out)
{
    static const char open[] = "<div class=\"header-protection-legacy-display\">";
    size_t begin = skip_blanks(html, body_begin(html)), at = take(html, begin, open);
    if (at == SIZE_MAX)
        return false;
    size_t inside = skip_blanks(html, at), pre = take(html, inside, "<pre>");
    at = span_find(html, "<", 1, pre != SIZE_MAX ? pre : inside);
    if (at != SIZE_MAX && pre != SIZE_MAX)
        at = take(html, at, "</pre>");
    at = at == SIZE_MAX ? SIZE_MAX : take(html, skip_blanks(html, at), "</div>");
    if (at == SIZE_MAX || at - begin > LEAD_MAX)
        return false;
    *begin_out = begin;
    *end_out = skip_blanks(html, at);
    return true;
}

/* What is to go of a part's text; false: nothing. */
static bool find_lead(const struct part *part, struct span text, size_t *begin_out, size_t *end_out)
{
    if (part_is(part, "text", "html"))
        return find_div(text, begin_out, end_out);
    *begin_out = 0;
    *end_out = plain_lead(text);
    return *end_out > 0;
}

/* ---- writing ---- */

static int write_header(struct removal *r, const struct part *part, struct err *err)
{
    for (size_t i = 0; i < part->header.n; i++) {
        const struct field *field = &part->header.fields[i];
        struct span raw = field->raw;
        if (span_is_nocase(field->name, "Content-Type")) {
            char *value = content_param_set(r->arena, field->value, "hp-legacy-display", NULL);
            raw = span_of(arena_printf(r->arena, "Content-Type:%s\r\n", value));
        }
        if (spool_write_span(r->out, raw, err) < 0)
            return -1;
    }
    return spool_write(r->out, "\r\n", 2, err);
}

static int encode(enum encoding encoding, struct span text, struct spool *out, struct err *err)
{
    switch (encoding) {
    case ENCODING_BASE64:
        return base64_encode(text, out, err);
    case ENCODING_QP:
        return qp_encode(text, out, err);
    case ENCODING_7BIT:
    case ENCODING_8BIT:
    case ENCODING_BINARY:
    case ENCODING_UNKNOWN:
        break;
    }
    return spool_write_span(out, text, err);
}

static int write_part(struct removal *r, const struct part *part, struct span text, size_t begin, size_t end,
                      struct err *err)
{
    SEAL_CLEANUP(spool_free) struct spool *rest = spool_like(r->out);
    if (spool_write_span(rest, span_sub(text, 0, begin), err) < 0 ||
        spool_write_span(rest, span_sub(text, end, text.len), err) < 0 || spool_seal(rest, err) < 0 ||
        spool_write_span(r->out, span_sub(r->entity, r->done, part->begin - r->done), err) < 0 ||
        write_header(r, part, err) < 0 || encode(part->encoding, spool_all(rest), r->out, err) < 0)
        return -1;
    r->done = part->end;
    return 0;
}

/* ---- which parts ---- */

static bool is_signed(const struct part_table *table, size_t at)
{
    for (; at != PART_NONE; at = table->parts[at].parent)
        if (part_is(&table->parts[at], "multipart", "signed"))
            return true;
    return false;
}

static bool is_attached(struct arena *arena, const struct part *part)
{
    const struct field *field = header_find(&part->header, "Content-Disposition", 0);
    struct content_disposition disposition;
    if (field == NULL)
        return false;
    content_disposition_parse(arena, field->value, &disposition);
    return strcmp(disposition.type, "inline") != 0;
}

static bool has_display(const struct removal *r, size_t at)
{
    const struct part *part = &r->table->parts[at];
    const char *mark = part_param(part, "hp-legacy-display");
    return mark != NULL && strcmp(mark, "1") == 0 &&
           (part_is(part, "text", "plain") || part_is(part, "text", "html")) && !is_signed(r->table, at) &&
           !is_attached(r->arena, part);
}

/* 1 removed, 0 nothing there, -1. A text that cannot be decoded stays. */
static int remove_from(struct removal *r, const struct part *part, struct err *err)
{
    SEAL_CLEANUP(spool_free) struct spool *text = spool_like(r->out);
    size_t begin = 0, end = 0;
    if (transfer_decode(part->encoding, span_sub(r->entity, part->body, part->end - part->body), text, err) <
            0 ||
        spool_seal(text, err) < 0) {
        if (err->code != ERR_SYNTAX && err->code != ERR_UNSUPPORTED)
            return -1;
        err_clear(err);
        return 0;
    }
    if (!find_lead(part, spool_all(text), &begin, &end))
        return 0;
    return write_part(r, part, spool_all(text), begin, end, err) < 0 ? -1 : 1;
}

int legacy_display_remove(struct arena *arena, struct span entity, const struct part_table *table,
                          struct spool *out, struct err *err)
{
    struct removal r = {.arena = arena, .entity = entity, .table = table, .out = out};
    int removed = 0;
    for (size_t i = 0; i < table->n && table->opaque_why == NULL; i++) {
        int one = has_display(&r, i) ? remove_from(&r, &table->parts[i], err) : 0;
        if (one < 0)
            return -1;
        removed = removed > one ? removed : one;
    }
    if (removed > 0 && spool_write_span(out, span_sub(entity, r.done, entity.len), err) < 0)
        return -1;
    return removed > 0 ? 1 : arena_check(arena, err);
}
