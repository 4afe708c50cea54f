/*
 * worker - the process that holds the master key and opened keys, and answers at the key socket. A child of the supervisor.
 *
 * Over the control socket it says once how its start went (a struct err), and gets the ends of the token child's connections. Its end of
 * file is the supervisor's death, or its wish that we end.
 */
#ifndef KEYD_WORKER_H
#define KEYD_WORKER_H

#include "conf/settings.h"
#include "keyd/audit.h"

/* Connections between worker and token child: so many operations of tokens run at once. */
#define TOKEN_LANES 8

struct worker_conf {
    const struct settings *settings;
    uid_t allowed; /* whose processes may ask: the daemon's user */
    int listener;
    int control;
    pid_t refused; /* the token child of before, which may have left connections that wait */
    struct audit *audit;
};

_Noreturn void worker_run(const struct worker_conf *conf);

#endif
