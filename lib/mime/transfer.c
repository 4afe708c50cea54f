/* transfer - the encoding of a part, and what may travel without one. */
#include "mime/transfer.h"

#include <string.h>

int transfer_decode(enum encoding encoding, struct span text, struct spool *out, struct err *err)
{
    switch (encoding) {
    case ENCODING_7BIT:
    case ENCODING_8BIT:
    case ENCODING_BINARY:
        return spool_write_span(out, text, err);
    case ENCODING_QP:
        return qp_decode(text, out, err);
    case ENCODING_BASE64:
        return base64_decode(text, out, err);
    case ENCODING_UNKNOWN:
        break;
    }
    return err_set(err, ERR_UNSUPPORTED, "unknown Content-Transfer-Encoding");
}

/* Blocks keep the inner loop free of branches. */
static bool has_8bit(struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i += 4096) {
        struct span block = span_sub(bytes, i, 4096);
        unsigned char all = 0;
        for (size_t k = 0; k < block.len; k++)
            all |= (unsigned char)block.ptr[k];
        if (all > 127)
            return true;
    }
    return false;
}

/* Lines end in CRLF, the last one perhaps in nothing; neither CR nor LF stands elsewhere. */
static bool has_clean_lines(struct span bytes, size_t max_line)
{
    while (bytes.len > 0) {
        const char *nl = memchr(bytes.ptr, '\n', bytes.len);
        size_t next = nl == NULL ? bytes.len : (size_t)(nl - bytes.ptr) + 1;
        const char *cr = memchr(bytes.ptr, '\r', next);
        size_t len = cr == NULL ? next : (size_t)(cr - bytes.ptr);
        if (len > max_line || (nl == NULL ? cr != NULL : cr != nl - 1))
            return false;
        bytes = span_sub(bytes, next, bytes.len);
    }
    return true;
}

bool transfer_is_clean(struct span bytes, size_t max_line)
{
    return bytes.len == 0 || (memchr(bytes.ptr, '\0', bytes.len) == NULL && has_clean_lines(bytes, max_line));
}

bool transfer_is_7bit(struct span bytes, size_t max_line)
{
    return !has_8bit(bytes) && transfer_is_clean(bytes, max_line);
}
