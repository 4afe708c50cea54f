/*
 * sealkeyd - a key process of a test's own: its settings, master key, socket and log lie in a new folder.
 *
 * The test program needs PROGRAMS sealkeyd in its seal_test(). It runs as who runs the test; what fails ends the test.
 */
#ifndef SUPPORT_SEALKEYD_H
#define SUPPORT_SEALKEYD_H

#include "base/buf.h"
#include "base/secret.h"

#include <sys/types.h>

struct sealkeyd {
    char dir[40];
    char conf[80], master_file[80], socket[80], log[80];
    struct secret master;
    pid_t pid; /* of the supervisor */
};

/* sealkeyd_start - returns when it serves. more: lines of settings, or "". */
void sealkeyd_start(struct sealkeyd *k, const char *more);
void sealkeyd_stop(struct sealkeyd *k); /* SIGTERM; the folder goes too */

/* sealkeyd_prepare - the folder and its files, but nothing is started; sealkeyd_launch starts it. */
void sealkeyd_prepare(struct sealkeyd *k, const char *more);
void sealkeyd_launch(struct sealkeyd *k);

/* sealkeyd_worker - the process that holds the keys; waits until there is one other than `not`. */
pid_t sealkeyd_worker(const struct sealkeyd *k, pid_t not );

/* sealkeyd_logged - waits until so many lines of the log hold the text. */
void sealkeyd_logged(const struct sealkeyd *k, const char *text, unsigned times);
void sealkeyd_read_log(const struct sealkeyd *k, struct buf *out);

#endif
