/* apart - the home lies in the state folder. */
#include "cli/apart.h"

#include "cli/pgpbook.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *place)
{
    (void)st;
    (void)type;
    (void)place;
    return remove(path);
}

void apart_fini(struct apart *apart)
{
    pgp_engine_close(&apart->engine);
    if (*apart->home != '\0')
        nftw(apart->home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
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
