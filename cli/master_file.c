/* master_file - one descriptor a file; the old key goes first, so that nothing is left of it whenever we end. */
#include "cli/master_file.h"

#include "base/io.h"
#include "token/soft.h"
#include "token/wrap.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int fail(const char *path, struct err *err)
{
    return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
}

/* A name that nobody else may use for a file of his, by link or by owner. */
static bool is_of(const struct stat *st, uid_t owner)
{
    return S_ISREG(st->st_mode) && st->st_nlink == 1 && (st->st_mode & (S_IRWXG | S_IRWXO)) == 0 &&
           (st->st_uid == owner || st->st_uid == geteuid() || st->st_uid == 0);
}

static int check_name(const char *path, const struct stat *st, enum err_code code, const char *otherwise,
                      struct err *err)
{
    struct stat now;
    if (lstat(path, &now) < 0)
        return fail(path, err);
    return now.st_dev == st->st_dev && now.st_ino == st->st_ino
               ? 0
               : err_set(err, code, "%s: %s", path, otherwise);
}

/* A second one would take what the first is about to write for what was cut short, and remove it. */
static int lock_old(const struct master_file *file, struct err *err)
{
    static const char busy[] = "another sealadm key rewrap is at work: try again";
    if (flock(file->old_fd, LOCK_EX | LOCK_NB) == 0)
        return check_name(file->path, &file->old, ERR_BUSY, busy, err);
    return errno == EWOULDBLOCK ? err_set(err, ERR_BUSY, "%s: %s", file->path, busy) : fail(file->path, err);
}

static int read_old(struct master_file *file, uid_t owner, struct err *err)
{
    file->old_fd = open(file->path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file->old_fd < 0 || fstat(file->old_fd, &file->old) < 0)
        return err_set(err, ERR_CONFIG, "master key: %s: %s", file->path, strerror(errno));
    if (lock_old(file, err) < 0)
        return -1;
    if (!is_of(&file->old, owner))
        return err_set(
            err, ERR_CONFIG,
            "master key: %s must be a regular file without a second link, of sealkeyd's user or root, that "
            "others cannot read",
            file->path);
    return secret_read_fd(&file->old_key, file->old_fd, file->path, SECRET_OWNER_ONLY, err);
}

static int sync_folder(const char *path, struct err *err)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    SEAL_CLEANUP(mem_close) int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) < 0 ? fail(copy, err) : 0;
}

static int remove_new(const struct master_file *file, struct err *err)
{
    return unlink(file->new_path) < 0 ? fail(file->new_path, err) : 0;
}

/* What was cut short, or not written yet when the machine went down, is made again: the store has not changed then. */
static int take_up(struct master_file *file, struct err *err)
{
    int fd = file->new_fd = open(file->new_path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd >= 0 && fstat(fd, &file->new) < 0)
        return fail(file->new_path, err);
    if (fd < 0 || !is_of(&file->new, file->old.st_uid) ||
        (file->new.st_uid != file->old.st_uid &&
         file->new.st_size > 0)) /* an empty one was not given away yet */
        return err_set(err, ERR_CONFIG, "%s is not what an interrupted sealadm key rewrap left: remove it",
                       file->new_path);
    if (secret_read_fd(&file->new_key, fd, file->new_path, SECRET_OWNER_ONLY, err) < 0)
        return -1;
    struct err why = ERR_INIT;
    if (wrap_check_master(&file->new_key, &why) == 0) /* whoever wrote it may not have come to this */
        return fsync(fd) < 0 ? fail(file->new_path, err) : sync_folder(file->new_path, err);
    secret_fini(&file->new_key);
    mem_close(&file->new_fd);
    return remove_new(file, err);
}

static int write_new(struct master_file *file, struct err *err)
{
    int fd = open(file->new_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    file->new_fd = fd;
    if (fd < 0 || fchown(fd, file->old.st_uid, file->old.st_gid) < 0 || fstat(fd, &file->new) < 0)
        return fail(file->new_path, err);
    if (io_write_full(fd, file->new_key.ptr, file->new_key.len, err) < 0)
        return -1;
    return fsync(fd) < 0 ? fail(file->new_path, err) : sync_folder(file->new_path, err);
}

/* One who overwrote the old key had wrapped all under the new one, which is there. */
static int check_old(struct master_file *file, struct err *err)
{
    struct err why = ERR_INIT;
    if (wrap_check_master(&file->old_key, &why) == 0)
        return 0;
    if (file->old_key.len != MASTER_KEY_SIZE || file->new_key.len == 0)
        return err_set(err, why.code, "%s: %s", file->path, why.msg);
    secret_fini(&file->old_key);
    return 0;
}

int master_file_open(struct master_file *file, const char *path, const char *new_path, uid_t owner,
                     struct err *err)
{
    *file = (struct master_file){.path = path, .new_path = new_path, .old_fd = -1, .new_fd = -1};
    if (read_old(file, owner, err) < 0 || take_up(file, err) < 0 || check_old(file, err) < 0)
        return -1;
    if (file->new_key.len > 0)
        return 0;
    return soft_master_generate(&file->new_key, err) < 0 ? -1 : write_new(file, err);
}

int master_file_check_kept(const struct master_file *file, struct err *err)
{
    struct stat now;
    if (fstat(file->new_fd, &now) < 0)
        return fail(file->new_path, err);
    return now.st_nlink > 0
               ? 0
               : err_set(err, ERR_BUSY, "%s: somebody removed it: nothing was changed, try again",
                         file->new_path);
}

static int check_new(const char *path, const struct master_file *file, struct err *err)
{
    return check_name(path, &file->new, ERR_CONFIG,
                      "somebody put another file there while the store was wrapped under the new key", err);
}

/* All is wrapped under the new key: it must not be lost with a file that somebody removed in the last moment. */
static int put_back(struct master_file *file, struct err *err)
{
    struct stat now;
    if (lstat(file->new_path, &now) == 0 || errno != ENOENT)
        return 0;
    mem_close(&file->new_fd);
    return write_new(file, err);
}

int master_file_replace(struct master_file *file, struct err *err)
{
    static const unsigned char nothing[MASTER_KEY_SIZE];
    if (put_back(file, err) < 0 || check_new(file->new_path, file, err) < 0)
        return -1;
    /* locked before it is the one that others lock */
    if (flock(file->new_fd, LOCK_EX | LOCK_NB) < 0 || io_point("master key overwritten") != 0 ||
        pwrite(file->old_fd, nothing, sizeof nothing, 0) != (ssize_t)sizeof nothing ||
        fsync(file->old_fd) < 0 || io_point("master key renamed") != 0 ||
        rename(file->new_path, file->path) < 0)
        return err_set(err, ERR_IO, "%s: %s; call sealadm key rewrap again", file->path, strerror(errno));
    return check_new(file->path, file, err) < 0 ? -1 : sync_folder(file->path, err);
}

void master_file_fini(struct master_file *file)
{
    mem_close(&file->old_fd);
    mem_close(&file->new_fd);
    secret_fini(&file->old_key);
    secret_fini(&file->new_key);
}
