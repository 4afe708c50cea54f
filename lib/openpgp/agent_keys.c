/* agent_keys - asked of the agent itself: gpg cannot say which passphrase it is asking for, the old or the new one. */
#include "openpgp/agent_keys.h"

#include "openpgp/assuan.h"

#include <gpgme.h>
#include <stdio.h>

static int open_agent(struct agent *agent, int *fd_out, struct err *err)
{
    unsigned generation, code;
    if (agent_ensure(agent, &generation, err) < 0)
        return -1;
    *fd_out = assuan_open(agent->socket);
    if (*fd_out >= 0 &&
        assuan_call(*fd_out, "OPTION pinentry-mode=loopback", NULL, 0, NULL, &code) == ASSUAN_OK)
        return 0;
    mem_close(fd_out);
    return err_set(err, ERR_BUSY, "gpg-agent does not answer");
}

static int refused(unsigned code, struct err *err)
{
    char text[128];
    if (code == GPG_ERR_BAD_PASSPHRASE || code == GPG_ERR_NO_PASSPHRASE)
        return err_set(err, ERR_PASSPHRASE, "wrong passphrase");
    gpgme_strerror_r(code, text, sizeof text);
    return err_set(err, ERR_CRYPTO, "gpg-agent: %s", text);
}

/* The same command for each keygrip; a key that the agent has not is passed over. */
static int for_each(struct agent *agent, const char *command, const struct pgp_key *key,
                    const struct assuan_secret *secrets, size_t nsecrets, struct err *err)
{
    SEAL_CLEANUP(mem_close) int fd = -1;
    size_t done = 0;
    if (open_agent(agent, &fd, err) < 0)
        return -1;
    for (size_t i = 0; i < key->nsubkeys; i++) {
        char line[128];
        unsigned code = 0;
        snprintf(line, sizeof line, "%s %s", command, key->subkeys[i].keygrip);
        switch (assuan_call(fd, line, secrets, nsecrets, NULL, &code)) {
        case ASSUAN_OK:
            done++;
            break;
        case ASSUAN_ERROR:
            if (code != GPG_ERR_NO_SECKEY && code != GPG_ERR_ENOENT && code != GPG_ERR_NOT_FOUND)
                return refused(code, err);
            break;
        case ASSUAN_GONE:
            return err_set(err, ERR_BUSY, "gpg-agent has ended");
        }
    }
    return done > 0 ? 0 : err_set(err, ERR_ABSENT, "gpg-agent has no secret part of %s", key->fingerprint);
}

int agent_passwd(struct agent *agent, const struct pgp_key *key, const struct secret *old,
                 const struct secret *fresh, struct err *err)
{
    const struct assuan_secret secrets[] = {{"PASSPHRASE", old}, {"NEW_PASSPHRASE", fresh}};
    return for_each(agent, "PASSWD", key, secrets, SEAL_COUNT(secrets), err);
}

int agent_delete(struct agent *agent, const struct pgp_key *key, struct err *err)
{
    return for_each(agent, "DELETE_KEY --force", key, NULL, 0, err);
}
