/* spin - the last wait tells what the next one will take; each time in a row that it did not pay, twice as many waits are slept through. */
#include "token/spin.h"

#include <errno.h>
#include <sched.h>
#include <sys/socket.h>
#include <time.h>

#define SPIN_US    100  /* then one sleeps */
#define ALONE_US   2000 /* since another waited */
#define MISSES_MAX 6    /* 1 << 6 waits are slept through at most */

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void spin_group_init(struct spin_group *group)
{
    cpu_set_t set;
    group->possible = sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 1;
    atomic_init(&group->only, NULL);
    atomic_init(&group->since_us, 0);
}

static ssize_t receive(int fd, void *out, size_t room, int flags)
{
    ssize_t n;
    do
        n = recv(fd, out, room, flags);
    while (n < 0 && errno == EINTR);
    return n;
}

static bool is_alone(struct spin_group *group, const struct spin *spin, int64_t now)
{
    if (atomic_load_explicit(&group->only, memory_order_relaxed) == spin)
        return now - atomic_load_explicit(&group->since_us, memory_order_relaxed) > ALONE_US;
    atomic_store_explicit(&group->only, spin, memory_order_relaxed);
    atomic_store_explicit(&group->since_us, now, memory_order_relaxed);
    return false;
}

static bool is_hopeful(struct spin_group *group, struct spin *spin, int64_t now)
{
    if (!group->possible || !is_alone(group, spin, now) || spin->last_us >= SPIN_US)
        return false;
    if (spin->skip == 0)
        return true;
    spin->skip--;
    return false;
}

static void learn(struct spin *spin, bool paid)
{
    spin->misses = paid ? 0 : spin->misses < MISSES_MAX ? spin->misses + 1 : MISSES_MAX;
    spin->skip = paid ? 0 : 1u << spin->misses;
}

/* As recv(); EAGAIN when nothing came for so long. */
static ssize_t look_again(struct spin *spin, int64_t start, int fd, void *out, size_t room, int flags)
{
    ssize_t n;
    (void)sched_yield(); /* to the other end, should it be on this processor */
    do
        n = receive(fd, out, room, flags | MSG_DONTWAIT);
    while (n < 0 && errno == EAGAIN && now_us() - start < SPIN_US);
    learn(spin, n >= 0 || errno != EAGAIN);
    return n;
}

ssize_t spin_receive(struct spin_group *group, struct spin *spin, int fd, void *out, size_t room, int flags)
{
    int64_t start = now_us();
    bool hopeful = is_hopeful(group, spin, start);
    ssize_t n = hopeful ? look_again(spin, start, fd, out, room, flags) : -1;
    if (!hopeful || (n < 0 && errno == EAGAIN))
        n = receive(fd, out, room, flags);
    int why = errno;
    spin->last_us = now_us() - start;
    errno = why;
    return n;
}
