/* remembered - answers of the directory. They can be had anew: what is too much of them is left out. */
#include "store/store_private.h"

#define SWEEP 4   /* expired entries removed for each that is added */
#define BATCH 100 /* of one transaction */

#define FIELD(name, type, extra)                                                                             \
    {                                                                                                        \
#name, type, offsetof(struct remembered, name), extra                                                \
    }
#define TEXTS(name) FIELD(name, FIELD_TEXTS, offsetof(struct remembered, n##name))
static const struct field fields[] = {
    FIELD(addr, FIELD_TEXT, 0),
    FIELD(source, FIELD_TEXT, 0),
    FIELD(found, FIELD_BOOL, 0),
    TEXTS(groups),
    TEXTS(member_of),
    TEXTS(attributes),
    TEXTS(values),
    FIELD(asked, FIELD_TIME, 0),
    FIELD(expires, FIELD_TIME, 0),
};
#undef TEXTS
#undef FIELD
const struct record_kind store_remembered_kind = {"directory answer", 1, fields, SEAL_COUNT(fields)};

/* One that cannot be read spoils nothing else: it is asked for anew and replaced. */
static enum find load(struct kv_txn *txn, const struct kv_key *key, struct arena *arena,
                      struct remembered *out, struct err *err)
{
    struct span value;
    enum find answer = kv_get(txn, key, &value, err);
    if (answer != FIND_FOUND)
        return answer;
    return record_decode(&store_remembered_kind, kv_key_span(key), value, arena, out, err) < 0 ? FIND_FAILED
                                                                                               : FIND_FOUND;
}

enum find store_find_remembered(struct store_read *read, const char *addr, struct remembered *out,
                                struct err *err)
{
    struct kv_key key = store_key(KV_REMEMBERED, addr);
    return load(&read->txn, &key, read->arena, out, err);
}

static struct kv_key expiry_key(int64_t expires, const char *addr)
{
    struct kv_key key = kv_key(KV_REMEMBERED_EXPIRY);
    kv_key_number(&key, expires < 0 ? 0 : (uint64_t)expires);
    kv_key_text(&key, addr);
    return key;
}

/* The address in a key of that kind, with its NUL. */
static struct span addr_of(const struct kv_key *key)
{
    return span_sub(kv_key_span(key), 9, SIZE_MAX);
}

static int64_t expiry_of(struct span key)
{
    uint64_t number = 0;
    for (size_t i = 1; i < 9 && i < key.len; i++)
        number = number << 8 | (unsigned char)key.ptr[i];
    return (int64_t)number;
}

static size_t find_expired(struct kv_txn *txn, int64_t now, size_t most, struct kv_key out[SWEEP],
                           struct err *err)
{
    struct kv_key prefix = kv_key(KV_REMEMBERED_EXPIRY);
    SEAL_CLEANUP(kv_iter_fini) struct kv_iter iter;
    size_t n = 0;
    kv_iter_init(&iter, txn, &prefix);
    while (n < most && kv_iter_next(&iter, err) == FIND_FOUND && expiry_of(iter.key) <= now) {
        out[n] = (struct kv_key){.len = 0};
        kv_key_bytes(&out[n++], iter.key.ptr, iter.key.len);
    }
    return n;
}

static size_t sweep(struct kv_txn *txn, int64_t now, size_t most, struct err *err)
{
    struct kv_key expired[SWEEP];
    size_t n = find_expired(txn, now, most, expired, err);
    for (size_t i = 0; i < n; i++) {
        struct kv_key record = kv_key(KV_REMEMBERED);
        struct span addr = addr_of(&expired[i]);
        kv_key_bytes(&record, addr.ptr, addr.len);
        kv_delete(txn, &record, err);
        kv_delete(txn, &expired[i], err);
    }
    return n;
}

static void put(struct kv_txn *txn, const struct remembered *record, struct arena *arena, struct err *err)
{
    struct kv_key key = store_key(KV_REMEMBERED, record->addr);
    struct kv_key index = expiry_key(record->expires, record->addr);
    struct remembered old;
    struct err unreadable = ERR_INIT;
    if (load(txn, &key, arena, &old, &unreadable) == FIND_FOUND) {
        struct kv_key stale = expiry_key(old.expires, record->addr);
        kv_delete(txn, &stale, err);
    }
    store_save(txn, &store_remembered_kind, &key, record, err);
    kv_put(txn, &index, SPAN_LIT(""), err);
}

/* Over half full, an answer takes the place of one that is over, or is not kept. */
enum room {
    ROOM_FREE,
    ROOM_TAKEN,
    ROOM_NONE, /* large ones took the place of small ones */
};

static enum room room_of(struct store *store)
{
    struct kv_stat stat;
    kv_stat(store->kv, &stat);
    return stat.used > stat.map_size / 4 * 3 ? ROOM_NONE
           : stat.used > stat.map_size / 2   ? ROOM_TAKEN
                                             : ROOM_FREE;
}

static int put_batch(struct store *store, const struct remembered *records, size_t n, int64_t now,
                     enum room room, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct kv_txn txn;
    if (kv_begin(store->kv, KV_WRITE, &txn, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        size_t gone = sweep(&txn, now, room == ROOM_FREE ? SWEEP : 1, err);
        if (room == ROOM_FREE || (room == ROOM_TAKEN && gone > 0))
            put(&txn, &records[i], arena, err);
    }
    return kv_commit(&txn, err);
}

int store_put_remembered(struct store *store, const struct remembered *records, size_t n, int64_t now,
                         struct err *err)
{
    for (size_t done = 0; done < n; done += BATCH)
        if (put_batch(store, records + done, n - done < BATCH ? n - done : BATCH, now, room_of(store), err) <
            0)
            return -1;
    return 0;
}
