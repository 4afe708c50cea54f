/* leaf - charsets and characters. */
#include "mime/leaf.h"

#include <errno.h>
#include <glib.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* What mail is written in, and what iconv calls it. Names that lie by habit get the larger set that is meant. */
static const struct {
    const char *name;
    const char *iconv;
} charsets[] = {
    {"iso-8859-1", "WINDOWS-1252"},
    {"latin1", "WINDOWS-1252"},
    {"windows-1252", "WINDOWS-1252"},
    {"cp1252", "WINDOWS-1252"},
    {"iso-8859-2", "ISO-8859-2"},
    {"iso-8859-3", "ISO-8859-3"},
    {"iso-8859-4", "ISO-8859-4"},
    {"iso-8859-5", "ISO-8859-5"},
    {"iso-8859-6", "ISO-8859-6"},
    {"iso-8859-7", "ISO-8859-7"},
    {"iso-8859-8", "ISO-8859-8"},
    {"iso-8859-8-i", "ISO-8859-8"},
    {"iso-8859-9", "WINDOWS-1254"},
    {"iso-8859-10", "ISO-8859-10"},
    {"iso-8859-13", "ISO-8859-13"},
    {"iso-8859-14", "ISO-8859-14"},
    {"iso-8859-15", "ISO-8859-15"},
    {"iso-8859-16", "ISO-8859-16"},
    {"windows-1250", "WINDOWS-1250"},
    {"windows-1251", "WINDOWS-1251"},
    {"windows-1253", "WINDOWS-1253"},
    {"windows-1254", "WINDOWS-1254"},
    {"windows-1255", "WINDOWS-1255"},
    {"windows-1256", "WINDOWS-1256"},
    {"windows-1257", "WINDOWS-1257"},
    {"windows-1258", "WINDOWS-1258"},
    {"windows-874", "CP874"},
    {"tis-620", "CP874"},
    {"koi8-r", "KOI8-R"},
    {"koi8-u", "KOI8-U"},
    {"macintosh", "MACINTOSH"},
    {"gb2312", "GB18030"},
    {"gbk", "GB18030"},
    {"gb18030", "GB18030"},
    {"big5", "BIG5"},
    {"euc-jp", "EUC-JP"},
    {"shift_jis", "CP932"},
    {"iso-2022-jp", "ISO-2022-JP"},
    {"euc-kr", "CP949"},
    {"ks_c_5601-1987", "CP949"},
};

static const char *iconv_name(struct span charset)
{
    for (size_t i = 0; i < SEAL_COUNT(charsets); i++)
        if (span_is_nocase(charset, charsets[i].name))
            return charsets[i].iconv;
    return NULL;
}

bool leaf_is_utf8(struct span bytes)
{
    return g_utf8_validate_len(bytes.ptr, bytes.len, NULL);
}

/* Each octet that no character begins with, and each NUL, becomes U+FFFD. */
static char *repair_utf8(struct arena *arena, struct span bytes)
{
    size_t cap = 3 * bytes.len + 1, n = 0;
    char *out = xmalloc(cap);
    while (bytes.len > 0) {
        const char *bad;
        g_utf8_validate_len(bytes.ptr, bytes.len, &bad);
        size_t good = (size_t)(bad - bytes.ptr);
        memcpy(out + n, bytes.ptr, good);
        n += good;
        if (good == bytes.len)
            break;
        memcpy(out + n, REPLACEMENT, 3);
        n += 3;
        bytes = span_sub(bytes, good + 1, bytes.len);
    }
    char *text = arena_spandup(arena, (struct span){out, n});
    free(out);
    return text;
}

/* No character of the list grows to more than three octets for one of its own. */
static char *convert(struct arena *arena, iconv_t cd, struct span bytes)
{
    size_t room = 3 * bytes.len + 16, size = room;
    char *buffer = xmalloc(room), *to = buffer;
    char *from = (char *)bytes.ptr;
    size_t left = bytes.len;
    while (left > 0 && iconv(cd, &from, &left, &to, &room) == (size_t)-1 && errno != E2BIG && room >= 3) {
        memcpy(to, REPLACEMENT, 3);
        to += 3;
        room -= 3;
        from++;
        left--;
    }
    (void)iconv(cd, NULL, NULL, &to, &room); /* some converters hold the last character back */
    char *text = repair_utf8(arena, (struct span){buffer, size - room});
    free(buffer);
    return text;
}

char *leaf_utf8(struct arena *arena, struct span charset, struct span bytes)
{
    const char *name = iconv_name(charset);
    bool named = span_is_nocase(charset, "utf-8") || span_is_nocase(charset, "us-ascii") ||
                 span_is_nocase(charset, "utf8");
    if (name == NULL && !named && !leaf_is_utf8(bytes))
        name = "WINDOWS-1252";
    iconv_t cd = name == NULL ? (iconv_t)-1 : iconv_open("UTF-8", name);
    if (cd == (iconv_t)-1)
        return repair_utf8(arena, bytes);
    char *text = convert(arena, cd, bytes);
    iconv_close(cd);
    return text;
}

static bool can_be_seen(gunichar ch)
{
    static const gunichar fillers[] = {0x115f, 0x1160, 0x2800, 0x3164, 0xffa0};
    for (size_t i = 0; i < SEAL_COUNT(fillers); i++)
        if (ch == fillers[i])
            return false;
    return !g_unichar_iszerowidth(ch) && !g_unichar_ismark(ch) && !g_unichar_isspace(ch) &&
           !g_unichar_iscntrl(ch) && g_unichar_type(ch) != G_UNICODE_FORMAT;
}

size_t leaf_decompose(uint32_t ch, uint32_t out[LEAF_DECOMPOSED_MAX])
{
    _Static_assert(LEAF_DECOMPOSED_MAX == G_UNICHAR_MAX_DECOMPOSITION_LENGTH, "GLib's limit");
    gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
    size_t n = g_unichar_fully_decompose(ch, TRUE, parts, SEAL_COUNT(parts)), kept = 0;
    for (size_t i = 0; i < n; i++)
        if (can_be_seen(parts[i]))
            out[kept++] = g_unichar_tolower(parts[i]);
    return kept;
}
