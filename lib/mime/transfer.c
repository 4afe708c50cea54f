/* transfer - the encoding of a part, and what may travel without one. */
#include "mime/transfer.h"

#include "mime/shape.h"

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

bool transfer_is_7bit(struct span bytes, size_t max_line)
{
    struct shape shape = shape_of(bytes);
    return shape_fits(&shape, max_line) && !shape.has_bare_lf;
}
