/* part - one pass over the lines of a message; a stack of open multiparts. */
#include "mime/part.h"

#include <string.h>

#define BOUNDARY_LENGTH_MAX 70 /* RFC 2046 5.1.1 */

/* A multipart whose boundary may still come. */
struct frame {
    size_t part;
    struct span boundary;
    size_t last_child; /* PART_NONE: none yet */
    bool closed;       /* "--boundary--" was seen: what follows is the epilogue */
};

enum place {
    IN_HEADER,
    IN_BODY
};

struct scan {
    struct arena *arena;
    struct span message;
    const struct mime_limits *limits;
    struct part_table *table;
    size_t cap;
    struct frame *frames; /* limits->depth_max + 1 */
    size_t nframes;
    size_t current; /* the part that a line belongs to */
    enum place place;
};

enum match {
    MATCH_NONE,
    MATCH_BEGINNING, /* more behind the boundary: no delimiter to us, one to readers that compare the beginning only */
    MATCH_DELIMITER,
    MATCH_CLOSE
};

static void set_opaque(struct scan *s, const char *why)
{
    if (s->table->opaque_why == NULL)
        s->table->opaque_why = why;
}

static struct part *current(const struct scan *s)
{
    return &s->table->parts[s->current];
}

static bool is_blank_line(struct span rest)
{
    size_t n = 0;
    while (n < rest.len && (rest.ptr[n] == ' ' || rest.ptr[n] == '\t'))
        n++;
    rest = span_sub(rest, n, rest.len);
    return rest.len == 0 || span_is(rest, "\n") || span_is(rest, "\r\n");
}

/* line begins with "--". */
static enum match match_frame(const struct frame *frame, struct span line)
{
    size_t n = frame->boundary.len;
    if (line.len < n + 2 || memcmp(line.ptr + 2, frame->boundary.ptr, n) != 0)
        return MATCH_NONE;
    struct span rest = span_sub(line, n + 2, line.len);
    if (is_blank_line(rest))
        return MATCH_DELIMITER;
    return span_starts(rest, "--") && is_blank_line(span_sub(rest, 2, rest.len)) ? MATCH_CLOSE
                                                                                 : MATCH_BEGINNING;
}

/* The innermost open multipart whose delimiter this line is. */
static enum match match_line(const struct scan *s, struct span line, size_t *frame_out)
{
    enum match best = MATCH_NONE;
    for (size_t i = s->nframes; i-- > 0;) {
        enum match match = match_frame(&s->frames[i], line);
        if (match == MATCH_NONE)
            continue;
        *frame_out = i;
        best = match;
        if (match != MATCH_BEGINNING)
            break;
    }
    return best;
}

static enum encoding encoding_of(const struct header *header)
{
    static const struct {
        const char *name;
        enum encoding encoding;
    } names[] = {
        {"7bit", ENCODING_7BIT},           {"8bit", ENCODING_8BIT},     {"binary", ENCODING_BINARY},
        {"quoted-printable", ENCODING_QP}, {"base64", ENCODING_BASE64},
    };
    const struct field *field = header_find(header, "Content-Transfer-Encoding", 0);
    if (field == NULL)
        return ENCODING_7BIT;
    for (size_t i = 0; i < SEAL_COUNT(names); i++)
        if (span_is_nocase(span_trim(field->value), names[i].name))
            return names[i].encoding;
    return ENCODING_UNKNOWN;
}

static void read_type(struct scan *s, struct part *part)
{
    const struct field *field = header_find(&part->header, "Content-Type", 0);
    part->type = (struct content_type){.type = "text", .subtype = "plain"};
    if (field == NULL) {
        if (part->parent != PART_NONE && part_is(&s->table->parts[part->parent], "multipart", "digest"))
            part->type = (struct content_type){.type = "message", .subtype = "rfc822"};
        return;
    }
    struct err err = ERR_INIT;
    if (content_type_parse(s->arena, field->value, &part->type, &err) < 0)
        set_opaque(s, arena_strdup(s->arena, err.msg));
}

static bool is_valid_boundary(const char *boundary)
{
    size_t n = strlen(boundary);
    if (n == 0 || n > BOUNDARY_LENGTH_MAX || boundary[n - 1] == ' ')
        return false;
    for (size_t i = 0; i < n; i++)
        if (boundary[i] < ' ' || boundary[i] >= 0x7f)
            return false;
    return true;
}

/* Equal, or equal but for the "--" that would make one's delimiter the other's end. */
static bool collide(struct span a, struct span b)
{
    struct span shorter = a.len < b.len ? a : b, longer = a.len < b.len ? b : a;
    struct span rest = span_sub(longer, shorter.len, longer.len);
    return span_eq(span_sub(longer, 0, shorter.len), shorter) && (rest.len == 0 || span_is(rest, "--"));
}

