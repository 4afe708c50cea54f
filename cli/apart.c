/* apart - the home lies in the state folder. */
#include "cli/apart.h"

#include "base/io.h"
#include "cli/pgpbook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void apart_fini(struct apart *apart)
{
    pgp_engine_close(&apart->engine);
    if (*apart->home != '\0')
        io_remove_tree(apart->home);
}

int apart_init(struct cli *cli, struct apart *apart, struct err *err)
{
    const char *folder = cli->settings->state_dir;
    if (snprintf(apart->home, sizeof apart->home, "%s/apart.XXXXXX", folder) >= (int)sizeof apart->home ||
        mkdtemp(apart->home) == NULL) {
        *apart->home = '\0';
        return err_set(err, ERR_IO, "no folder can be made in %s: %s", folder, strerror(errno));
    }
    return pgpbook_engine(cli, apart->home, &apart->engine, err);
}
