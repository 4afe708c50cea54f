/* control - the socket between supervisor and worker: how the worker's start went, that the token hangs, that a successor is wanted, the token child's connections. */
#ifndef KEYD_CONTROL_H
#define KEYD_CONTROL_H

#include "base/err.h"
#include "keyd/worker.h"

enum control_word {
    CONTROL_STARTED, /* serves; err may hold a warning */
    CONTROL_FAILED,  /* is about to end; err says why */
    CONTROL_HANGS,   /* the token child does not answer */
    CONTROL_RELOAD,  /* wants a successor */
    CONTROL_GONE,    /* end of file */
};

int control_new(int *supervisor_out, int *worker_out, struct err *err) SEAL_CHECKED;

/* The worker's side. control_receive: how many descriptors came, at most TOKEN_LANES; -1 at the end of file. */
void control_say(int fd, enum control_word word, const struct err *err);
int control_receive(int fd, int fds_out[TOKEN_LANES]);

/* The supervisor's side. */
enum control_word control_hear(int fd, struct err *err_out);
int control_send(int fd, const int fds[TOKEN_LANES], struct err *err) SEAL_CHECKED;

#endif
