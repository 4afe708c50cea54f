/* shape - what stands in the lines of a body, as far as relays care. */
#ifndef MIME_SHAPE_H
#define MIME_SHAPE_H

#include "base/mem.h"

struct shape {
    bool has_8bit;
    bool has_nul;
    bool has_bare_cr;
    bool has_bare_lf;
    bool has_from;  /* a line begins with "From ", which mailbox files change */
    size_t longest; /* octets of the longest line, its end not counted */
};

struct shape shape_of(struct span text);

/* shape_fits - whether it can travel as it is, once bare LFs are line ends: 7-bit, no NUL, no bare CR, no longer line. */
bool shape_fits(const struct shape *shape, size_t line_max);

#endif
