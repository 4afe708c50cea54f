/* pool - servers, their connections, and which one is asked. */
#include "directory/pool.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static void fini_server(struct server *server)
{
    while (server->idle != NULL) {
        struct conn *conn = server->idle;
        server->idle = conn->next;
        conn_close(&conn);
    }
}

struct pool *pool_new(const struct directory_settings *settings, int64_t (*clock_ms)(void))
{
    struct pool *pool = xcalloc(1, sizeof *pool);
    pthread_condattr_t attr;
    pool->settings = settings;
    pool->clock_ms = clock_ms;
    pool->nservers = settings->uris.n;
    pool->servers = xcalloc(pool->nservers, sizeof *pool->servers);
    for (size_t i = 0; i < pool->nservers; i++)
        pool->servers[i].uri = settings->uris.items[i];
    if (pthread_mutex_init(&pool->lock, NULL) != 0 || pthread_mutex_init(&pool->tls.lock, NULL) != 0 ||
        pthread_condattr_init(&attr) != 0 || pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) != 0 ||
        pthread_cond_init(&pool->freed, &attr) != 0)
        abort();
    pthread_condattr_destroy(&attr);
    return pool;
}

void pool_free(struct pool **pool)
{
    struct pool *p = *pool;
    *pool = NULL;
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->nservers; i++)
        fini_server(&p->servers[i]);
    pthread_cond_destroy(&p->freed);
    pthread_mutex_destroy(&p->lock);
    pthread_mutex_destroy(&p->tls.lock);
    free(p->servers);
    free(p);
}

/* ---- which server ---- */

/*
 * The first that is not dead; when all are, the first that nobody else is trying. tried: bits of those that failed this question already.
 */
struct server *pool_choose(struct pool *pool, uint64_t tried)
{
    struct server *chosen = NULL;
    pthread_mutex_lock(&pool->lock);
    int64_t now = pool->clock_ms();
    for (size_t i = 0; i < pool->nservers && chosen == NULL; i++)
        if ((tried & pool_bit(i)) == 0 && pool->servers[i].dead_until <= now)
            chosen = &pool->servers[i];
    for (size_t i = 0; i < pool->nservers && chosen == NULL; i++)
        if ((tried & pool_bit(i)) == 0 && !pool->servers[i].tried_anew) {
            chosen = &pool->servers[i];
            chosen->tried_anew = true;
        }
    pthread_mutex_unlock(&pool->lock);
    return chosen;
}

size_t pool_living(struct pool *pool, uint64_t tried)
{
    size_t n = 0;
    pthread_mutex_lock(&pool->lock);
    for (size_t i = 0; i < pool->nservers; i++)
        n += (tried & pool_bit(i)) == 0 && pool->servers[i].dead_until <= pool->clock_ms();
    pthread_mutex_unlock(&pool->lock);
    return n;
}

void pool_report(struct pool *pool, struct server *server, enum report report)
{
    struct conn *idle = NULL;
    pthread_mutex_lock(&pool->lock);
    server->tried_anew = false;
    switch (report) {
    case REPORT_DEAD:
        server->dead_until = pool->clock_ms() + DIRECTORY_RETRY * 1000;
        break;
    case REPORT_ALIVE:
        server->dead_until = 0;
        break;
    case REPORT_NOTHING:
    case REPORT_STALE:
        break;
    }
    if (report == REPORT_DEAD || report == REPORT_STALE) {
        idle = server->idle;
        server->idle = NULL;
    }
    for (const struct conn *c = idle; c != NULL; c = c->next)
        pool->open--;
    pthread_cond_broadcast(&pool->freed);
    pthread_mutex_unlock(&pool->lock);
    fini_server(&(struct server){.idle = idle});
}

/* ---- connections ---- */

static struct conn *take_idle(struct server *server)
{
    struct conn *conn = server->idle;
    if (conn != NULL)
        server->idle = conn->next;
    return conn;
}

/* Room for a connection to one server may be taken by an idle one to another. */
static struct conn *take_any_idle(struct pool *pool)
{
    struct conn *conn = NULL;
    for (size_t i = 0; i < pool->nservers && conn == NULL; i++)
        conn = take_idle(&pool->servers[i]);
    return conn;
}

/* An idle connection in *out, or NULL and leave to open one. */
static int reserve(struct pool *pool, struct server *server, int64_t deadline, struct conn **out,
                   struct conn **superfluous, struct err *err)
{
    const struct timespec until = {.tv_sec = deadline / 1000, .tv_nsec = (long)(deadline % 1000) * 1000000};
    for (;;) {
        *out = take_idle(server);
        if (*out != NULL)
            return 0;
        if (pool->open < pool->settings->connections) {
            pool->open++;
            return 0;
        }
        *superfluous = take_any_idle(pool);
        if (*superfluous != NULL)
            return 0;
        if (pthread_cond_timedwait(&pool->freed, &pool->lock, &until) != 0)
            return err_set(err, ERR_BUSY, "all %u connections are busy", pool->settings->connections);
    }
}

int pool_take(struct pool *pool, struct server *server, int64_t deadline, struct conn **out, bool *pooled_out,
              struct err *err)
{
    struct conn *superfluous = NULL;
    *out = NULL;
    pthread_mutex_lock(&pool->lock);
    int status = reserve(pool, server, deadline, out, &superfluous, err);
    pthread_mutex_unlock(&pool->lock);
    conn_close(&superfluous);
    if (status < 0)
        return -1;
    if (*out != NULL && !link_is_idle(&(*out)->link))
        conn_close(out);
    *pooled_out = *out != NULL;
    if (*out != NULL) {
        (*out)->link.deadline = deadline;
        return 0;
    }
    if (conn_open(pool->settings, server->uri, pool->clock_ms, &pool->tls, deadline, out, err) == 0)
        return 0;
    pool_drop(pool, out);
    return -1;
}

void pool_give(struct pool *pool, struct server *server, struct conn **conn)
{
    pthread_mutex_lock(&pool->lock);
    (*conn)->next = server->idle;
    server->idle = *conn;
    *conn = NULL;
    pthread_cond_signal(&pool->freed);
    pthread_mutex_unlock(&pool->lock);
}

void pool_drop(struct pool *pool, struct conn **conn)
{
    conn_close(conn);
    pthread_mutex_lock(&pool->lock);
    pool->open--;
    pthread_cond_signal(&pool->freed);
    pthread_mutex_unlock(&pool->lock);
}
