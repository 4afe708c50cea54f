/*
 * check - what every test program needs beside Check itself.
 *
 * A test declares `struct err err = ERR_INIT;` and writes ck_ok(f(.., &err)) or ck_fails(f(.., &err), ERR_LIMIT).
 */
#ifndef SUPPORT_CHECK_H
#define SUPPORT_CHECK_H

#include "base/err.h"

#include <check.h>
#include <stdlib.h>

#define ck_ok(call) ck_assert_msg((call) == 0, "%s: %s", #call, err.msg)
#define ck_fails(call, expected)                                                                             \
    do {                                                                                                     \
        ck_assert_msg((call) < 0, "%s: succeeded", #call);                                                   \
        ck_assert_msg(err.code == (expected), "%s: %s instead of %s: %s", #call, err_name(err.code),         \
                      #expected, err.msg);                                                                   \
        err_clear(&err);                                                                                     \
    } while (0)

/* TEST_MAIN - runs the suite that the function makes. Fork mode stays on: a leak is charged to the test that made it. */
#define TEST_MAIN(make_suite)                                                                                \
    int main(void)                                                                                           \
    {                                                                                                        \
        SRunner *runner = srunner_create(make_suite());                                                      \
        srunner_run_all(runner, CK_NORMAL);                                                                  \
        int failed = srunner_ntests_failed(runner);                                                          \
        int run = srunner_ntests_run(runner);                                                                \
        srunner_free(runner);                                                                                \
        return failed == 0 && run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;                                         \
    }

#endif
