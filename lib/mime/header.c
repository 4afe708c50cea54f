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

/* NUL, and a CR that no LF follows: readers differ on what such a line is. */
static bool has_stray(struct span line)
{
    struct span content = chomp(line);
    return content.len > 0 &&
           (memchr(content.ptr, '\0', content.len) != NULL || memchr(content.ptr, '\r', content.len) != NULL);
}

static size_t name_length(struct span line)
{
    size_t n = 0;
    while (n < line.len && line.ptr[n] > ' ' && line.ptr[n] < 0x7f && line.ptr[n] != ':')
        n++;
    return n < line.len && line.ptr[n] == ':' ? n : 0;
}

/* One line into the fields; returns NULL, or why it is none of a header. */
static const char *take_line(struct reader *r, struct span line)
{
    struct header *out = r->out;
    if (has_stray(line))
        return "a header line holds NUL or a CR without LF";
    if (is_blank(line.ptr[0])) {
        if (out->n == 0)
            return "the header begins with a continuation line";
        if (span_trim(line).len == 0)
            return "a header line of blanks only, that some read as the header's end";
        out->fields[out->n - 1].raw.len += line.len;
        return NULL;
    }
    size_t name = name_length(line);
    if (name == 0)
        return "a header line is no field";
    out->fields = arena_grow(r->arena, out->fields, out->n, &r->cap, sizeof *out->fields);
    out->fields[out->n++] = (struct field){.name = span_sub(line, 0, name), .raw = line};
    return NULL;
}

static void set_values(struct header *header)
{
    for (size_t i = 0; i < header->n; i++) {
        struct field *f = &header->fields[i];
        f->value = chomp(span_sub(f->raw, f->name.len + 1, f->raw.len));
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
        if (out->trouble == NULL)
            out->trouble = take_line(&r, line);
        if (out->n > limits->fields_max)
            return err_set(err, ERR_LIMIT, "more than %zu header fields", limits->fields_max);
    }
    set_values(out);
    return arena_check(arena, err);
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
