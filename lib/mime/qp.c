/* qp - quoted-printable, RFC 2045 6.7. */
#include "mime/chunk.h"
#include "mime/transfer.h"

#include <string.h>

#define LINE_CHARS 76

struct encoder {
    struct chunk chunk;
    size_t column; /* characters on the line being written */
};

static int put(struct encoder *e, const char *text, size_t n, struct err *err)
{
    if (chunk_room(&e->chunk, n, err) < 0)
        return -1;
    memcpy(e->chunk.ptr + e->chunk.n, text, n);
    e->chunk.n += n;
    e->column += n;
    return 0;
}

static int end_line(struct encoder *e, const char *text, size_t n, struct err *err)
{
    int status = put(e, text, n, err);
    e->column = 0;
    return status;
}

/*
 * Whether an octet must be encoded where it stands. rest begins with it and ends where its line ends. At the start of a written line
 * neither "From " (mailbox files), a dot (SMTP) nor "--" (a boundary that was none before the line was broken) may stand.
 */
static bool is_unsafe(struct span rest, size_t column)
{
    unsigned char c = (unsigned char)rest.ptr[0];
    if (c == ' ' || c == '\t')
        return rest.len == 1;
    if (c < ' ' || c > '~' || c == '=')
        return true;
    return column == 0 &&
           (c == '.' || (c == 'F' && span_starts(rest, "From ")) || (c == '-' && span_starts(rest, "--")));
}

/* How many octets can be copied as they are; the last one of a line is left to is_unsafe. */
static size_t plain_run(struct span line, size_t column)
{
    size_t n = 0, max = line.len - 1 < LINE_CHARS - 1 - column ? line.len - 1 : LINE_CHARS - 1 - column;
    while (n < max &&
           ((line.ptr[n] >= ' ' && line.ptr[n] <= '~' && line.ptr[n] != '=') || line.ptr[n] == '\t'))
        n++;
    return n;
}

static int encode_line(struct encoder *e, struct span line, struct err *err)
{
    static const char hex[] = "0123456789ABCDEF";
    while (line.len > 0) {
        unsigned char c = (unsigned char)line.ptr[0];
        char coded[3] = {'=', hex[c >> 4], hex[c & 15]};
        bool unsafe = is_unsafe(line, e->column);
        size_t width = unsafe ? 3 : 1, room = line.len == 1 ? LINE_CHARS : LINE_CHARS - 1;
        if (e->column + width > room) {
            if (end_line(e, "=\r\n", 3, err) < 0)
                return -1;
            continue;
        }
        if (put(e, unsafe ? coded : line.ptr, width, err) < 0)
            return -1;
        line = span_sub(line, 1, line.len);
        size_t plain = line.len > 1 && e->column < LINE_CHARS - 1 ? plain_run(line, e->column) : 0;
        if (put(e, line.ptr, plain, err) < 0)
            return -1;
        line = span_sub(line, plain, line.len);
    }
    return 0;
}

static int encode(struct encoder *e, struct span bytes, struct err *err)
{
    for (size_t at = 0; at < bytes.len;) {
        size_t nl = span_find(bytes, "\n", 1, at), end = nl == SIZE_MAX ? bytes.len : nl;
        struct span line = span_sub(bytes, at, end - at);
        if (nl != SIZE_MAX && line.len > 0 && line.ptr[line.len - 1] == '\r')
            line.len--;
        if (encode_line(e, line, err) < 0 || (nl != SIZE_MAX && end_line(e, "\r\n", 2, err) < 0))
            return -1;
        at = end + 1;
    }
    return chunk_flush(&e->chunk, err);
}

int qp_encode(struct span bytes, struct spool *out, struct err *err)
{
    struct encoder e = {.column = 0};
    chunk_init(&e.chunk, out);
    int status = encode(&e, bytes, err);
    chunk_fini(&e.chunk);
    return status;
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c < '0' ? NULL : strchr(digits, c | 0x20);
    return at == NULL ? -1 : (int)(at - digits);
}

/* One line without its end, and without the blanks in front of it, that a relay may have added. */
static int decode_line(struct span line, struct chunk *chunk, struct err *err)
{
    while (line.len > 0) {
        const char *mark = memchr(line.ptr, '=', line.len);
        size_t plain = mark == NULL ? line.len : (size_t)(mark - line.ptr);
        if (plain > CHUNK_SIZE - 1)
            plain = CHUNK_SIZE - 1;
        if (chunk_room(chunk, plain + 1, err) < 0)
            return -1;
        memcpy(chunk->ptr + chunk->n, line.ptr, plain);
        chunk->n += plain;
        line = span_sub(line, plain, line.len);
        if (line.len == 0 || line.ptr[0] != '=')
            continue;
        int high = line.len > 2 ? hex_value(line.ptr[1]) : -1,
            low = line.len > 2 ? hex_value(line.ptr[2]) : -1;
        if (high < 0 || low < 0)
            return err_set(err, ERR_SYNTAX, "quoted-printable with \"=\" before no hexadecimal number");
        chunk->ptr[chunk->n++] = (char)(16 * high + low);
        line = span_sub(line, 3, line.len);
    }
    return 0;
}

static int decode(struct span text, struct chunk *chunk, struct err *err)
{
    for (size_t at = 0; at < text.len;) {
        size_t nl = span_find(text, "\n", 1, at), next = nl == SIZE_MAX ? text.len : nl + 1;
        struct span whole = span_sub(text, at, next - at), line = whole;
        while (line.len > 0 && strchr(" \t\r\n", line.ptr[line.len - 1]) != NULL &&
               line.ptr[line.len - 1] != '\0')
            line.len--;
        bool soft = line.len > 0 && line.ptr[line.len - 1] == '=';
        line.len -= soft;
        if (decode_line(line, chunk, err) < 0 || chunk_room(chunk, 2, err) < 0)
            return -1;
        if (!soft && nl != SIZE_MAX) {
            bool crlf = whole.len > 1 && whole.ptr[whole.len - 2] == '\r';
            memcpy(chunk->ptr + chunk->n, crlf ? "\r\n" : "\n", crlf ? 2 : 1);
            chunk->n += crlf ? 2 : 1;
        }
        at = next;
    }
    return chunk_flush(chunk, err);
}

int qp_decode(struct span text, struct spool *out, struct err *err)
{
    struct chunk chunk;
    chunk_init(&chunk, out);
    int status = decode(text, &chunk, err);
    chunk_fini(&chunk);
    return status;
}
