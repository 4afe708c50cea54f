/*
 * arena - memory that lives as long as one message.
 *
 * Everything taken from an arena dies with arena_free(). One arena belongs to one thread at a time. Memory is zeroed.
 * Every arena has a maximum: hostile input that makes us keep more than that ends in ERR_LIMIT at the caller's next
 * arena_check(); the allocation itself then still succeeds, so that callers need no test after each call.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/err.h"
#include "base/mem.h"

struct arena;

#define ARENA_MAX_DEFAULT (64u << 20)

struct arena *arena_new(size_t max);
void arena_free(struct arena **arena);

void *arena_alloc(struct arena *arena, size_t n);
void *arena_array(struct arena *arena, size_t n, size_t size);
char *arena_strdup(struct arena *arena, const char *s);  /* NULL gives NULL */
char *arena_spandup(struct arena *arena, struct span s); /* ends in NUL; a NUL inside cuts it for C readers */
void *arena_memdup(struct arena *arena, const void *p, size_t n);
char *arena_printf(struct arena *arena, const char *fmt, ...) SEAL_PRINTF(2, 3);

/* arena_grow - room for one element more in an arena array: returns the array, moved when *cap is full. */
void *arena_grow(struct arena *arena, void *array, size_t n, size_t *cap, size_t size);

/* arena_allow_more - from now on so much may be taken beyond what was taken so far. */
void arena_allow_more(struct arena *arena, size_t more);

size_t arena_taken(const struct arena *arena); /* octets handed out so far */

/* arena_check - 0, or -1 with ERR_LIMIT when more than the maximum was taken. */
int arena_check(const struct arena *arena, struct err *err) SEAL_CHECKED;

#endif
