/* privileges - what a daemon gives up before it does anything for strangers. */
#ifndef PROC_PRIVILEGES_H
#define PROC_PRIVILEGES_H

#include "base/err.h"

/*
 * privileges_become - become another user for good, when we are root and the name is not "".
 *
 * setting  the one that names the user, for errors
 * errors   ERR_CONFIG (no such user, or root), ERR_IO
 */
int privileges_become(const char *user, const char *setting, struct err *err) SEAL_CHECKED;

/* privileges_seal - no core dumps, no reader through /proc or ptrace of our own user, nothing regained by execve(). ERR_IO. */
int privileges_seal(struct err *err) SEAL_CHECKED;

#endif
