/*
 * reaper - a folder of a test, and each gpg-agent with a socket in it, end with the test's process: also where a test fails, which leaves
 * Check no way to clean up.
 */
#ifndef SUPPORT_REAPER_H
#define SUPPORT_REAPER_H

#include "base/io.h"

#include <check.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static inline int reaper_end_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    static const char command[] = "KILLAGENT\n";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char answer[200];
    (void)type;
    if (!S_ISSOCK(st->st_mode) || strlen(path) >= sizeof address.sun_path ||
        strcmp(path + at->base, "S.gpg-agent") != 0) /* its other sockets take no such command, and no end */
        return 0;
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
        send(fd, command, sizeof command - 1, MSG_NOSIGNAL) > 0)
        while (recv(fd, answer, sizeof answer, 0) > 0) /* until it has ended */
            ;
    close(fd);
    return 0;
}

static inline void reaper_wait(const char *dir, int test)
{
    struct pollfd ended = {.fd = 3, .events = POLLIN};
    if (dup2(test, 3) != 3 || chdir("/") < 0)
        return;
    closefrom(4);
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    if (poll(&ended, 1, -1) != 1)
        return;
    nftw(dir, reaper_end_one, 8, FTW_PHYS);
    io_remove_tree(dir);
}

/* In a session of its own: Check kills the test's process group. */
static inline void reaper_watch(const char *dir)
{
    int test = (int)syscall(SYS_pidfd_open, getpid(), 0);
    pid_t child = fork();
    ck_assert_int_ge(test, 0);
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (setsid() >= 0 && fork() == 0)
            reaper_wait(dir, test);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    close(test);
}

#endif
