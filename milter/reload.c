/* reload - one snapshot, replaced when it is due; its successor is made ready where there is time. */
#include "milter/reload.h"

#include "log/log.h"
#include "milter/clock.h"
#include "milter/stamp.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The arena of each settings file that was read: a snapshot, and so a message under way, may hold any of them. */
struct settings_memory {
    struct settings_memory *next;
    struct arena *arena;
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
};

/* ---- looking ahead: a policy that is in force later is read before that, by a thread that no message waits for ---- */

static struct snapshot *load_ahead(struct reload *reload, const struct settings *settings,
                                   struct stamp *stamp)
{
    static const struct stamp none = {.policy_version = 0};
    struct snapshot *fresh = NULL;
    struct err err = ERR_INIT; /* told when it is due */
    if (stamp_read(reload->store, &none, stamp, &err) == 0 &&
        snapshot_load(reload->store, settings, &fresh, &err) == 0 &&
        fresh->policy_version != stamp->policy_version)
        snapshot_free(&fresh);
    return fresh;
}

static void *look_ahead(void *arg)
{
    struct reload *reload = arg;
    pthread_mutex_lock(&reload->lock);
    for (;;) {
        while (!reload->wanted && !reload->stopping)
            pthread_cond_wait(&reload->wake, &reload->lock);
        if (reload->stopping)
            break;
        const struct settings *settings = reload->settings;
        struct stamp stamp;
        pthread_mutex_unlock(&reload->lock);
        struct snapshot *fresh = load_ahead(reload, settings, &stamp);
        pthread_mutex_lock(&reload->lock);
        snapshot_free(&reload->ahead);
        reload->ahead = fresh;
        reload->ahead_stamp = stamp;
        reload->wanted = false;
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
    static const struct stamp none = {.policy_version = 0};
    struct reload *reload = xcalloc(1, sizeof *reload);
    pthread_mutex_init(&reload->lock, NULL);
    pthread_cond_init(&reload->wake, NULL);
    reload->store = store;
    reload->settings = settings;
    if (pthread_create(&reload->thread, NULL, look_ahead, reload) != 0)
        abort();
    reload->generation = store_generation(store, err);
    if (err_is_set(err) || stamp_read(store, &none, &reload->newest, err) < 0 ||
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

static void log_current(const struct snapshot *current, const char *read)
{
    char version[24];
    snprintf(version, sizeof version, "%llu", (unsigned long long)current->policy_version);
    log_event(LEVEL_INFO, NULL, "reload", "policy", version, "read", read, NULL);
}

/* return 0, or -1 when what is new could not be read: ask again. A mistake in it is told once, and the old one stays. */
static int replace(struct reload *reload, struct err *err)
{
    struct snapshot *fresh = NULL;
    bool ahead = take_ahead(reload, &fresh);
    if (!ahead && snapshot_load(reload->store, reload->settings, &fresh, err) < 0) {
        if (err_class(err->code) == ERR_CLASS_TEMPORARY)
            return -1;
        log_failure(err, "the old policy stays");
        err_clear(err);
    } else {
        snapshot_free(&reload->current);
        reload->current = fresh;
        log_current(fresh, ahead ? "ahead" : "now");
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
    if (stamp_read(reload->store, &reload->newest, &newest, err) < 0)
        return -1;
    reload->generation = generation;
    reload->newest = newest;
    return 0;
}

static int compare(struct reload *reload, struct err *err)
{
    if (look_at_store(reload, err) < 0)
        return -1;
    if (stamp_same(&reload->newest, &reload->stamp))
        return 0;
    if (!is_early(reload))
        return replace(reload, err);
    want_ahead(reload);
    return 0;
}

struct snapshot *reload_snapshot(struct reload *reload, struct err *err)
{
    pthread_mutex_lock(&reload->lock);
    struct snapshot *snapshot = compare(reload, err) < 0 ? NULL : snapshot_ref(reload->current);
    pthread_mutex_unlock(&reload->lock);
    return snapshot;
}

static int load_settings(struct reload *reload, struct arena *arena, struct settings **settings,
                         struct stamp *stamp, struct snapshot **out, struct err *err)
{
    static const struct stamp none = {.policy_version = 0};
    if (settings_load(arena, reload->settings->path, settings, err) < 0 ||
        stamp_read(reload->store, &none, stamp, err) < 0)
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
    snapshot_free(&reload->current);
    reload->current = fresh;
    log_current(fresh, "now");
    pthread_mutex_unlock(&reload->lock);
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
