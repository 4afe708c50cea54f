/*
 * buf - bytes that grow, with a maximum given at the start.
 *
 * After a failed append the buffer is in error ("sticky"): later appends do nothing, and buf_check() says ERR_LIMIT.
 * So a writer appends freely and checks at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/err.h"
#include "base/mem.h"

struct buf {
    char *ptr; /* owned; NUL stands behind the last byte when len > 0 */
    size_t len;
    size_t cap;
    size_t max;
    bool failed;
};

#define BUF_INIT(maximum)                                                                                    \
    {                                                                                                        \
        .max = (maximum)                                                                                     \
    }

void buf_fini(struct buf *buf);  /* for SEAL_CLEANUP; the buffer may be used again after it */
void buf_clear(struct buf *buf); /* keeps the memory */

void buf_add(struct buf *buf, const void *p, size_t n);
void buf_add_span(struct buf *buf, struct span s);
void buf_add_str(struct buf *buf, const char *s);
void buf_add_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *fmt, ...) SEAL_PRINTF(2, 3);

/* buf_reserve - room for n bytes at the end; NULL over the maximum. buf_commit - that many bytes were written there. */
char *buf_reserve(struct buf *buf, size_t n);
void buf_commit(struct buf *buf, size_t n);

struct span buf_span(const struct buf *buf);
const char *buf_str(const struct buf *buf); /* never NULL */
/* buf_take - hand the memory (malloc'd, ends in NUL) to the caller; the buffer is empty then. */
char *buf_take(struct buf *buf);

int buf_check(const struct buf *buf, struct err *err) SEAL_CHECKED;

#endif
