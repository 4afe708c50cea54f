/* eol - texts of tests have LF, messages CRLF. Both copies are in the arena. */
#ifndef SUPPORT_EOL_H
#define SUPPORT_EOL_H

#include "base/arena.h"

#include <string.h>

static inline struct span crlf(struct arena *arena, const char *text)
{
    size_t n = 0, lines = 0;
    for (const char *p = text; *p != '\0'; p++)
        lines += *p == '\n';
    char *to = arena_alloc(arena, strlen(text) + lines + 1);
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            to[n++] = '\r';
        to[n++] = *text;
    }
    to[n] = '\0';
    return (struct span){to, n};
}

static inline char *without_cr(struct arena *arena, struct span text)
{
    char *to = arena_alloc(arena, text.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '\r')
            to[n++] = text.ptr[i];
    to[n] = '\0';
    return to;
}

#endif
