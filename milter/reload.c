/* reload - one snapshot, replaced when it is due. */
#include "milter/reload.h"

#include "milter/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a snapshot is made of; the store's generation changes for much else (harvested certificates, keys). */
struct stamp {
    uint64_t policy_version;
    unsigned char authorities[HASH_SIZE]; /* and their revocation lists */
};

/* The arena of each settings file that was read: a snapshot, and so a message under way, may hold any of them. */
struct settings_memory {
    struct settings_memory *next;
    struct arena *arena;
};

struct reload {
    pthread_mutex_t lock;
    struct store *store;
    const struct settings *settings;
    struct settings_memory *memory;
    struct snapshot *current;
    uint64_t generation; /* of the store, when it was last compared */
    struct stamp stamp;  /* of current, or of what could not be loaded */
};

static void stamp_authority(struct hash *hash, const struct ca_record *record)
{
    hash_add_field(hash, span_of(record->fingerprint));
    hash_add_field(hash, span_of(record->trusted ? "trusted" : "known"));
}

static int read_stamp_of(struct store_read *read, struct stamp *out, struct err *err)
{
    struct policy_record policy;
    struct ca_record *records;
    struct crl_record *lists;
    size_t n, nlists;
    if (store_find_policy(read, 0, &policy, err) == FIND_FOUND)
        out->policy_version = policy.version;
    if (err_is_set(err) || store_cas(read, &records, &n, err) < 0 ||
        store_crls(read, &lists, &nlists, err) < 0)
        return -1;
    struct hash *hash = hash_new();
    for (size_t i = 0; i < n; i++)
        stamp_authority(hash, &records[i]);
    for (size_t i = 0; i < nlists; i++)
        hash_add_field(hash, span_of(lists[i].fingerprint));
    hash_end(hash, out->authorities);
    hash_free(&hash);
    return 0;
}

static int read_stamp(struct store *store, struct stamp *out, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct store_read *read = NULL;
    *out = (struct stamp){.policy_version = 0};
    if (store_read_begin(store, arena, &read, err) < 0)
        return -1;
    int status = read_stamp_of(read, out, err);
    store_read_end(&read);
    return status;
}

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
    return a->policy_version == b->policy_version &&
           memcmp(a->authorities, b->authorities, sizeof a->authorities) == 0;
}

int reload_new(struct store *store, const struct settings *settings, struct reload **out, struct err *err)
{
    struct reload *reload = xcalloc(1, sizeof *reload);
    pthread_mutex_init(&reload->lock, NULL);
    reload->store = store;
    reload->settings = settings;
    reload->generation = store_generation(store, err);
    if (err_is_set(err) || read_stamp(store, &reload->stamp, err) < 0 ||
        snapshot_load(store, settings, &reload->current, err) < 0) {
        reload_free(&reload);
        return -1;
    }
    *out = reload;
    return 0;
}

void reload_free(struct reload **reload)
{
    struct reload *r = *reload;
    if (r == NULL)
        return;
    snapshot_free(&r->current);
    for (struct settings_memory *m = r->memory, *next; m != NULL; m = next) {
        next = m->next;
        arena_free(&m->arena);
        free(m);
    }
    pthread_mutex_destroy(&r->lock);
    free(r);
    *reload = NULL;
}

/* return 0, or -1 when what is new could not be read: ask again. A mistake in it is told once, and the old one stays. */
static int replace(struct reload *reload, const struct settings *settings, struct err *err)
{
    struct snapshot *fresh = NULL;
    if (snapshot_load(reload->store, settings, &fresh, err) < 0) {
        if (err_class(err->code) == ERR_CLASS_TEMPORARY)
            return -1;
        log_event(LEVEL_ERROR, NULL, "reload", "error", err_name(err->code), "why", err->msg, "result",
                  "the old policy stays", NULL);
        err_clear(err);
        return 0;
    }
    snapshot_free(&reload->current);
    reload->current = fresh;
    reload->settings = settings;
    char version[24];
    snprintf(version, sizeof version, "%llu", (unsigned long long)fresh->policy_version);
    log_event(LEVEL_INFO, NULL, "reload", "policy", version, NULL);
    return 0;
}

static int compare(struct reload *reload, struct err *err)
{
    struct stamp stamp;
    uint64_t generation = store_generation(reload->store, err);
    if (err_is_set(err))
        return -1;
    if (generation == reload->generation)
        return 0;
    if (read_stamp(reload->store, &stamp, err) < 0)
        return -1;
    if (!same_stamp(&stamp, &reload->stamp) && replace(reload, reload->settings, err) < 0)
        return -1;
    reload->generation = generation;
    reload->stamp = stamp;
    return 0;
}

struct snapshot *reload_snapshot(struct reload *reload, struct err *err)
{
    pthread_mutex_lock(&reload->lock);
    struct snapshot *snapshot = compare(reload, err) < 0 ? NULL : snapshot_ref(reload->current);
    pthread_mutex_unlock(&reload->lock);
    return snapshot;
}

void reload_settings(struct reload *reload)
{
    struct err err = ERR_INIT;
    struct settings *settings = NULL;
    struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    pthread_mutex_lock(&reload->lock);
    if (settings_load(arena, reload->settings->path, &settings, &err) < 0) {
        log_event(LEVEL_ERROR, NULL, "reload", "error", err_name(err.code), "why", err.msg, "result",
                  "the old settings stay", NULL);
        arena_free(&arena);
    } else {
        struct settings_memory *memory = xcalloc(1, sizeof *memory);
        *memory = (struct settings_memory){.next = reload->memory, .arena = arena};
        reload->memory = memory;
        if (replace(reload, settings, &err) < 0)
            log_event(LEVEL_ERROR, NULL, "reload", "error", err_name(err.code), "why", err.msg, "result",
                      "the old settings stay", NULL);
    }
    pthread_mutex_unlock(&reload->lock);
}
