/* The socket, the clock and the processors are the test's own: what is asked of them is counted. */
#include "support/check.h"

#include "token/spin.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FD       1000000
#define LOOK_US  1
#define SLEEP_US 30 /* that somebody is woken late */
#define TIMER_US 60 /* the same, by a timer */

static struct {
    bool on;
    int cpus;
    int64_t now_us, comes_us; /* when the packet is there */
    unsigned looks, sleeps, naps;
    unsigned interrupts;
    bool another; /* waits while one naps */
} world;

static struct spin_group group;
static struct spin spin, other;

ssize_t recv(int fd, void *out, size_t room, int flags)
{
    if (fd != FD)
        return syscall(SYS_recvfrom, fd, out, room, flags, NULL, NULL);
    world.now_us += LOOK_US;
    if (world.interrupts > 0) {
        world.interrupts--;
        errno = EINTR;
        return -1;
    }
    if ((flags & MSG_DONTWAIT) != 0) {
        world.looks++;
        errno = EAGAIN;
        return world.now_us < world.comes_us ? -1 : 1;
    }
    world.sleeps++;
    if (world.now_us < world.comes_us)
        world.now_us = world.comes_us + SLEEP_US;
    return 1;
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
    if (!world.on)
        return (int)syscall(SYS_ppoll, fds, n, timeout, mask, sizeof *mask);
    int64_t until = world.now_us + timeout->tv_sec * 1000000 + timeout->tv_nsec / 1000;
    bool comes = world.comes_us <= until;
    world.naps++;
    world.now_us = comes ? world.comes_us + SLEEP_US : until + TIMER_US;
    if (world.another)
        atomic_store(&group.only, &other);
    return comes ? 1 : 0;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    if (!world.on)
        return (int)syscall(SYS_clock_gettime, clock, out);
    *out = (struct timespec){.tv_sec = world.now_us / 1000000, .tv_nsec = world.now_us % 1000000 * 1000};
    return 0;
}

int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *out)
{
    (void)pid;
    memset(out, 0, size);
    for (int i = 0; i < world.cpus; i++)
        CPU_SET((size_t)i, out);
    return 0;
}

static void begin(int cpus)
{
    memset(&world, 0, sizeof world);
    memset(&spin, 0, sizeof spin);
    memset(&other, 0, sizeof other);
    world.cpus = cpus;
    world.now_us = 1000000;
    world.on = true;
    spin_group_init(&group);
}

/* One wait for a packet that comes so much later; what it took of the processor. */
static unsigned wait_for(struct spin *who, int64_t later_us)
{
    char packet[8];
    unsigned before = world.looks;
    world.comes_us = world.now_us + later_us;
    ck_assert_int_eq(spin_receive(&group, who, FD, packet, sizeof packet, 0), 1);
    return world.looks - before;
}

static void wait_often(int64_t later_us, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        (void)wait_for(&spin, later_us);
}

static void end(void)
{
    world.on = false;
}

START_TEST(packets_that_follow_closely_are_not_slept_for)
{
    begin(2);
    wait_often(20, 200); /* alone for long enough now */
    world.sleeps = 0;
    wait_often(20, 1000);
    end();
    ck_assert_uint_eq(world.sleeps, 0);
}
END_TEST

START_TEST(one_processor_is_never_spun_on)
{
    begin(1);
    wait_often(20, 1000);
    wait_often(240, 1000);
    end();
    ck_assert_uint_eq(world.looks, 0);
    ck_assert_uint_eq(world.naps, 0);
}
END_TEST

START_TEST(who_hears_nothing_sleeps_soon)
{
    begin(2);
    wait_often(20, 200);
    world.sleeps = 0;
    unsigned looks = wait_for(&spin, 3600 * INT64_C(1000000));
    end();
    ck_assert_uint_gt(looks, 0);
    ck_assert_uint_le(looks * LOOK_US, 100);
    ck_assert_uint_eq(world.sleeps, 1);
}
END_TEST

START_TEST(packets_that_are_far_apart_are_slept_for)
{
    begin(2);
    wait_often(20, 200);
    world.looks = 0;
    wait_often(5000, 1000);
    end();
    ck_assert_uint_le(world.looks * LOOK_US, 100);
    ck_assert_uint_eq(world.naps, 0);
}
END_TEST

