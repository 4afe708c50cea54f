/* fill - pieces of a template, each in its place. */
#include "xform/fill.h"

#include "base/text.h"

#include <string.h>

static struct span cut(const char *value)
{
    size_t n = strnlen(value, FILL_VALUE_MAX + 1);
    if (n > FILL_VALUE_MAX)
        for (n = FILL_VALUE_MAX; n > 0 && ((unsigned char)value[n] & 0xc0) == 0x80; n--)
            continue;
    return (struct span){value, n};
}

char *fill_template(struct arena *arena, const char *text, const char *const values[TEMPLATE_WORDS])
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    struct template_piece piece;
    while (out.len < FILL_LINE_MAX && template_next(&text, &piece)) {
        bool is_word = piece.word != TEMPLATE_TEXT && piece.word != TEMPLATE_UNKNOWN;
        text_clean(is_word ? cut(values[piece.word]) : piece.text, &out);
    }
    return arena_strdup(arena, buf_str(&out));
}
