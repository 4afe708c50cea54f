/*
 * esmtp - the parameters of MAIL and RCPT that must survive an injection, out of a callback's arguments.
 *
 * Names in any case. What is not known here stays behind: SIZE and AUTH are of the connection, not of the message.
 */
#ifndef MILTER_ESMTP_H
#define MILTER_ESMTP_H

#include "model/envelope.h"

/* args: "BODY=8BITMIME", "SMTPUTF8" .., ended by NULL; the values are copied into arena. */
void esmtp_read_mail(struct envelope *env, struct arena *arena, const char *const *args);
void esmtp_read_rcpt(struct recipient *rcpt, struct arena *arena, const char *const *args);

#endif
