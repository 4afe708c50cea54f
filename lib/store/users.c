/* users - whose mail is touched, by any of their addresses. */
#include "store/store_private.h"

#include <string.h>

#define FIELD(name, type, extra)                                                                             \
    {                                                                                                        \
#name, type, offsetof(struct user_record, name), extra                                               \
    }
static const struct field fields[] = {
    FIELD(addr, FIELD_TEXT, 0),    FIELD(name, FIELD_TEXT, 0),
    FIELD(enabled, FIELD_BOOL, 0), FIELD(more, FIELD_TEXTS, offsetof(struct user_record, nmore)),
    FIELD(created, FIELD_TIME, 0),
};
#undef FIELD
const struct record_kind store_user_kind = {"user", 1, fields, SEAL_COUNT(fields)};

static enum find load_user(struct kv_txn *txn, const char *addr, struct arena *arena, struct user_record *out,
                           struct err *err)
{
    struct kv_key key = store_key(KV_USER, addr);
    return store_load(txn, &store_user_kind, &key, arena, out, err);
}

/* The index's value is the user's address with its NUL. */
static enum find find_by_more(struct kv_txn *txn, const char *addr, struct arena *arena,
                              struct user_record *out, struct err *err)
{
    struct kv_key index = store_key(KV_USER_MORE, addr), key = kv_key(KV_USER);
    struct span user;
    enum find answer = kv_get(txn, &index, &user, err);
    if (answer != FIND_FOUND)
        return answer;
    kv_key_bytes(&key, user.ptr, user.len);
    answer = store_load(txn, &store_user_kind, &key, arena, out, err);
    if (answer != FIND_ABSENT)
        return answer;
    err_set(err, ERR_STORE_DAMAGED, "store: an address leads to no user: restore it from a backup");
    return FIND_FAILED;
}

static enum find find_user(struct kv_txn *txn, const char *addr, struct arena *arena, struct user_record *out,
                           struct err *err)
{
    enum find answer = load_user(txn, addr, arena, out, err);
    return answer == FIND_ABSENT ? find_by_more(txn, addr, arena, out, err) : answer;
}

enum find store_find_user(struct store_read *read, const char *addr, struct user_record *out, struct err *err)
{
    return find_user(&read->txn, addr, read->arena, out, err);
}

int store_users(struct store_read *read, struct user_record **out, size_t *n_out, struct err *err)
{
    return store_list(read, &store_user_kind, KV_USER, sizeof **out, out, n_out, err);
}

/* An address of this user may be his already, but nobody else's. */
static int check_address(struct kv_txn *txn, struct arena *arena, const char *addr, const char *user,
                         struct err *err)
{
    struct user_record other;
    switch (find_user(txn, addr, arena, &other, err)) {
    case FIND_FOUND:
        return strcmp(other.addr, user) == 0
                   ? 0
                   : err_set(err, ERR_EXISTS, "%s is an address of user %s already", addr, other.addr);
    case FIND_ABSENT:
        return 0;
    case FIND_FAILED:
        break;
    }
    return -1;
}

static int check_addresses(struct kv_txn *txn, struct arena *arena, const struct user_record *record,
                           struct err *err)
{
    if (check_address(txn, arena, record->addr, record->addr, err) < 0)
        return -1;
    for (size_t i = 0; i < record->nmore; i++)
        if (check_address(txn, arena, record->more[i], record->addr, err) < 0)
            return -1;
    return 0;
}

static void unindex_old(struct kv_txn *txn, struct arena *arena, const char *addr, struct err *err)
{
    struct user_record old;
    if (load_user(txn, addr, arena, &old, err) != FIND_FOUND)
        return;
    for (size_t i = 0; i < old.nmore; i++) {
        struct kv_key key = store_key(KV_USER_MORE, old.more[i]);
        kv_delete(txn, &key, err);
    }
}

int store_put_user(struct store *store, const struct user_record *record, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct kv_key key = store_key(KV_USER, record->addr);
    struct kv_txn txn;
    if (kv_begin(store->kv, KV_WRITE, &txn, err) < 0)
        return -1;
    if (check_addresses(&txn, arena, record, err) < 0) {
        kv_abort(&txn);
        return -1;
    }
    unindex_old(&txn, arena, record->addr, err);
    store_save(&txn, &store_user_kind, &key, record, err);
    for (size_t i = 0; i < record->nmore; i++) {
        struct kv_key more = store_key(KV_USER_MORE, record->more[i]);
        kv_put(&txn, &more, (struct span){record->addr, strlen(record->addr) + 1}, err);
    }
    return store_commit(&txn, err);
}
