/* owned - records of private keys, and the index from their owners. */
#include "store/owned.h"

#include "store/pgp.h"

#define BEGINS_AS_OWNED(type)                                                                                \
    _Static_assert(offsetof(struct type, fingerprint) == offsetof(struct owned, fingerprint) &&              \
                       offsetof(struct type, owner) == offsetof(struct owned, owner) &&                      \
                       offsetof(struct type, wrapped) == offsetof(struct owned, wrapped),                    \
                   "struct " #type " begins as struct owned does")
BEGINS_AS_OWNED(key_record);
BEGINS_AS_OWNED(pgp_own_record);

/* What is there under this fingerprint; NULL: nothing. */
static int load_there(struct kv_txn *txn, const struct owned_kind *kind, const char *fingerprint,
                      struct arena *arena, struct owned **there_out, struct err *err)
{
    struct kv_key key = store_key(kind->class, fingerprint);
    struct owned *there = arena_alloc(arena, kind->size);
    switch (store_load(txn, kind->record, &key, arena, there, err)) {
    case FIND_FOUND:
        *there_out = there;
        return 0;
    case FIND_ABSENT:
        *there_out = NULL;
        return 0;
    case FIND_FAILED:
        break;
    }
    return -1;
}

static int put_one(struct kv_txn *txn, const struct owned_kind *kind, const struct owned *comes,
                   struct arena *arena, struct err *err)
{
    struct kv_key key = store_key(kind->class, comes->fingerprint);
    struct owned *there;
    if (load_there(txn, kind, comes->fingerprint, arena, &there, err) < 0 ||
        store_check_wrapped(txn, arena, comes->wrapped, err) < 0)
        return -1;
    if (there != NULL) {
        struct kv_key before = store_pair(kind->by_owner, there->owner, there->fingerprint);
        kv_delete(txn, &before, err);
    }
    store_save(txn, kind->record, &key, comes, err);
    if (*comes->owner != '\0') {
        struct kv_key owned = store_pair(kind->by_owner, comes->owner, comes->fingerprint);
        kv_put(txn, &owned, SPAN_LIT(""), err);
    }
    return 0;
}

int owned_put(struct store *store, const struct owned_kind *kind, const void *records, size_t n,
              struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct kv_txn txn;
    if (kv_begin(store->kv, KV_WRITE, &txn, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const void *comes = (const char *)records + i * kind->size;
        if (put_one(&txn, kind, comes, arena, err) < 0) {
            kv_abort(&txn);
            return -1;
        }
    }
    return store_commit(&txn, err);
}

int owned_delete(struct store *store, const struct owned_kind *kind, const char *fingerprint, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct kv_key key = store_key(kind->class, fingerprint);
    struct kv_txn txn;
    struct owned *there = NULL;
    if (kv_begin(store->kv, KV_WRITE, &txn, err) < 0)
        return -1;
    bool failed = load_there(&txn, kind, fingerprint, arena, &there, err) < 0;
    if (failed || there == NULL) {
        kv_abort(&txn);
        return failed ? -1 : err_set(err, ERR_ABSENT, "no %s %s", kind->record->name, fingerprint);
    }
    struct kv_key owned = store_pair(kind->by_owner, there->owner, there->fingerprint);
    kv_delete(&txn, &owned, err);
    kv_delete(&txn, &key, err);
    return store_commit(&txn, err);
}

enum find owned_find(struct store_read *read, const struct owned_kind *kind, const char *fingerprint,
                     void *out, struct err *err)
{
    struct kv_key key = store_key(kind->class, fingerprint);
    return store_load(&read->txn, kind->record, &key, read->arena, out, err);
}

int owned_of(struct store_read *read, const struct owned_kind *kind, const char *owner, void *array_out,
             size_t *n_out, struct err *err)
{
    return store_joined(&read->txn, kind->record, kind->by_owner, owner, kind->class, kind->size, read->arena,
                        array_out, n_out, err);
}
