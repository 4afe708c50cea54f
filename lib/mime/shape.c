/* shape - one look at the octets, one at the lines. */
#include "mime/shape.h"

#include "base/text.h"

#include <string.h>

static size_t count_cr(struct span text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == '\r';
    return n;
}

/* Returns whether it ends in CRLF. */
static bool look_at_line(struct shape *shape, struct span line)
{
    bool ended = line.ptr[line.len - 1] == '\n';
    bool crlf = ended && line.len > 1 && line.ptr[line.len - 2] == '\r';
    size_t len = line.len - ended - crlf;
    if (len > shape->longest)
        shape->longest = len;
    if (ended && !crlf)
        shape->has_bare_lf = true;
    if (line.ptr[0] == 'F' && span_starts(line, "From "))
        shape->has_from = true;
    return crlf;
}

struct shape shape_of(struct span text)
{
    struct shape shape = {.has_8bit = !text_is_ascii(text)};
    shape.has_nul = text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL;
    size_t ends = 0;
    for (size_t at = 0; at < text.len;) {
        const char *nl = memchr(text.ptr + at, '\n', text.len - at);
        size_t next = nl == NULL ? text.len : (size_t)(nl - text.ptr) + 1;
        ends += look_at_line(&shape, span_sub(text, at, next - at));
        at = next;
    }
    shape.has_bare_cr = count_cr(text) != ends;
    return shape;
}

bool shape_fits(const struct shape *shape, size_t line_max)
{
    return !shape->has_8bit && !shape->has_nul && !shape->has_bare_cr && shape->longest <= line_max;
}
