/* held - records of certificates and OpenPGP keys, and their indexes. */
#include "store/held.h"

#include "base/text.h"
#include "model/protection.h"
#include "store/pgp.h"

#include <string.h>

#define BEGINS_ALIKE(type, member, common)                                                                   \
    _Static_assert(offsetof(struct type, member) == offsetof(struct held, common),                           \
                   "struct " #type " begins as struct held does")
#define BEGINS_AS_HELD(type, octets)                                                                         \
    BEGINS_ALIKE(type, fingerprint, fingerprint);                                                            \
    BEGINS_ALIKE(type, addrs, addrs);                                                                        \
    BEGINS_ALIKE(type, naddrs, naddrs);                                                                      \
    BEGINS_ALIKE(type, trust, trust);                                                                        \
    BEGINS_ALIKE(type, pinned, pinned);                                                                      \
    BEGINS_ALIKE(type, first_seen, first_seen);                                                              \
    BEGINS_ALIKE(type, last_seen, last_seen);                                                                \
    BEGINS_ALIKE(type, octets, bytes)
BEGINS_AS_HELD(cert_record, der);
BEGINS_AS_HELD(pgp_record, key);

enum find held_load(struct kv_txn *txn, const struct held_kind *kind, const char *fingerprint,
                    struct arena *arena, void *out, struct err *err)
{
    struct kv_key key = store_key(kind->class, fingerprint);
    return store_load(txn, kind->record, &key, arena, out, err);
}

typedef void index_step(struct kv_txn *txn, const struct kv_key *key, struct err *err);

static void add_entry(struct kv_txn *txn, const struct kv_key *key, struct err *err)
{
    kv_put(txn, key, SPAN_LIT(""), err);
}

static void for_each_entry(struct kv_txn *txn, const struct held_kind *kind, const void *record,
                           index_step *step, struct err *err)
{
    const char *base = record;
    for (size_t i = 0; i < kind->nindexes; i++) {
        const struct held_index *index = &kind->indexes[i];
        const char *const *texts = *(const char *const *const *)(const void *)(base + index->texts);
        size_t n = *(const size_t *)(const void *)(base + index->ntexts);
        for (size_t k = 0; k < n; k++) {
            struct kv_key key =
                store_pair(index->class, texts[k], ((const struct held *)record)->fingerprint);
            step(txn, &key, err);
        }
    }
}

void held_save(struct kv_txn *txn, const struct held_kind *kind, const void *before, const void *record,
               struct err *err)
{
    struct kv_key key = store_key(kind->class, ((const struct held *)record)->fingerprint);
    if (before != NULL)
        for_each_entry(txn, kind, before, kv_delete, err);
    store_save(txn, kind->record, &key, record, err);
    for_each_entry(txn, kind, record, add_entry, err);
}

int held_of(struct kv_txn *txn, const struct held_kind *kind, const char *addr, struct arena *arena,
            void *array_out, size_t *n_out, struct err *err)
{
    return store_joined(txn, kind->record, kind->indexes[0].class, addr, kind->class, kind->size, arena,
                        array_out, n_out, err);
}

/* ---- write ---- */

static int check_base(const struct held_kind *kind, const struct held *record, const struct held *there,
                      const struct span *base, struct err *err)
{
    struct span now = there == NULL ? (struct span){.len = 0} : there->bytes;
    if (base == NULL || span_eq(now, *base))
        return 0;
    return err_set(err, ERR_BUSY, "%s %s was changed meanwhile: once more", kind->record->name,
                   record->fingerprint);
}

int held_begin(struct store *store, const struct held_kind *kind, const void *record, const struct span *base,
               struct arena *arena, struct kv_txn *txn, void **there_out, struct err *err)
{
    const struct held *comes = record;
    void *there = arena_alloc(arena, kind->size);
    if (comes->naddrs > STORE_ADDRS_MAX)
        return err_set(err, ERR_LIMIT, "store: %s with more than %d addresses", kind->record->name,
                       STORE_ADDRS_MAX);
    if (kv_begin(store->kv, KV_WRITE, txn, err) < 0)
        return -1;
    enum find answer = held_load(txn, kind, comes->fingerprint, arena, there, err);
    *there_out = answer == FIND_FOUND ? there : NULL;
    if (answer != FIND_FAILED && check_base(kind, comes, *there_out, base, err) == 0)
        return 0;
    kv_abort(txn);
    return -1;
}

int held_put(struct store *store, const struct held_kind *kind, const void *record, const struct span *base,
             struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct kv_txn txn;
    void *there;
    if (held_begin(store, kind, record, base, arena, &txn, &there, err) < 0)
        return -1;
    struct held *merged = arena_memdup(arena, record, kind->size);
    if (there != NULL && ((const struct held *)there)->first_seen < merged->first_seen)
        merged->first_seen = ((const struct held *)there)->first_seen;
    held_save(&txn, kind, there, merged, err);
    return store_commit(&txn, err);
}

int held_begin_change(struct store *store, const struct held_kind *kind, const char *fingerprint,
                      struct arena *arena, struct kv_txn *txn, void **out, struct err *err)
{
    const struct held wanted = {.fingerprint = fingerprint};
    if (held_begin(store, kind, &wanted, NULL, arena, txn, out, err) < 0)
        return -1;
    if (*out != NULL)
        return 0;
    kv_abort(txn);
    return err_set(err, ERR_ABSENT, "no %s %s", kind->record->name, fingerprint);
}

int held_set_trust(struct store *store, const struct held_kind *kind, const char *fingerprint,
                   enum trust trust, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct kv_txn txn;
    void *there;
    if (held_begin_change(store, kind, fingerprint, arena, &txn, &there, err) < 0)
        return -1;
    struct held *record = there;
    record->trust = trust;
    record->pinned = true;
    held_save(&txn, kind, NULL, record, err);
    return store_commit(&txn, err);
}

int held_delete(struct store *store, const struct held_kind *kind, const char *fingerprint, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct kv_txn txn;
    void *record;
    struct span value;
    struct kv_key private = store_key(kind->private, fingerprint), key = store_key(kind->class, fingerprint);
    if (held_begin_change(store, kind, fingerprint, arena, &txn, &record, err) < 0)
        return -1;
    if (kv_get(&txn, &private, &value, err) == FIND_FOUND) {
        kv_abort(&txn);
        return err_set(err, ERR_EXISTS, "%s %s: its private key is here and would be lost for old mail",
                       kind->record->name, fingerprint);
    }
    for_each_entry(&txn, kind, record, kv_delete, err);
    kv_delete(&txn, &key, err);
    return store_commit(&txn, err);
}

bool held_learn_capabilities(const char **known, const char *seen, struct arena *arena)
{
    static const char word[] = CAPABILITY_PROTECTED_HEADERS;
    if (seen != NULL && *seen != '\0' && *known != NULL && text_has_word(*known, word) &&
        !text_has_word(seen, word))
        seen = arena_printf(arena, "%s %s", seen, word);
    if (seen == NULL || *seen == '\0' || (*known != NULL && strcmp(*known, seen) == 0))
        return false;
    *known = seen;
    return true;
}
