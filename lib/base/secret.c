/* secret - locked, wiped memory. */
#include "base/secret.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Most secrets fit a page and live for one operation; mapping and locking one costs more than using it. */
#define KEPT_MAX 64
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char *kept[KEPT_MAX]; /* wiped, locked pages */
static size_t nkept;

static unsigned char *take_page(void)
{
    pthread_mutex_lock(&kept_lock);
    unsigned char *page = nkept > 0 ? kept[--nkept] : NULL;
    pthread_mutex_unlock(&kept_lock);
    return page;
}

static bool keep_page(unsigned char *page)
{
    pthread_mutex_lock(&kept_lock);
    bool room = nkept < KEPT_MAX;
    if (room)
        kept[nkept++] = page;
    pthread_mutex_unlock(&kept_lock);
    return room;
}

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

int secret_init(struct secret *secret, size_t n, struct err *err)
{
    memset(secret, 0, sizeof *secret);
    if (n > SECRET_MAX)
        return err_set(err, ERR_LIMIT, "secret of %zu bytes", n);
    size_t page = page_size(), size = (n / page + 1) * page;
    unsigned char *old = size == page ? take_page() : NULL;
    if (old != NULL) {
        *secret = (struct secret){.ptr = old, .len = n, .size = size};
        return 0;
    }
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return err_set(err, ERR_IO, "memory for a secret: %s", strerror(errno));
    (void)mlock(p, size); /* best effort: RLIMIT_MEMLOCK may be small */
    (void)madvise(p, size, MADV_DONTDUMP);
    *secret = (struct secret){.ptr = p, .len = n, .size = size};
    return 0;
}

int secret_copy(struct secret *secret, const void *p, size_t n, struct err *err)
{
    if (secret_init(secret, n, err) < 0)
        return -1;
    if (n > 0)
        memcpy(secret->ptr, p, n);
    return 0;
}

enum secret_mode secret_mode_of(const char *path)
{
    static const char credentials[] = "/run/credentials/";
    bool there = strncmp(path, credentials, sizeof credentials - 1) == 0 && strstr(path, "/../") == NULL;
    return there ? SECRET_GROUP_MAY_READ : SECRET_OWNER_ONLY;
}

int secret_read_file(struct secret *secret, const char *path, enum secret_mode mode, struct err *err)
{
    memset(secret, 0, sizeof *secret);
    /* O_NONBLOCK: a FIFO is refused, not waited for */
    SEAL_CLEANUP(mem_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 ? err_set(err, ERR_CONFIG, "%s: %s", path, strerror(errno))
                  : secret_read_fd(secret, fd, path, mode, err);
}

int secret_read_fd(struct secret *secret, int fd, const char *path, enum secret_mode mode, struct err *err)
{
    struct stat st;
    memset(secret, 0, sizeof *secret);
    if (fstat(fd, &st) < 0)
        return err_set(err, ERR_CONFIG, "%s: %s", path, strerror(errno));
    mode_t forbidden = mode == SECRET_OWNER_ONLY ? S_IRWXG | S_IRWXO : S_IWGRP | S_IRWXO;
    if (!S_ISREG(st.st_mode) || (st.st_mode & forbidden) != 0)
        return err_set(err, ERR_CONFIG, "%s: must be a regular file that others cannot read (mode is %04o)",
                       path, (unsigned)(st.st_mode & 07777));
    if (secret_init(secret, (size_t)st.st_size, err) < 0)
        return -1;
    if (io_read_full(fd, secret->ptr, secret->len, err) < 0) {
        secret_fini(secret);
        return err_wrap(err, "%s", path);
    }
    return 0;
}

void secret_fini(struct secret *secret)
{
    if (secret->ptr != NULL) {
        explicit_bzero(secret->ptr, secret->size);
        if (secret->size != page_size() || !keep_page(secret->ptr))
            munmap(secret->ptr, secret->size);
    }
    memset(secret, 0, sizeof *secret);
}
