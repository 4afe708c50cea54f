/* skeleton - what a text looks like. */
#include "mime/skeleton.h"

#include "base/buf.h"
#include "mime/leaf.h"

#include <string.h>

/* Look-alikes of the letters, digits and brackets that marks are written with; sorted by code point, lower case only. */
static const struct {
    uint32_t ch;
    char ascii;
} look_alikes[] = {
    {'0', 'o'},    {'1', 'l'},    {'i', 'l'},    {'|', 'l'},    {0x0131, 'l'}, {0x0251, 'a'}, {0x0261, 'g'},
    {0x0269, 'l'}, {0x028b, 'u'}, {0x03b1, 'a'}, {0x03b3, 'y'}, {0x03b5, 'e'}, {0x03b7, 'n'}, {0x03b9, 'l'},
    {0x03ba, 'k'}, {0x03bd, 'v'}, {0x03bf, 'o'}, {0x03c1, 'p'}, {0x03c3, 'o'}, {0x03c4, 't'}, {0x03c5, 'u'},
    {0x03c7, 'x'}, {0x03f2, 'c'}, {0x0430, 'a'}, {0x0432, 'b'}, {0x0435, 'e'}, {0x043a, 'k'}, {0x043c, 'm'},
    {0x043d, 'h'}, {0x043e, 'o'}, {0x0440, 'p'}, {0x0441, 'c'}, {0x0442, 't'}, {0x0443, 'y'}, {0x0445, 'x'},
    {0x0455, 's'}, {0x0456, 'l'}, {0x0457, 'l'}, {0x0458, 'j'}, {0x0475, 'v'}, {0x04af, 'y'}, {0x04bb, 'h'},
    {0x04cf, 'l'}, {0x0501, 'd'}, {0x051b, 'q'}, {0x051d, 'w'}, {0x0561, 'w'}, {0x0566, 'q'}, {0x0570, 'h'},
    {0x0578, 'n'}, {0x057d, 'u'}, {0x0585, 'o'}, {0x13a5, 'l'}, {0x1d00, 'a'}, {0x1d04, 'c'}, {0x1d05, 'd'},
    {0x1d07, 'e'}, {0x1d0b, 'k'}, {0x1d0f, 'o'}, {0x1d18, 'p'}, {0x1d1b, 't'}, {0x1d1c, 'u'}, {0x2223, 'l'},
    {0x2772, '['}, {0x2773, ']'}, {0x27e6, '['}, {0x27e7, ']'}, {0x2985, '['}, {0x2986, ']'}, {0x2997, '['},
    {0x2998, ']'}, {0x3010, '['}, {0x3011, ']'}, {0x3014, '['}, {0x3015, ']'}, {0x3016, '['}, {0x3017, ']'},
    {0x301a, '['}, {0x301b, ']'}, {0xa731, 's'},
};

static uint32_t resemble(uint32_t ch)
{
    size_t low = 0, high = SEAL_COUNT(look_alikes);
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (look_alikes[mid].ch == ch)
            return (unsigned char)look_alikes[mid].ascii;
        if (look_alikes[mid].ch < ch)
            low = mid + 1;
        else
            high = mid;
    }
    return ch;
}

/* One character; an octet that is no UTF-8 counts as a character of its own. */
static uint32_t next_char(const char **p)
{
    const unsigned char *s = (const unsigned char *)*p;
    static const struct {
        unsigned char mask, lead, more;
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 1}, {0xf0, 0xe0, 2}, {0xf8, 0xf0, 3}};
    for (size_t f = 0; f < SEAL_COUNT(forms); f++) {
        if ((s[0] & forms[f].mask) != forms[f].lead)
            continue;
        uint32_t ch = s[0] & (unsigned char)~forms[f].mask;
        unsigned i = 1;
        for (; i <= forms[f].more && (s[i] & 0xc0) == 0x80; i++)
            ch = ch << 6 | (s[i] & 0x3f);
        if (i <= forms[f].more)
            break;
        *p += i;
        return ch;
    }
    *p += 1;
    return 0xfffd;
}

