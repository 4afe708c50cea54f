/*
 * pgp_quine - a compressed packet that decompresses to itself: whoever opens what is inside never comes to an end.
 */
#ifndef SUPPORT_PGP_QUINE_H
#define SUPPORT_PGP_QUINE_H

#include "base/buf.h"

#define QUINE_HEAD 7 /* octets in front of the deflate stream: header of the packet, and that it is deflate */

void pgp_quine(struct buf *out);

#endif