/* Whether the parts of a multipart can be told apart; else it stays a leaf. */
static const char *why_not_open(const struct scan *s, const struct part *part)
{
    const char *boundary = part_param(part, "boundary");
    if (part->encoding > ENCODING_BINARY)
        return "a multipart is encoded";
    if (boundary == NULL)
        return "a multipart without boundary";
    if (!is_valid_boundary(boundary))
        return "a boundary that is none";
    if (part->depth >= s->limits->depth_max)
        return "parts are nested too deep";
    for (size_t i = 0; i < s->nframes; i++)
        if (collide(s->frames[i].boundary, span_of(boundary)))
            return "a boundary equals an outer one";
    return NULL;
}

static void open_multipart(struct scan *s)
{
    const struct part *part = current(s);
    const char *why = why_not_open(s, part);
    if (why != NULL) {
        set_opaque(s, why);
        return;
    }
    s->frames[s->nframes++] = (struct frame){
        .part = s->current, .boundary = span_of(part_param(part, "boundary")), .last_child = PART_NONE};
}

/* A part whose header is too long (it may be a text before which the empty line is missing) is no reason to refuse the message. */
static int parse_header(struct scan *s, struct part *part, struct err *err)
{
    struct span text = span_sub(s->message, part->begin, part->body - part->begin);
    if (header_parse(s->arena, text, s->limits, &part->header, err) == 0)
        return 0;
    if (part->parent == PART_NONE || err->code != ERR_LIMIT)
        return -1;
    err_clear(err);
    set_opaque(s, "a part's header is too long");
    return arena_check(s->arena, err);
}

static int end_header(struct scan *s, size_t body, struct err *err)
{
    struct part *part = current(s);
    part->body = body;
    s->place = IN_BODY;
    if (parse_header(s, part, err) < 0)
        return -1;
    if (part->header.trouble != NULL)
        set_opaque(s, part->header.trouble);
    if (header_count(&part->header, "Content-Type") > 1)
        set_opaque(s, "a part has two Content-Type fields");
    if (header_count(&part->header, "Content-Transfer-Encoding") > 1)
        set_opaque(s, "a part has two Content-Transfer-Encoding fields");
    read_type(s, part);
    part->encoding = encoding_of(&part->header);
    if (part_is(part, "multipart", "*"))
        open_multipart(s);
    return 0;
}

static void begin_part(struct scan *s, size_t parent, size_t begin)
{
    struct part_table *table = s->table;
    table->parts = arena_grow(s->arena, table->parts, table->n, &s->cap, sizeof *table->parts);
    struct part *part = &table->parts[table->n];
    *part = (struct part){.parent = parent, .next = PART_NONE, .begin = begin};
    if (parent != PART_NONE) {
        part->depth = table->parts[parent].depth + 1;
        table->parts[parent].nchildren++;
    }
    s->current = table->n++;
    s->place = IN_HEADER;
}

/* Fixes where a part ends; a header that ran into the boundary ends there. */
static int end_part(struct scan *s, size_t index, size_t end, struct err *err)
{
    struct part *part = &s->table->parts[index];
    part->end = end < part->begin ? part->begin : end;
    if (index == s->current && s->place == IN_HEADER) {
        if (index != 0)
            set_opaque(s, "a part's header does not end");
        if (end_header(s, part->end, err) < 0)
            return -1;
        part = &s->table->parts[index];
    }
    if (part->body > part->end)
        part->body = part->end;
    if (part->header.size > part->body - part->begin)
        part->header.size = part->body - part->begin;
    return 0;
}

/* Ends the multiparts inside frames[keep - 1], and the leaf that the line before belonged to. */
static int end_inner(struct scan *s, size_t keep, size_t end, struct err *err)
{
    bool is_leaf = s->nframes == 0 || s->frames[s->nframes - 1].part != s->current;
    if (is_leaf && end_part(s, s->current, end, err) < 0)
        return -1;
    if (is_leaf && s->table->parts[s->current].end > end)
        end = s->table->parts[s->current].end; /* an outer boundary right behind an inner one */
    while (s->nframes > keep) {
        const struct frame *frame = &s->frames[--s->nframes];
        if (frame->last_child == PART_NONE)
            set_opaque(s, "a multipart without parts");
        s->current = frame->part;
        if (end_part(s, frame->part, end, err) < 0)
            return -1;
    }
    return 0;
}

