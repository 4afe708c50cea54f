/* sandbox - locked memory, and a seccomp filter that lists what is allowed. */
#include "keyd/sandbox.h"

#include "base/mem.h"

#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* Locking what comes later under a limit would make allocations fail once it is reached. */
static bool may_lock_all(void)
{
    struct rlimit limit;
    return geteuid() == 0 || (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY);
}

int sandbox_lock_memory(struct err *err)
{
    if (!may_lock_all())
        return err_set(err, ERR_IO,
                       "memory is locked in part only: the limit (LimitMEMLOCK, ulimit -l) is not infinite");
    if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
        return err_set(err, ERR_IO, "memory cannot be locked: %s", strerror(errno));
    return 0;
}

static const int allowed[] = {
    /* connections, the audit, the supervisor */
    SCMP_SYS(accept4),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(close),
    SCMP_SYS(shutdown),
    /* memory; what makes it executable is refused below */
    SCMP_SYS(brk),
    SCMP_SYS(mmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(mlock),
    /* threads that are there already, clock, random numbers */
    SCMP_SYS(futex),
    SCMP_SYS(sched_yield),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(sigaltstack),
    /* the end */
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

static int allow_all(scmp_filter_ctx filter)
{
    for (size_t i = 0; i < SEAL_COUNT(allowed); i++) {
        int call = allowed[i];
        bool maps = call == SCMP_SYS(mmap) || call == SCMP_SYS(mprotect);
        int result = maps ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
                                             SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0))
                          : seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
        if (result < 0)
            return result;
    }
    /* abort() signals this process and no other */
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
}

int sandbox_close(struct err *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int result = filter == NULL ? -ENOMEM : seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (result == 0)
        result = allow_all(filter);
    if (result == 0)
        result = seccomp_load(filter);
    seccomp_release(filter);
    return result == 0 ? 0 : err_set(err, ERR_IO, "the sandbox cannot be closed: %s", strerror(-result));
}
