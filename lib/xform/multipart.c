/* multipart - written in one go. source  RFC 2046 5.1, RFC 1847 2 */
#include "xform/multipart.h"

#include "mime/compose.h"

static int put(struct spool *out, const char *text, struct err *err)
{
    return text == NULL ? 0 : spool_write_span(out, span_of(text), err);
}

static int put_boundary(struct spool *out, const char *boundary, const char *end, struct err *err)
{
    return put(out, "--", err) < 0 || put(out, boundary, err) < 0 ? -1 : put(out, end, err);
}

static int put_header(const struct multipart *kind, const char *boundary, struct spool *out, struct err *err)
{
    if (put(out, "Content-Type: ", err) < 0 || put(out, kind->type, err) < 0 ||
        put(out, "; boundary=\"", err) < 0 || put(out, boundary, err) < 0 || put(out, "\"\r\n", err) < 0 ||
        put(out, kind->more, err) < 0)
        return -1;
    return put(out, "\r\n", err);
}

/* The second part's is base64, armour or a line of ours: none holds what begins with "=_". */
int multipart_write(const struct multipart *kind, struct span first, struct span second, struct spool *out,
                    struct err *err)
{
    char boundary[BOUNDARY_MAX + 1];
    if (compose_boundary(first, boundary, err) < 0 || put_header(kind, boundary, out, err) < 0 ||
        put_boundary(out, boundary, "\r\n", err) < 0 || spool_write_span(out, first, err) < 0 ||
        put(out, "\r\n", err) < 0 || put_boundary(out, boundary, "\r\n", err) < 0 ||
        put(out, kind->second, err) < 0 || spool_write_span(out, second, err) < 0)
        return -1;
    return put_boundary(out, boundary, "--\r\n", err);
}
