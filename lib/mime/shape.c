/* shape - one look at the octets, one at the lines. */
#include "mime/shape.h"

#include <string.h>

/* Blocks keep the inner loop free of branches. */
static bool has_8bit(struct span text)
{
    for (size_t i = 0; i < text.len; i += 4096) {
        struct span block = span_sub(text, i, 4096);
        unsigned char all = 0;
        for (size_t k = 0; k < block.len; k++)
            all |= (unsigned char)block.ptr[k];
        if (all > 127)
            return true;
    }
    return false;
}

static void look_at_line(struct shape *shape, struct span line)
{
    bool ended = line.ptr[line.len - 1] == '\n';
    bool crlf = ended && line.len > 1 && line.ptr[line.len - 2] == '\r';
    size_t len = line.len - ended - crlf;
    if (len > shape->longest)
        shape->longest = len;
    if (ended && !crlf)
        shape->has_bare_lf = true;
    if (len > 0 && memchr(line.ptr, '\r', len) != NULL)
        shape->has_bare_cr = true;
    if (line.ptr[0] == 'F' && span_starts(line, "From "))
        shape->has_from = true;
}

struct shape shape_of(struct span text)
{
    struct shape shape = {.has_8bit = has_8bit(text)};
    shape.has_nul = text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL;
    for (size_t at = 0; at < text.len;) {
        const char *nl = memchr(text.ptr + at, '\n', text.len - at);
        size_t next = nl == NULL ? text.len : (size_t)(nl - text.ptr) + 1;
        look_at_line(&shape, span_sub(text, at, next - at));
        at = next;
    }
    return shape;
}

bool shape_fits(const struct shape *shape, size_t line_max)
{
    return !shape->has_8bit && !shape->has_nul && !shape->has_bare_cr && shape->longest <= line_max;
}
