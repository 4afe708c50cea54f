/*
 * notes - what gpg found when it checked a key's signatures, noted behind each of them as it notes it in keyrings of its own: a trust packet
 * that says "checked" and "good". From a keyring with such notes gpg takes the key without checking its self-signatures again, which is half
 * of the time that it takes to verify a message, and more of what it takes to open one.
 *
 * They are gpg's word, so they are taken from gpg alone (key_check); what comes from elsewhere loses them (cut). Nobody else gets them.
 * Private to lib/openpgp.
 *
 * source  RFC 9580 5.10; GnuPG, g10/parse-packet.c, parse_ring_trust()
 */
#ifndef OPENPGP_NOTES_H
#define OPENPGP_NOTES_H

#include "base/buf.h"

/* notes_keep - the packets with the notes on signatures and no other trust packets. notes_drop - without any. */
void notes_keep(struct span packets, struct buf *out);
void notes_drop(struct span packets, struct buf *out);

#endif
