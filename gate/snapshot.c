/* snapshot - policy, trust anchors and revocation lists of one moment. */
#include "gate/snapshot.h"

#include "gate/authorities.h"

#include <stdatomic.h>
#include <stdlib.h>

static atomic_uint_fast64_t anchors_made;

static int read_list(struct store_read *read, const char *path, const char *digest, struct policy_file *out,
                     struct err *err)
{
    out->path = path;
    switch (store_find_list(read, digest, &out->text, err)) {
    case FIND_FOUND:
        return 0;
    case FIND_ABSENT:
        return err_set(err, ERR_STORE_DAMAGED,
                       "store: the list %s of a policy is missing: restore it from a backup", path);
    case FIND_FAILED:
        break;
    }
    return -1;
}

int snapshot_read_policy(struct store_read *read, struct arena *arena, const struct policy_record *record,
                         const char *path, struct policy **out, struct err *err)
{
    struct policy_file *files = arena_array(arena, record->nfiles, sizeof *files);
    if (record->nfiles != record->ndigests)
        return err_set(err, ERR_STORE_DAMAGED, "store: a policy's lists have no digests");
    for (size_t i = 0; i < record->nfiles; i++)
        if (read_list(read, record->files[i], record->digests[i], &files[i], err) < 0)
            return -1;
    return policy_parse(path, span_of(record->text), files, record->nfiles, out, err);
}

static int load_policy(struct store_read *read, struct arena *arena, struct snapshot *snapshot,
                       struct err *err)
{
    struct policy_record record;
    switch (store_find_policy(read, 0, &record, err)) {
    case FIND_FOUND:
        snapshot->policy_version = record.version;
        return snapshot_read_policy(read, arena, &record, "policy", &snapshot->policy, err);
    case FIND_ABSENT:
        return err_set(err, ERR_CONFIG, "no policy is loaded; write one and run: sealadm policy load");
    case FIND_FAILED:
        break;
    }
    return -1;
}

static int load(struct store *store, struct snapshot *snapshot, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct store_read *read = NULL;
    snapshot->generation = store_generation(store, err);
    if (err_is_set(err) || store_read_begin(store, arena, &read, err) < 0)
        return -1;
    int status = load_policy(read, arena, snapshot, err) < 0 ||
                         authorities_load(read, snapshot->settings, &snapshot->anchors, err) < 0
                     ? -1
                     : 0;
    store_read_end(&read);
    return status;
}

int snapshot_load(struct store *store, const struct settings *settings, struct snapshot **out,
                  struct err *err)
{
    struct snapshot *snapshot = xcalloc(1, sizeof *snapshot);
    snapshot->count = 1;
    snapshot->settings = settings;
    snapshot->anchors_id = atomic_fetch_add(&anchors_made, 1) + 1;
    if (load(store, snapshot, err) < 0) {
        snapshot_free(&snapshot);
        return -1;
    }
    *out = snapshot;
    return 0;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
    __atomic_add_fetch(&snapshot->count, 1, __ATOMIC_RELAXED);
    return snapshot;
}

bool snapshot_is_shared(const struct snapshot *snapshot)
{
    return __atomic_load_n(&snapshot->count, __ATOMIC_ACQUIRE) > 1;
}

void snapshot_free(struct snapshot **snapshot)
{
    struct snapshot *s = *snapshot;
    *snapshot = NULL;
    if (s == NULL || __atomic_sub_fetch(&s->count, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    policy_free(&s->policy);
    anchors_free(&s->anchors);
    free(s);
}
