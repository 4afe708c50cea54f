/*
 * compose - the one place that writes header fields and multiparts (R37).
 *
 * A field's value is checked here: NUL, CR and LF from outside never reach the output; long values are folded at blanks,
 * lines of at most 76 where that can be; non-ASCII becomes encoded-words (RFC 2047) for unstructured fields.
 */
#ifndef MIME_COMPOSE_H
#define MIME_COMPOSE_H

#include "base/arena.h"
#include "base/buf.h"

/* compose_unstructured - "Name: value CRLF" for a text of UTF-8 (Subject). ERR_SYNTAX when name is no field name or value holds CR, LF, NUL. */
int compose_unstructured(struct buf *out, const char *name, const char *utf8, struct err *err) SEAL_CHECKED;
/* compose_structured - the same for a value that is ASCII and already in its field's syntax; folded at blanks. */
int compose_structured(struct buf *out, const char *name, const char *value, struct err *err) SEAL_CHECKED;
/* compose_quoted - text as a quoted-string (RFC 5322 3.2.4), control characters dropped. */
char *compose_quoted(struct arena *arena, const char *text);

#define BOUNDARY_MAX 70
/* compose_boundary - a boundary that does not occur in bytes; random from the system. */
int compose_boundary(struct span bytes, char out[BOUNDARY_MAX + 1], struct err *err) SEAL_CHECKED;

#endif
