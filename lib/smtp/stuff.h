/*
 * stuff - a message as the DATA command wants it: every line end CRLF, a dot at the start of a line doubled.
 *
 * Ranges that are right already go to the wire straight from the spool. A bare LF becomes CRLF and a bare CR a blank, as
 * Postfix makes of them too: nothing that a server could read as another line end leaves here (SMTP smuggling).
 *
 * source  RFC 5321 4.5.2, 2.3.8
 */
#ifndef SMTP_STUFF_H
#define SMTP_STUFF_H

#include "smtp/wire.h"

/* stuff_write - the message, ending in CRLF, without the final dot. */
int stuff_write(struct wire *wire, struct span message, struct err *err) SEAL_CHECKED;

#endif
