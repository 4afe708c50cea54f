/* owner - as root, sealadm works as the state folder's owner: what it parses was written by strangers, and LMDB's files must be his. */
#include "cli/cli.h"

#include "base/io.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int cli_find_user(const char *name, uid_t *uid, gid_t *gid, struct err *err)
{
    *uid = geteuid();
    *gid = getegid();
    if (*name == '\0')
        return 0;
    errno = 0;
    const struct passwd *user = getpwnam(name);
    if (user == NULL)
        return err_set(err, ERR_CONFIG, "user %s: %s; make it: adduser --system --group %s", name,
                       errno != 0 ? strerror(errno) : "there is none", name);
    *uid = user->pw_uid;
    *gid = user->pw_gid;
    return 0;
}

int cli_become(uid_t uid, gid_t gid, enum cli_rights rights, struct err *err)
{
    if (geteuid() != 0 || uid == 0)
        return 0;
    int failed = setgroups(0, NULL);
    if (failed == 0)
        failed = rights == CLI_DROP ? setresgid(gid, gid, gid) : setegid(gid);
    if (failed == 0)
        failed = rights == CLI_DROP ? setresuid(uid, uid, uid) : seteuid(uid);
    if (failed != 0)
        return err_set(err, ERR_IO, "cannot become user id %u: %s", (unsigned)uid, strerror(errno));
    return 0;
}

/* The real ids stay the caller's while the rights are only lent. */
int cli_be_caller(struct err *err)
{
    if (seteuid(getuid()) < 0 || setegid(getgid()) < 0)
        return err_set(err, ERR_IO, "cannot become user id %u again: %s", (unsigned)getuid(),
                       strerror(errno));
    return 0;
}

int cli_be_owner(struct cli *cli, enum cli_rights rights, struct err *err)
{
    struct stat st;
    if (stat(cli->settings->state_dir, &st) == 0)
        return cli_become(st.st_uid, st.st_gid, rights, err);
    if (errno == ENOENT)
        return err_set(err, ERR_ABSENT, "there is no state folder %s; next: sealadm init",
                       cli->settings->state_dir);
    return err_set(err, ERR_IO, "%s: %s", cli->settings->state_dir, strerror(errno));
}

int cli_open_store(struct cli *cli, enum cli_rights rights, struct err *err)
{
    if (cli_be_owner(cli, rights, err) < 0 ||
        store_open(cli->settings->state_dir, STORE_READ_WRITE, &cli->store, err) < 0)
        return -1;
    return store_read_begin(cli->store, cli->arena, &cli->read, err);
}

int cli_read_again(struct cli *cli, struct err *err)
{
    store_read_end(&cli->read);
    return store_read_begin(cli->store, cli->arena, &cli->read, err);
}

int cli_deliver(struct cli *cli, const struct buf *file, const char *path, mode_t mode, struct err *err)
{
    if (path == NULL) {
        buf_add_span(&cli->out, buf_span(file));
        return 0;
    }
    if (cli_be_caller(err) < 0)
        return -1;
    if (access(path, F_OK) == 0)
        return err_set(err, ERR_EXISTS, "%s is there already", path);
    return io_write_file(path, buf_span(file), mode, err);
}
