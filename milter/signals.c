/* signals - a sigwait() that knows SIGHUP. */
#include "milter/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

static void (*reload_call)(void *arg);
static void *reload_arg;

void signals_on_reload(void (*call)(void *arg), void *arg)
{
    reload_call = call;
    reload_arg = arg;
}

__attribute__((visibility("default"))) int sigwait(const sigset_t *set, int *signal_out)
{
    for (;;) {
        int signal = sigwaitinfo(set, NULL);
        if (signal < 0 && errno == EINTR)
            continue;
        if (signal < 0)
            return errno;
        if (signal != SIGHUP || reload_call == NULL) {
            *signal_out = signal;
            return 0;
        }
        reload_call(reload_arg);
    }
}
