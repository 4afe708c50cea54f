/* buf - growing bytes with a maximum. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_fini(struct buf *buf)
{
    free(buf->ptr);
    buf->ptr = NULL;
    buf->len = buf->cap = 0;
    buf->failed = false;
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
    if (buf->ptr != NULL)
        buf->ptr[0] = '\0';
}

char *buf_reserve(struct buf *buf, size_t n)
{
    if (buf->failed || n >= PTRDIFF_MAX || n > buf->max || buf->len > buf->max - n) {
        buf->failed = true;
        return NULL;
    }
    size_t need = buf->len + n + 1;
    if (need > buf->cap) {
        size_t cap = buf->cap < 128 ? 128 : buf->cap * 2;
        if (cap < need)
            cap = need;
        buf->ptr = xrealloc(buf->ptr, cap);
        buf->cap = cap;
    }
    return buf->ptr + buf->len;
}

void buf_commit(struct buf *buf, size_t n)
{
    if (n >= buf->cap - buf->len)
        abort();
    buf->len += n;
    buf->ptr[buf->len] = '\0';
}

void buf_add(struct buf *buf, const void *p, size_t n)
{
    char *room = buf_reserve(buf, n);
    if (room == NULL)
        return;
    if (n > 0)
        memcpy(room, p, n);
    buf_commit(buf, n);
}

void buf_add_span(struct buf *buf, struct span s)
{
    buf_add(buf, s.ptr, s.len);
}

void buf_add_str(struct buf *buf, const char *s)
{
    buf_add(buf, s, strlen(s));
}

void buf_add_char(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *room = n < 0 ? NULL : buf_reserve(buf, (size_t)n);
    if (room != NULL) {
        vsnprintf(room, (size_t)n + 1, fmt, again);
        buf->len += (size_t)n;
    }
    buf->failed |= n < 0;
    va_end(again);
}

struct span buf_span(const struct buf *buf)
{
    return (struct span){buf_str(buf), buf->len};
}

const char *buf_str(const struct buf *buf)
{
    return buf->ptr == NULL ? "" : buf->ptr;
}

char *buf_take(struct buf *buf)
{
    char *p = buf->ptr == NULL ? xstrdup("") : buf->ptr;
    buf->ptr = NULL;
    buf->len = buf->cap = 0;
    return p;
}

int buf_check(const struct buf *buf, struct err *err)
{
    if (buf->failed)
        return err_set(err, ERR_LIMIT, "more than %zu bytes", buf->max);
    return 0;
}
