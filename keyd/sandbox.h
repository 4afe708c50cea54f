/*
 * sandbox - what the key worker can still do once it serves: read and write what is open, take connections, use memory and the clock.
 *
 * No file, no new socket, no connection, no program, no process, no thread, no look into another process. A call that is not allowed fails
 * with EPERM.
 */
#ifndef KEYD_SANDBOX_H
#define KEYD_SANDBOX_H

#include "base/err.h"

/* sandbox_lock_memory - nothing of this process is written to swap. ERR_IO when the system does not allow it. */
int sandbox_lock_memory(struct err *err) SEAL_CHECKED;

/* sandbox_close - for all threads of the process and for good. ERR_IO. */
int sandbox_close(struct err *err) SEAL_CHECKED;

/* sandbox_close_token - for the token child, whose modules need files and sockets: no program, no process, no look into another one. ERR_IO. */
int sandbox_close_token(struct err *err) SEAL_CHECKED;

#endif
