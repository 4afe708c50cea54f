/*
 * legacy_display - copies of protected header fields at the beginning of a text, for mail programs that know no other place to show them.
 *
 * A sender marks the parts that hold one (hp-legacy-display="1"). Who puts the fields where they belong takes the copies away.
 *
 * source  RFC 9788 2.1.2, 4.5.3, 5.2.2
 */
#ifndef MIME_LEGACY_DISPLAY_H
#define MIME_LEGACY_DISPLAY_H

#include "mime/part.h"
#include "spool/spool.h"

/*
 * legacy_display_remove - an opened entity without them, and without the mark, where that is safe: text/plain that begins with lines of header
 * fields and an empty one, text/html that begins with the one <div> and nothing else in it but text. Nothing inside a multipart/signed is touched.
 *
 * out     untouched when there is nothing to remove
 * return  1 removed, 0 nothing to remove, -1 with ERR_LIMIT, ERR_IO ..
 */
int legacy_display_remove(struct arena *arena, struct span entity, const struct part_table *table,
                          struct spool *out, struct err *err) SEAL_CHECKED;

#endif
