/*
 * canon - the canonical form of a MIME entity: what we sign and encrypt survives relays (N23).
 *
 * Line ends become CRLF. A leaf that is not 7-bit clean, or has lines over 76 (text) or 998 octets, is encoded anew (text as
 * quoted-printable, else base64), with its Content-Transfer-Encoding replaced; so is text with a line that begins with "From ".
 * A multipart's or clean leaf's encoding field that said 8bit or binary says 7bit. An attached message is not encoded but made
 * canonical itself. Header fields over 998 octets are folded anew where they have blanks, raw 8-bit text in them becomes encoded-words.
 * An entity that is canonical already comes out byte for byte.
 *
 * What is inside a multipart/signed is never touched but for line ends: when it is not 7-bit clean, that is ERR_UNSUPPORTED. So
 * is what cannot be made canonical: a field over 998 octets without blanks, 8-bit text in an unknown encoding. An
 * opaque table is ERR_AMBIGUOUS.
 *
 * source  RFC 8551 3.1, RFC 2045, RFC 5321 4.5.3.1.6
 */
#ifndef MIME_CANON_H
#define MIME_CANON_H

#include "mime/part.h"
#include "spool/spool.h"

/* canon_entity - content fields and body of `message` (table's root) become one entity at the end of out. Only Content-*
 * fields of the root's header are taken (no MIME-Version); a missing Content-Type stays missing unless text is not ASCII. */
int canon_entity(struct arena *arena, struct span message, const struct part_table *table, struct spool *out,
                 struct err *err) SEAL_CHECKED;

/* canon_field - one header field as a relay can carry it: ASCII, CRLF, folded where it is too long. ERR_UNSUPPORTED: that cannot be. */
int canon_field(struct arena *arena, const struct field *field, struct spool *out,
                struct err *err) SEAL_CHECKED;

/* 8-bit text may stay only where the sender said BODY=8BITMIME (R22). */
enum canon_8bit {
    CANON_8BIT_MAY_STAY,
    CANON_8BIT_ENCODE
};

/* canon_safe - opened content made safe for SMTP (R22). What has no bare CR or LF, no NUL, no line over 998 octets, and no 8-bit
 * text unless it may stay, comes out byte for byte with all its fields. Else it is repaired and 7-bit throughout, in a multipart/signed
 * only as to line ends: NUL, a bare CR or a longer line in there is ERR_UNSUPPORTED, 8-bit text stays. */
int canon_safe(struct arena *arena, struct span entity, const struct part_table *table,
               enum canon_8bit eight_bit, struct spool *out, struct err *err) SEAL_CHECKED;

#endif
