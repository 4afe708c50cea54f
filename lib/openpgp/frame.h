/*
 * frame - one packet after the other: a strict walk in which every length must be there and end within the bytes.
 *
 * Broken is: tag 0; a body of indeterminate length, but for compressed data, which gpg writes so; partial lengths for a packet that
 * holds no data, or a first part below 512 octets.
 *
 * source  RFC 9580 4.2, 5
 */
#ifndef OPENPGP_FRAME_H
#define OPENPGP_FRAME_H

#include "base/mem.h"

enum frame_tag {
    FRAME_PKESK = 1, /* a session key for a public key */
    FRAME_SIGNATURE = 2,
    FRAME_SKESK = 3, /* a session key for a password */
    FRAME_ONE_PASS = 4,
    FRAME_SECRET_KEY = 5,
    FRAME_PUBLIC_KEY = 6,
    FRAME_SECRET_SUBKEY = 7,
    FRAME_COMPRESSED = 8,
    FRAME_SED = 9, /* encrypted, no integrity */
    FRAME_MARKER = 10,
    FRAME_LITERAL = 11,
    FRAME_TRUST = 12,
    FRAME_USER_ID = 13,
    FRAME_PUBLIC_SUBKEY = 14,
    FRAME_USER_ATTRIBUTE = 17,
    FRAME_SEIPD = 18, /* encrypted, with integrity */
    FRAME_OCB = 20,   /* GnuPG 2.3's own encrypted packet; RFC 9580 has it as reserved */
};

struct frame {
    unsigned tag;
    bool in_parts;     /* partial lengths */
    struct span whole; /* with its header */
    struct span body;  /* in parts: the first of them, 512 octets or more */
};

enum frame_found {
    FRAME_FOUND,
    FRAME_END,    /* nothing is left */
    FRAME_BROKEN, /* what is left is no packet, or cut */
};

/* frame_next - the packet at the front of rest, which is cut to what stands behind it. */
enum frame_found frame_next(struct span *rest, struct frame *out);

/* frame_number - the first octets (at most 4) of s as a number, most significant first; the caller knows that they are there. */
uint32_t frame_number(struct span s, size_t octets);

#endif
