/* canon_header - a part's header, as a relay can carry it. */
#include "mime/canon_internal.h"

#include "base/buf.h"
#include "mime/compose.h"
#include "mime/leaf.h"
#include "mime/shape.h"
#include "mime/word.h"

#include <string.h>

static bool is_8bit(char c)
{
    return (unsigned char)c > 127;
}

static bool ends_text(char c)
{
    return c != '\0' && strchr("\"<>(),;", c) != NULL;
}

static bool ends_word(char c)
{
    return ends_text(c) || (c != '\0' && strchr(" \t:=@[]", c) != NULL);
}

/* From the word with the first octet over 127 to the end of the last such word in the same text. false: there is none. */
static bool find_run(struct span value, size_t *begin_out, size_t *end_out)
{
    size_t first = 0;
    while (first < value.len && !is_8bit(value.ptr[first]))
        first++;
    if (first == value.len)
        return false;
    size_t begin = first, end = first;
    while (begin > 0 && !ends_word(value.ptr[begin - 1]))
        begin--;
    for (size_t i = first; i < value.len && !ends_text(value.ptr[i]); i++)
        if (is_8bit(value.ptr[i]))
            end = i + 1;
    while (end < value.len && !ends_word(value.ptr[end]))
        end++;
    *begin_out = begin;
    *end_out = end;
    return true;
}

/* In a quoted file name an encoded-word is against RFC 2047, and what every mail program reads. */
static void add_words(struct arena *arena, struct span run, struct buf *out)
{
    struct span text = span_of(leaf_utf8(arena, (struct span){"", 0}, run));
    for (bool first = true; text.len > 0; first = false) {
        char word[WORD_SIZE + 1];
        struct span written = word_encode(&text, 0, word);
        buf_add_span(out, first ? span_sub(written, 1, written.len) : written);
    }
}

/* One line of ASCII, to be folded. */
static void add_value(struct arena *arena, struct span value, struct buf *out)
{
    size_t begin, end, n = 0;
    char *line = arena_alloc(arena, value.len + 1);
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c != '\r' && c != '\n')
            line[n++] = (unsigned char)c < ' ' && c != '\t' ? ' ' : c == 0x7f ? '?' : c;
    }
    struct span rest = {line, n};
    while (find_run(rest, &begin, &end)) {
        buf_add_span(out, span_sub(rest, 0, begin));
        add_words(arena, span_sub(rest, begin, end - begin), out);
        rest = span_sub(rest, end, rest.len);
    }
    buf_add_span(out, rest);
}

static int write_anew(struct arena *arena, const struct field *field, struct spool *out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf value = BUF_INIT(8 * field->raw.len + 1000);
    SEAL_CLEANUP(buf_fini) struct buf line = BUF_INIT(16 * field->raw.len + 4000);
    add_value(arena, field->value, &value);
    const char *name = arena_spandup(arena, field->name);
    if (buf_check(&value, err) < 0 || compose_structured(&line, name, buf_str(&value), err) < 0) {
        err_clear(err);
        return err_set(err, ERR_UNSUPPORTED, "a header field that cannot be folded");
    }
    return spool_write_span(out, buf_span(&line), err);
}

/* It would end the header for some readers. */
static bool has_blank_line(struct span raw)
{
    while (raw.len > 0) {
        size_t nl = span_find(raw, "\n", 1, 0), end = nl == SIZE_MAX ? raw.len : nl + 1;
        if (span_trim(span_sub(raw, 0, end)).len == 0)
            return true;
        raw = span_sub(raw, end, raw.len);
    }
    return false;
}

int canon_field(struct arena *arena, const struct field *field, struct spool *out, struct err *err)
{
    struct shape shape = shape_of(field->raw);
    if (!shape_fits(&shape, CANON_LINE_SMTP) || has_blank_line(field->raw))
        return write_anew(arena, field, out, err);
    bool ended = field->raw.ptr[field->raw.len - 1] == '\n';
    if (ended && !shape.has_bare_lf)
        return spool_write_span(out, field->raw, err);
    if (canon_lines(out, field->raw, err) < 0)
        return -1;
    return ended ? 0 : spool_write(out, "\r\n", 2, err);
}

static int write_new(struct canon *canon, const char *name, const char *value, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf line = BUF_INIT(200);
    if (compose_structured(&line, name, value, err) < 0)
        return -1;
    return spool_write_span(canon->out, buf_span(&line), err);
}

static bool is_wanted(const struct canon *canon, const struct part *part, const struct field *field)
{
    bool only_content = !canon->safe && canon->nested == 0 && part->parent == PART_NONE;
    return !only_content || span_starts_nocase(field->name, "Content-");
}

/* Whether an empty line ends the header; it does not where it belongs to the boundary behind. */
static bool has_empty_line(const struct canon *canon, const struct part *part)
{
    const struct header *header = &part->header;
    if (part->parent == PART_NONE)
        return true;
    if (header->n == 0)
        return part->body > part->begin;
    struct span last = header->fields[header->n - 1].raw;
    return last.ptr + last.len < canon->message.ptr + part->body;
}

int canon_header(struct canon *canon, const struct part *part, const char *encoding, const char *type,
                 struct err *err)
{
    static const char name[] = "Content-Transfer-Encoding";
    bool has_encoding = header_find(&part->header, name, 0) != NULL;
    for (size_t i = 0; i < part->header.n; i++) {
        const struct field *field = &part->header.fields[i];
        if (!is_wanted(canon, part, field))
            continue;
        bool replace = encoding != NULL && span_is_nocase(field->name, name);
        if ((replace ? write_new(canon, name, encoding, err)
                     : canon_field(canon->arena, field, canon->out, err)) < 0)
            return -1;
    }
    if (type != NULL && write_new(canon, "Content-Type", type, err) < 0)
        return -1;
    if (encoding != NULL && !has_encoding && write_new(canon, name, encoding, err) < 0)
        return -1;
    return has_empty_line(canon, part) ? spool_write(canon->out, "\r\n", 2, err) : 0;
}
