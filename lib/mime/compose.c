/* compose - header fields and boundaries. */
#include "mime/compose.h"
#include "mime/leaf.h"
#include "mime/word.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define LINE_MAX_LAW    998 /* RFC 5322 2.1.1 */
#define NAME_MAX_LENGTH 500
#define LONG_WORD       60 /* becomes encoded-words, which can be broken */

struct writer {
    struct buf *out;
    size_t column;
};

static void put(struct writer *w, struct span text)
{
    buf_add_span(w->out, text);
    w->column += text.len;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The blanks at the start of text, then the word behind them. */
static struct span next_word(struct span text, size_t *blanks_out)
{
    size_t n = 0;
    while (n < text.len && is_blank(text.ptr[n]))
        n++;
    *blanks_out = n;
    while (n < text.len && !is_blank(text.ptr[n]))
        n++;
    return span_sub(text, 0, n);
}

/* Blanks and word; on a new line when it would not fit, which must begin with a blank. */
static void put_word(struct writer *w, struct span word)
{
    if (word.len > 0 && is_blank(word.ptr[0]) && w->column + word.len > WORD_LINE_MAX) {
        buf_add_str(w->out, "\r\n");
        w->column = 0;
    }
    put(w, word);
}

static void put_words(struct writer *w, struct span text)
{
    size_t blanks;
    for (struct span word; text.len > 0; text = span_sub(text, word.len, text.len)) {
        word = next_word(text, &blanks);
        put_word(w, word);
    }
}

static int begin_field(struct writer *w, const char *name, struct err *err)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++)
        if (name[i] <= ' ' || name[i] >= 0x7f || name[i] == ':')
            return err_set(err, ERR_SYNTAX, "header field name with a character that none has");
    if (n == 0 || n > NAME_MAX_LENGTH)
        return err_set(err, ERR_SYNTAX, "header field name of %zu characters", n);
    put(w, span_of(name));
    put(w, SPAN_LIT(":"));
    return 0;
}

static int end_field(struct writer *w, struct err *err)
{
    buf_add_str(w->out, "\r\n");
    return buf_check(w->out, err);
}

static bool must_encode(struct span word, size_t blanks)
{
    if (word.len - blanks > LONG_WORD || blanks > LONG_WORD || span_find(word, "=?", 2, 0) != SIZE_MAX)
        return true;
    for (size_t i = blanks; i < word.len; i++)
        if (word.ptr[i] < ' ' || word.ptr[i] >= 0x7f)
            return true;
    return false;
}

/* From the first to behind the last word that must be encoded; first_out is text.len when there is none. */
static void find_encoded(struct span text, size_t *first_out, size_t *end_out)
{
    *first_out = *end_out = text.len;
    bool found = false;
    size_t blanks;
    struct span word;
    for (size_t at = 0; at < text.len; at += word.len) {
        word = next_word(span_sub(text, at, text.len), &blanks);
        if (!must_encode(word, blanks))
            continue;
        if (!found)
            *first_out = at;
        found = true;
        *end_out = at + word.len;
    }
}

static void put_encoded(struct writer *w, struct span text)
{
    while (text.len > 0) {
        char word[WORD_SIZE + 1];
        put_word(w, word_encode(&text, w->column, word));
    }
}

int compose_unstructured(struct buf *out, const char *name, const char *utf8, struct err *err)
{
    struct writer w = {.out = out};
    struct span text = span_trim(span_of(utf8));
    if (strpbrk(utf8, "\r\n") != NULL)
        return err_set(err, ERR_SYNTAX, "line end in a header field's value");
    if (text.len > 0 && !leaf_is_utf8(text))
        return err_set(err, ERR_SYNTAX, "header field's value is not UTF-8");
    if (begin_field(&w, name, err) < 0)
        return -1;
    size_t first, end;
    find_encoded(text, &first, &end);
    if (first > 0) {
        put(&w, SPAN_LIT(" "));
        put_words(&w, span_sub(text, 0, first));
        first += first < end; /* the blank before an encoded-word comes with it */
    }
    put_encoded(&w, span_sub(text, first, end - first));
    put_words(&w, span_sub(text, end, text.len));
    return end_field(&w, err);
}

/* No line over what the law allows; from is where the field begins in buf. */
static bool has_long_line(struct span field)
{
    while (field.len > 0) {
        size_t nl = span_find(field, "\r\n", 2, 0), len = nl == SIZE_MAX ? field.len : nl;
        if (len > LINE_MAX_LAW)
            return true;
        field = span_sub(field, len + 2, field.len);
    }
    return false;
}

int compose_structured(struct buf *out, const char *name, const char *value, struct err *err)
{
    struct writer w = {.out = out};
    size_t begin = out->len;
    struct span text = span_of(value);
    for (size_t i = 0; i < text.len; i++)
        if ((text.ptr[i] < ' ' && text.ptr[i] != '\t') || text.ptr[i] >= 0x7f)
            return err_set(err, ERR_SYNTAX, "header field's value with a character that it may not have");
    if (begin_field(&w, name, err) < 0)
        return -1;
    put(&w, SPAN_LIT(" "));
    put_words(&w, span_trim(text));
    if (end_field(&w, err) < 0)
        return -1;
    if (has_long_line(span_sub(buf_span(out), begin, out->len)))
        return err_set(err, ERR_LIMIT, "header field with a line over %d octets", LINE_MAX_LAW);
    return 0;
}

char *compose_quoted(struct arena *arena, const char *text)
{
    char *out = arena_alloc(arena, COMPOSE_QUOTED_MAX + 1);
    size_t n = 0;
    out[n++] = '"';
    for (const char *p = text; *p != '\0' && n + 3 < COMPOSE_QUOTED_MAX; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < ' ' || c == 0x7f || (c & 0xc0) == 0x80)
            continue;
        if (c == '"' || c == '\\')
            out[n++] = '\\';
        out[n++] = c >= 0x80 ? '?' : (char)c;
    }
    out[n++] = '"';
    out[n] = '\0';
    return out;
}

int compose_boundary(struct span bytes, char out[BOUNDARY_MAX + 1], struct err *err)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char octets[16];
    do {
        if (getrandom(octets, sizeof octets, 0) != (ssize_t)sizeof octets)
            return err_set(err, ERR_IO, "random octets: %s", strerror(errno));
        size_t n = 0;
        out[n++] = '=';
        out[n++] = '_';
        for (size_t i = 0; i < sizeof octets; i++) {
            out[n++] = hex[octets[i] >> 4];
            out[n++] = hex[octets[i] & 15];
        }
        out[n] = '\0';
    } while (span_find(bytes, out, strlen(out), 0) != SIZE_MAX);
    return 0;
}
