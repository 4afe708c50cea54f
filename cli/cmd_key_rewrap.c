/*
 * cmd_key_rewrap - a new master key, and everything in the store wrapped under it.
 *
 * The new key is in a file beside the old one before the store changes, and takes its name after that: whoever was killed in between calls
 * again, and goes on where he was. What is wrapped under the new key already stays.
 */
#include "cli/secrets.h"
#include "cli/token_master.h"

#include "base/io.h"
#include "token/remote.h"
#include "token/soft.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RELOAD_MS 30000

struct change {
    const char *path, *new_path;
    int old_fd; /* to be overwritten when it is over */
    struct secret old, new;
    struct token_master token; /* when it is set, all is wrapped under it from now on */
};

static void change_fini(struct change *change)
{
    mem_close(&change->old_fd);
    token_master_fini(&change->token);
    secret_fini(&change->old);
    secret_fini(&change->new);
}

static int open_old(struct cli *cli, struct change *change, struct stat *st, struct err *err)
{
    if (secret_mode_of(change->path) == SECRET_GROUP_MAY_READ)
        return err_set(
            err, ERR_UNSUPPORTED,
            "%s is a credential of systemd: name the file that it is made of as master-key, rewrap, and "
            "make the credential anew",
            change->path);
    if (secrets_read_master(cli, &change->old, err) < 0)
        return -1;
    change->old_fd = open(change->path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (change->old_fd < 0 || fstat(change->old_fd, st) < 0)
        return err_set(err, ERR_IO, "%s: %s", change->path, strerror(errno));
    return 0;
}

/* The daemon's user may own the folder: a file that he put there is none of ours. */
static int take_up(struct change *change, const struct stat *old, struct err *err)
{
    struct stat st;
    if (lstat(change->new_path, &st) < 0)
        return errno == ENOENT ? 0 : err_set(err, ERR_IO, "%s: %s", change->new_path, strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_uid != old->st_uid || st.st_nlink != 1)
        return err_set(err, ERR_CONFIG, "%s is not what an interrupted sealadm key rewrap left: remove it",
                       change->new_path);
    if (st.st_size != MASTER_KEY_SIZE)
        return unlink(change->new_path) < 0
                   ? err_set(err, ERR_IO, "%s: %s", change->new_path, strerror(errno))
                   : 0;
    return secret_read_file(&change->new, change->new_path, SECRET_OWNER_ONLY, err);
}

static int sync_folder(const char *path, struct err *err)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    SEAL_CLEANUP(mem_close) int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return err_set(err, ERR_IO, "%s: %s", copy, strerror(errno));
    return 0;
}

static int make_new(struct change *change, const struct stat *old, struct err *err)
{
    SEAL_CLEANUP(mem_close)
    int fd = open(change->new_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(err, ERR_IO, "%s: %s", change->new_path, strerror(errno));
    if (fchown(fd, old->st_uid, old->st_gid) < 0)
        return err_set(err, ERR_IO, "%s: %s", change->new_path, strerror(errno));
    if (soft_master_generate(&change->new, err) < 0 ||
        io_write_full(fd, change->new.ptr, change->new.len, err) < 0)
        return -1;
    return fsync(fd) < 0 ? err_set(err, ERR_IO, "%s: %s", change->new_path, strerror(errno))
                         : sync_folder(change->new_path, err);
}

/* As root; the daemon's user owns neither of the keys. */
static int prepare(struct cli *cli, struct change *change, struct err *err)
{
    struct stat old;
    if (token_master_find(cli, &change->token, err) < 0 || open_old(cli, change, &old, err) < 0 ||
        take_up(change, &old, err) < 0)
        return -1;
    return change->new.len > 0 ? 0 : make_new(change, &old, err);
}

static int seal(const struct change *change, const char *owner, struct span subject,
                const struct secret *inside, struct buf *out, struct err *err)
{
    if (change->token.key == NULL)
        return wrap_seal(&change->new, owner, subject, inside, out, err);
    return token_master_seal(&change->token, owner, subject, inside, out, err);
}

/* What only the token opens stays as it is. */
static int rewrap(void *arg, const char *owner, struct span subject, struct span wrapped, struct buf *out,
                  struct err *err)
{
    const struct change *change = arg;
    struct err not_old = ERR_INIT;
    SEAL_CLEANUP(secret_fini) struct secret inside = {.ptr = NULL};
    if (wrapped.len > 0 && wrapped.ptr[0] == WRAP_TOKEN_VERSION) {
        if (change->token.key == NULL)
            return err_set(err, ERR_UNSUPPORTED,
                           "only a token opens it, and none is set (master-key-token =)");
        buf_add_span(out, wrapped);
        return 0;
    }
    if (wrap_open(&change->old, owner, subject, wrapped, &inside, &not_old) < 0 &&
        wrap_open(&change->new, owner, subject, wrapped, &inside, err) < 0)
        return -1;
    return seal(change, owner, subject, &inside, out, err);
}

/* The store has the new wrapping: the old key goes first, so that nothing is left of it whenever we end. */
static int finish(const struct change *change, struct err *err)
{
    static const unsigned char nothing[MASTER_KEY_SIZE];
    if (pwrite(change->old_fd, nothing, sizeof nothing, 0) != (ssize_t)sizeof nothing ||
        fsync(change->old_fd) < 0 || rename(change->new_path, change->path) < 0)
        return err_set(err, ERR_IO, "%s: %s; call sealadm key rewrap again", change->path, strerror(errno));
    return sync_folder(change->path, err);
}

/* What is left to do when this fails is an administrator's: the new wrapping stays. */
static void tell_sealkeyd(struct cli *cli)
{
    SEAL_CLEANUP(holder_free) struct holder *sealkeyd = NULL;
    struct err err = ERR_INIT;
    if (remote_new(cli->settings->keys.socket, RELOAD_MS, &sealkeyd, &err) == 0 &&
        remote_reload(sealkeyd, &err) == 0)
        buf_add_str(&cli->out, "sealkeyd has read it\nnext: ");
    else
        buf_printf(
            &cli->out,
            "warning: sealkeyd could not be told: %s\n"
            "next: if it runs, systemctl reload sealkeyd, or send it SIGHUP (until then it opens none of\n"
            "      them, and mail that needs a key is deferred);\n      ",
            err.msg);
}

int cmd_key_rewrap(struct cli *cli, int argc, char **argv, struct err *err)
{
    const char *path = cli->settings->master_key;
    SEAL_CLEANUP(change_fini)
    struct change change = {.path = path, .new_path = arena_printf(cli->arena, "%s.new", path), .old_fd = -1};
    size_t n = 0;
    if (cli_operands(cli, NULL, 0, &argc, argv, 0, 0, err) < 0)
        return -1;
    if (prepare(cli, &change, err) < 0 || secrets_open_store(cli, CLI_LEND, err) < 0 ||
        store_rewrap(cli->store, rewrap, &change, &n, err) < 0 || cli_be_caller(err) < 0 ||
        finish(&change, err) < 0)
        return -1;
    buf_printf(&cli->out, "%zu private keys and passphrases are wrapped under %s; %s is a new master key\n",
               n, change.token.key != NULL ? "the token's key" : "a new master key", path);
    tell_sealkeyd(cli);
    buf_add_str(&cli->out,
                "keep a copy of the new master key; sealadm backup; then destroy the backups of before and\n"
                "      the copies of the old master key, which open each other\n");
    return 0;
}
