/*
 * seal-limit - becomes gpg, with limits that gpg cannot shed and an environment of ours.
 *
 * GPGME starts a program with gpg's arguments and forgets its process id. So what bounds it is set before gpg is there: an alarm, which
 * ends it wherever it hangs, and limits of memory and of files. It is called by a symbolic link; beside the link lies a file of the
 * same name and ".limits" (openpgp/limit.h).
 *
 * It runs once for each message, and a C library's start, even linked statically, costs more than all that it does: on a virtual machine
 * 0.4 ms of the 5 that gpg takes. So it has none (openpgp/limit_start.h).
 *
 * No parent-death signal: GPGME's intermediate process is the parent, and ends at once.
 */
#include "openpgp/limit.h"

#include "openpgp/limit_start.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

#define KERNEL_SIGSET 8 /* octets */

static char path[LIMIT_FILE_MAX], text[LIMIT_FILE_MAX];

static bool make_path(const char *self)
{
    static const char suffix[] = ".limits";
    size_t n = 0;
    for (; self[n] != '\0'; n++) {
        if (n == sizeof path - sizeof suffix)
            return false;
        path[n] = self[n];
    }
    for (size_t i = 0; i < sizeof suffix; i++)
        path[n + i] = suffix[i];
    return true;
}

/* Lines become strings, of which each must be there. */
static bool read_lines(const char *line[LIMIT_LINES])
{
    long fd = call(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0);
    long n = fd < 0 ? -1 : call(SYS_read, fd, (long)text, sizeof text - 1, 0);
    size_t lines = 0;
    char *begin = text;
    for (char *c = text; c < text + n && lines < LIMIT_LINES; c++) {
        if (*c != '\n')
            continue;
        *c = '\0';
        line[lines++] = begin;
        begin = c + 1;
    }
    return lines == LIMIT_LINES;
}

static unsigned long number(const char *digits)
{
    unsigned long n = 0;
    for (; *digits >= '0' && *digits <= '9'; digits++)
        n = n * 10 + (unsigned long)(*digits - '0');
    return n;
}

static bool set_limit(int what, unsigned long max)
{
    const struct rlimit limit = {.rlim_cur = max, .rlim_max = max};
    return call(SYS_prlimit64, 0, what, (long)&limit, 0) == 0;
}

/* A mask, or a signal ignored, that was inherited from a thread of ours must not save it from its alarm. */
static bool set_alarm(unsigned long seconds)
{
    static const unsigned long no_signals[1], by_default[4];
    const struct itimerval timer = {.it_value = {.tv_sec = (time_t)seconds}};
    return call(SYS_rt_sigprocmask, SIG_SETMASK, (long)no_signals, 0, KERNEL_SIGSET) == 0 &&
           call(SYS_rt_sigaction, SIGALRM, (long)by_default, 0, KERNEL_SIGSET) == 0 &&
           call(SYS_rt_sigaction, SIGPIPE, (long)by_default, 0, KERNEL_SIGSET) == 0 &&
           call(SYS_setitimer, ITIMER_REAL, (long)&timer, 0, 0) == 0;
}

/* Returns when it could not become gpg. */
void limit(char **argv, const char *self)
{
    static const char *const environment[] = {"LC_ALL=C", "HOME=/", "PATH=/usr/bin:/bin", NULL};
    const char *line[LIMIT_LINES];
    if (make_path(self) && read_lines(line) && set_alarm(number(line[LIMIT_SECONDS])) &&
        set_limit(RLIMIT_CORE, 0) && set_limit(RLIMIT_AS, number(line[LIMIT_MEMORY])) &&
        set_limit(RLIMIT_FSIZE, number(line[LIMIT_FILE])))
        (void)call(SYS_execve, (long)line[LIMIT_PROGRAM], (long)argv, (long)environment, 0);
}
