/* kv_file - the file under a kv: made, opened, counted, copied, replaced. */
#include "store/kv.h"

#include "store/kv_private.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OTHERS (S_IRWXG | S_IRWXO)

static int make_path(char out[PATH_MAX], const char *path, const char *ending, struct err *err)
{
    if (snprintf(out, PATH_MAX, "%s%s", path, ending) >= PATH_MAX)
        return err_set(err, ERR_LIMIT, "path too long: %s", path);
    return 0;
}

static int io_failed(struct err *err, const char *path)
{
    int code = errno;
    bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
    return err_set(err, full ? ERR_DISK_FULL : ERR_IO, "%s: %s", path, strerror(code));
}

/* A new name is on the disk only when its folder is. */
static int sync_folder(const char *path, struct err *err)
{
    char copy[PATH_MAX];
    if (make_path(copy, path, "", err) < 0)
        return -1;
    SEAL_CLEANUP(mem_close) int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return io_failed(err, path);
    return 0;
}

static void remove_file(const char *path)
{
    char lock[PATH_MAX];
    struct err ignored = ERR_INIT;
    unlink(path);
    if (make_path(lock, path, "-lock", &ignored) == 0)
        unlink(lock);
}

/* ---- open ---- */

static int open_env(struct kv *kv, const char *path, size_t map_size)
{
    int code = mdb_env_create(&kv->env);
    if (code == 0)
        code = mdb_env_set_mapsize(kv->env, map_size);
    if (code == 0)
        code = mdb_env_set_maxreaders(kv->env, KV_READERS);
    if (code == 0)
        code = mdb_env_open(kv->env, path, KV_FLAGS, S_IRUSR | S_IWUSR);
    if (code == 0)
        code = mdb_env_get_fd(kv->env, &kv->fd);
    if (code != 0)
        return code;
    MDB_stat stat;
    code = mdb_env_stat(kv->env, &stat);
    kv->page_size = stat.ms_psize;
    return code;
}

static int open_table(struct kv *kv)
{
    MDB_txn *txn = NULL;
    int code = mdb_txn_begin(kv->env, NULL, MDB_RDONLY, &txn);
    if (code != 0)
        return code;
    code = mdb_dbi_open(txn, NULL, 0, &kv->dbi);
    mdb_txn_abort(txn);
    return code;
}

/* LMDB takes an empty file for a new store: every key would be "absent". */
static int check_file(const char *path, struct err *err)
{
    struct stat st;
    if (lstat(path, &st) < 0 && errno == ENOENT)
        return err_set(err, ERR_CONFIG, "%s: there is no store yet: run sealadm init", path);
    if (lstat(path, &st) < 0)
        return err_set(err, ERR_STORE, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_CONFIG, "%s: not a regular file", path);
    if (st.st_uid != geteuid())
        return err_set(err, ERR_CONFIG, "%s: belongs to user id %u, this process runs as %u", path,
                       (unsigned)st.st_uid, (unsigned)geteuid());
    if ((st.st_mode & OTHERS) != 0)
        return err_set(err, ERR_CONFIG, "%s: mode %04o lets others in: chmod 600", path,
                       (unsigned)st.st_mode & 07777);
    if (st.st_size == 0)
        return err_set(err, ERR_STORE_DAMAGED, "%s: the file is empty: restore it from a backup", path);
    return 0;
}

int kv_open(const char *path, size_t map_size, struct kv **out, struct err *err)
{
    if (check_file(path, err) < 0)
        return -1;
    struct kv *kv = xcalloc(1, sizeof *kv);
    int code = open_env(kv, path, map_size);
    if (code == 0 && kv_check_size(kv, err) == 0)
        code = open_table(kv);
    if (code != 0)
        kv_fail(err, code, path);
    if (err_is_set(err)) {
        kv_close(&kv);
        return -1;
    }
    int cleared = 0;
    mdb_reader_check(kv->env, &cleared);
    *out = kv;
    return 0;
}

void kv_close(struct kv **kv)
{
    if (*kv == NULL)
        return;
    mdb_env_close((*kv)->env);
    free(*kv);
    *kv = NULL;
}

/* ---- create ---- */

