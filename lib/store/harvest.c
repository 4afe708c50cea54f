/* harvest - what observed certificates and OpenPGP keys may change (R28). */
#include "store/held.h"

#include <string.h>

#define DAY (24 * 60 * 60)

struct harvest {
    struct store *store;
    struct kv_txn txn;
    struct arena *arena;
    const struct held_kind *kind;
    const struct held *seen;
};

/* Whether what is there for one address leaves room for one more. */
static bool is_open(const struct harvest *harvest, const char *others, size_t n)
{
    const struct held_kind *kind = harvest->kind;
    size_t untrusted = 0;
    for (size_t i = 0; i < n; i++) {
        const struct held *other = (const void *)(others + i * kind->size);
        if ((other->pinned && other->trust == TRUST_TRUSTED) ||
            (kind->yields != NULL && kind->yields(harvest->seen, other)))
            return false;
        if (other->trust != TRUST_TRUSTED)
            untrusted++;
    }
    return harvest->seen->trust == TRUST_TRUSTED || untrusted < STORE_HARVEST_MAX;
}

/* Untrusted ones may be had by anybody, so they never fill the store. */
static bool has_room(const struct harvest *harvest)
{
    struct kv_stat stat;
    kv_stat(harvest->store->kv, &stat);
    return harvest->seen->trust == TRUST_TRUSTED || stat.used <= stat.map_size / 2;
}

static int may_add(struct harvest *harvest, const char *const *addrs, size_t naddrs, bool *out,
                   struct err *err)
{
    *out = has_room(harvest);
    for (size_t i = 0; i < naddrs && *out; i++) {
        char *others;
        size_t n;
        if (held_of(&harvest->txn, harvest->kind, addrs[i], harvest->arena, &others, &n, err) < 0)
            return -1;
        *out = is_open(harvest, others, n);
    }
    return 0;
}

static int add_new(struct harvest *harvest, enum harvest_result *out, struct err *err)
{
    const struct held *seen = harvest->seen;
    bool may = false;
    if (may_add(harvest, seen->addrs, seen->naddrs, &may, err) < 0 || !may) {
        kv_abort(&harvest->txn);
        return err_is_set(err) ? -1 : 0;
    }
    *out = HARVEST_NEW;
    held_save(&harvest->txn, harvest->kind, NULL, seen, err);
    return store_commit(&harvest->txn, err);
}

static bool has_address(const struct held *record, const char *addr)
{
    for (size_t i = 0; i < record->naddrs; i++)
        if (strcmp(record->addrs[i], addr) == 0)
            return true;
    return false;
}

/* One of several addresses is observed for one at a time. */
static int learn_addresses(struct harvest *harvest, struct held *record, bool *learned, struct err *err)
{
    const struct held *seen = harvest->seen;
    const char **all = arena_array(harvest->arena, record->naddrs + seen->naddrs, sizeof *all);
    size_t n = record->naddrs;
    if (n > 0)
        memcpy(all, record->addrs, n * sizeof *all);
    for (size_t i = 0; i < seen->naddrs; i++)
        if (!has_address(record, seen->addrs[i]))
            all[n++] = seen->addrs[i];
    *learned = false;
    if (n == record->naddrs || n > STORE_ADDRS_MAX || record->pinned)
        return 0;
    if (may_add(harvest, all + record->naddrs, n - record->naddrs, learned, err) < 0)
        return -1;
    if (*learned) {
        record->addrs = all;
        record->naddrs = n;
    }
    return 0;
}

static int learn(struct harvest *harvest, const struct held *before, struct err *err)
{
    const struct held *seen = harvest->seen;
    struct held *record = arena_memdup(harvest->arena, before, harvest->kind->size);
    bool other = harvest->kind->learn(record, seen, harvest->arena), addresses;
    if (learn_addresses(harvest, record, &addresses, err) < 0) {
        kv_abort(&harvest->txn);
        return -1;
    }
    bool changed = addresses || other;
    if (!changed && seen->last_seen < record->last_seen + DAY) {
        kv_abort(&harvest->txn);
        return 0;
    }
    if (seen->last_seen > record->last_seen)
        record->last_seen = seen->last_seen;
    held_save(&harvest->txn, harvest->kind, before, record, err);
    return changed ? store_commit(&harvest->txn, err) : kv_commit(&harvest->txn, err);
}

int held_harvest(struct store *store, const struct held_kind *kind, const void *record,
                 const struct span *base, enum harvest_result *out, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct harvest harvest = {.store = store, .arena = arena, .kind = kind, .seen = record};
    void *there;
    *out = HARVEST_REFUSED;
    if (held_begin(store, kind, record, base, arena, &harvest.txn, &there, err) < 0)
        return -1;
    if (there == NULL)
        return add_new(&harvest, out, err);
    if (((const struct held *)there)->trust == TRUST_REJECTED) {
        kv_abort(&harvest.txn);
        return 0;
    }
    *out = HARVEST_KNOWN;
    return learn(&harvest, there, err);
}
