/* fill - words in braces. */
#include "xform/fill.h"

#include "base/text.h"

#include <string.h>

static size_t cut(const char *value)
{
    size_t n = strnlen(value, FILL_VALUE_MAX + 1);
    if (n <= FILL_VALUE_MAX)
        return n;
    n = FILL_VALUE_MAX;
    while (n > 0 && ((unsigned char)value[n] & 0xc0) == 0x80)
        n--;
    return n;
}

/* The word at "{", or NULL. */
static const struct fill_word *word_at(const char *brace, const struct fill_word *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(words[i].name);
        if (strncmp(brace + 1, words[i].name, len) == 0 && brace[1 + len] == '}')
            return &words[i];
    }
    return NULL;
}

char *fill_template(struct arena *arena, const char *text, const struct fill_word *words, size_t n)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(4 * FILL_LINE_MAX);
    while (*text != '\0' && out.len < FILL_LINE_MAX) {
        const struct fill_word *word = *text == '{' ? word_at(text, words, n) : NULL;
        size_t plain = word == NULL ? 1 + strcspn(text + 1, "{") : 0;
        if (word != NULL) {
            text_clean((struct span){word->value, cut(word->value)}, &out);
            text += strlen(word->name) + 2;
        } else {
            text_clean((struct span){text, plain}, &out);
            text += plain;
        }
    }
    return arena_strdup(arena, buf_str(&out));
}
