/* header - raw fields of a header section. */
#include "mime/header.h"

#include <string.h>

struct reader {
    struct arena *arena;
    struct span text;
    struct header *out;
    size_t cap;
};

static struct span line_at(struct span text, size_t off)
{
    size_t nl = span_find(text, "\n", 1, off);
    return span_sub(text, off, nl == SIZE_MAX ? text.len : nl + 1 - off);
}

/* Without CRLF or LF at its end. */
static struct span chomp(struct span line)
{
    if (line.len > 0 && line.ptr[line.len - 1] == '\n') {
        line.len--;
        if (line.len > 0 && line.ptr[line.len - 1] == '\r')
            line.len--;
    }
    return line;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Behind the first CR that no LF follows, where some readers end the line; else the length of the line. */
static size_t bare_cr(struct span line)
{
    struct span content = chomp(line);
    const char *cr = content.len == 0 ? NULL : memchr(content.ptr, '\r', content.len);
    return cr == NULL ? line.len : (size_t)(cr - line.ptr) + 1;
}

/* Of the name alone; blanks before the colon, which RFC 5322 4.5 knows of, are behind it. 0: the line has no name. */
static size_t name_length(struct span line, size_t *colon_out)
{
    size_t n = 0;
    while (n < line.len && line.ptr[n] > ' ' && line.ptr[n] < 0x7f && line.ptr[n] != ':')
        n++;
    size_t colon = n;
    while (colon < line.len && is_blank(line.ptr[colon]))
        colon++;
    *colon_out = colon;
    return colon < line.len && line.ptr[colon] == ':' ? n : 0;
}

static void note_trouble(struct header *header, const char *why)
{
    if (header->trouble == NULL)
        header->trouble = why;
}

static void add_field(struct reader *r, struct field field)
{
    struct header *out = r->out;
    out->fields = arena_grow(r->arena, out->fields, out->n, &r->cap, sizeof *out->fields);
    out->fields[out->n++] = field;
}

static void take_field(struct reader *r, struct span line)
{
    size_t colon, name = name_length(line, &colon);
    if (name == 0 || colon > name)
        note_trouble(r->out, "a header line is no field");
    add_field(r, (struct field){.name = span_sub(line, 0, name),
                                .value = span_sub(line, name == 0 ? 0 : colon + 1, line.len),
                                .raw = line});
}

static void take_line(struct reader *r, struct span line)
{
    struct header *out = r->out;
    if (memchr(line.ptr, '\0', line.len) != NULL)
        note_trouble(out, "a header line holds NUL or a CR without LF");
    bool blank = span_trim(line).len == 0;
    if (!is_blank(line.ptr[0]) && !blank) {
        take_field(r, line);
        return;
    }
    if (blank)
        note_trouble(out, "a header line of blanks only, that some read as the header's end");
    if (out->n == 0) {
        note_trouble(out, "the header begins with a continuation line");
        take_field(r, line);
        return;
    }
    out->fields[out->n - 1].raw.len += line.len;
}

/* One line to most readers, several to those for whom a bare CR ends one. */
static int take_lines(struct reader *r, struct span line, const struct mime_limits *limits, struct err *err)
{
    for (size_t n; line.len > 0; line = span_sub(line, n, line.len)) {
        n = bare_cr(line);
        if (line.ptr[n - 1] == '\r')
            note_trouble(r->out, "a header line holds NUL or a CR without LF");
        take_line(r, span_sub(line, 0, n));
        if (r->out->n > limits->fields_max)
            return err_set(err, ERR_LIMIT, "more than %zu header fields", limits->fields_max);
    }
    return 0;
}

static void set_values(struct header *header)
{
    for (size_t i = 0; i < header->n; i++) {
        struct field *f = &header->fields[i];
        f->value = chomp((struct span){f->value.ptr, (size_t)(f->raw.ptr + f->raw.len - f->value.ptr)});
    }
}

int header_parse(struct arena *arena, struct span text, const struct mime_limits *limits, struct header *out,
                 struct err *err)
{
    *out = (struct header){.n = 0};
    struct reader r = {.arena = arena, .text = text, .out = out};
    while (out->size < text.len) {
        struct span line = line_at(text, out->size);
        out->size += line.len;
        if (chomp(line).len == 0 && line.len > 0)
            break;
        if (out->size > limits->header_max)
            return err_set(err, ERR_LIMIT, "header longer than %zu octets", limits->header_max);
        if (take_lines(&r, line, limits, err) < 0)
            return -1;
    }
    set_values(out);
    return arena_check(arena, err);
}

static bool is_bare_cr(struct span raw, size_t at)
{
    return raw.ptr[at] == '\r' && (at + 1 == raw.len || raw.ptr[at + 1] != '\n');
}

struct span header_mend(struct arena *arena, struct span raw)
{
    size_t first = 0;
    while (first < raw.len && !is_bare_cr(raw, first))
        first++;
    if (first == raw.len)
        return raw;
    char *out = arena_alloc(arena, raw.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < raw.len; i++)
        if (!is_bare_cr(raw, i) || i + 1 == raw.len)
            out[n++] = raw.ptr[i];
    if (raw.ptr[raw.len - 1] == '\r')
        out[n++] = '\n';
    return (struct span){out, n};
}

const struct field *header_find(const struct header *header, const char *name, size_t nth)
{
    for (size_t i = 0; i < header->n; i++)
        if (span_is_nocase(header->fields[i].name, name) && nth-- == 0)
            return &header->fields[i];
    return NULL;
}

size_t header_count(const struct header *header, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < header->n; i++)
        count += span_is_nocase(header->fields[i].name, name);
    return count;
}
