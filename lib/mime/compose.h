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

/* compose_unstructured - "Name: value CRLF" for a text of UTF-8 (Subject); blanks at its ends go. ERR_SYNTAX when name is no field
 * name or value holds CR or LF or is not UTF-8. Words that are not plain ASCII, or too long for a line, become encoded-words. */
int compose_unstructured(struct buf *out, const char *name, const char *utf8, struct err *err) SEAL_CHECKED;
/* compose_structured - the same for a value that is ASCII and already in its field's syntax; folded at blanks. ERR_LIMIT when
 * it has no blank where a line would be longer than 998. */
int compose_structured(struct buf *out, const char *name, const char *value, struct err *err) SEAL_CHECKED;

#define COMPOSE_QUOTED_MAX 500
/* compose_quoted - text as a quoted-string (RFC 5322 3.2.4) that compose_structured takes whatever the text is: control
 * characters dropped, others than ASCII "?", cut at COMPOSE_QUOTED_MAX octets. */
char *compose_quoted(struct arena *arena, const char *text);

#define BOUNDARY_MAX 70
/* compose_boundary - a boundary that does not occur in bytes; random from the system. To be written in quotes: it begins with
 * "=_", which neither quoted-printable nor base64 contains. */
int compose_boundary(struct span bytes, char out[BOUNDARY_MAX + 1], struct err *err) SEAL_CHECKED;

#endif
