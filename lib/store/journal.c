/* journal - what was injected, so that a retry sends nothing twice. */
#include "store/store_private.h"

#define SWEEP 16 /* expired entries removed for each that is added: more, and never many */

struct entry {
    int64_t expires;
};

static const struct field fields[] = {{"expires", FIELD_TIME, offsetof(struct entry, expires), 0}};
const struct record_kind store_journal_kind = {"journal", 1, fields, SEAL_COUNT(fields)};

static struct kv_key entry_key(const void *hash)
{
    struct kv_key key = kv_key(KV_JOURNAL);
    kv_key_bytes(&key, hash, HASH_SIZE);
    return key;
}

/* In the order of time; a time before 1970 is as good as 1970. */
static struct kv_key expiry_key(int64_t expires, const void *hash)
{
    struct kv_key key = kv_key(KV_JOURNAL_EXPIRY);
    kv_key_number(&key, expires < 0 ? 0 : (uint64_t)expires);
    kv_key_bytes(&key, hash, HASH_SIZE);
    return key;
}

static int64_t expiry_of(struct span key)
{
    uint64_t number = 0;
    for (size_t i = 1; i < 9 && i < key.len; i++)
        number = number << 8 | (unsigned char)key.ptr[i];
    return (int64_t)number;
}

enum find store_journal_find(struct store *store, const unsigned char key[HASH_SIZE], int64_t now,
                             struct err *err)
{
    struct kv_key at = entry_key(key);
    struct kv_txn txn;
    struct entry entry;
    if (kv_begin(store->kv, KV_READ, &txn, err) < 0)
        return FIND_FAILED;
    enum find answer = store_load(&txn, &store_journal_kind, &at, NULL, &entry, err);
    kv_abort(&txn);
    return answer == FIND_FOUND && entry.expires <= now ? FIND_ABSENT : answer;
}

int store_journal_check(struct store *store, struct err *err)
{
    return kv_check_room(store->kv, err);
}

/* The first entries by time that are over: their keys, up to SWEEP. */
static size_t find_expired(struct kv_txn *txn, int64_t now, struct kv_key out[SWEEP], struct err *err)
{
    struct kv_key prefix = kv_key(KV_JOURNAL_EXPIRY);
    SEAL_CLEANUP(kv_iter_fini) struct kv_iter iter;
    size_t n = 0;
    kv_iter_init(&iter, txn, &prefix);
    while (n < SWEEP && kv_iter_next(&iter, err) == FIND_FOUND && expiry_of(iter.key) <= now) {
        out[n] = (struct kv_key){.len = 0};
        kv_key_bytes(&out[n++], iter.key.ptr, iter.key.len);
    }
    return n;
}

static void sweep(struct kv_txn *txn, int64_t now, struct err *err)
{
    struct kv_key expired[SWEEP];
    size_t n = find_expired(txn, now, expired, err);
    for (size_t i = 0; i < n; i++) {
        struct kv_key entry = entry_key(kv_key_tail(kv_key_span(&expired[i]), HASH_SIZE).ptr);
        kv_delete(txn, &entry, err);
        kv_delete(txn, &expired[i], err);
    }
}

/* A key that is there already keeps one line in the index. */
static void forget(struct kv_txn *txn, const unsigned char hash[HASH_SIZE], struct err *err)
{
    struct kv_key at = entry_key(hash);
    struct entry old;
    if (store_load(txn, &store_journal_kind, &at, NULL, &old, err) != FIND_FOUND)
        return;
    struct kv_key index = expiry_key(old.expires, hash);
    kv_delete(txn, &index, err);
}

static void put(struct kv_txn *txn, const unsigned char *hash, int64_t expires, struct err *err)
{
    struct kv_key at = entry_key(hash), index = expiry_key(expires, hash);
    const struct entry entry = {expires};
    forget(txn, hash, err);
    store_save(txn, &store_journal_kind, &at, &entry, err);
    kv_put(txn, &index, SPAN_LIT(""), err);
}

static int put_batch(struct store *store, const unsigned char *keys, size_t n, int64_t now, int64_t expires,
                     struct err *err)
{
    struct kv_txn txn;
    if (kv_begin(store->kv, KV_WRITE, &txn, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        sweep(&txn, now, err);
        put(&txn, keys + i * HASH_SIZE, expires, err);
    }
    return kv_commit(&txn, err);
}

int store_journal_put(struct store *store, const unsigned char *keys, size_t n, int64_t now, int64_t expires,
                      struct err *err)
{
    for (size_t done = 0; done < n; done += STORE_JOURNAL_BATCH) {
        size_t batch = n - done < STORE_JOURNAL_BATCH ? n - done : STORE_JOURNAL_BATCH;
        if (put_batch(store, keys + done * HASH_SIZE, batch, now, expires, err) < 0)
            return -1;
    }
    return 0;
}
