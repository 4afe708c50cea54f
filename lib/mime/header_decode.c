/*
 * header_decode - encoded-words (RFC 2047), read as generously as the most generous reader does.
 *
 * A forged mark must be found in whatever form somebody's mail program shows it, so that words are decoded anywhere in a
 * value, of any length and with blanks inside; neighbours in one charset are joined before they are converted.
 */
#include "mime/header.h"
#include "mime/leaf.h"

#include "base/buf.h"

#include <string.h>

struct word {
    struct span charset;
    char encoding; /* 'b' or 'q' */
    struct span text;
    size_t end; /* offset behind "?=" */
};

struct decoder {
    struct arena *arena;
    struct span in;
    struct buf out;
    struct buf octets;   /* of encoded-words that wait to be converted together */
    struct span charset; /* theirs */
    size_t closed_from;  /* no "?=" stands at or after this offset */
};

static bool find_word(struct decoder *d, size_t at, struct word *word)
{
    struct span rest = span_sub(d->in, at, 100);
    size_t mark = span_find(rest, "?", 1, 2);
    if (!span_starts(rest, "=?") || mark == SIZE_MAX || mark == 2 || mark + 2 >= rest.len ||
        rest.ptr[mark + 2] != '?' || at >= d->closed_from)
        return false;
    word->charset = span_sub(rest, 2, mark - 2);
    size_t star = span_find(word->charset, "*", 1, 0); /* a language, RFC 2231 5 */
    if (star != SIZE_MAX)
        word->charset.len = star;
    word->encoding = (char)(rest.ptr[mark + 1] | 0x20);
    if (word->encoding != 'b' && word->encoding != 'q')
        return false;
    size_t begin = at + mark + 3, end = span_find(d->in, "?=", 2, begin);
    if (end == SIZE_MAX) {
        d->closed_from = begin;
        return false;
    }
    word->text = span_sub(d->in, begin, end - begin);
    word->end = end + 2;
    return true;
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c < '0' ? NULL : strchr(digits, c | 0x20);
    return at == NULL ? -1 : (int)(at - digits);
}

static void decode_q(struct span text, struct buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '=' && i + 2 < text.len && hex_value(text.ptr[i + 1]) >= 0 &&
            hex_value(text.ptr[i + 2]) >= 0) {
            c = (char)(hex_value(text.ptr[i + 1]) << 4 | hex_value(text.ptr[i + 2]));
            i += 2;
        } else if (c == '_') {
            c = ' ';
        }
        buf_add_char(out, c);
    }
}

static void decode_b(struct span text, struct buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    unsigned n = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *at = text.ptr[i] == '\0' ? NULL : strchr(digits, text.ptr[i]);
        if (at == NULL) {
            if (text.ptr[i] == '=')
                n = 0;
            continue;
        }
        bits = bits << 6 | (uint32_t)(at - digits);
        if (++n % 4 != 1)
            buf_add_char(out, (char)(bits >> (2 * (3 - (n - 1) % 4))));
    }
}

static void flush_octets(struct decoder *d)
{
    if (d->octets.len > 0)
        buf_add_str(&d->out, leaf_utf8(d->arena, d->charset, buf_span(&d->octets)));
    buf_clear(&d->octets);
}

static void take_word(struct decoder *d, const struct word *word)
{
    if (!span_eq_nocase(word->charset, d->charset))
        flush_octets(d);
    d->charset = word->charset;
    if (word->encoding == 'q')
        decode_q(word->text, &d->octets);
    else
        decode_b(word->text, &d->octets);
}

static size_t skip_blanks(struct span in, size_t at)
{
    while (at < in.len && strchr(" \t\r\n", in.ptr[at]) != NULL && in.ptr[at] != '\0')
        at++;
    return at;
}

static void take_plain(struct decoder *d, size_t from, size_t to)
{
    if (from < to)
        buf_add_str(&d->out, leaf_utf8(d->arena, (struct span){"", 0}, span_sub(d->in, from, to - from)));
}

static void decode(struct decoder *d)
{
    size_t plain = 0, at = 0;
    struct word word;
    while (at < d->in.len) {
        const char *mark = memchr(d->in.ptr + at, '=', d->in.len - at);
        if (mark == NULL)
            break;
        at = (size_t)(mark - d->in.ptr);
        if (!find_word(d, at, &word)) {
            at++;
            continue;
        }
        if (plain < at && !(d->octets.len > 0 && skip_blanks(d->in, plain) == at)) {
            flush_octets(d);
            take_plain(d, plain, at);
        }
        take_word(d, &word);
        plain = at = word.end;
    }
    flush_octets(d);
    take_plain(d, plain, d->in.len);
}

/* Folds and tabs become blanks; other control characters, that nobody sees, go. */
static char *without_controls(struct arena *arena, struct span text)
{
    char *out = arena_alloc(arena, text.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool fold = c == '\n' || (c == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n');
        if (c == '\t')
            out[n++] = ' ';
        else if (!fold && c >= ' ' && c != 0x7f)
            out[n++] = (char)c;
    }
    struct span trimmed = span_trim((struct span){out, n});
    memmove(out, trimmed.ptr, trimmed.len);
    out[trimmed.len] = '\0';
    return out;
}

char *header_decode(struct arena *arena, struct span raw_value)
{
    struct decoder d = {.arena = arena, .in = raw_value, .closed_from = SIZE_MAX};
    size_t max = 4 * raw_value.len + 16; /* an octet becomes three at most */
    d.out = (struct buf)BUF_INIT(max);
    d.octets = (struct buf)BUF_INIT(max);
    decode(&d);
    char *text = without_controls(arena, buf_span(&d.out));
    buf_fini(&d.out);
    buf_fini(&d.octets);
    return text;
}
