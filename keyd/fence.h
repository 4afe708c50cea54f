/*
 * fence - folders and files that a process cannot open any more, whoever it is: for the token child, in which a maker's module runs.
 *
 * Landlock lists what is allowed. That is everything beside what is fenced off, as it is when the fence is closed: what is made later
 * right in a folder that leads to something fenced off cannot be opened, nor can be what lies in such a folder that cannot be listed.
 *
 * source  landlock(7); Linux 5.13
 */
#ifndef KEYD_FENCE_H
#define KEYD_FENCE_H

#include "base/err.h"
#include "base/mem.h"

#define FENCE_MAX 16

/*
 * fence_close - for this thread and those that it starts, for good; the process must have given up new privileges.
 *
 * off     absolute paths, which need not exist; at most FENCE_MAX
 * but     files below them that stay open to us
 * errors  ERR_UNSUPPORTED (this kernel has no such fence: nothing was done), ERR_IO
 */
int fence_close(const char *const *off, size_t noff, const char *const *but, size_t nbut,
                struct err *err) SEAL_CHECKED;

#endif
