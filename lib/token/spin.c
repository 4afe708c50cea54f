/* spin - the last wait tells what the next one will take; who missed more often than hit sleeps through twice as many each time. */
#include "token/spin.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#define SPIN_US    100  /* then one sleeps */
#define EARLY_US   90   /* one means to be awake: a processor takes some tens to wake */
#define TIMER_NS   1000 /* that timers of such threads may be late; by default they are by 50 us */
#define DUE_MAX_US 1000 /* what waking costs is little beside a longer wait */
#define ALONE_US   2000 /* since another waited */
#define MISSES_MAX 6    /* (1 << 6) - 1 waits are slept through at most */

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void spin_group_init(struct spin_group *group)
{
    cpu_set_t set;
    (void)prctl(PR_SET_TIMERSLACK, TIMER_NS, 0, 0, 0);
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
    if (!group->possible || !is_alone(group, spin, now) || spin->last_us >= DUE_MAX_US)
        return false;
    if (spin->skip == 0)
        return true;
    spin->skip--;
    return false;
}

static void learn(struct spin *spin, bool paid)
{
    if (paid)
        spin->misses -= spin->misses > 0;
    else if (spin->misses < MISSES_MAX)
        spin->misses++;
    spin->skip = paid ? 0 : (1u << spin->misses) - 1;
}

/* Sleeps until shortly before the packet is due. Whether it is still to come, and nobody else waits meanwhile. */
static bool nap(struct spin_group *group, const struct spin *spin, int fd)
{
    struct pollfd wait = {fd, POLLIN, 0};
    int64_t us = spin->last_us - EARLY_US;
    const struct timespec t = {.tv_nsec = us * 1000};
    return us <= 0 || (ppoll(&wait, 1, &t, NULL) <= 0 &&
                       atomic_load_explicit(&group->only, memory_order_relaxed) == spin);
}

/* As recv(); EAGAIN when nothing came for so long. */
static ssize_t look_again(struct spin *spin, int fd, void *out, size_t room, int flags)
{
    int64_t start = now_us();
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
    bool look = is_hopeful(group, spin, start) && nap(group, spin, fd);
    ssize_t n = look ? look_again(spin, fd, out, room, flags) : -1;
    if (!look || (n < 0 && errno == EAGAIN))
        n = receive(fd, out, room, flags);
    int why = errno;
    spin->last_us = now_us() - start;
    errno = why;
    return n;
}
