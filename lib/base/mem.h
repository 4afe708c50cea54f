/*
 * mem - allocation that does not fail, spans, and the cleanup attribute.
 *
 * Small bounded requests come from xmalloc and kin, which end the process when memory is out. A size that comes from a
 * message goes through buf or spool, which fail with ERR_LIMIT.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SEAL_CLEANUP(fn) - call fn(&variable) when the variable goes out of scope. For handles of foreign libraries. */
#define SEAL_CLEANUP(fn)  __attribute__((cleanup(fn)))
#define SEAL_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A borrowed run of bytes; never owns, need not end in NUL. */
struct span {
    const char *ptr;
    size_t len;
};

/* "%.*s" with SPAN_ARG(span); cut at 1000 bytes, for messages to people only. */
#define SPAN_ARG(s)       (int)((s).len > 1000 ? 1000 : (s).len), (s).ptr
#define SPAN_LIT(literal) ((struct span){(literal), sizeof(literal) - 1})

struct span span_of(const char *text);                       /* strlen */
struct span span_sub(struct span s, size_t off, size_t len); /* cut to what s holds */
struct span span_trim(struct span s);                        /* without SP, TAB, CR, LF at both ends */
bool span_eq(struct span a, struct span b);
bool span_eq_nocase(struct span a, struct span b);    /* ASCII only */
bool span_is(struct span s, const char *text);        /* exact */
bool span_is_nocase(struct span s, const char *text); /* ASCII only */
bool span_starts(struct span s, const char *text);
bool span_starts_nocase(struct span s, const char *text);
/* span_find - offset of the first needle at or after from, or SIZE_MAX. */
size_t span_find(struct span s, const char *needle, size_t needle_len, size_t from);

void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);

void mem_free(void *pointer_to_pointer); /* for SEAL_CLEANUP on malloc'd memory */
void mem_close(int *fd);                 /* for SEAL_CLEANUP on file descriptors; ignores -1 */

#endif
