/* reload - one snapshot, replaced when it is due; its successor is made ready where there is time. */
#include "milter/reload.h"

#include "log/log.h"
#include "milter/clock.h"
#include "milter/stamp.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RETIRED_SECONDS 1

/* The arena of each settings file that was read: a snapshot, and so a message under way, may hold any of them. */
struct settings_memory {
    struct settings_memory *next;
    struct arena *arena;
};

/* One that is current no more. Messages under way may use it still. */
struct retired {
    struct retired *next;
    struct snapshot *snapshot;
};

struct reload {
    struct store *store;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wake;  /* of the thread */
    bool wanted, stopping;
    const struct settings *settings;
    struct settings_memory *memory;
    struct snapshot *current;
    struct stamp stamp;     /* of current, or of what could not be loaded */
    uint64_t generation;    /* of the store, when it was last looked at */
    struct stamp newest;    /* what it held then */
    struct snapshot *ahead; /* what will be current; NULL: nothing, or it cannot be loaded */
    struct stamp ahead_stamp;
    struct retired *retired; /* the thread frees them: a large policy takes a while to go */
};

/* ---- those that are over ---- */

static void retire(struct reload *reload, struct snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    struct retired *retired = xcalloc(1, sizeof *retired);
    *retired = (struct retired){.next = reload->retired, .snapshot = snapshot};
    reload->retired = retired;
    pthread_cond_signal(&reload->wake);
}

/* One that nobody uses; NULL: there is none. */
static struct retired *take_unused(struct reload *reload)
{
    struct retired **at = &reload->retired;
    while (*at != NULL && snapshot_is_shared((*at)->snapshot))
        at = &(*at)->next;
    struct retired *unused = *at;
    if (unused != NULL)
        *at = unused->next;
    return unused;
}

static void free_retired(struct retired *retired)
{
    snapshot_free(&retired->snapshot);
    free(retired);
}

/* ---- the thread that no message waits for: it reads a policy before it is in force, and frees those that are over ---- */

static struct snapshot *load_ahead(struct reload *reload, const struct settings *settings,
                                   struct stamp *stamp)
{
    struct snapshot *fresh = NULL;
    struct err err = ERR_INIT; /* told when it is due */
    if (stamp_read(reload->store, stamp, &err) == 0 &&
        snapshot_load(reload->store, settings, &fresh, &err) == 0 &&
        fresh->policy_version != stamp->policy_version)
        snapshot_free(&fresh);
    return fresh;
}

static void read_ahead(struct reload *reload)
{
    const struct settings *settings = reload->settings;
    struct stamp stamp;
    pthread_mutex_unlock(&reload->lock);
    struct snapshot *fresh = load_ahead(reload, settings, &stamp);
    pthread_mutex_lock(&reload->lock);
    retire(reload, reload->ahead);
    reload->ahead = fresh;
    reload->ahead_stamp = stamp;
    reload->wanted = false;
}

/* What is over is looked at again now and then: who drops it tells nobody. */
static void wait_for_work(struct reload *reload)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += RETIRED_SECONDS;
    if (reload->retired == NULL)
        pthread_cond_wait(&reload->wake, &reload->lock);
    else
        pthread_cond_timedwait(&reload->wake, &reload->lock, &until);
}

static void *work(void *arg)
{
    struct reload *reload = arg;
    struct retired *unused;
    pthread_mutex_lock(&reload->lock);
    while (!reload->stopping) {
        if (reload->wanted) {
            read_ahead(reload);
        } else if ((unused = take_unused(reload)) != NULL) {
            pthread_mutex_unlock(&reload->lock);
            free_retired(unused);
            pthread_mutex_lock(&reload->lock);
        } else {
            wait_for_work(reload);
        }
    }
    pthread_mutex_unlock(&reload->lock);
    return NULL;
}

static void want_ahead(struct reload *reload)
{
    if (reload->wanted || stamp_same(&reload->ahead_stamp, &reload->newest))
        return;
    reload->wanted = true;
    pthread_cond_signal(&reload->wake);
}

static bool take_ahead(struct reload *reload, struct snapshot **out)
{
    if (reload->ahead == NULL || reload->ahead->settings != reload->settings ||
        !stamp_same(&reload->ahead_stamp, &reload->newest))
        return false;
    *out = reload->ahead;
    reload->ahead = NULL;
    return true;
}

/* A version that was just stored is in force a moment later (store.h), unless the clock was set meanwhile. */
static bool is_early(const struct reload *reload)
{
    int64_t wait = reload->newest.policy_from_ms - clock_wall_ms();
    return wait > 0 && wait <= STORE_POLICY_LEAD_MS &&
           stamp_same_authorities(&reload->newest, &reload->stamp);
}

/* ---- the current one ---- */

int reload_new(struct store *store, const struct settings *settings, struct reload **out, struct err *err)
{
    struct reload *reload = xcalloc(1, sizeof *reload);
    pthread_mutex_init(&reload->lock, NULL);
    pthread_cond_init(&reload->wake, NULL);
    reload->store = store;
    reload->settings = settings;
    if (pthread_create(&reload->thread, NULL, work, reload) != 0)
        abort();
    reload->generation = store_generation(store, err);
    if (err_is_set(err) || stamp_read(store, &reload->newest, err) < 0 ||
        snapshot_load(store, settings, &reload->current, err) < 0) {
        reload_free(&reload);
        return -1;
    }
    reload->stamp = reload->newest;
    *out = reload;
    return 0;
}

