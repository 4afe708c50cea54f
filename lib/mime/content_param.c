/* content_param - one parameter of a Content-Type changed. */
#include "mime/content_param.h"

#include "base/buf.h"

#define COLUMN_MAX 60 /* behind it a parameter gets a line of its own */

/* Behind the piece that begins at at: the next ";" that stands in no quoted-string, or the end. */
static size_t piece_end(struct span value, size_t at)
{
    bool quoted = false;
    for (; at < value.len && (quoted || value.ptr[at] != ';'); at++) {
        if (quoted && value.ptr[at] == '\\')
            at++;
        else if (value.ptr[at] == '"')
            quoted = !quoted;
    }
    return at < value.len ? at : value.len;
}

static struct span piece_name(struct span piece)
{
    size_t n = 0;
    piece = span_trim(piece);
    while (n < piece.len && piece.ptr[n] != '=' && piece.ptr[n] != '*')
        n++;
    return span_trim(span_sub(piece, 0, n));
}

static size_t column_of(const struct buf *out)
{
    size_t n = out->len;
    while (n > 0 && out->ptr[n - 1] != '\n')
        n--;
    return out->len - n;
}

char *content_param_set(struct arena *arena, struct span raw_value, const char *name, const char *value)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(raw_value.len + 1000);
    size_t end = piece_end(raw_value, 0);
    struct span first = span_sub(raw_value, 0, end);
    while (first.len > 0 && span_trim(span_sub(first, first.len - 1, 1)).len == 0)
        first.len--;
    buf_add_span(&out, first);
    for (size_t at; end < raw_value.len;) {
        at = end + 1;
        end = piece_end(raw_value, at);
        struct span piece = span_sub(raw_value, at, end - at);
        while (piece.len > 0 && span_trim(span_sub(piece, piece.len - 1, 1)).len == 0)
            piece.len--;
        if (piece.len == 0 || span_is_nocase(piece_name(piece), name))
            continue;
        buf_add_char(&out, ';');
        buf_add_span(&out, piece);
    }
    if (value != NULL)
        buf_printf(&out, "%s%s=\"%s\"", column_of(&out) > COLUMN_MAX ? ";\r\n " : "; ", name, value);
    return arena_spandup(arena, buf_span(&out));
}
