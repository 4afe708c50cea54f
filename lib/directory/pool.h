/* pool - servers, and the connections to them. Private to lib/directory. */
#ifndef DIRECTORY_POOL_H
#define DIRECTORY_POOL_H

#include "directory/internal.h"

struct server {
    const char *uri;    /* borrowed */
    int64_t dead_until; /* by the pool's clock; 0: it is not */
    bool tried_anew;    /* some thread is finding out whether it is still dead */
    struct conn *idle;
};

struct pool {
    const struct directory_settings *settings;
    int64_t (*clock_ms)(void);
    struct tls tls;
    pthread_mutex_t lock;
    pthread_cond_t freed; /* a connection was given back */
    struct server *servers;
    size_t nservers;
    size_t open; /* connections, idle or in use or being made */
};

struct pool *pool_new(const struct directory_settings *settings, int64_t (*clock_ms)(void));
void pool_free(struct pool **pool);

/* A set of servers, of the first 64. */
static inline uint64_t pool_bit(size_t i)
{
    return i < 64 ? (uint64_t)1 << i : ~(uint64_t)0;
}

/* pool_choose - NULL: all failed, or others are finding out already whether they still do. Ends in pool_report(). */
struct server *pool_choose(struct pool *pool, uint64_t tried);
/* pool_living - how many of those not tried are not dead. */
size_t pool_living(struct pool *pool, uint64_t tried);

enum report {
    REPORT_NOTHING, /* it was not asked */
    REPORT_ALIVE,
    REPORT_STALE, /* a connection had ended since it was used; the server may be well */
    REPORT_DEAD
};
void pool_report(struct pool *pool, struct server *server, enum report report);

/* pool_take - a connection that this thread alone has until pool_give() or, after a failure, pool_drop(). */
int pool_take(struct pool *pool, struct server *server, int64_t deadline, struct conn **out, bool *pooled_out,
              struct err *err) SEAL_CHECKED;
void pool_give(struct pool *pool, struct server *server, struct conn **conn);
void pool_drop(struct pool *pool, struct conn **conn);

#endif
