/*
 * spool - the bytes of one message or part, written once, then sealed and read in windows.
 *
 * In memory up to mem_max, above in an unlinked file in a folder that may be tmpfs. After spool_seal() nothing changes it any
 * more and any number of threads may read it. A window is borrowed until spool_free(); a file is mapped, so that a
 * window of it costs no copy and its pages can be dropped by the system.
 */
#ifndef SPOOL_SPOOL_H
#define SPOOL_SPOOL_H

#include "base/err.h"
#include "base/mem.h"

struct spool;

struct spool_conf {
    const char *dir; /* borrowed: where files go */
    size_t mem_max;  /* bytes kept in memory before a file is used */
    size_t size_max; /* bytes at all; more is ERR_LIMIT */
};

#define SPOOL_MEM_DEFAULT (1u << 20)

/* spool_new - an empty, open spool. conf is copied but for dir. */
struct spool *spool_new(const struct spool_conf *conf);
/* spool_like - an empty spool with the same folder and limits, for what is needed on the way. */
struct spool *spool_like(const struct spool *spool);
void spool_free(struct spool **spool); /* accepts NULL inside */

/* spool_write - append. return 0, or -1 with ERR_LIMIT, ERR_DISK_FULL, ERR_IO; the spool can then only be freed. */
int spool_write(struct spool *spool, const void *p, size_t n, struct err *err) SEAL_CHECKED;
int spool_write_span(struct spool *spool, struct span s, struct err *err) SEAL_CHECKED;

/* spool_seal - no more writes; windows may be taken from now on. */
int spool_seal(struct spool *spool, struct err *err) SEAL_CHECKED;

size_t spool_size(const struct spool *spool);
/* spool_all, spool_window - sealed spools only; a window is cut to what there is. */
struct span spool_all(const struct spool *spool);
struct span spool_window(const struct spool *spool, size_t off, size_t len);

/* spool_of - a sealed spool holding a copy of these bytes. */
int spool_of(const struct spool_conf *conf, struct span bytes, struct spool **out,
             struct err *err) SEAL_CHECKED;

#endif
