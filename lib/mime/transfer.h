/*
 * transfer - base64 and quoted-printable, fast, from bytes to a spool.
 *
 * source  RFC 2045 6.7, 6.8
 */
#ifndef MIME_TRANSFER_H
#define MIME_TRANSFER_H

#include "mime/part.h"
#include "spool/spool.h"

/* base64_encode - lines of 76 characters, each ended by CRLF. */
int base64_encode(struct span bytes, struct spool *out, struct err *err) SEAL_CHECKED;
/* base64_decode - blanks and line ends are passed over; any other foreign octet, or a wrong length or padding, is ERR_SYNTAX. */
int base64_decode(struct span text, struct spool *out, struct err *err) SEAL_CHECKED;
/* qp_encode - text: CRLF and bare LF become line ends, a bare CR is encoded; lines of at most 76. Trailing blanks, and at line
 * start "From ", dots and "--" are encoded, so that neither mailbox files nor SMTP nor a boundary can meet the text. */
int qp_encode(struct span bytes, struct spool *out, struct err *err) SEAL_CHECKED;
/* qp_decode - blanks at line ends go; "=" before anything but a line end or two hexadecimal digits is ERR_SYNTAX. */
int qp_decode(struct span text, struct spool *out, struct err *err) SEAL_CHECKED;

/* transfer_decode - by the encoding of a part; 7bit, 8bit and binary are copied. ERR_UNSUPPORTED for an unknown one. */
int transfer_decode(enum encoding encoding, struct span text, struct spool *out,
                    struct err *err) SEAL_CHECKED;

/* transfer_is_7bit - no octet over 127, no NUL, no bare CR or LF, no line over max_line octets (CRLF not counted). */
bool transfer_is_7bit(struct span bytes, size_t max_line);

#endif
