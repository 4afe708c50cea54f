/* arena - a list of blocks, freed together. Under ASan each object is a block of its own, so that it sees overruns. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#define HAS_ASAN __has_feature(address_sanitizer) /* clang */
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1 /* gcc */
#else
#define HAS_ASAN 0
#endif

#if HAS_ASAN
#define BLOCK_SIZE 0
#else
#define BLOCK_SIZE 8192
#endif
#define ALIGNMENT 16

struct block {
    struct block *next;
    size_t size; /* of data */
    size_t used;
    _Alignas(ALIGNMENT) char data[];
};

struct arena {
    struct block *blocks; /* newest first */
    size_t taken;         /* bytes handed out */
    size_t max;
};

struct arena *arena_new(size_t max)
{
    struct arena *arena = xcalloc(1, sizeof *arena);
    arena->max = max;
    return arena;
}

void arena_free(struct arena **arena)
{
    if (*arena == NULL)
        return;
    for (struct block *b = (*arena)->blocks, *next; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    free(*arena);
    *arena = NULL;
}

void *arena_alloc(struct arena *arena, size_t n)
{
    if (n > PTRDIFF_MAX)
        abort();
    n = (n + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    struct block *b = arena->blocks;
    if (b == NULL || b->size - b->used < n) {
        size_t size = n > BLOCK_SIZE ? n : BLOCK_SIZE;
        b = xcalloc(1, sizeof *b + size);
        b->size = size;
        b->next = arena->blocks;
        arena->blocks = b;
    }
    void *p = b->data + b->used;
    b->used += n;
    arena->taken += n;
    return p;
}

void *arena_array(struct arena *arena, size_t n, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(n, size, &total))
        abort();
    return arena_alloc(arena, total);
}

void *arena_memdup(struct arena *arena, const void *p, size_t n)
{
    void *copy = arena_alloc(arena, n);
    if (n > 0)
        memcpy(copy, p, n);
    return copy;
}

char *arena_spandup(struct arena *arena, struct span s)
{
    char *copy = arena_alloc(arena, s.len + 1);
    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *s)
{
    return s == NULL ? NULL : arena_spandup(arena, span_of(s));
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0)
        abort();
    char *text = arena_alloc(arena, (size_t)n + 1);
    vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return text;
}

void *arena_grow(struct arena *arena, void *array, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return array;
    *cap = *cap == 0 ? 8 : *cap * 2;
    void *bigger = arena_array(arena, *cap, size);
    if (n > 0)
        memcpy(bigger, array, n * size);
    return bigger;
}

void arena_allow_more(struct arena *arena, size_t more)
{
    arena->max = arena->taken + more;
}

size_t arena_taken(const struct arena *arena)
{
    return arena->taken;
}

int arena_check(const struct arena *arena, struct err *err)
{
    if (arena->taken > arena->max)
        return err_set(err, ERR_LIMIT, "message needs more than %zu bytes of working memory", arena->max);
    return 0;
}
