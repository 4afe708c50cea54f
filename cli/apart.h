/* apart - an engine on an agent's home of its own: for a look at a secret key, or to put one under another passphrase. Gone at the end. */
#ifndef CLI_APART_H
#define CLI_APART_H

#include "cli/cli.h"
#include "openpgp/engine.h"

struct apart {
    char home[4096]; /* "": there is none */
    struct pgp_engine *engine;
};

int apart_init(struct cli *cli, struct apart *apart, struct err *err) SEAL_CHECKED;
void apart_fini(struct apart *apart); /* for SEAL_CLEANUP, also after apart_init failed */

#endif
