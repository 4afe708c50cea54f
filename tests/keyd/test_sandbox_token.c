/* test_sandbox_token - what is left to a token child, tried in a process that has closed its sandbox. */
#include "support/check.h"

#include "keyd/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process of its own, which ends without the sanitizers' help: they need what is refused. Returns the line of what went wrong. */
static int in_sandbox(int (*attempt)(void))
{
    int status;
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        struct err err = ERR_INIT;
        _exit(sandbox_close_token(&err) < 0 ? 255 : attempt());
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256;
}

#define REFUSED(call)                                                                                        \
    do {                                                                                                     \
        if ((call) >= 0 || errno != EPERM)                                                                   \
            return __LINE__;                                                                                 \
    } while (0)

#define ALLOWED(call)                                                                                        \
    do {                                                                                                     \
        if ((call) < 0)                                                                                      \
            return __LINE__;                                                                                 \
    } while (0)

static int start_others(void)
{
    REFUSED(execl("/bin/true", "true", (char *)NULL));
    REFUSED(fork());
    REFUSED(syscall(SYS_vfork));
    return 0;
}

static int reach_others(void)
{
    char byte;
    const struct iovec here = {&byte, 1};
    struct rlimit limit;
    siginfo_t queued = {.si_code = SI_QUEUE};
    REFUSED(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
    REFUSED(process_vm_readv(getppid(), &here, 1, &here, 1, 0));
    REFUSED(kill(getppid(), 0));
    REFUSED(syscall(SYS_tkill, getppid(), 0));
    REFUSED(syscall(SYS_tgkill, getppid(), getppid(), 0));
    REFUSED(syscall(SYS_rt_sigqueueinfo, getppid(), 0, &queued));
    REFUSED(syscall(SYS_rt_tgsigqueueinfo, getppid(), getppid(), 0, &queued));
    REFUSED(prlimit(getppid(), RLIMIT_NOFILE, NULL, &limit));
    REFUSED(syscall(SYS_pidfd_open, getppid(), 0));
    return 0;
}

static void *nothing(void *arg)
{
    return arg;
}

static int use_files_sockets_and_threads(void)
{
    pthread_t thread;
    struct rlimit limit;
    ALLOWED(open("/proc/self/status", O_RDONLY | O_CLOEXEC));
    ALLOWED(socket(AF_UNIX, SOCK_STREAM, 0));
    ALLOWED(-pthread_create(&thread, NULL, nothing, NULL));
    ALLOWED(-pthread_join(thread, NULL));
    ALLOWED(kill(getpid(), 0));
    ALLOWED(syscall(SYS_tgkill, getpid(), getpid(), 0)); /* abort() */
    ALLOWED(getrlimit(RLIMIT_NOFILE, &limit));
    return 0;
}

START_TEST(programs_and_processes_are_refused)
{
    ck_assert_int_eq(in_sandbox(start_others), 0);
}
END_TEST

START_TEST(other_processes_are_out_of_reach)
{
    ck_assert_int_eq(in_sandbox(reach_others), 0);
}
END_TEST

START_TEST(modules_have_files_sockets_and_threads)
{
    ck_assert_int_eq(in_sandbox(use_files_sockets_and_threads), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("keyd/sandbox_token");
    TCase *all = tcase_create("all");
    tcase_add_test(all, programs_and_processes_are_refused);
    tcase_add_test(all, other_processes_are_out_of_reach);
    tcase_add_test(all, modules_have_files_sockets_and_threads);
    suite_add_tcase(s, all);
    return s;
}

TEST_MAIN(suite)
