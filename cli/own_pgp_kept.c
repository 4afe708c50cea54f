/* own_pgp_kept - what the store keeps of OpenPGP secret keys: given out, and brought back into the agent. */
#include "cli/own_pgp.h"

#include "base/io.h"
#include "cli/apart.h"
#include "cli/secrets.h"
#include "token/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* As the agent has it. */
static int open_passphrase(struct holder *holder, const struct pgp_own_record *own, struct secret *out,
                           struct err *err)
{
    return holder_open_secret(holder, own->owner, own->fingerprint, own->wrapped, out, err);
}

/* ---- export ---- */

static int unwrap(struct cli *cli, const char *fingerprint, struct pgp_own_record *own, struct secret *kept,
                  struct err *err)
{
    SEAL_CLEANUP(holder_free) struct holder *holder = NULL;
    if (store_find_pgp_own(cli->read, fingerprint, own, err) != FIND_FOUND ||
        secrets_open_holder(cli, &holder, err) < 0)
        return -1;
    return open_passphrase(holder, own, kept, err);
}

/* From the store's copy: whatever became of the agent's home. */
static int change_passphrase(struct cli *cli, const struct pgp_own_record *own, const struct secret *kept,
                             const struct secret *passphrase, struct buf *out, struct err *err)
{
    SEAL_CLEANUP(apart_fini) struct apart apart = {.home = ""};
    SEAL_CLEANUP(secret_fini) struct secret secret = {.ptr = NULL};
    struct pgp_key key;
    if (apart_init(cli, &apart, err) < 0 ||
        pgp_own_import(apart.engine, cli->arena, own->secret, kept, passphrase, &key, err) < 0 ||
        pgp_own_export(apart.engine, own->fingerprint, key.bytes, passphrase, &secret, err) < 0)
        return -1;
    return pgpbook_add_armor(cli, (struct span){(const char *)secret.ptr, secret.len}, ARMOR_SECRET, out,
                             err);
}

struct reply {
    struct err err;
    size_t len; /* of the armour behind it */
};

/* In a child, which gives up root for good: gpg would take rights that are only lent for those of a setuid program. */
static void answer(struct cli *cli, const struct pgp_own_record *own, const struct secret *kept,
                   const struct secret *passphrase, int fd)
{
    SEAL_CLEANUP(buf_fini) struct buf armor = BUF_INIT(4 * PGPBOOK_FILE_MAX);
    struct reply reply = {.err = ERR_INIT};
    struct err lost = ERR_INIT;
    if (setresgid(getegid(), getegid(), getegid()) < 0 || setresuid(geteuid(), geteuid(), geteuid()) < 0)
        err_put(&reply.err, ERR_IO, "rights cannot be given up: %s", strerror(errno));
    else if (change_passphrase(cli, own, kept, passphrase, &armor, &reply.err) == 0 &&
             buf_check(&armor, &reply.err) == 0)
        reply.len = armor.len;
    bool written = io_write_full(fd, &reply, sizeof reply, &lost) == 0 &&
                   io_write_full(fd, buf_str(&armor), reply.len, &lost) == 0;
    _exit(!written);
}

static int read_answer(int fd, struct buf *out, struct err *err)
{
    struct reply reply;
    if (io_read_full(fd, &reply, sizeof reply, err) < 0)
        return -1;
    if (err_is_set(&reply.err))
        return err_set(err, reply.err.code, "%s", reply.err.msg);
    char *room = buf_reserve(out, reply.len);
    if (room == NULL || io_read_full(fd, room, reply.len, err) < 0)
        return buf_check(out, err) < 0 ? -1 : err_failed();
    buf_commit(out, reply.len);
    return 0;
}

int own_pgp_export(struct cli *cli, const char *fingerprint, const struct secret *passphrase, struct buf *out,
                   struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret kept = {.ptr = NULL};
    struct pgp_own_record own;
    int fds[2];
    if (unwrap(cli, fingerprint, &own, &kept, err) < 0)
        return -1;
    if (pipe2(fds, O_CLOEXEC) < 0)
        return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0)
        answer(cli, &own, &kept, passphrase, fds[1]);
    close(fds[1]);
    int status = pid < 0 ? err_set(err, ERR_IO, "fork: %s", strerror(errno)) : read_answer(fds[0], out, err);
    close(fds[0]);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

/* ---- into the agent ---- */

bool own_pgp_has_part(const struct settings *settings, const char *grip)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/private-keys-v1.d/%s.key", settings->openpgp.home, grip);
    return n < (int)sizeof path && access(path, F_OK) == 0;
}

bool own_pgp_names_part(const struct pgp_own_record *own, const char *grip)
{
    for (size_t i = 0; i < own->ngrips; i++)
        if (strcmp(own->grips[i], grip) == 0)
            return true;
    return false;
}

bool own_pgp_is_missing(const struct settings *settings, const struct pgp_own_record *own)
{
    for (size_t i = 0; i < own->ngrips; i++)
        if (!own_pgp_has_part(settings, own->grips[i]))
            return true;
    return false;
}

static int restore_one(struct cli *cli, struct pgp_engine *engine, struct holder *holder,
                       const struct pgp_own_record *own, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret kept = {.ptr = NULL};
    struct pgp_key key;
    if (open_passphrase(holder, own, &kept, err) == 0 &&
        pgp_own_import(engine, cli->arena, own->secret, &kept, &kept, &key, err) == 0)
        return 0;
    return err_wrap(err, "OpenPGP secret key %s of %s", own->fingerprint, own->owner);
}

int own_pgp_restore(struct cli *cli, size_t *n_out, struct err *err)
{
    SEAL_CLEANUP(holder_free) struct holder *holder = NULL;
    struct pgp_engine *engine = NULL;
    struct pgp_own_record *owns;
    size_t n;
    int status = store_pgp_owns(cli->read, &owns, &n, err);
    *n_out = 0;
    for (size_t i = 0; status == 0 && i < n; i++) {
        if (!own_pgp_is_missing(cli->settings, &owns[i]))
            continue;
        if (engine == NULL)
            status =
                secrets_open_holder(cli, &holder, err) < 0 ? -1 : pgpbook_engine(cli, NULL, &engine, err);
        if (status == 0)
            status = restore_one(cli, engine, holder, &owns[i], err);
        *n_out += status == 0;
    }
    pgp_engine_close(&engine);
    return status;
}

/* ---- deleted ---- */

/* The record goes last: what failed half-way can be repeated. */
int own_pgp_delete(struct cli *cli, const char *fingerprint, struct err *err)
{
    struct pgp_engine *engine = NULL;
    struct pgp_record record;
    enum find found = store_find_pgp(cli->read, fingerprint, &record, err);
    if (found == FIND_FAILED || (found == FIND_FOUND && pgpbook_engine(cli, NULL, &engine, err) < 0))
        return -1;
    int status = found == FIND_FOUND ? pgp_own_delete(engine, fingerprint, record.key, err) : 0;
    pgp_engine_close(&engine);
    if (status < 0 && err->code != ERR_ABSENT)
        return -1;
    err_clear(err);
    return store_delete_pgp_own(cli->store, fingerprint, err);
}
