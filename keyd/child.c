/* child - fork with clean hands, and the back-off. */
#include "keyd/child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <syslog.h>
#include <unistd.h>

#define CALM_MS      10000 /* who lives as long has started well */
#define DELAY_MIN_MS 50
#define DELAY_MAX_MS 10000

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void close_others(const int *keep, size_t n)
{
    int sorted[16];
    unsigned from = STDERR_FILENO + 1;
    if (n > SEAL_COUNT(sorted))
        abort();
    memcpy(sorted, keep, n * sizeof *keep);
    qsort(sorted, n, sizeof *sorted, by_number);
    for (size_t i = 0; i < n; i++) {
        if ((unsigned)sorted[i] > from)
            close_range(from, (unsigned)sorted[i] - 1, 0);
        from = (unsigned)sorted[i] + 1;
    }
    close_range(from, ~0u, 0);
}

static void become_child(pid_t parent, const int *keep, size_t n)
{
    sigset_t none;
    sigemptyset(&none);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_FAILURE);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN); /* of a terminal: the supervisor ends us */
    sigprocmask(SIG_SETMASK, &none, NULL);
    closelog();
    close_others(keep, n);
}

int child_fork(struct child *child, const int *keep, size_t n, int64_t now_ms, struct err *err)
{
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        return err_set(err, ERR_IO, "fork: %s", strerror(errno));
    if (pid == 0) {
        become_child(parent, keep, n);
        return 0;
    }
    child->pid = pid;
    child->started_ms = now_ms;
    return 1;
}

void child_ended(struct child *child, enum child_end end, int64_t now_ms)
{
    bool calm = end == CHILD_WANTED || now_ms - child->started_ms >= CALM_MS;
    unsigned longer = child->delay_ms == 0 ? DELAY_MIN_MS : 2 * child->delay_ms;
    child->delay_ms = calm ? 0 : longer < DELAY_MAX_MS ? longer : DELAY_MAX_MS;
    child->due_ms = now_ms + child->delay_ms;
    child->pid = 0;
}
