/* signals - a sigwait() that knows SIGHUP. */
#include "milter/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

static void (*on_reload)(void);
static void (*on_stop)(void);

void signals_block(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

void signals_handle(void (*reload)(void), void (*stop)(void))
{
    on_reload = reload;
    on_stop = stop;
}

__attribute__((visibility("default"))) int sigwait(const sigset_t *set, int *signal_out)
{
    for (;;) {
        int got = sigwaitinfo(set, NULL);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (got == SIGHUP) {
            on_reload();
            continue;
        }
        on_stop();
        *signal_out = got;
        return 0;
    }
}