static size_t put_utf8(uint32_t ch, char out[4])
{
    if (ch < 0x80) {
        out[0] = (char)ch;
        return 1;
    }
    size_t more = ch < 0x800 ? 1 : ch < 0x10000 ? 2 : 3;
    static const unsigned char leads[] = {0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(leads[more] | ch >> (6 * more));
    for (size_t i = 1; i <= more; i++)
        out[i] = (char)(0x80 | (ch >> (6 * (more - i)) & 0x3f));
    return more + 1;
}

static void add_octet(struct arena *arena, struct skeleton *out, char octet, size_t origin)
{
    size_t cap = out->cap;
    out->text = arena_grow(arena, out->text, out->len, &cap, 1);
    out->origin = arena_grow(arena, out->origin, out->len, &out->cap, sizeof *out->origin);
    out->text[out->len] = octet;
    out->origin[out->len++] = (uint32_t)origin;
}

void skeleton_of(struct arena *arena, const char *utf8, struct skeleton *out)
{
    *out = (struct skeleton){.len = 0};
    const char *p = utf8;
    while (*p != '\0') {
        size_t at = (size_t)(p - utf8);
        uint32_t parts[LEAF_DECOMPOSED_MAX];
        size_t n = leaf_decompose(next_char(&p), parts);
        for (size_t i = 0; i < n; i++) {
            char octets[4];
            size_t len = put_utf8(resemble(parts[i]), octets);
            for (size_t k = 0; k < len; k++)
                add_octet(arena, out, octets[k], at);
        }
    }
    add_octet(arena, out, '\0', (size_t)(p - utf8));
    out->len--;
}

/* The skeleton of utf8 without every mark in it; a stack of octets, so that what closes up after a removal is seen at once. */
static size_t remove_marks(struct skeleton *text, const struct skeleton *marks, size_t n)
{
    size_t kept = 0, removed = 0;
    for (size_t i = 0; i < text->len; i++) {
        text->text[kept] = text->text[i];
        text->origin[kept++] = text->origin[i];
        for (size_t m = 0; m < n; m++) {
            size_t len = marks[m].len;
            if (len == 0 || kept < len || memcmp(text->text + kept - len, marks[m].text, len) != 0)
                continue;
            kept -= len;
            removed++;
            break;
        }
    }
    text->len = kept;
    return removed;
}

/*
 * What stays of the source: the characters that gave a kept octet, and those that gave none (blanks, marks) unless they stood
 * inside a removed run; such a run is what lies between two kept octets that did not stand side by side.
 */
static char *keep(struct arena *arena, const char *utf8, const struct skeleton *before,
                  const struct skeleton *after)
{
    size_t n = strlen(utf8);
    char *out = arena_alloc(arena, n + 1);
    bool *gone = arena_array(arena, n + 1, sizeof *gone);
    for (size_t i = 0, k = 0; i < before->len; i++) {
        if (k < after->len && after->origin[k] == before->origin[i] && after->text[k] == before->text[i]) {
            k++;
            continue;
        }
        size_t end = i + 1 < before->len ? before->origin[i + 1] : n;
        bool last = k < after->len && i + 1 < before->len && after->origin[k] == before->origin[i + 1];
        const char *next = utf8 + before->origin[i];
        next_char(&next);
        if (last || i + 1 == before->len)
            end = (size_t)(next - utf8);
        for (size_t b = before->origin[i]; b < end; b++)
            gone[b] = true;
    }
    size_t len = 0;
    for (size_t b = 0; b < n; b++)
        if (!gone[b])
            out[len++] = utf8[b];
    out[len] = '\0';
    return out;
}

char *skeleton_remove(struct arena *arena, const char *utf8, const char *const *marks, size_t n)
{
    struct skeleton *wanted = arena_array(arena, n, sizeof *wanted);
    for (size_t m = 0; m < n; m++)
        skeleton_of(arena, marks[m], &wanted[m]);
    char *result = NULL;
    for (const char *text = utf8;;) {
        struct skeleton before, after;
        skeleton_of(arena, text, &before);
        after = before;
        after.text = arena_memdup(arena, before.text, before.len + 1);
        after.origin = arena_memdup(arena, before.origin, (before.len + 1) * sizeof *before.origin);
        if (remove_marks(&after, wanted, n) == 0)
            return result;
        text = result = keep(arena, text, &before, &after);
    }
}
