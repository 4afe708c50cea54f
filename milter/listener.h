/* listener - the socket at which MTAs find us. */
#ifndef MILTER_LISTENER_H
#define MILTER_LISTENER_H

#include "conf/settings.h"

/* listener_check_free - ERR_EXISTS when somebody listens at our unix socket: libmilter would take it away from them. */
int listener_check_free(const struct settings *settings, struct err *err) SEAL_CHECKED;

/* listener_open - through libmilter; a stale unix socket is replaced, mode and group are as the settings say. ERR_CONFIG, ERR_IO. */
int listener_open(const struct settings *settings, struct err *err) SEAL_CHECKED;

#endif
