/* spool - memory first, an unlinked file above a limit; sealed by mapping it. */
#include "spool/spool.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct spool {
    struct spool_conf conf;
    char *ptr;  /* memory, or the mapping of a sealed file */
    size_t cap; /* of memory; 0 once it is a file */
    size_t size;
    int fd; /* -1 while in memory */
    bool sealed;
    bool mapped;
    bool failed; /* a write did not succeed: what is here is not the message */
};

struct spool *spool_new(const struct spool_conf *conf)
{
    struct spool *spool = xcalloc(1, sizeof *spool);
    spool->conf = *conf;
    spool->fd = -1;
    return spool;
}

struct spool *spool_like(const struct spool *spool)
{
    return spool_new(&spool->conf);
}

void spool_free(struct spool **spool)
{
    struct spool *s = *spool;
    if (s == NULL)
        return;
    if (s->mapped)
        munmap(s->ptr, s->size);
    else
        free(s->ptr);
    mem_close(&s->fd);
    free(s);
    *spool = NULL;
}

static int file_failed(const struct spool *spool, int code, struct err *err)
{
    bool full = code == ENOSPC || code == EDQUOT;
    return err_set(err, full ? ERR_DISK_FULL : ERR_IO, "spool file in %s: %s", spool->conf.dir,
                   strerror(code));
}

/* Not every file system has files without a name: then one with a name, for a moment. */
static int make_file(struct spool *spool, struct err *err)
{
    int fault = io_point("spool-open");
    if (fault != 0)
        return file_failed(spool, fault, err);
    spool->fd = open(spool->conf.dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (spool->fd >= 0)
        return 0;
    if (errno != EOPNOTSUPP && errno != EISDIR)
        return file_failed(spool, errno, err);
    char path[4096];
    if (snprintf(path, sizeof path, "%s/spool.XXXXXX", spool->conf.dir) >= (int)sizeof path)
        return err_set(err, ERR_CONFIG, "spool folder's name is too long");
    spool->fd = mkostemp(path, O_CLOEXEC);
    if (spool->fd < 0)
        return file_failed(spool, errno, err);
    unlink(path);
    return 0;
}

static int move_to_file(struct spool *spool, struct err *err)
{
    if (make_file(spool, err) < 0 || io_write_full(spool->fd, spool->ptr, spool->size, err) < 0)
        return -1;
    free(spool->ptr);
    spool->ptr = NULL;
    spool->cap = 0;
    return 0;
}

static void grow(struct spool *spool, size_t need)
{
    size_t cap = spool->cap == 0 ? 4096 : spool->cap;
    while (cap < need)
        cap *= 2;
    if (cap > spool->conf.mem_max)
        cap = spool->conf.mem_max;
    spool->ptr = xrealloc(spool->ptr, cap);
    spool->cap = cap;
}

static int append(struct spool *spool, const void *p, size_t n, struct err *err)
{
    if (n > spool->conf.size_max || spool->size > spool->conf.size_max - n)
        return err_set(err, ERR_LIMIT, "message larger than %zu bytes", spool->conf.size_max);
    size_t need = spool->size + n;
    if (spool->fd < 0 && need > spool->conf.mem_max && move_to_file(spool, err) < 0)
        return -1;
    if (spool->fd >= 0) {
        if (io_write_full(spool->fd, p, n, err) < 0)
            return -1;
    } else if (n > 0) {
        if (need > spool->cap)
            grow(spool, need);
        memcpy(spool->ptr + spool->size, p, n);
    }
    spool->size = need;
    return 0;
}

int spool_write(struct spool *spool, const void *p, size_t n, struct err *err)
{
    if (spool->sealed || spool->failed)
        return err_set(err, ERR_BUG, "write to a %s spool", spool->sealed ? "sealed" : "failed");
    spool->failed = append(spool, p, n, err) < 0;
    return spool->failed ? -1 : 0;
}

int spool_write_span(struct spool *spool, struct span s, struct err *err)
{
    return spool_write(spool, s.ptr, s.len, err);
}

int spool_seal(struct spool *spool, struct err *err)
{
    if (spool->sealed || spool->failed)
        return err_set(err, ERR_BUG, "seal of a %s spool", spool->sealed ? "sealed" : "failed");
    if (spool->fd >= 0 && spool->size > 0) {
        int fault = io_point("spool-seal");
        void *p = fault != 0 ? MAP_FAILED : mmap(NULL, spool->size, PROT_READ, MAP_SHARED, spool->fd, 0);
        if (p == MAP_FAILED)
            return err_set(err, ERR_IO, "map spool: %s", strerror(fault != 0 ? fault : errno));
        spool->ptr = p;
        spool->mapped = true;
        mem_close(&spool->fd);
    }
    spool->sealed = true;
    io_done("spool-sealed");
    return 0;
}

size_t spool_size(const struct spool *spool)
{
    return spool->size;
}

struct span spool_all(const struct spool *spool)
{
    if (!spool->sealed)
        abort();
    return (struct span){spool->size == 0 ? "" : spool->ptr, spool->size};
}

struct span spool_window(const struct spool *spool, size_t off, size_t len)
{
    return span_sub(spool_all(spool), off, len);
}

int spool_of(const struct spool_conf *conf, struct span bytes, struct spool **out, struct err *err)
{
    *out = spool_new(conf);
    if (spool_write_span(*out, bytes, err) < 0 || spool_seal(*out, err) < 0) {
        spool_free(out);
        return -1;
    }
    return 0;
}
