/* canon_internal - what the files of canon share. */
#ifndef MIME_CANON_INTERNAL_H
#define MIME_CANON_INTERNAL_H

#include "mime/canon.h"

#define CANON_LINE_TEXT  76  /* of text that we sign: no relay breaks it */
#define CANON_LINE_SMTP  998 /* RFC 5321 4.5.3.1.6 */
#define CANON_NESTED_MAX 10  /* messages in messages */

struct canon {
    struct arena *arena;
    struct span message;
    const struct part_table *table;
    struct spool *out;
    size_t text_max; /* octets of a line of text, and of quoted-printable and base64 */
    bool safe;       /* canon_safe's rules: all header fields stay, what is signed may hold 8-bit text */
    size_t nested;   /* messages around this one */
};

/* canon_message - canon_entity and canon_safe of one table: the parts in turn, and what stands between them. */
int canon_message(struct canon *canon, struct err *err) SEAL_CHECKED;

/* canon_lines - text as it is, but with CRLF where a bare LF stands. */
int canon_lines(struct spool *out, struct span text, struct err *err) SEAL_CHECKED;

/* canon_between - preamble, boundaries, epilogue: nobody reads the text in there; what SMTP cannot carry becomes "?". */
int canon_between(struct spool *out, struct span text, struct err *err) SEAL_CHECKED;

/*
 * canon_header - a part's fields and the empty line: with CRLF, in ASCII, folded where they are too long.
 *
 * encoding  what its Content-Transfer-Encoding says from now on; NULL: what it said
 * type      a Content-Type field to be added, or NULL
 */
int canon_header(struct canon *canon, const struct part *part, const char *encoding, const char *type,
                 struct err *err) SEAL_CHECKED;

/* canon_leaf - header and body of a part without children. */
int canon_leaf(struct canon *canon, const struct part *part, struct err *err) SEAL_CHECKED;

/* canon_label - "7bit" when a part that is so now says another thing; else NULL. */
const char *canon_label(const struct part *part);

#endif
