/*
 * fill - texts of the administrator's with words in braces, filled with what is known of a message.
 *
 * The values are of strangers: each is cut, and what comes out is one line of clean UTF-8 (R38). A word in braces that is none of
 * those given stays as it is.
 */
#ifndef XFORM_FILL_H
#define XFORM_FILL_H

#include "base/arena.h"

#define FILL_VALUE_MAX 2000  /* octets of one value */
#define FILL_LINE_MAX  20000 /* octets of what comes out */

struct fill_word {
    const char *name; /* "queue-id" */
    const char *value;
};

char *fill_template(struct arena *arena, const char *text, const struct fill_word *words, size_t n);

#endif
