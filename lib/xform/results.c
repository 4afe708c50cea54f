/*
 * results - Authentication-Results fields that pretend to be ours.
 *
 * DKIM and DMARC milters before us write under the same authserv-id, so only the results of methods that we own are taken out. A field of our
 * authserv-id that cannot be read to its end goes whole.
 *
 * source  RFC 8601 2.2 (grammar), 5 (removing), RFC 7281 (smime)
 */
#include "xform/internal.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Offset behind blanks and comments at i; SIZE_MAX when a comment does not end. */
static size_t skip_cfws(struct span s, size_t i)
{
    while (i < s.len && (is_blank(s.ptr[i]) || s.ptr[i] == '(')) {
        if (s.ptr[i] != '(') {
            i++;
            continue;
        }
        for (unsigned depth = 0; i < s.len; i++) {
            if (s.ptr[i] == '\\')
                i++;
            else if (s.ptr[i] == '(')
                depth++;
            else if (s.ptr[i] == ')' && --depth == 0)
                break;
        }
        if (i >= s.len)
            return SIZE_MAX;
        i++;
    }
    return i;
}

/* Offset behind a quoted-string that begins at i; SIZE_MAX when it does not end. */
static size_t skip_quoted(struct span s, size_t i)
{
    for (i++; i < s.len && s.ptr[i] != '"'; i++)
        if (s.ptr[i] == '\\')
            i++;
    return i >= s.len ? SIZE_MAX : i + 1;
}

static size_t skip_token(struct span s, size_t i)
{
    while (i < s.len && !is_blank(s.ptr[i]) && strchr(";=/(\"", s.ptr[i]) == NULL)
        i++;
    return i;
}

/* The end of the resinfo that begins at i: the next ";" outside quotes and comments; SIZE_MAX when broken. */
static size_t resinfo_end(struct span s, size_t i)
{
    while (i < s.len && s.ptr[i] != ';') {
        i = s.ptr[i] == '"' ? skip_quoted(s, i) : s.ptr[i] == '(' ? skip_cfws(s, i) : i + 1;
        if (i == SIZE_MAX)
            return SIZE_MAX;
    }
    return i < s.len ? i : s.len;
}

/* Without quotes and backslashes. */
static struct span unquoted(struct arena *arena, struct span quoted)
{
    char *out = arena_alloc(arena, quoted.len);
    size_t n = 0;
    for (size_t i = 1; i + 1 < quoted.len; i++) {
        if (quoted.ptr[i] == '\\')
            i++;
        out[n++] = quoted.ptr[i];
    }
    return (struct span){out, n};
}

/* The authserv-id, and where it ends; the id is empty when there is none. */
static struct span authserv_id_of(struct arena *arena, struct span value, size_t *end_out)
{
    size_t i = skip_cfws(value, 0);
    *end_out = SIZE_MAX;
    if (i == SIZE_MAX || i >= value.len)
        return SPAN_LIT("");
    bool quoted = value.ptr[i] == '"';
    size_t end = quoted ? skip_quoted(value, i) : skip_token(value, i);
    if (end == SIZE_MAX)
        return SPAN_LIT("");
    *end_out = end;
    struct span id = span_sub(value, i, end - i);
    return quoted ? unquoted(arena, id) : id;
}

static bool is_ours(struct span resinfo)
{
    size_t i = skip_cfws(resinfo, 0);
    if (i == SIZE_MAX)
        return true;
    struct span method = span_sub(resinfo, i, skip_token(resinfo, i) - i);
    return span_is_nocase(method, "smime") || span_is_nocase(method, "x-openpgp");
}

char *results_filter(struct arena *arena, struct span value, const char *authserv_id)
{
    size_t at;
    struct span id = authserv_id_of(arena, value, &at);
    if (!span_is_nocase(id, authserv_id))
        return NULL;
    at = resinfo_end(value, at);
    if (at == SIZE_MAX)
        return arena_strdup(arena, "");
    SEAL_CLEANUP(buf_fini) struct buf kept = BUF_INIT(value.len + 1);
    buf_add_span(&kept, span_sub(value, 0, at));
    size_t ours = 0, others = 0;
    while (at < value.len) {
        size_t end = resinfo_end(value, at + 1);
        if (end == SIZE_MAX)
            return arena_strdup(arena, "");
        struct span resinfo = span_sub(value, at + 1, end - at - 1);
        if (is_ours(resinfo)) {
            ours++;
        } else {
            others += span_trim(resinfo).len > 0;
            buf_add_span(&kept, span_sub(value, at, end - at));
        }
        at = end;
    }
    if (ours == 0)
        return NULL;
    while (kept.len > 0 && is_blank(kept.ptr[kept.len - 1])) /* a line of blanks ends the header for some */
        kept.len--;
    return others == 0 ? arena_strdup(arena, "") : arena_spandup(arena, buf_span(&kept));
}
