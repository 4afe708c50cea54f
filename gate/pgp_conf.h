/* pgp_conf - this host's settings of gpg, as its engine wants them. */
#ifndef GATE_PGP_CONF_H
#define GATE_PGP_CONF_H

#include "conf/settings.h"
#include "openpgp/engine.h"

struct pgp_engine_conf pgp_conf(const struct openpgp_settings *settings, int64_t (*clock_ms)(void));

#endif
