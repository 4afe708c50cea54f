/*
 * io - whole reads and writes, and the place where tests make them fail.
 *
 * io_fault_at(n) lets the n-th following point of this process fail with the given errno (0 = never). Tests loop n until nothing
 * fails any more. A program built with -DSEAL_FAULTS=ON also reads from its environment, once: SEAL_FAULT_AT=n with
 * SEAL_FAULT_ERRNO=number (EIO); SEAL_KILL_AT=n, the point at which it kills itself with SIGKILL, where io_done() counts too;
 * SEAL_FAULT_LOG=file, where each point passed is a line, numbered as for SEAL_KILL_AT. A release build leaves them out.
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include "base/err.h"
#include "base/mem.h"

#include <sys/types.h>

int io_write_full(int fd, const void *p, size_t n, struct err *err) SEAL_CHECKED; /* ENOSPC: ERR_DISK_FULL */
int io_read_full(int fd, void *p, size_t n, struct err *err) SEAL_CHECKED;        /* early end: ERR_IO */

struct buf;
/* io_read_file - a whole file, appended to buf (whose maximum limits it). "-" reads standard input. */
int io_read_file(const char *path, struct buf *buf, struct err *err) SEAL_CHECKED;
/* io_write_file - make a new file with these bytes and mode, synced, by rename: there is the old one or the new one. */
int io_write_file(const char *path, struct span bytes, mode_t mode, struct err *err) SEAL_CHECKED;

/* io_remove_tree - a folder and all below it, or as much of it as goes; a symbolic link goes, and what it leads to stays. */
void io_remove_tree(const char *path);

/*
 * io_point - a named point where a test can stop the process or make the step fail: store commits, spool writes,
 * injection and milter calls pass through one. Returns 0, or the errno to pretend.
 */
int io_point(const char *what);
/* io_done - a point behind a step that cannot fail any more, or be taken back. */
void io_done(const char *what);
void io_fault_at(unsigned n, int errno_to_give);
unsigned io_fault_count(void); /* points passed since io_fault_at() */

#endif
