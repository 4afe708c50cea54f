/* run - another program's output, without a shell (R36): argv as given, clean environment, no standard input, bounded. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "base/buf.h"

/* run_capture - standard output of argv[0] (found in /usr/sbin:/usr/bin:/sbin:/bin) appended to out. ERR_ABSENT when there is no such
 * program, ERR_IO when it fails or takes longer than 20 seconds, ERR_LIMIT over out's maximum. */
int run_capture(const char *const *argv, struct buf *out, struct err *err) SEAL_CHECKED;

#endif
