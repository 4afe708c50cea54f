/* pgp_conf - from settings to engine. */
#include "gate/pgp_conf.h"

struct pgp_engine_conf pgp_conf(const struct openpgp_settings *settings, int64_t (*clock_ms)(void))
{
    return (struct pgp_engine_conf){.gpg = settings->gpg,
                                    .agent = settings->agent,
                                    .limiter = settings->limiter,
                                    .home = settings->home,
                                    .scratch = settings->scratch,
                                    .processes = settings->processes,
                                    .timeout = settings->timeout,
                                    .clock_ms = clock_ms};
}
