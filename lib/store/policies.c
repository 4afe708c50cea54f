/* policies - every policy that was ever loaded; the newest is in force. */
#include "store/store_private.h"

#include <string.h>

#define FIELD(name, type)                                                                                    \
    {                                                                                                        \
#name, type, offsetof(struct policy_record, name), 0                                                 \
    }
static const struct field fields[] = {
    FIELD(version, FIELD_TIME),
    FIELD(text, FIELD_TEXT),
    FIELD(loaded, FIELD_TIME),
    FIELD(from_ms, FIELD_LATER),
    FIELD(by, FIELD_TEXT),
    FIELD(again, FIELD_LATER),
    {"files", FIELD_LATER_TEXTS, offsetof(struct policy_record, files),
     offsetof(struct policy_record, nfiles)},
    {"digests", FIELD_LATER_TEXTS, offsetof(struct policy_record, digests),
     offsetof(struct policy_record, ndigests)},
};
#undef FIELD
const struct record_kind store_policy_kind = {"policy", 1, fields, SEAL_COUNT(fields)};

/* When it is in force, beside its text, which may be long. */
static const struct field from_fields[] = {{"from_ms", FIELD_TIME, 0, 0}};
const struct record_kind store_policy_from_kind = {"beginning of a policy", 1, from_fields,
                                                   SEAL_COUNT(from_fields)};

static const struct field list_fields[] = {{"text", FIELD_BYTES, 0, 0}};
const struct record_kind store_list_kind = {"list of addresses", 1, list_fields, SEAL_COUNT(list_fields)};

static struct kv_key policy_key(enum kv_class class, uint64_t version)
{
    struct kv_key key = kv_key(class);
    kv_key_number(&key, version);
    return key;
}

static enum find newest(struct kv_txn *txn, struct arena *arena, struct policy_record *out, struct err *err)
{
    struct kv_key prefix = kv_key(KV_POLICY);
    SEAL_CLEANUP(kv_iter_fini) struct kv_iter iter;
    kv_iter_init(&iter, txn, &prefix);
    enum find answer = kv_iter_last(&iter, err);
    if (answer != FIND_FOUND)
        return answer;
    return record_decode(&store_policy_kind, iter.key, iter.value, arena, out, err) < 0 ? FIND_FAILED
                                                                                        : FIND_FOUND;
}

int store_put_policy(struct store *store, const struct policy_record *record, uint64_t *version_out,
                     struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct policy_record last = {.version = 0}, next = *record;
    struct kv_txn txn;
    if (strlen(record->text) > STORE_POLICY_MAX)
        return err_set(err, ERR_LIMIT, "store: a policy of more than %zu octets", STORE_POLICY_MAX);
    if (kv_begin(store->kv, KV_WRITE, &txn, err) < 0)
        return -1;
    if (newest(&txn, arena, &last, err) == FIND_FAILED) {
        kv_abort(&txn);
        return -1;
    }
    next.version = last.version + 1;
    struct kv_key key = policy_key(KV_POLICY, next.version), from = policy_key(KV_POLICY_FROM, next.version);
    store_save(&txn, &store_policy_kind, &key, &next, err);
    store_save(&txn, &store_policy_from_kind, &from, &next.from_ms, err);
    if (store_commit(&txn, err) < 0)
        return -1;
    *version_out = next.version;
    return 0;
}

enum find store_find_policy(struct store_read *read, uint64_t version, struct policy_record *out,
                            struct err *err)
{
    struct kv_key key = policy_key(KV_POLICY, version);
    if (version == 0)
        return newest(&read->txn, read->arena, out, err);
    return store_load(&read->txn, &store_policy_kind, &key, read->arena, out, err);
}

static uint64_t newest_version(struct kv_txn *txn, struct err *err)
{
    struct kv_key prefix = kv_key(KV_POLICY);
    SEAL_CLEANUP(kv_iter_fini) struct kv_iter iter;
    kv_iter_init(&iter, txn, &prefix);
    return kv_iter_last(&iter, err) == FIND_FOUND ? kv_key_tail_number(iter.key) : 0;
}

int store_newest_policy(struct store_read *read, uint64_t *version_out, int64_t *from_ms_out, struct err *err)
{
    *from_ms_out = 0; /* also of one that was stored before beginnings were kept */
    *version_out = newest_version(&read->txn, err);
    if (*version_out == 0)
        return err_is_set(err) ? -1 : 0;
    struct kv_key key = policy_key(KV_POLICY_FROM, *version_out);
    enum find found = store_load(&read->txn, &store_policy_from_kind, &key, read->arena, from_ms_out, err);
    return found == FIND_FAILED ? -1 : 0;
}

int store_policies(struct store_read *read, struct policy_record **out, size_t *n_out, struct err *err)
{
    return store_list(read, &store_policy_kind, KV_POLICY, sizeof **out, out, n_out, err);
}

int store_put_list(struct store *store, struct span text, char digest_out[HASH_HEX_SIZE], struct err *err)
{
    unsigned char digest[HASH_SIZE];
    struct kv_txn txn;
    struct span there;
    if (text.len > STORE_LIST_MAX)
        return err_set(err, ERR_LIMIT, "store: a list of more than %zu octets", STORE_LIST_MAX);
    hash_bytes(text, digest);
    hash_hex(digest, digest_out);
    struct kv_key key = store_key(KV_LIST, digest_out);
    if (kv_begin(store->kv, KV_WRITE, &txn, err) < 0)
        return -1;
    if (kv_get(&txn, &key, &there, err) == FIND_FOUND) {
        kv_abort(&txn);
        return 0;
    }
    store_save(&txn, &store_list_kind, &key, &text, err);
    return store_commit(&txn, err);
}

enum find store_find_list(struct store_read *read, const char *digest, struct span *out, struct err *err)
{
    struct kv_key key = store_key(KV_LIST, digest);
    return store_load(&read->txn, &store_list_kind, &key, read->arena, out, err);
}
