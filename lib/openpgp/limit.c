/*
 * seal-limit - becomes gpg, with limits that gpg cannot shed and an environment of ours.
 *
 * GPGME starts a program with gpg's arguments and forgets its process id. So what bounds it is set before gpg is there: an alarm,
 * which ends it wherever it hangs, and limits of memory and of files. It is called by a symbolic link; beside the link lies a file
 * of the same name and ".limits", in lines: path of gpg, seconds, octets of memory, octets of a file.
 *
 * No parent-death signal: GPGME's intermediate process is the parent, and ends at once.
 */
#include "openpgp/limit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define CANNOT_START 127

static char text[LIMIT_FILE_MAX];

static bool read_limits(const char *self)
{
    char path[LIMIT_FILE_MAX];
    if (snprintf(path, sizeof path, "%s.limits", self) >= (int)sizeof path)
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (n <= 0)
        return false;
    close(fd);
    text[n] = '\0';
    return true;
}

static bool limit(int what, const char *amount)
{
    rlim_t max = strtoull(amount, NULL, 10);
    return amount[0] != '\0' && setrlimit(what, &(struct rlimit){.rlim_cur = max, .rlim_max = max}) == 0;
}

/* A handler or mask inherited from a thread of ours must not save it from its alarm. */
static void default_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGALRM, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
}

int main(int argc, char **argv)
{
    static const char *const environment[] = {"LC_ALL=C", "HOME=/", "PATH=/usr/bin:/bin", NULL};
    const char *line[LIMIT_LINES];
    const char *self = (const char *)getauxval(AT_EXECFN);
    if (argc < 1 || self == NULL || !read_limits(self))
        return CANNOT_START;
    char *rest = text;
    for (size_t i = 0; i < LIMIT_LINES; i++)
        if ((line[i] = strsep(&rest, "\n")) == NULL)
            return CANNOT_START;
    default_signals();
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!limit(RLIMIT_CORE, "0") || !limit(RLIMIT_AS, line[LIMIT_MEMORY]) ||
        !limit(RLIMIT_FSIZE, line[LIMIT_FILE]))
        return CANNOT_START;
    alarm((unsigned)strtoul(line[LIMIT_SECONDS], NULL, 10));
    execve(line[LIMIT_PROGRAM], argv, (char *const *)environment);
    return CANNOT_START;
}
