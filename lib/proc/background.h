/* background - from a command to a daemon: a child of its own session, and a parent that waits for the child's word. */
#ifndef PROC_BACKGROUND_H
#define PROC_BACKGROUND_H

#include "base/err.h"

/*
 * background_start - fork; the parent waits until the child says how it went, and ends with that status. Returns in the child
 * only, with the descriptor for background_report().
 *
 * program  its name, before what the parent says on standard error
 */
int background_start(const char *program, int *report_fd, struct err *err) SEAL_CHECKED;

/* background_report - tell the parent (report_fd -1: nobody waits): text NULL is success. Closes the descriptor. */
void background_report(int *report_fd, const char *text);

/* background_close_stderr - for who logs elsewhere: nobody looks there any more. */
void background_close_stderr(void);

#endif