static size_t before_line_end(struct span message, size_t at)
{
    if (at > 0 && message.ptr[at - 1] == '\n')
        at -= at > 1 && message.ptr[at - 2] == '\r' ? 2 : 1;
    return at;
}

static int take_delimiter(struct scan *s, size_t index, enum match match, size_t line, size_t next,
                          struct err *err)
{
    struct frame *frame = &s->frames[index];
    if (frame->closed) {
        if (match == MATCH_DELIMITER)
            set_opaque(s, "a boundary behind the closing one");
        return 0;
    }
    if (match == MATCH_DELIMITER && s->table->n >= s->limits->parts_max) {
        set_opaque(s, "too many parts");
        return 0;
    }
    if (end_inner(s, index + 1, before_line_end(s->message, line), err) < 0)
        return -1;
    s->current = frame->part;
    s->place = IN_BODY;
    frame->closed = match == MATCH_CLOSE;
    if (frame->closed)
        return 0;
    begin_part(s, frame->part, next);
    if (frame->last_child != PART_NONE)
        s->table->parts[frame->last_child].next = s->current;
    frame->last_child = s->current;
    return arena_check(s->arena, err);
}

static int take_line(struct scan *s, size_t at, struct span line, struct err *err)
{
    size_t frame = 0;
    enum match match = MATCH_NONE;
    if (s->nframes > 0 && span_starts(line, "--"))
        match = match_line(s, line, &frame);
    if (match == MATCH_BEGINNING)
        set_opaque(s, "a line begins like a boundary");
    else if (match != MATCH_NONE)
        return take_delimiter(s, frame, match, at, at + line.len, err);
    if (s->place == IN_HEADER && (line.ptr[0] == '\n' || span_is(line, "\r\n")))
        return end_header(s, at + line.len, err);
    return 0;
}

/* Offset of the next "--" behind a line end, or behind a CR, which ends a line to some readers. */
static size_t next_dashes(struct span message, size_t at)
{
    for (; at < message.len; at++) {
        const char *dash = memchr(message.ptr + at, '-', message.len - at);
        if (dash == NULL)
            break;
        at = (size_t)(dash - message.ptr);
        if (at + 1 < message.len && dash[1] == '-' && (at == 0 || dash[-1] == '\n' || dash[-1] == '\r'))
            return at;
    }
    return message.len;
}

/* at is behind a bare CR. */
static void look_behind_cr(struct scan *s, size_t at)
{
    size_t frame;
    if (match_line(s, span_sub(s->message, at, 2 + BOUNDARY_LENGTH_MAX), &frame) != MATCH_NONE)
        set_opaque(s, "a boundary behind a bare CR");
}

static int scan_lines(struct scan *s, struct err *err)
{
    struct span message = s->message;
    for (size_t at = 0, next; at < message.len; at = next) {
        if (s->place == IN_BODY)
            at = s->nframes == 0 ? message.len : next_dashes(message, at);
        if (at == message.len)
            break;
        if (s->place == IN_BODY && message.ptr[at - 1] == '\r') {
            look_behind_cr(s, at);
            next = at + 2;
            continue;
        }
        const char *nl = memchr(message.ptr + at, '\n', message.len - at);
        next = nl == NULL ? message.len : (size_t)(nl - message.ptr) + 1;
        if (take_line(s, at, span_sub(message, at, next - at), err) < 0)
            return -1;
    }
    return end_inner(s, 0, message.len, err);
}

int part_parse(struct arena *arena, struct span message, const struct mime_limits *limits,
               struct part_table *out, struct err *err)
{
    *out = (struct part_table){.n = 0};
    struct scan scan = {.arena = arena, .message = message, .limits = limits, .table = out};
    scan.frames = arena_array(arena, limits->depth_max + 1, sizeof *scan.frames);
    begin_part(&scan, PART_NONE, 0);
    if (scan_lines(&scan, err) < 0)
        return -1;
    return arena_check(arena, err);
}

bool part_is(const struct part *part, const char *type, const char *subtype)
{
    return (strcmp(type, "*") == 0 || strcmp(part->type.type, type) == 0) &&
           (strcmp(subtype, "*") == 0 || strcmp(part->type.subtype, subtype) == 0);
}

const char *part_param(const struct part *part, const char *name)
{
    return params_find(part->type.params, part->type.nparams, name);
}

size_t part_child(const struct part_table *table, size_t parent, size_t nth)
{
    size_t child = table->parts[parent].nchildren == 0 ? PART_NONE : parent + 1;
    while (child != PART_NONE && nth-- > 0)
        child = table->parts[child].next;
    return child;
}

bool part_is_content_field(struct span name)
{
    return span_starts_nocase(name, "Content-") || span_is_nocase(name, "MIME-Version");
}
