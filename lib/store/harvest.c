/* harvest - what observed certificates may change (R28). */
#include "store/store_private.h"

#include <string.h>

#define DAY (24 * 60 * 60)

struct harvest {
    struct store *store;
    struct kv_txn txn;
    struct arena *arena;
    const struct cert_record *seen;
};

/* Whether what is there for one address leaves room for one certificate more. */
static bool is_open(const struct cert_record *others, size_t n, enum trust trust)
{
    size_t untrusted = 0;
    for (size_t i = 0; i < n; i++) {
        if (others[i].pinned && others[i].trust == TRUST_TRUSTED)
            return false;
        if (others[i].trust != TRUST_TRUSTED)
            untrusted++;
    }
    return trust == TRUST_TRUSTED || untrusted < STORE_HARVEST_MAX;
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
        struct cert_record *others;
        size_t n;
        if (store_load_certs_of(&harvest->txn, addrs[i], harvest->arena, &others, &n, err) < 0)
            return -1;
        *out = is_open(others, n, harvest->seen->trust);
    }
    return 0;
}

static int add_new(struct harvest *harvest, enum harvest_result *out, struct err *err)
{
    const struct cert_record *seen = harvest->seen;
    bool may = false;
    if (may_add(harvest, seen->addrs, seen->naddrs, &may, err) < 0 || !may) {
        kv_abort(&harvest->txn);
        return err_is_set(err) ? -1 : 0;
    }
    *out = HARVEST_NEW;
    store_save_cert(&harvest->txn, seen, err);
    store_index_cert(&harvest->txn, seen, err);
    return store_commit(&harvest->txn, err);
}

static bool has_address(const struct cert_record *record, const char *addr)
{
    for (size_t i = 0; i < record->naddrs; i++)
        if (strcmp(record->addrs[i], addr) == 0)
            return true;
    return false;
}

/* A certificate of several addresses is observed for one at a time. */
static int learn_addresses(struct harvest *harvest, struct cert_record *record, bool *learned,
                           struct err *err)
{
    const struct cert_record *seen = harvest->seen;
    const char **all = arena_array(harvest->arena, record->naddrs + seen->naddrs, sizeof *all);
    size_t n = record->naddrs;
    if (n > 0)
        memcpy(all, record->addrs, n * sizeof *all);
    for (size_t i = 0; i < seen->naddrs; i++)
        if (!has_address(record, seen->addrs[i]))
            all[n++] = seen->addrs[i];
    *learned = false;
    if (n == record->naddrs || n > STORE_CERT_ADDRS_MAX || record->pinned)
        return 0;
    if (may_add(harvest, all + record->naddrs, n - record->naddrs, learned, err) < 0)
        return -1;
    if (*learned) {
        record->addrs = all;
        record->naddrs = n;
        store_index_cert(&harvest->txn, record, err);
    }
    return 0;
}

static bool learn_verdict(struct cert_record *record, const struct cert_record *seen)
{
    if (record->pinned || record->chain_ok == seen->chain_ok)
        return false;
    store_judge_cert(record, seen->chain_ok);
    return true;
}

static bool learn_capabilities(struct cert_record *record, const struct cert_record *seen)
{
    const char *before = record->capabilities == NULL ? "" : record->capabilities;
    if (seen->capabilities == NULL || seen->capabilities[0] == '\0' ||
        strcmp(before, seen->capabilities) == 0)
        return false;
    record->capabilities = seen->capabilities;
    return true;
}

static int learn(struct harvest *harvest, struct cert_record *record, struct err *err)
{
    const struct cert_record *seen = harvest->seen;
    bool addresses;
    if (learn_addresses(harvest, record, &addresses, err) < 0) {
        kv_abort(&harvest->txn);
        return -1;
    }
    bool verdict = learn_verdict(record, seen), capabilities = learn_capabilities(record, seen);
    bool changed = addresses || verdict || capabilities;
    if (!changed && seen->last_seen < record->last_seen + DAY) {
        kv_abort(&harvest->txn);
        return 0;
    }
    if (seen->last_seen > record->last_seen)
        record->last_seen = seen->last_seen;
    store_save_cert(&harvest->txn, record, err);
    return changed ? store_commit(&harvest->txn, err) : kv_commit(&harvest->txn, err);
}

int store_harvest(struct store *store, const struct cert_record *record, enum harvest_result *out,
                  struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct harvest harvest = {.store = store, .arena = arena, .seen = record};
    struct cert_record known;
    *out = HARVEST_REFUSED;
    if (record->naddrs > STORE_CERT_ADDRS_MAX)
        return err_set(err, ERR_LIMIT, "store: a certificate with more than %d addresses",
                       STORE_CERT_ADDRS_MAX);
    if (kv_begin(store->kv, KV_WRITE, &harvest.txn, err) < 0)
        return -1;
    switch (store_load_cert(&harvest.txn, record->fingerprint, arena, &known, err)) {
    case FIND_ABSENT:
        return add_new(&harvest, out, err);
    case FIND_FOUND:
        if (known.trust == TRUST_REJECTED)
            break;
        *out = HARVEST_KNOWN;
        return learn(&harvest, &known, err);
    case FIND_FAILED:
        break;
    }
    kv_abort(&harvest.txn);
    return err_is_set(err) ? -1 : 0;
}
