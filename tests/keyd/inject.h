/*
 * inject - a system call made by another process, in its own name and under its own filter.
 *
 * The process is stopped inside a call of its own; registers are set so that it makes ours instead. It is fit for nothing afterwards but
 * inject_kill(). For root, on x86-64.
 */
#ifndef TESTS_KEYD_INJECT_H
#define TESTS_KEYD_INJECT_H

#include <stdbool.h>
#include <sys/types.h>

#define INJECT_UNKNOWN -9999 /* it could not be tried */

/* inject_possible - whether we may and can. */
bool inject_possible(void);

/* inject_attach - false when it could not be stopped. */
bool inject_attach(pid_t pid);
/* inject_call - what the call gives: a value, or minus an errno. */
long inject_call(pid_t pid, long number, const unsigned long args[6]);
void inject_kill(pid_t pid);

#endif
