/* text - hostile strings, made safe to show. */
#include "base/text.h"

#include <string.h>
#include <strings.h>

/* Decodes one character at p (n > 0 octets left): its length in octets, or 0 when it is not UTF-8 (RFC 3629). */
static size_t decode(const unsigned char *p, size_t n, uint32_t *c_out)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (p[0] < 0x80) {
        *c_out = p[0];
        return 1;
    }
    size_t len = p[0] >= 0xf0 && p[0] < 0xf8   ? 4
                 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
                 : p[0] >= 0xc0 && p[0] < 0xe0 ? 2
                                               : 0;
    if (len == 0 || len > n)
        return 0;
    uint32_t c = p[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *c_out = c;
    return len;
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

static bool is_invisible(uint32_t c)
{
    return c == 0xad || c == 0x61c || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

void text_clean(struct span text, struct buf *out)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    for (size_t i = 0, len; i < text.len; i += len) {
        uint32_t c = 0;
        len = decode(p + i, text.len - i, &c);
        if (len == 0 || is_control(c)) {
            buf_add_char(out, '?');
            len = len == 0 ? 1 : len;
        } else if (!is_invisible(c)) {
            buf_add(out, p + i, len);
        }
    }
}

bool text_is_utf8(struct span text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    for (size_t i = 0, len; i < text.len; i += len) {
        uint32_t c;
        len = decode(p + i, text.len - i, &c);
        if (len == 0)
            return false;
    }
    return true;
}

/* Blocks keep the inner loop free of branches. */
bool text_is_ascii(struct span text)
{
    for (size_t i = 0; i < text.len; i += 4096) {
        struct span block = span_sub(text, i, 4096);
        unsigned char all = 0;
        for (size_t k = 0; k < block.len; k++)
            all |= (unsigned char)block.ptr[k];
        if (all >= 0x80)
            return false;
    }
    return true;
}

/* Octets of the first n characters. */
static size_t octets_of(const char *text, size_t n)
{
    size_t at = 0;
    while (text[at] != '\0' && n > 0) {
        at++;
        while (((unsigned char)text[at] & 0xc0) == 0x80)
            at++;
        n--;
    }
    return at;
}

size_t text_cut(const char *text, size_t columns, struct buf *out)
{
    size_t n = 0;
    for (const char *c = text; *c != '\0'; c++)
        n += ((unsigned char)*c & 0xc0) != 0x80;
    if (n <= columns || columns < 2) {
        buf_add_str(out, text);
        return n;
    }
    buf_add(out, text, octets_of(text, columns - 2));
    buf_add_str(out, "..");
    return columns;
}

/* One saved position suffices, so no pattern is slow. */
bool text_is_like(const char *text, const char *pattern)
{
    const char *star = NULL, *resume = NULL;
    while (*text != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            resume = text;
        } else if (*pattern == '?' || (*pattern != '\0' && strncasecmp(pattern, text, 1) == 0)) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool text_has_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += len)
        if ((at == text || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    return false;
}
