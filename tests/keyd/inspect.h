/* inspect - what others can see of a process. What should not be there ends the test. */
#ifndef TESTS_KEYD_INSPECT_H
#define TESTS_KEYD_INSPECT_H

#include <sys/types.h>

/* inspect_lacks - a text in one of the files of /proc/PID. */
void inspect_lacks(pid_t pid, const char *name, const char *text);
/* inspect_memory_lacks - a text in what the process can write to; nothing is looked at unless root looks. */
void inspect_memory_lacks(pid_t pid, const char *text);

#endif