START_TEST(one_is_awake_when_a_packet_is_due_and_hardly_before)
{
    static const int64_t apart_us[] = {120, 240, 700};
    begin(2);
    wait_often(apart_us[_i], 200);
    world.sleeps = world.looks = 0;
    wait_often(apart_us[_i], 1000);
    end();
    ck_assert_uint_eq(world.sleeps, 0);
    ck_assert_uint_le(world.looks * LOOK_US, 1000 * 40);
}
END_TEST

START_TEST(packet_that_comes_early_is_neither_missed_nor_looked_for)
{
    begin(2);
    wait_often(700, 200);
    world.naps = 0;
    int64_t start = world.now_us;
    unsigned looks = wait_for(&spin, 300);
    int64_t took = world.now_us - start;
    end();
    ck_assert_uint_eq(world.naps, 1);
    ck_assert_uint_eq(looks, 0);
    ck_assert_int_le(took, 300 + SLEEP_US + LOOK_US);
}
END_TEST

START_TEST(one_late_packet_changes_little_for_the_next)
{
    begin(2);
    wait_often(240, 200);
    (void)wait_for(&spin, 800); /* looked for in vain, so the next one is not */
    (void)wait_for(&spin, 240);
    world.sleeps = 0;
    wait_often(240, 100);
    end();
    ck_assert_uint_eq(world.sleeps, 0);
}
END_TEST

START_TEST(waits_without_a_rule_are_mostly_slept_through)
{
    unsigned chance = 1;
    begin(2);
    wait_often(240, 200);
    world.looks = 0;
    for (unsigned i = 0; i < 10000; i++) {
        chance = chance * 1103515245 + 12345;
        (void)wait_for(&spin, (chance >> 16) % 2 == 0 ? 240 : 900);
    }
    end();
    ck_assert_uint_le(world.looks * LOOK_US, 10000 * 15);
}
END_TEST

/* As when both ends share a processor: nothing comes while one looks, and soon when one sleeps. */
START_TEST(spinning_that_does_not_pay_is_given_up)
{
    begin(2);
    wait_often(20, 200);
    world.looks = 0;
    for (unsigned i = 0; i < 1000; i++) {
        (void)wait_for(&spin, 300);
        spin.last_us = 0;
    }
    end();
    ck_assert_uint_gt(world.looks, 0);
    ck_assert_uint_le(world.looks * LOOK_US, 100 * (6 + 1000 / 64));
}
END_TEST

START_TEST(nobody_spins_while_others_have_work)
{
    begin(2);
    wait_often(20, 200);
    (void)wait_for(&other, 20);
    world.looks = 0;
    for (unsigned i = 0; i < 1000; i++) {
        (void)wait_for(&spin, 20);
        (void)wait_for(&other, 20);
    }
    end();
    ck_assert_uint_eq(world.looks, 0);
}
END_TEST

START_TEST(nobody_looks_when_another_came_while_one_slept)
{
    begin(2);
    wait_often(240, 200);
    world.another = true;
    unsigned looks = wait_for(&spin, 240);
    end();
    ck_assert_uint_eq(looks, 0);
}
END_TEST

START_TEST(interruption_is_no_answer)
{
    begin(2);
    world.interrupts = 3;
    (void)wait_for(&spin, 20);
    end();
    ck_assert_uint_eq(world.interrupts, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/token/spin");
    TCase *c = tcase_create("spin");
    tcase_add_test(c, packets_that_follow_closely_are_not_slept_for);
    tcase_add_test(c, one_processor_is_never_spun_on);
    tcase_add_test(c, who_hears_nothing_sleeps_soon);
    tcase_add_test(c, packets_that_are_far_apart_are_slept_for);
    tcase_add_loop_test(c, one_is_awake_when_a_packet_is_due_and_hardly_before, 0, 3);
    tcase_add_test(c, packet_that_comes_early_is_neither_missed_nor_looked_for);
    tcase_add_test(c, one_late_packet_changes_little_for_the_next);
    tcase_add_test(c, waits_without_a_rule_are_mostly_slept_through);
    tcase_add_test(c, spinning_that_does_not_pay_is_given_up);
    tcase_add_test(c, nobody_spins_while_others_have_work);
    tcase_add_test(c, nobody_looks_when_another_came_while_one_slept);
    tcase_add_test(c, interruption_is_no_answer);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
