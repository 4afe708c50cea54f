/* control - the socket between supervisor and worker: how the worker's start went, that the token hangs, that a successor is wanted, the token child's connections. */
#ifndef KEYD_CONTROL_H
#define KEYD_CONTROL_H

#include "base/err.h"
#include "keyd/worker.h"

enum control_word {
    CONTROL_STARTED, /* serves; err may hold a warning */
    CONTROL_FAILED,  /* is about to end; err says why */
    CONTROL_HANGS,   /* the token child that was given does not answer */
    CONTROL_RELOAD,  /* wants a successor */
    CONTROL_GONE,    /* end of file */
};

int control_new(int *supervisor_out, int *worker_out, struct err *err) SEAL_CHECKED;

/* A token child as the worker gets it: it begins when it reads an octet from `begin`'s other end. */
struct control_token {
    pid_t pid;
    int lanes[TOKEN_LANES];
    int begin;
};

/* The worker's side. token: whom CONTROL_HANGS is about. control_receive: 1 when a token child came, 0 for nothing, -1 at the end of file. */
void control_say(int fd, enum control_word word, pid_t token, const struct err *err);
int control_receive(int fd, struct control_token *out);

/* The supervisor's side. */
enum control_word control_hear(int fd, pid_t *token_out, struct err *err_out);
int control_send(int fd, const struct control_token *token, struct err *err) SEAL_CHECKED;

#endif
