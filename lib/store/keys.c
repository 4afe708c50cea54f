/* keys - private keys, wrapped, and the index from their owners. */
#include "store/store_private.h"

#include <stdlib.h>

#define FIELD(name, type)                                                                                    \
    {                                                                                                        \
#name, type, offsetof(struct key_record, name), 0                                                    \
    }
static const struct field fields[] = {
    FIELD(fingerprint, FIELD_TEXT), FIELD(owner, FIELD_TEXT), FIELD(public_key, FIELD_BYTES),
    FIELD(wrapped, FIELD_BYTES),    FIELD(uri, FIELD_TEXT),   FIELD(created, FIELD_TIME),
};
#undef FIELD
const struct record_kind store_key_kind = {"private key", 1, fields, SEAL_COUNT(fields)};

int store_put_key(struct store *store, const struct key_record *record, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct kv_key key = store_key(KV_KEY, record->fingerprint);
    struct kv_key owned = store_pair(KV_KEY_OWNER, record->owner, record->fingerprint);
    struct kv_txn txn;
    struct key_record old;
    if (kv_begin(store->kv, KV_WRITE, &txn, err) < 0)
        return -1;
    if (store_load(&txn, &store_key_kind, &key, arena, &old, err) == FIND_FOUND) {
        struct kv_key before = store_pair(KV_KEY_OWNER, old.owner, old.fingerprint);
        kv_delete(&txn, &before, err);
    }
    store_save(&txn, &store_key_kind, &key, record, err);
    if (record->owner[0] != '\0')
        kv_put(&txn, &owned, SPAN_LIT(""), err);
    return store_commit(&txn, err);
}

enum find store_find_key(struct store_read *read, const char *fingerprint, struct key_record *out,
                         struct err *err)
{
    struct kv_key key = store_key(KV_KEY, fingerprint);
    return store_load(&read->txn, &store_key_kind, &key, read->arena, out, err);
}

struct dated {
    struct key_record key;
    int64_t not_before;
};

static int by_date(const void *a, const void *b)
{
    int64_t x = ((const struct dated *)a)->not_before, y = ((const struct dated *)b)->not_before;
    return (x > y) - (x < y);
}

/* A key whose certificate is gone counts as the oldest. */
static int sort_by_cert(struct store_read *read, struct key_record *keys, size_t n, struct err *err)
{
    struct dated *dated = arena_array(read->arena, n, sizeof *dated);
    for (size_t i = 0; i < n; i++) {
        struct cert_record cert;
        dated[i] = (struct dated){keys[i], INT64_MIN};
        switch (store_find_cert(read, keys[i].fingerprint, &cert, err)) {
        case FIND_FOUND:
            dated[i].not_before = cert.not_before;
            break;
        case FIND_ABSENT:
            break;
        case FIND_FAILED:
            return -1;
        }
    }
    qsort(dated, n, sizeof *dated, by_date);
    for (size_t i = 0; i < n; i++)
        keys[i] = dated[i].key;
    return arena_check(read->arena, err);
}

int store_keys_of(struct store_read *read, const char *addr, struct key_record **out, size_t *n_out,
                  struct err *err)
{
    if (store_joined(&read->txn, &store_key_kind, KV_KEY_OWNER, addr, KV_KEY, sizeof **out, read->arena, out,
                     n_out, err) < 0)
        return -1;
    return *n_out < 2 ? 0 : sort_by_cert(read, *out, *n_out, err);
}

int store_keys(struct store_read *read, struct key_record **out, size_t *n_out, struct err *err)
{
    return store_list(read, &store_key_kind, KV_KEY, sizeof **out, out, n_out, err);
}
