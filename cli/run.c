/* run - fork, exec, read. */
#include "cli/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECONDS_MAX     20
#define EXIT_NO_PROGRAM 127

static void child(const char *const *argv, int out)
{
    static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
    char *const environment[] = {path, locale, NULL};
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0)
        _exit(EXIT_NO_PROGRAM);
    execvpe(argv[0], (char *const *)(uintptr_t)argv, environment);
    _exit(EXIT_NO_PROGRAM);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int read_all(int fd, struct buf *out, struct err *err)
{
    int64_t deadline = now_ms() + SECONDS_MAX * 1000;
    for (;;) {
        int64_t left = deadline - now_ms();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = left <= 0 ? 0 : poll(&p, 1, (int)left);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return err_set(err, ERR_IO, "no answer within %d seconds", SECONDS_MAX);
        char chunk[8192];
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0)
            return err_set(err, ERR_IO, "%s", strerror(errno));
        if (n == 0)
            return buf_check(out, err);
        buf_add(out, chunk, (size_t)n);
    }
}

static int await(pid_t pid, struct err *err)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_set(err, ERR_IO, "wait: %s", strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_PROGRAM)
        return err_set(err, ERR_ABSENT, "program not found");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return err_set(err, ERR_IO, "failed with status %d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    return 0;
}

int run_capture(const char *const *argv, struct buf *out, struct err *err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0)
        child(argv, fds[1]);
    close(fds[1]);
    int status = pid < 0 ? err_set(err, ERR_IO, "fork: %s", strerror(errno)) : read_all(fds[0], out, err);
    close(fds[0]);
    if (pid > 0 && status < 0)
        kill(pid, SIGKILL);
    if (pid > 0 && await(pid, err) < 0)
        status = -1;
    return status < 0 ? err_wrap(err, "%s", argv[0]) : 0;
}
