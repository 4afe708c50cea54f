/* stuff - line by line over the message, runs of good lines in one piece. */
#include "smtp/stuff.h"

#include <string.h>

/* A line with its bare CRs as blanks, ended by CRLF. */
static int write_mended(struct wire *wire, struct span line, struct err *err)
{
    while (line.len > 0) {
        const char *cr = memchr(line.ptr, '\r', line.len);
        size_t n = cr == NULL ? line.len : (size_t)(cr - line.ptr);
        if (wire_write(wire, span_sub(line, 0, n), err) < 0)
            return -1;
        if (cr != NULL && wire_write(wire, SPAN_LIT(" "), err) < 0)
            return -1;
        line = span_sub(line, n + (cr != NULL), SIZE_MAX);
    }
    return wire_write(wire, SPAN_LIT("\r\n"), err);
}

int stuff_write(struct wire *wire, struct span message, struct err *err)
{
    size_t run = 0; /* what stands between run and at can go as it is */
    for (size_t at = 0; at < message.len;) {
        const char *start = message.ptr + at;
        const char *lf = memchr(start, '\n', message.len - at);
        size_t text = lf == NULL ? message.len - at : (size_t)(lf - start);
        size_t next = at + text + (lf != NULL);
        bool crlf = lf != NULL && text > 0 && start[text - 1] == '\r';
        if (crlf)
            text--;
        bool good = crlf && memchr(start, '\r', text) == NULL;
        bool dot = text > 0 && start[0] == '.';
        if (dot || !good) {
            if (wire_write(wire, span_sub(message, run, at - run), err) < 0 ||
                (dot && wire_write(wire, SPAN_LIT("."), err) < 0))
                return -1;
            run = at;
        }
        if (!good) {
            if (write_mended(wire, (struct span){start, text}, err) < 0)
                return -1;
            run = next;
        }
        at = next;
    }
    return wire_write(wire, span_sub(message, run, SIZE_MAX), err);
}
