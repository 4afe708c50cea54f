/* inject - ptrace. */
#include "keyd/inject.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static bool wait_stop(pid_t pid)
{
    int status;
    return waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status);
}

bool inject_attach(pid_t pid)
{
    return ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0 && ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0 &&
           wait_stop(pid);
}

/* Whether root may do this here: not in every container. */
static bool may_attach(void)
{
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    bool attached = inject_attach(child);
    inject_kill(child);
    return attached;
}

bool inject_possible(void)
{
#if defined(__x86_64__)
    return geteuid() == 0 && may_attach();
#else
    return false;
#endif
}

void inject_kill(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, __WALL); /* its own parent hears of it only then */
}

#if defined(__x86_64__)
/* It was stopped in a call, so that the instruction that calls stands right before where it is. */
#define CALL_SIZE 2

long inject_call(pid_t pid, long number, const unsigned long args[6])
{
    struct user_regs_struct before, regs;
    if (ptrace(PTRACE_GETREGS, pid, NULL, &before) < 0)
        return INJECT_UNKNOWN;
    regs = before;
    regs.rip -= CALL_SIZE;
    regs.rax = (unsigned long)number;
    regs.orig_rax = (unsigned long)-1; /* its own call is not begun again */
    regs.rdi = args[0];
    regs.rsi = args[1];
    regs.rdx = args[2];
    regs.r10 = args[3];
    regs.r8 = args[4];
    regs.r9 = args[5];
    if (ptrace(PTRACE_SETREGS, pid, NULL, &regs) < 0)
        return INJECT_UNKNOWN;
    for (int stop = 0; stop < 2; stop++) /* where the call begins, and where it ends */
        if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) < 0 || !wait_stop(pid))
            return INJECT_UNKNOWN;
    if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
        return INJECT_UNKNOWN;
    return (long)regs.rax;
}
#else
long inject_call(pid_t pid, long number, const unsigned long args[6])
{
    (void)pid;
    (void)number;
    (void)args;
    return INJECT_UNKNOWN;
}
#endif
