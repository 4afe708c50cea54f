/* bench - what the benches have in common. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <check.h>
#include <time.h>

/* bench_clock - seconds by this clock. bench_now - by the one that only goes on. */
double bench_clock(clockid_t clock);
double bench_now(void);

/* bench_sort - the least first. */
void bench_sort(double *samples, size_t n);

/* bench_run - all that a bench does, as a test: its fixtures assert, and assertions want a test around them. Returns main's status. */
int bench_run(const char *name, const TTest *all);

#endif
