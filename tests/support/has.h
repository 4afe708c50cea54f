/* has - whether these words stand in what a test looks at. */
#ifndef SUPPORT_HAS_H
#define SUPPORT_HAS_H

#include "base/mem.h"

#include <string.h>

static inline bool has(struct span text, const char *words)
{
    return span_find(text, words, strlen(words), 0) != SIZE_MAX;
}

#endif
