/* notes - trust packets told apart. */
#include "openpgp/notes.h"

#include "openpgp/frame.h"

/* Trust, what is known of the signature, whose packet it is, and that it speaks of a signature. */
static bool is_about_signature(struct span body)
{
    return body.len == 6 && span_eq(span_sub(body, 2, 4), (struct span){"gpg", 4});
}

static void copy(struct span packets, bool (*keep)(struct span body), struct buf *out)
{
    struct frame frame;
    while (frame_next(&packets, &frame) == FRAME_FOUND)
        if (frame.tag != FRAME_TRUST || keep(frame.body))
            buf_add_span(out, frame.whole);
    buf_add_span(out, packets);
}

static bool none(struct span body)
{
    (void)body;
    return false;
}

void notes_keep(struct span packets, struct buf *out)
{
    copy(packets, is_about_signature, out);
}

void notes_drop(struct span packets, struct buf *out)
{
    copy(packets, none, out);
}