static void end_thread(struct reload *reload)
{
    pthread_mutex_lock(&reload->lock);
    reload->stopping = true;
    pthread_cond_signal(&reload->wake);
    pthread_mutex_unlock(&reload->lock);
    pthread_join(reload->thread, NULL);
}

void reload_free(struct reload **reload)
{
    struct reload *r = *reload;
    if (r == NULL)
        return;
    end_thread(r);
    snapshot_free(&r->current);
    snapshot_free(&r->ahead);
    for (struct retired *retired = r->retired, *next; retired != NULL; retired = next) {
        next = retired->next;
        free_retired(retired);
    }
    for (struct settings_memory *m = r->memory, *next; m != NULL; m = next) {
        next = m->next;
        arena_free(&m->arena);
        free(m);
    }
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->lock);
    free(r);
    *reload = NULL;
}

static void log_failure(const struct err *err, const char *result)
{
    log_event(LEVEL_ERROR, NULL, "reload", "error", err_name(err->code), "why", err->msg, "result", result,
              NULL);
}

/* What is to be logged once nobody waits for it. */
struct news {
    uint64_t version;
    const char *read; /* NULL: nothing is new */
};

static void log_news(const struct news *news)
{
    char version[24];
    if (news->read == NULL)
        return;
    snprintf(version, sizeof version, "%llu", (unsigned long long)news->version);
    log_event(LEVEL_INFO, NULL, "reload", "policy", version, "read", news->read, NULL);
}

static void put_current(struct reload *reload, struct snapshot *fresh)
{
    retire(reload, reload->current);
    reload->current = fresh;
}

/* return 0, or -1 when what is new could not be read: ask again. A mistake in it is told once, and the old one stays. */
static int replace(struct reload *reload, struct news *news, struct err *err)
{
    struct snapshot *fresh = NULL;
    bool ahead = take_ahead(reload, &fresh);
    if (!ahead && snapshot_load(reload->store, reload->settings, &fresh, err) < 0) {
        if (err_class(err->code) == ERR_CLASS_TEMPORARY)
            return -1;
        log_failure(err, "the old policy stays");
        err_clear(err);
    } else {
        put_current(reload, fresh);
        *news = (struct news){fresh->policy_version, ahead ? "ahead" : "now"};
    }
    reload->stamp = reload->newest;
    return 0;
}

static int look_at_store(struct reload *reload, struct err *err)
{
    struct stamp newest;
    uint64_t generation = store_generation(reload->store, err);
    if (err_is_set(err))
        return -1;
    if (generation == reload->generation)
        return 0;
    if (stamp_read(reload->store, &newest, err) < 0)
        return -1;
    reload->generation = generation;
    reload->newest = newest;
    return 0;
}

static int compare(struct reload *reload, struct news *news, struct err *err)
{
    if (look_at_store(reload, err) < 0)
        return -1;
    if (stamp_same(&reload->newest, &reload->stamp))
        return 0;
    if (!is_early(reload))
        return replace(reload, news, err);
    want_ahead(reload);
    return 0;
}

struct snapshot *reload_snapshot(struct reload *reload, struct err *err)
{
    struct news news = {.read = NULL};
    pthread_mutex_lock(&reload->lock);
    struct snapshot *snapshot = compare(reload, &news, err) < 0 ? NULL : snapshot_ref(reload->current);
    pthread_mutex_unlock(&reload->lock);
    log_news(&news);
    return snapshot;
}

static int load_settings(struct reload *reload, struct arena *arena, struct settings **settings,
                         struct stamp *stamp, struct snapshot **out, struct err *err)
{
    if (settings_load(arena, reload->settings->path, settings, err) < 0 ||
        stamp_read(reload->store, stamp, err) < 0)
        return -1;
    return snapshot_load(reload->store, *settings, out, err);
}

static void use_settings(struct reload *reload, struct arena *arena, const struct settings *settings,
                         const struct stamp *stamp, struct snapshot *fresh)
{
    struct settings_memory *memory = xcalloc(1, sizeof *memory);
    pthread_mutex_lock(&reload->lock);
    *memory = (struct settings_memory){.next = reload->memory, .arena = arena};
    reload->memory = memory;
    reload->settings = settings;
    reload->stamp = *stamp;
    put_current(reload, fresh);
    const struct news news = {fresh->policy_version, "now"};
    pthread_mutex_unlock(&reload->lock);
    log_news(&news);
}

void reload_settings(struct reload *reload)
{
    struct err err = ERR_INIT;
    struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct settings *settings = NULL;
    struct snapshot *fresh = NULL;
    struct stamp stamp;
    if (load_settings(reload, arena, &settings, &stamp, &fresh, &err) == 0) {
        use_settings(reload, arena, settings, &stamp, fresh);
        return;
    }
    log_failure(&err, "the old settings stay");
    arena_free(&arena);
}
