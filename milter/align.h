/*
 * align - which field of the original stands at which place of the result.
 *
 * The cheapest reading of a result as: new fields on top, then fields of the original in their order, kept or changed
 * under the same name, then fields of new names at the end. (A field at the end whose name is there already cannot be had: Sendmail
 * puts it before the first of that name.) There always is one: all fields removed, and all of the result new on top.
 */
#ifndef MILTER_ALIGN_H
#define MILTER_ALIGN_H

#include "mime/header.h"

#define ALIGN_GONE SIZE_MAX

struct alignment {
    size_t top;       /* so many fields of the result are new, on top */
    size_t end;       /* from this field of the result on all are new */
    size_t *place_of; /* of each field of the original: its place in the result, or ALIGN_GONE */
};

/* align_headers - in arena. ERR_LIMIT above mime's number of fields. */
int align_headers(struct arena *arena, const struct header *original, const struct header *result,
                  struct alignment *out, struct err *err) SEAL_CHECKED;

#endif
