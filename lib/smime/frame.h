/*
 * frame - DER around a content that is not in memory: lengths are computed first, so that content can stream behind its head.
 *
 * Used in both directions: to write a CMS object around a content that our own data pass makes, and to give OpenSSL the
 * structure of an object without its content.
 */
#ifndef SMIME_FRAME_H
#define SMIME_FRAME_H

#include "smime/ber.h"

struct frame {
    unsigned char id;
    struct span before; /* whole elements in front of the next inner frame */
    struct span after;  /* whole elements behind it */
};

/*
 * frame_put - n frames, each inside the one before it, the last around `inner` octets.
 *
 * head    receives what stands in front of those octets, appended
 * tail    receives what stands behind them, appended
 */
void frame_put(const struct frame *frames, size_t n, size_t inner, struct buf *head, struct buf *tail);

#endif
