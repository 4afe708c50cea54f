/*
 * payload_header - what the root of a signed or opened payload says of header fields. Only what is on the allow-list comes out: the Subject (R21).
 *
 * Whether the payload is worth to be believed is not asked here. A mark anywhere but at the root says nothing.
 *
 * source  RFC 9788 2.1, 4, 4.10 (the form of RFC 8551 3.1); draft-autocrypt-lamps-protected-headers
 */
#ifndef MIME_PAYLOAD_HEADER_H
#define MIME_PAYLOAD_HEADER_H

#include "mime/header.h"

enum payload_mark {
    PAYLOAD_UNMARKED = 0,
    PAYLOAD_OLD,    /* protected-headers="v1", from before RFC 9788 */
    PAYLOAD_CLEAR,  /* hp="clear" */
    PAYLOAD_CIPHER, /* hp="cipher" */
    PAYLOAD_WRAPPED, /* RFC 8551: all of the payload is a message/rfc822, whose header it is; or one that was forwarded */
};

#define PAYLOAD_SUBJECT_MAX 4000 /* octets; a longer one is cut */

struct payload_header {
    enum payload_mark mark;
    const char *subject; /* decoded; NULL when the payload has no mark, and not exactly one Subject */
    const char *
        from; /* PAYLOAD_WRAPPED: canonical address of its only From mailbox; NULL: it has none, or several */
};

/* payload_header_read - payload begins with its root's header. return 0, or -1 with ERR_LIMIT */
int payload_header_read(struct arena *arena, struct span payload, struct payload_header *out,
                        struct err *err) SEAL_CHECKED;

#endif
