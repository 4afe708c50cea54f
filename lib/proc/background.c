/* background - fork, a new session, the child's report. */
#include "proc/background.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REPORT_MAX 512

/* The child's word is its first line; nothing at all means that it died. */
static _Noreturn void wait_for_report(const char *program, int fd)
{
    char text[REPORT_MAX];
    size_t n = 0;
    for (ssize_t got; n < sizeof text - 1 && (got = read(fd, text + n, sizeof text - 1 - n)) != 0;) {
        if (got < 0 && errno != EINTR)
            break;
        n += got > 0 ? (size_t)got : 0;
    }
    text[n] = '\0';
    if (strcmp(text, "ok") == 0)
        _exit(EXIT_SUCCESS);
    fprintf(stderr, "%s: %s\n", program, n > 0 ? text : "ended while starting");
    _exit(EXIT_FAILURE);
}

static int detach(struct err *err)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || setsid() < 0 || chdir("/") < 0)
        return err_set(err, ERR_IO, "cannot go into the background: %s", strerror(errno));
    if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
        return err_set(err, ERR_IO, "/dev/null: %s", strerror(errno));
    mem_close(&null);
    return 0;
}

int background_start(const char *program, int *report_fd, struct err *err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0)
        return err_set(err, ERR_IO, "fork: %s", strerror(errno));
    if (pid > 0) {
        close(fds[1]);
        wait_for_report(program, fds[0]);
    }
    close(fds[0]);
    *report_fd = fds[1];
    return detach(err);
}

void background_report(int *report_fd, const char *text)
{
    if (*report_fd < 0)
        return;
    const char *word = text != NULL ? text : "ok";
    (void)!write(*report_fd, word, strlen(word));
    mem_close(report_fd);
}

void background_close_stderr(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0)
        dup2(null, STDERR_FILENO);
    mem_close(&null);
}
