/* keyword - what a user writes to command us: found in, and taken out of, a header. */
#ifndef XFORM_KEYWORD_H
#define XFORM_KEYWORD_H

#include "model/facts.h"

/* As policy/policy.h's struct keyword; xform knows no policy. */
struct xform_keyword {
    const char *name;
    const char *subject;
    const char *header;
    const char *header_value;
};

/* keyword_find - whether one of its ways is used: in any Subject (any case; the facts are decoded) or header. */
bool keyword_find(const struct header_fact *headers, size_t n, const struct xform_keyword *keyword);

/* keyword_remove - a decoded Subject without any of the keywords' texts, repeated until stable, blanks tidied. NULL: nothing to remove. */
char *keyword_remove(struct arena *arena, const char *subject, const struct xform_keyword *keywords,
                     size_t n);

#endif
