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
    size_t len;
};

void skeleton_of(struct arena *arena, const char *utf8, struct skeleton *out);

/* skeleton_remove - utf8 without every run that looks like one of the marks, until none is left; NULL when there is none. Time and
 * memory grow with the length only. */
char *skeleton_remove(struct arena *arena, const char *utf8, const char *const *marks, size_t n);

#endif
