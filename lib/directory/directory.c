/* directory - a question to the first server that answers. */
#include "directory/directory.h"

#include "directory/pool.h"

#include <stdlib.h>

struct directory {
    unsigned count; /* references; atomic */
    const struct directory_settings *settings;
    int64_t (*clock_ms)(void);
    struct pool *pool;
};

struct directory *directory_new(const struct directory_settings *settings, int64_t (*clock_ms)(void))
{
    struct directory *directory = xcalloc(1, sizeof *directory);
    directory->count = 1;
    directory->settings = settings;
    directory->clock_ms = clock_ms;
    directory->pool = pool_new(settings, clock_ms);
    return directory;
}

struct directory *directory_ref(struct directory *directory)
{
    __atomic_add_fetch(&directory->count, 1, __ATOMIC_RELAXED);
    return directory;
}

bool directory_is_of(const struct directory *directory, const struct directory_settings *settings)
{
    return directory->settings == settings;
}

void directory_free(struct directory **directory)
{
    struct directory *d = *directory;
    *directory = NULL;
    if (d == NULL || __atomic_sub_fetch(&d->count, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    pool_free(&d->pool);
    free(d);
}

/* Something to be done over a connection, from its beginning again when that one fails. */
typedef int job(struct conn *conn, void *arg, struct err *err);

struct attempt {
    struct directory *directory;
    job *what;
    void *arg;
    int64_t deadline; /* of all attempts */
    uint64_t tried;   /* servers */
};

/* A server that hangs leaves time for those behind it. */
static int64_t deadline_of(const struct attempt *attempt)
{
    struct pool *pool = attempt->directory->pool;
    int64_t now = attempt->directory->clock_ms();
    size_t living = pool_living(pool, attempt->tried);
    return now + (attempt->deadline - now) / (int64_t)(living > 1 ? living : 1);
}

/* One server; a connection that had ended in the meantime counts for nothing. */
static int try_server(struct attempt *attempt, struct server *server, struct err *err)
{
    struct pool *pool = attempt->directory->pool;
    int64_t deadline = deadline_of(attempt);
    for (;;) {
        struct conn *conn = NULL;
        bool pooled;
        err_clear(err);
        if (pool_take(pool, server, deadline, &conn, &pooled, err) < 0)
            break;
        if (attempt->what(conn, attempt->arg, err) == 0) {
            pool_give(pool, server, &conn);
            pool_report(pool, server, REPORT_ALIVE);
            return 0;
        }
        bool again = pooled && conn->failed && !link_is_late(&conn->link);
        bool blamed = conn->failed;
        pool_drop(pool, &conn);
        if (!again) {
            pool_report(pool, server, blamed ? REPORT_DEAD : REPORT_ALIVE);
            return -1;
        }
        pool_report(pool, server, REPORT_STALE);
    }
    pool_report(pool, server, err->code == ERR_BUSY ? REPORT_NOTHING : REPORT_DEAD);
    return -1;
}

static int attempt_all(struct attempt *attempt, struct err *err)
{
    struct pool *pool = attempt->directory->pool;
    struct server *server;
    if (pool->nservers == 0)
        return err_set(err, ERR_CONFIG, "no directory is set: directory = in the settings");
    while ((server = pool_choose(pool, attempt->tried)) != NULL) {
        if (try_server(attempt, server, err) == 0)
            return 0;
        attempt->tried |= pool_bit((size_t)(server - pool->servers));
        if (attempt->directory->clock_ms() >= attempt->deadline)
            break;
    }
    if (!err_is_set(err))
        err_set(err, ERR_PEER_TEMP,
                "no server answers; another message is finding out whether one does again");
    return -1;
}

static int run_within(struct directory *directory, int64_t timeout_ms, job *what, void *arg, struct err *err)
{
    struct attempt attempt = {.directory = directory, .what = what, .arg = arg};
    attempt.deadline = directory->clock_ms() + timeout_ms;
    return attempt_all(&attempt, err);
}

static int run(struct directory *directory, job *what, void *arg, struct err *err)
{
    int status = run_within(directory, (int64_t)directory->settings->timeout * 1000, what, arg, err);
    return status < 0 ? err_wrap(err, "directory") : 0;
}

/* ---- questions ---- */

static int ask_work(struct conn *conn, void *arg, struct err *err)
{
    struct ask *ask = arg;
    ask->conn = conn;
    *ask->note = NULL;
    return ask_all(ask, err);
}

int directory_ask(struct directory *directory, struct arena *arena, const struct directory_question *question,
                  struct directory_answer **answers_out, const char **note_out, struct err *err)
{
    struct ask ask = {.arena = arena, .question = question, .note = note_out};
    *note_out = NULL;
    if (run(directory, ask_work, &ask, err) < 0)
        return -1;
    *answers_out = ask.answers;
    return 0;
}

static int groups_work(struct conn *conn, void *arg, struct err *err)
{
    struct ask *ask = arg;
    ask->conn = conn;
    return ask_groups(ask, err);
}

int directory_find_groups(struct directory *directory, struct arena *arena,
                          const struct directory_group *groups, size_t n, enum answer *known_out,
                          struct err *err)
{
    const struct directory_question question = {.groups = groups, .ngroups = n};
    const char *note = NULL;
    struct ask ask = {.arena = arena, .question = &question, .note = &note};
    if (run(directory, groups_work, &ask, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        known_out[i] = ask.groups[i].found == 0   ? ANSWER_NO
                       : ask.groups[i].found == 1 ? ANSWER_YES
                                                  : ANSWER_UNKNOWN;
    return 0;
}

struct keys_job {
    struct arena *arena;
    struct directory_keys *asked;
    size_t n;
};

static int keys_work(struct conn *conn, void *arg, struct err *err)
{
    const struct keys_job *keys = arg;
    return keys_find(conn, keys->arena, keys->asked, keys->n, err);
}

int directory_find_keys(struct directory *directory, struct arena *arena, unsigned timeout_ms,
                        struct directory_keys *asked, size_t n, struct err *err)
{
    struct keys_job keys = {.arena = arena, .asked = asked, .n = n};
    return run_within(directory, timeout_ms, keys_work, &keys, err);
}

/* ---- health ---- */

int directory_check(struct directory *directory, size_t server, struct err *err)
{
    const struct directory_settings *s = directory->settings;
    struct conn *conn = NULL;
    if (conn_open(s, s->uris.items[server], directory->clock_ms, &directory->pool->tls,
                  directory->clock_ms() + (int64_t)s->timeout * 1000, &conn, err) < 0)
        return -1;
    conn_close(&conn);
    return 0;
}
