/* wrapped - what a wrapped secret (token/wrap.h) tells those who cannot open it: version(1), and the name of the master key(8). */
#ifndef MODEL_WRAPPED_H
#define MODEL_WRAPPED_H

#include "base/mem.h"

#define WRAPPED_NAME_SIZE 8
#define WRAPPED_HEAD_SIZE (1 + WRAPPED_NAME_SIZE)

/* wrapped_name - which master key opens it; of another size when there is no telling. */
static inline struct span wrapped_name(struct span wrapped)
{
    return span_sub(wrapped, 1, WRAPPED_NAME_SIZE);
}

#endif
