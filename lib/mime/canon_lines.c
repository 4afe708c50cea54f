/* canon_lines - line ends, and the text between parts. */
#include "mime/canon_internal.h"

#include "mime/chunk.h"
#include "mime/transfer.h"

#include <string.h>

/* The line at the start of text with its end; *content_out is what stands before CRLF or LF. */
static struct span first_line(struct span text, struct span *content_out)
{
    const char *nl = memchr(text.ptr, '\n', text.len);
    size_t len = nl == NULL ? text.len : (size_t)(nl - text.ptr) + 1;
    size_t end = nl == NULL ? 0 : len > 1 && nl[-1] == '\r' ? 2 : 1;
    *content_out = span_sub(text, 0, len - end);
    return span_sub(text, 0, len);
}

static int put(struct chunk *chunk, struct span bytes, struct err *err)
{
    for (size_t at = 0; at < bytes.len; at += CHUNK_SIZE) {
        struct span piece = span_sub(bytes, at, CHUNK_SIZE);
        if (chunk_room(chunk, piece.len, err) < 0)
            return -1;
        memcpy(chunk->ptr + chunk->n, piece.ptr, piece.len);
        chunk->n += piece.len;
    }
    return 0;
}

static int put_lines(struct chunk *chunk, struct span text, struct err *err)
{
    while (text.len > 0) {
        struct span content, line = first_line(text, &content);
        if (put(chunk, content, err) < 0 || (line.len > content.len && put(chunk, SPAN_LIT("\r\n"), err) < 0))
            return -1;
        text = span_sub(text, line.len, text.len);
    }
    return chunk_flush(chunk, err);
}

int canon_lines(struct spool *out, struct span text, struct err *err)
{
    struct chunk chunk;
    chunk_init(&chunk, out);
    int status = put_lines(&chunk, text, err);
    chunk_fini(&chunk);
    return status;
}

/* A changed or broken line gets a blank in front, so that it cannot become a boundary. */
static int put_repaired(struct chunk *chunk, struct span content, struct err *err)
{
    while (content.len > 0) {
        struct span piece = span_sub(content, 0, CANON_LINE_TEXT);
        if (chunk_room(chunk, piece.len + 3, err) < 0)
            return -1;
        chunk->ptr[chunk->n++] = ' ';
        for (size_t i = 0; i < piece.len; i++) {
            char c = piece.ptr[i];
            chunk->ptr[chunk->n++] = c < ' ' && c != '\t' ? '?' : c;
        }
        content = span_sub(content, piece.len, content.len);
        if (content.len > 0)
            chunk->n += (size_t)(stpcpy(chunk->ptr + chunk->n, "\r\n") - (chunk->ptr + chunk->n));
    }
    return 0;
}

static int put_between(struct chunk *chunk, struct span text, struct err *err)
{
    while (text.len > 0) {
        struct span content, line = first_line(text, &content);
        int status = transfer_is_7bit(content, CANON_LINE_SMTP) ? put(chunk, content, err)
                                                                : put_repaired(chunk, content, err);
        if (status < 0 || (line.len > content.len && put(chunk, SPAN_LIT("\r\n"), err) < 0))
            return -1;
        text = span_sub(text, line.len, text.len);
    }
    return chunk_flush(chunk, err);
}

int canon_between(struct spool *out, struct span text, struct err *err)
{
    if (transfer_is_7bit(text, CANON_LINE_SMTP))
        return spool_write_span(out, text, err);
    struct chunk chunk;
    chunk_init(&chunk, out);
    int status = put_between(&chunk, text, err);
    chunk_fini(&chunk);
    return status;
}
