/*
 * skeleton - what a text looks like to a reader, for finding a forged mark (R2).
 *
 * Each character is compatibility-decomposed (NFKD), loses marks, invisible characters and blanks, is replaced by the ASCII letter or bracket that
 * it resembles, and lower-cased. Two texts with the same skeleton look alike; some that do not are equal too, which only removes more.
 *
 * source  Unicode UAX 15, UTS 39 (confusables: the letters that occur in marks)
 */
#ifndef MIME_SKELETON_H
#define MIME_SKELETON_H

#include "base/arena.h"

struct skeleton {
    char *text; /* UTF-8, ends in NUL */
    uint32_t *
        origin; /* for each octet of text: offset in the source of the character that gave it; origin[len] is the source's length */
    size_t len, cap;
};

void skeleton_of(struct arena *arena, const char *utf8, struct skeleton *out);

/* skeleton_remove - utf8 without every run that looks like one of the marks, repeated until stable; NULL when there is none. */
char *skeleton_remove(struct arena *arena, const char *utf8, const char *const *marks, size_t n);

#endif
