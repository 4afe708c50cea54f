/*
 * canon - the canonical form of a MIME entity: what we sign and encrypt survives relays (N23).
 *
 * Line ends become CRLF. A leaf that is not 7-bit clean, or has lines over 76 (text) or 998 octets, is encoded anew (text as
 * quoted-printable, else base64), with its Content-Transfer-Encoding replaced; a multipart's encoding field says 7bit.
 * An entity that is canonical already comes out byte for byte. Header fields over 998 octets are folded anew where they
 * have blanks. A multipart/signed inside is never touched: when it is not 7-bit clean, that is ERR_UNSUPPORTED.
 *
 * source  RFC 8551 3.1, RFC 2045
 */
#ifndef MIME_CANON_H
#define MIME_CANON_H

#include "mime/part.h"
#include "spool/spool.h"

/* canon_entity - content fields and body of `message` (table's root) become one entity at the end of out. Only Content-*
 * fields of the root's header are taken (no MIME-Version); a missing Content-Type stays missing unless text is not ASCII. */
int canon_entity(struct arena *arena, struct span message, const struct part_table *table, struct spool *out,
                 struct err *err) SEAL_CHECKED;

/* canon_safe - opened content made safe for SMTP (R22): bare CR, bare LF and NUL in 7bit and 8bit parts are repaired or
 * re-encoded, lines stay within 998; canonical content comes out byte for byte. A multipart/signed inside stays as it is. */
int canon_safe(struct arena *arena, struct span entity, const struct part_table *table, struct spool *out,
               struct err *err) SEAL_CHECKED;

#endif
