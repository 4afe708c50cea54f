/*
 * supervisor - starts the key worker and the token child, starts them again when they end, writes the audit to the log. It has no key.
 */
#ifndef KEYD_SUPERVISOR_H
#define KEYD_SUPERVISOR_H

#include "conf/settings.h"
#include "keyd/token_pins.h"

#include <sys/types.h>

/* supervisor_start - returns when the first worker serves. pins: for token children. ERR_CONFIG (master key), ERR_IO. */
int supervisor_start(const struct settings *settings, const struct token_pins *pins, int listener,
                     uid_t allowed, struct err *err) SEAL_CHECKED;

/* supervisor_run - until SIGTERM or SIGINT; SIGHUP starts both children anew. */
void supervisor_run(void);

#endif
