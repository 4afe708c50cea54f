/* child - a process that the supervisor starts, and starts again after a while that grows when it ends soon. */
#ifndef KEYD_CHILD_H
#define KEYD_CHILD_H

#include "base/err.h"
#include "base/mem.h"

#include <sys/types.h>

struct child {
    pid_t pid; /* 0: does not run */
    int64_t started_ms, due_ms;
    unsigned delay_ms;
};

/*
 * child_fork - as fork(). The child has default signals, keeps only these descriptors besides standard ones, and dies with its parent.
 *
 * return  0 in the child, 1 in the parent, -1 with ERR_IO
 */
int child_fork(struct child *child, const int *keep, size_t n, int64_t now_ms, struct err *err) SEAL_CHECKED;

enum child_end {
    CHILD_WANTED, /* we told it to: starts again at once */
    CHILD_FAILED
};
/* child_ended - it was waited for; due_ms is when it may start again. */
void child_ended(struct child *child, enum child_end end, int64_t now_ms);

#endif
