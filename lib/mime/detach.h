/*
 * detach - parts left out of a message; every other octet stays as it was.
 *
 * A part can be left out of a multipart/mixed, and only where nothing around it is signed, encrypted or a report: by place alone, what stands in
 * it is the caller's.
 *
 * source  RFC 2046 5.1.1
 */
#ifndef MIME_DETACH_H
#define MIME_DETACH_H

#include "mime/part.h"
#include "spool/spool.h"

/* detach_fault - why this part stays; NULL: it can be left out. */
const char *detach_fault(const struct part_table *table, size_t part);

/*
 * detach_leaves_content - whether something is left without these parts: in each multipart a part, and in all of it one that is more than blank
 * text.
 *
 * gone  as many as table->n
 */
bool detach_leaves_content(struct span message, const struct part_table *table, const bool *gone);

/* detach_write - the body of the root, appended, without these parts, of which each can be left out, and with content left. */
int detach_write(struct span message, const struct part_table *table, const bool *gone, struct spool *out,
                 struct err *err) SEAL_CHECKED;

#endif
