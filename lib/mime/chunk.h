/* chunk - output collected in one block before it goes to a spool: a call for each line would cost more than the encoding. */
#ifndef MIME_CHUNK_H
#define MIME_CHUNK_H

#include "spool/spool.h"

#include <stdlib.h>

#define CHUNK_SIZE 65536

struct chunk {
    struct spool *out;
    char *ptr; /* CHUNK_SIZE octets */
    size_t n;
};

static inline void chunk_init(struct chunk *chunk, struct spool *out)
{
    *chunk = (struct chunk){.out = out, .ptr = xmalloc(CHUNK_SIZE)};
}

static inline void chunk_fini(struct chunk *chunk)
{
    free(chunk->ptr);
}

static inline int chunk_flush(struct chunk *chunk, struct err *err)
{
    size_t n = chunk->n;
    chunk->n = 0;
    return spool_write(chunk->out, chunk->ptr, n, err);
}

/* chunk_room - n octets (at most CHUNK_SIZE) can be put at ptr + n then. */
static inline int chunk_room(struct chunk *chunk, size_t n, struct err *err)
{
    return CHUNK_SIZE - chunk->n >= n ? 0 : chunk_flush(chunk, err);
}

#endif
