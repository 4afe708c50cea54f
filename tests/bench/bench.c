/* bench - a clock, and one test that is not forked. */
#include "bench/bench.h"

#include <stdlib.h>

double bench_clock(clockid_t clock)
{
    struct timespec t;
    if (clock_gettime(clock, &t) < 0)
        abort(); /* an assertion of Check writes to a file, with a lock */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double bench_now(void)
{
    return bench_clock(CLOCK_MONOTONIC);
}

static int by_size(const void *a, const void *b)
{
    double l = *(const double *)a, r = *(const double *)b;
    return (l > r) - (l < r);
}

void bench_sort(double *samples, size_t n)
{
    qsort(samples, n, sizeof *samples, by_size);
}

int bench_run(const char *name, const TTest *all)
{
    Suite *suite = suite_create("bench");
    TCase *tcase = tcase_create(name);
    tcase_add_test(tcase, all);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
