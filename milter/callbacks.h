/*
 * callbacks - libmilter's side: negotiation, and each callback handed on to the session.
 *
 * No callback but the last answers (SMFIP_NR_*), so the MTA sends a message in one go; what goes wrong on the way is told at its end. Nothing is
 * ever accepted at the envelope: an MTA might take that for the whole connection.
 */
#ifndef MILTER_CALLBACKS_H
#define MILTER_CALLBACKS_H

#include "milter/daemon.h"

/* callbacks_register - with libmilter; the daemon is filled before smfi_main() runs. -1 when libmilter refuses. */
int callbacks_register(struct daemon *daemon);

#endif
