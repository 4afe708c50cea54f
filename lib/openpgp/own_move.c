/* own_move - a secret part is a file in its agent's home, which the agent reads anew each time. */
#include "openpgp/own_move.h"

#include "base/buf.h"
#include "base/io.h"
#include "openpgp/agent_keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART_MAX (1u << 20)

struct part_path {
    char text[AGENT_HOME_MAX + 100];
};

static struct part_path path_of(const struct agent *agent, const char *grip)
{
    struct part_path path;
    snprintf(path.text, sizeof path.text, "%s/private-keys-v1.d/%s.key", agent->home, grip);
    return path;
}

static bool has_part(const struct agent *agent, const char *grip)
{
    return access(path_of(agent, grip).text, F_OK) == 0;
}

static int copy_part(const struct agent *from, const struct agent *to, const char *grip, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf bytes = BUF_INIT(PART_MAX);
    if (io_read_file(path_of(from, grip).text, &bytes, err) < 0)
        return -1;
    return io_write_file(path_of(to, grip).text, buf_span(&bytes), 0600, err);
}

/* Those that are there must belong to the same passphrase: or half of the key would be shut. It is set to what it is. */
static int check_kept(struct agent *to, const struct pgp_key *kept, const struct secret *passphrase,
                      struct err *err)
{
    if (kept->nsubkeys == 0 || agent_passwd(to, kept, passphrase, passphrase, err) == 0)
        return 0;
    if (err->code != ERR_PASSPHRASE)
        return -1;
    err_clear(err);
    return err_set(err, ERR_EXISTS, "parts of %s are here already, under another passphrase",
                   kept->fingerprint);
}

static int copy_parts(const struct agent *from, const struct agent *to, const struct pgp_key *coming,
                      struct err *err)
{
    for (size_t i = 0; i < coming->nsubkeys; i++) {
        if (copy_part(from, to, coming->subkeys[i].keygrip, err) == 0)
            continue;
        while (i-- > 0)
            (void)unlink(path_of(to, coming->subkeys[i].keygrip).text);
        return -1;
    }
    return 0;
}

int own_move(const struct agent *from, struct agent *to, const struct pgp_key *key,
             const struct secret *passphrase, struct err *err)
{
    struct pgp_key kept = *key, coming = *key;
    SEAL_CLEANUP(mem_free) struct pgp_subkey *parts = xcalloc(2 * key->nsubkeys + 1, sizeof *parts);
    kept.subkeys = parts;
    coming.subkeys = parts + key->nsubkeys;
    kept.nsubkeys = coming.nsubkeys = 0;
    for (size_t i = 0; i < key->nsubkeys; i++)
        if (has_part(to, key->subkeys[i].keygrip))
            kept.subkeys[kept.nsubkeys++] = key->subkeys[i];
        else if (has_part(from, key->subkeys[i].keygrip))
            coming.subkeys[coming.nsubkeys++] = key->subkeys[i];
    if (coming.nsubkeys == 0)
        return err_set(err, ERR_EXISTS, "%s is here already", key->fingerprint);
    char folder[AGENT_HOME_MAX + 100];
    snprintf(folder, sizeof folder, "%s/private-keys-v1.d", to->home);
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return err_set(err, ERR_IO, "%s: %s", folder, strerror(errno));
    return check_kept(to, &kept, passphrase, err) < 0 ? -1 : copy_parts(from, to, &coming, err);
}
