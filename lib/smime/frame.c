/* frame - nested DER elements, lengths from the inside out. */
#include "smime/frame.h"

#include <stdlib.h>

#define FRAMES_MAX 8

void frame_put(const struct frame *frames, size_t n, size_t inner, struct buf *head, struct buf *tail)
{
    size_t len[FRAMES_MAX];
    if (n == 0 || n > FRAMES_MAX)
        abort();
    for (size_t i = n; i-- > 0;) {
        len[i] = frames[i].before.len + inner + frames[i].after.len;
        inner = ber_header_size(len[i]) + len[i];
        buf_add_span(tail, frames[i].after);
    }
    for (size_t i = 0; i < n; i++) {
        ber_put_header(head, frames[i].id, len[i]);
        buf_add_span(head, frames[i].before);
    }
}
