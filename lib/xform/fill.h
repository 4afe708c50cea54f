/*
 * fill - a template of the policy's (model/template.h) with what is known of a message.
 *
 * The values are of strangers: each is cut, and what comes out is one line of clean UTF-8 (R38).
 */
#ifndef XFORM_FILL_H
#define XFORM_FILL_H

#include "base/arena.h"
#include "model/template.h"

#define FILL_VALUE_MAX 2000  /* octets of one value */
#define FILL_LINE_MAX  20000 /* octets of what comes out, about */

/* fill_template - values by enum template_word; that of TEMPLATE_TEXT is not read. What is no word stays as it is. */
char *fill_template(struct arena *arena, const char *text, const char *const values[TEMPLATE_WORDS]);

#endif
