/* keyword - what a user writes to command us: found in, and taken out of, a header. */
#ifndef XFORM_KEYWORD_H
#define XFORM_KEYWORD_H

#include "mime/header.h"

/* As policy/policy.h's struct keyword; xform knows no policy. */
struct xform_keyword {
    const char *name;
    const char *subject;
    const char *header;
    const char *header_value;
};

/* keyword_find - whether one of its ways is used: in any decoded Subject (any case, encoded-words included) or header. */
bool keyword_find(struct arena *arena, const struct header *header, const struct xform_keyword *keyword);

/* keyword_remove - a decoded Subject without any of the keywords' texts, repeated until stable, blanks tidied. NULL: nothing to remove. */
char *keyword_remove(struct arena *arena, const char *subject, const struct xform_keyword *keywords,
                     size_t n);

#endif
