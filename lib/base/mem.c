/* mem - allocation and spans. */
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static void *check(void *p)
{
    if (p == NULL) {
        static const char text[] = "out of memory\n";
        (void)!write(2, text, sizeof text - 1);
        abort();
    }
    return p;
}

void *xmalloc(size_t n)
{
    return check(malloc(n == 0 ? 1 : n));
}

void *xcalloc(size_t n, size_t size)
{
    return check(calloc(n == 0 ? 1 : n, size == 0 ? 1 : size));
}

void *xrealloc(void *p, size_t n)
{
    return check(realloc(p, n == 0 ? 1 : n));
}

char *xstrdup(const char *s)
{
    return check(strdup(s));
}

char *xstrndup(const char *s, size_t n)
{
    return check(strndup(s, n));
}

void mem_free(void *pointer_to_pointer)
{
    void **p = pointer_to_pointer;
    free(*p);
    *p = NULL;
}

void mem_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

struct span span_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

struct span span_sub(struct span s, size_t off, size_t len)
{
    if (s.ptr == NULL)
        return s;
    if (off > s.len)
        off = s.len;
    if (len > s.len - off)
        len = s.len - off;
    return (struct span){s.ptr + off, len};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span span_trim(struct span s)
{
    while (s.len > 0 && is_blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool span_eq(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool span_eq_nocase(struct span a, struct span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

bool span_is(struct span s, const char *text)
{
    return span_eq(s, span_of(text));
}

bool span_is_nocase(struct span s, const char *text)
{
    return span_eq_nocase(s, span_of(text));
}

bool span_starts(struct span s, const char *text)
{
    return span_eq(span_sub(s, 0, strlen(text)), span_of(text));
}

bool span_starts_nocase(struct span s, const char *text)
{
    return span_eq_nocase(span_sub(s, 0, strlen(text)), span_of(text));
}

size_t span_find(struct span s, const char *needle, size_t needle_len, size_t from)
{
    if (from > s.len || s.ptr == NULL)
        return SIZE_MAX;
    const char *hit = memmem(s.ptr + from, s.len - from, needle, needle_len);
    return hit == NULL ? SIZE_MAX : (size_t)(hit - s.ptr);
}
