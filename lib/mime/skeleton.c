/* skeleton - what a text looks like. */
#include "mime/skeleton.h"

#include "mime/leaf.h"

#include <stdlib.h>
#include <string.h>

/* Look-alikes of the letters, digits and brackets that marks are written with; sorted by code point, capitals only where the small letter looks
 * like another. */
static const struct {
    uint32_t ch;
    char ascii;
} look_alikes[] = {
    {'0', 'o'},    {'1', 'l'},    {'i', 'l'},    {'|', 'l'},    {0x0131, 'l'}, {0x0251, 'a'}, {0x0261, 'g'},
    {0x0262, 'g'}, {0x0269, 'l'}, {0x026a, 'l'}, {0x0274, 'n'}, {0x0280, 'r'}, {0x028b, 'u'}, {0x028f, 'y'},
    {0x029c, 'h'}, {0x029f, 'l'}, {0x0397, 'h'}, {0x039d, 'n'}, {0x03a5, 'y'}, {0x03b1, 'a'}, {0x03b3, 'y'},
    {0x03b5, 'e'}, {0x03b7, 'n'}, {0x03b9, 'l'}, {0x03ba, 'k'}, {0x03bd, 'v'}, {0x03bf, 'o'}, {0x03c1, 'p'},
    {0x03c3, 'o'}, {0x03c4, 't'}, {0x03c5, 'u'}, {0x03c7, 'x'}, {0x03f2, 'c'}, {0x0430, 'a'}, {0x0432, 'b'},
    {0x0435, 'e'}, {0x043a, 'k'}, {0x043c, 'm'}, {0x043d, 'h'}, {0x043e, 'o'}, {0x0440, 'p'}, {0x0441, 'c'},
    {0x0442, 't'}, {0x0443, 'y'}, {0x0445, 'x'}, {0x0455, 's'}, {0x0456, 'l'}, {0x0457, 'l'}, {0x0458, 'j'},
    {0x0475, 'v'}, {0x04af, 'y'}, {0x04bb, 'h'}, {0x04cf, 'l'}, {0x0501, 'd'}, {0x050d, 'g'}, {0x051b, 'q'},
    {0x051d, 'w'}, {0x054f, 's'}, {0x0555, 'o'}, {0x0561, 'w'}, {0x0566, 'q'}, {0x0570, 'h'}, {0x0578, 'n'},
    {0x057d, 'u'}, {0x0581, 'g'}, {0x0585, 'o'}, {0x13a0, 'd'}, {0x13a1, 'r'}, {0x13a2, 't'}, {0x13a5, 'l'},
    {0x13a9, 'y'}, {0x13ac, 'e'}, {0x13b3, 'w'}, {0x13b7, 'm'}, {0x13bb, 'h'}, {0x13c0, 'g'}, {0x13d9, 'v'},
    {0x13da, 's'}, {0x13de, 'l'}, {0x13df, 'c'}, {0x13e2, 'p'}, {0x13e6, 'k'}, {0x1d00, 'a'}, {0x1d04, 'c'},
    {0x1d05, 'd'}, {0x1d07, 'e'}, {0x1d0b, 'k'}, {0x1d0f, 'o'}, {0x1d18, 'p'}, {0x1d1b, 't'}, {0x1d1c, 'u'},
    {0x1d20, 'v'}, {0x2223, 'l'}, {0x2772, '['}, {0x2773, ']'}, {0x27e6, '['}, {0x27e7, ']'}, {0x2985, '['},
    {0x2986, ']'}, {0x2997, '['}, {0x2998, ']'}, {0x2c9f, 'o'}, {0x2ca3, 'p'}, {0x2ca5, 'c'}, {0x3010, '['},
    {0x3011, ']'}, {0x3014, '['}, {0x3015, ']'}, {0x3016, '['}, {0x3017, ']'}, {0x301a, '['}, {0x301b, ']'},
    {0xa4d0, 'b'}, {0xa4d1, 'p'}, {0xa4d3, 'd'}, {0xa4d4, 't'}, {0xa4d6, 'g'}, {0xa4d7, 'k'}, {0xa4d9, 'j'},
    {0xa4da, 'c'}, {0xa4dc, 'z'}, {0xa4dd, 'f'}, {0xa4df, 'm'}, {0xa4e0, 'n'}, {0xa4e1, 'l'}, {0xa4e2, 's'},
    {0xa4e3, 'r'}, {0xa4e6, 'v'}, {0xa4e7, 'h'}, {0xa4ea, 'w'}, {0xa4eb, 'x'}, {0xa4ec, 'y'}, {0xa4ee, 'a'},
    {0xa4f0, 'e'}, {0xa4f2, 'l'}, {0xa4f3, 'o'}, {0xa4f4, 'u'}, {0xa731, 's'},
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

#define OCTETS_MAX ((size_t)4 * LEAF_DECOMPOSED_MAX)

/* What one character at *p looks like, as octets; *p moves behind it. Returns how many there are. */
static size_t take_char(const char **p, char out[OCTETS_MAX])
{
    uint32_t ch = next_char(p), alike = resemble(ch), parts[LEAF_DECOMPOSED_MAX];
    if (alike != ch) { /* before it loses its case */
        out[0] = (char)alike;
        return 1;
    }
    size_t n = leaf_decompose(ch, parts), len = 0;
    for (size_t i = 0; i < n; i++)
        len += put_utf8(resemble(parts[i]), out + len);
    return len;
}

void skeleton_of(struct arena *arena, const char *utf8, struct skeleton *out)
{
    size_t cap = 0;
    *out = (struct skeleton){.len = 0};
    while (*utf8 != '\0') {
        char octets[OCTETS_MAX];
        size_t n = take_char(&utf8, octets);
        for (size_t i = 0; i < n; i++) {
            out->text = arena_grow(arena, out->text, out->len, &cap, 1);
            out->text[out->len++] = octets[i];
        }
    }
    out->text = arena_grow(arena, out->text, out->len, &cap, 1);
    out->text[out->len] = '\0';
}

/* ---- removing ---- */

struct octet {
    char value;
    uint32_t origin; /* offset of the character that gave it */
};

/* Octets of the source from begin to before end. */
struct range {
    uint32_t begin, end;
};

/*
 * A stack of what the text looks like so far, marks taken off as soon as they stand on top: so what closes up around a removed one is seen
 * at once, and one pass leaves none. An octet that no mark has ends what any mark could reach back to.
 */
struct removal {
    const struct skeleton *marks;
    size_t nmarks;
    bool in_marks[256];
    struct octet *stack; /* malloc'd, as the next */
    size_t n, cap;
    struct range *gone; /* in order, apart */
    size_t ngone, gone_cap;
};

static void removal_fini(struct removal *r)
{
    free(r->stack);
    free(r->gone);
}

static void removal_init(struct removal *r, const struct skeleton *marks, size_t n)
{
    *r = (struct removal){.marks = marks, .nmarks = n};
    for (size_t m = 0; m < n; m++)
        for (size_t i = 0; i < marks[m].len; i++)
            r->in_marks[(unsigned char)marks[m].text[i]] = true;
}

static void push(struct removal *r, char value, uint32_t origin)
{
    if (!r->in_marks[(unsigned char)value]) {
        r->n = 0;
        return;
    }
    if (r->n == r->cap) {
        r->cap = r->cap == 0 ? 256 : 2 * r->cap;
        r->stack = xrealloc(r->stack, r->cap * sizeof *r->stack);
    }
    r->stack[r->n++] = (struct octet){value, origin};
}

/* The length of the mark on top of the stack; 0: none. */
static size_t mark_on_top(const struct removal *r)
{
    for (size_t m = 0; m < r->nmarks; m++) {
        size_t len = r->marks[m].len, i = 0;
        while (i < len && i < r->n && r->stack[r->n - 1 - i].value == r->marks[m].text[len - 1 - i])
            i++;
        if (len > 0 && i == len)
            return len;
    }
    return 0;
}

/* The mark on top goes, with all that stands between its characters. */
static void take_off(struct removal *r, size_t len, size_t end)
{
    uint32_t begin = r->stack[r->n - len].origin;
    r->n -= len;
    while (r->n > 0 && r->stack[r->n - 1].origin == begin)
        r->n--; /* a character that the mark took a part of goes whole */
    while (r->ngone > 0 && r->gone[r->ngone - 1].begin >= begin)
        r->ngone--;
    if (r->ngone == r->gone_cap) {
        r->gone_cap = r->gone_cap == 0 ? 16 : 2 * r->gone_cap;
        r->gone = xrealloc(r->gone, r->gone_cap * sizeof *r->gone);
    }
    r->gone[r->ngone++] = (struct range){begin, (uint32_t)end};
}

static void look_for_marks(struct removal *r, const char *utf8)
{
    for (const char *p = utf8; *p != '\0';) {
        char octets[OCTETS_MAX];
        size_t at = (size_t)(p - utf8), n = take_char(&p, octets), len = 0;
        for (size_t i = 0; i < n && len == 0; i++) {
            push(r, octets[i], (uint32_t)at);
            len = mark_on_top(r);
        }
        if (len > 0)
            take_off(r, len, (size_t)(p - utf8));
    }
}

static char *without_ranges(struct arena *arena, const char *utf8, const struct range *gone, size_t n)
{
    size_t len = strlen(utf8), kept = 0, from = 0;
    char *out = arena_alloc(arena, len + 1);
    for (size_t i = 0; i <= n; i++) {
        size_t to = i < n ? gone[i].begin : len;
        memcpy(out + kept, utf8 + from, to - from);
        kept += to - from;
        from = i < n ? gone[i].end : len;
    }
    out[kept] = '\0';
    return out;
}

char *skeleton_remove(struct arena *arena, const char *utf8, const char *const *marks, size_t n)
{
    struct skeleton *wanted = arena_array(arena, n, sizeof *wanted);
    for (size_t m = 0; m < n; m++)
        skeleton_of(arena, marks[m], &wanted[m]);
    SEAL_CLEANUP(removal_fini) struct removal removal;
    removal_init(&removal, wanted, n);
    look_for_marks(&removal, utf8);
    return removal.ngone == 0 ? NULL : without_ranges(arena, utf8, removal.gone, removal.ngone);
}
