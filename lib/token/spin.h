/*
 * spin - a packet that is looked for again and again for some tens of microseconds, so that one is awake when it comes.
 *
 * To wake somebody on another processor costs more than a P-256 signature, and a tenth of an RSA-2048 one. Packets that follow each other
 * closely are looked for at once; before one that takes longer, as the wait before it tells, one sleeps until shortly before it is due. So a
 * wait costs some tens of microseconds of a processor that is idle, and 100 when nothing comes. Nobody looks where there is but one processor,
 * while other connections have work, too, when it did not pay the last times, or when a wait takes so long that waking costs little beside
 * it; who hears nothing sleeps.
 */
#ifndef TOKEN_SPIN_H
#define TOKEN_SPIN_H

#include "base/mem.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

/* One connection: what waiting on it was like lately; zeros at first. */
struct spin {
    int64_t last_us;
    unsigned misses, skip;
};

/* The connections of a process; any thread. */
struct spin_group {
    bool possible;
    _Atomic(const struct spin *) only; /* who waited last, and since when nobody else has */
    atomic_int_least64_t since_us;
};

/* spin_group_init - timers of this thread, and of those that it makes from now on, are punctual then. */
void spin_group_init(struct spin_group *group);

/* spin_receive - as recv(), which does not end in EINTR. */
ssize_t spin_receive(struct spin_group *group, struct spin *spin, int fd, void *out, size_t room, int flags);

#endif
