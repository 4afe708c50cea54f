/* io - whole reads and writes, with fault points. */
#include "base/io.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TREE_FD_MAX 8

static atomic_uint passed;
static atomic_uint fault_at;
static atomic_int fault_errno;

void io_fault_at(unsigned n, int errno_to_give)
{
    atomic_store(&passed, 0);
    atomic_store(&fault_errno, errno_to_give);
    atomic_store(&fault_at, n);
}

unsigned io_fault_count(void)
{
    return atomic_load(&passed);
}

#ifdef SEAL_FAULTS
static atomic_uint steps;
static unsigned kill_at;
static const char *log_path;

static unsigned number_of(const char *variable, unsigned absent)
{
    const char *text = getenv(variable);
    return text == NULL ? absent : (unsigned)strtoul(text, NULL, 10);
}

static __attribute__((constructor)) void read_environment(void)
{
    kill_at = number_of("SEAL_KILL_AT", 0);
    log_path = getenv("SEAL_FAULT_LOG");
    io_fault_at(number_of("SEAL_FAULT_AT", 0), (int)number_of("SEAL_FAULT_ERRNO", EIO));
}

static void report_step(unsigned n, const char *what)
{
    FILE *f = log_path == NULL ? NULL : fopen(log_path, "ae");
    if (f != NULL) {
        fprintf(f, "%u %s\n", n, what);
        fclose(f);
    }
}

void io_done(const char *what)
{
    unsigned n = atomic_fetch_add(&steps, 1) + 1;
    report_step(n, what);
    if (kill_at == n)
        kill(getpid(), SIGKILL);
}
#else
void io_done(const char *what)
{
    (void)what;
}
#endif

int io_point(const char *what)
{
    unsigned n = atomic_fetch_add(&passed, 1) + 1;
    io_done(what);
    return n == atomic_load(&fault_at) ? atomic_load(&fault_errno) : 0;
}

static int write_failed(int code, struct err *err)
{
    bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
    return err_set(err, full ? ERR_DISK_FULL : ERR_IO, "write: %s", strerror(code));
}

int io_write_full(int fd, const void *p, size_t n, struct err *err)
{
    int fault = io_point("write");
    if (fault != 0)
        return write_failed(fault, err);
    for (const char *at = p; n > 0;) {
        ssize_t done = write(fd, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return write_failed(errno, err);
        at += done;
        n -= (size_t)done;
    }
    return 0;
}

int io_read_full(int fd, void *p, size_t n, struct err *err)
{
    int fault = io_point("read");
    if (fault != 0)
        return err_set(err, ERR_IO, "read: %s", strerror(fault));
    for (char *at = p; n > 0;) {
        ssize_t done = read(fd, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return err_set(err, ERR_IO, "read: %s", strerror(errno));
        if (done == 0)
            return err_set(err, ERR_IO, "read: file ends early");
        at += done;
        n -= (size_t)done;
    }
    return 0;
}

static int read_to_end(int fd, struct buf *buf, struct err *err)
{
    int fault = io_point("read");
    if (fault != 0)
        return err_set(err, ERR_IO, "read: %s", strerror(fault));
    for (;;) {
        char chunk[16384];
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, ERR_IO, "read: %s", strerror(errno));
        if (n == 0)
            return buf_check(buf, err);
        buf_add(buf, chunk, (size_t)n);
        if (buf_check(buf, err) < 0)
            return -1;
    }
}

int io_read_file(const char *path, struct buf *buf, struct err *err)
{
    if (strcmp(path, "-") == 0)
        return read_to_end(0, buf, err);
    SEAL_CLEANUP(mem_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, errno == ENOENT ? ERR_ABSENT : ERR_IO, "%s: %s", path, strerror(errno));
    if (read_to_end(fd, buf, err) < 0)
        return err_wrap(err, "%s", path);
    return 0;
}

/* A rename lasts only when the folder that holds the name is on the disk too. */
static int sync_folder_of(const char *path, struct err *err)
{
    SEAL_CLEANUP(mem_free) char *copy = xstrdup(path);
    SEAL_CLEANUP(mem_close) int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return write_failed(errno, err);
    return 0;
}

static int fill_and_rename(int fd, const char *temp, const char *path, struct span bytes, mode_t mode,
                           struct err *err)
{
    if (io_write_full(fd, bytes.ptr, bytes.len, err) < 0)
        return -1;
    if (fchmod(fd, mode) < 0 || fsync(fd) < 0 || rename(temp, path) < 0)
        return write_failed(errno, err);
    return sync_folder_of(path, err);
}

int io_write_file(const char *path, struct span bytes, mode_t mode, struct err *err)
{
    char temp[4096];
    if (snprintf(temp, sizeof temp, "%s.XXXXXX", path) >= (int)sizeof temp)
        return err_set(err, ERR_LIMIT, "path too long: %s", path);
    SEAL_CLEANUP(mem_close) int fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    if (fill_and_rename(fd, temp, path, bytes, mode, err) < 0) {
        unlink(temp);
        return err_wrap(err, "%s", path);
    }
    return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    (void)remove(path);
    return 0;
}

void io_remove_tree(const char *path)
{
    (void)nftw(path, remove_entry, TREE_FD_MAX, FTW_DEPTH | FTW_PHYS);
}
