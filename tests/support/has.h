/* has - whether these words stand in what a test looks at, and not in lines of base64. */
#ifndef SUPPORT_HAS_H
#define SUPPORT_HAS_H

#include "base/mem.h"

#include <string.h>

/* Whether an octet can stand in base64. */
static inline bool has_base64_octet(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
}

/* Whether what stands there is a piece of a line of base64: in those of a message a word of six letters is by chance once in 30,000,000. */
static inline bool has_by_chance(struct span text, size_t at, size_t n)
{
    size_t begin = at, end = at;
    while (begin > 0 && has_base64_octet(text.ptr[begin - 1]))
        begin--;
    while (end < text.len && has_base64_octet(text.ptr[end]))
        end++;
    bool is_line = (begin == 0 || text.ptr[begin - 1] == '\n') &&
                   (end == text.len || text.ptr[end] == '\r' || text.ptr[end] == '\n');
    return is_line && end >= at + n && end - begin >= 20 && (end - begin) % 4 == 0;
}

static inline bool has(struct span text, const char *words)
{
    size_t at = span_find(text, words, strlen(words), 0);
    while (at != SIZE_MAX && has_by_chance(text, at, strlen(words)))
        at = span_find(text, words, strlen(words), at + 1);
    return at != SIZE_MAX;
}

#endif