static int write_first(const char *path, const struct kv_key *key, struct span value, struct err *err)
{
    struct kv kv = {0};
    struct kv_txn txn;
    int code = open_env(&kv, path, KV_MAP_SIZE);
    if (code == 0)
        code = open_table(&kv);
    if (code != 0)
        kv_fail(err, code, path);
    else if (kv_begin(&kv, KV_WRITE, &txn, err) == 0) {
        kv_put(&txn, key, value, err);
        if (kv_commit(&txn, err) < 0)
            err_wrap(err, "%s", path);
    }
    mdb_env_close(kv.env);
    return err_is_set(err) ? -1 : 0;
}

int kv_create(const char *path, const struct kv_key *key, struct span value, struct err *err)
{
    char temp[PATH_MAX], ending[32];
    if (access(path, F_OK) == 0)
        return 0;
    snprintf(ending, sizeof ending, ".%ld.new", (long)getpid());
    if (make_path(temp, path, ending, err) < 0)
        return -1;
    remove_file(temp);
    if (write_first(temp, key, value, err) == 0 &&
        renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE) < 0 && errno != EEXIST)
        io_failed(err, path);
    remove_file(temp);
    return err_is_set(err) ? -1 : sync_folder(path, err);
}

/* ---- care ---- */

/* LMDB's own database 0 lists them, a transaction's in each entry: their number first. */
static size_t count_free_pages(struct kv *kv)
{
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_val key, value;
    size_t pages = 0;
    if (mdb_txn_begin(kv->env, NULL, MDB_RDONLY, &txn) != 0)
        return 0;
    if (mdb_cursor_open(txn, 0, &cursor) == 0) {
        while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
            size_t n;
            memcpy(&n, value.mv_data, sizeof n);
            pages += n;
        }
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    return pages;
}

/* The free pages are counted only where it matters: below half, nobody asks how much of it is in use. */
void kv_stat(struct kv *kv, struct kv_stat *out)
{
    MDB_envinfo info;
    mdb_env_info(kv->env, &info);
    size_t pages = info.me_last_pgno + 1;
    if (pages * kv->page_size > info.me_mapsize / 2)
        pages -= count_free_pages(kv);
    *out = (struct kv_stat){
        .map_size = info.me_mapsize, .used = pages * kv->page_size, .readers = info.me_numreaders};
}

int kv_clear_stale(struct kv *kv, unsigned *cleared_out, struct err *err)
{
    int cleared = 0;
    int code = mdb_reader_check(kv->env, &cleared);
    *cleared_out = (unsigned)cleared;
    return code == 0 ? 0 : kv_fail(err, code, "readers");
}

/* A compact copy fails when a file leaked pages in the past; the plain one does not mind. */
static int copy_to(struct kv *kv, int fd)
{
    int code = mdb_env_copyfd2(kv->env, fd, MDB_CP_COMPACT);
    if (code != MDB_INCOMPATIBLE)
        return code;
    if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return errno;
    return mdb_env_copyfd2(kv->env, fd, 0);
}

int kv_copy(struct kv *kv, const char *path, struct err *err)
{
    if (kv_check_size(kv, err) < 0)
        return -1;
    SEAL_CLEANUP(mem_close)
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return err_set(err, errno == EEXIST ? ERR_EXISTS : ERR_IO, "%s: %s", path, strerror(errno));
    int code = copy_to(kv, fd);
    if (code != 0)
        kv_fail(err, code, path);
    else if (fsync(fd) < 0)
        io_failed(err, path);
    if (err_is_set(err)) {
        unlink(path);
        return -1;
    }
    return sync_folder(path, err);
}

/* LMDB's own sign that somebody has the file open: a lock on the first byte of the lock file. */
static int lock_alone(const char *lock, int *fd_out, struct err *err)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    *fd_out = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (*fd_out < 0)
        return io_failed(err, lock);
    if (fcntl(*fd_out, F_SETLK, &whole) < 0)
        return err_set(err, ERR_STORE, "%s: the store is in use: stop sealmilter first", lock);
    return 0;
}

int kv_replace(const char *path, const char *from, struct err *err)
{
    char lock[PATH_MAX];
    SEAL_CLEANUP(mem_close) int fd = -1;
    if (make_path(lock, path, "-lock", err) < 0 || lock_alone(lock, &fd, err) < 0)
        return -1;
    if (rename(from, path) < 0)
        return io_failed(err, path);
    return sync_folder(path, err);
}
