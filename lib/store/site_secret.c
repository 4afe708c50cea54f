/* site_secret - made once, then read. */
#include "store/record.h"
#include "store/store_private.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static const struct field fields[] = {{"secret", FIELD_BYTES, 0, 0}};
static const struct record_kind kind = {"secret of the site", 1, fields, SEAL_COUNT(fields)};

enum find store_load_site_secret(struct kv_txn *txn, unsigned char out[STORE_SITE_SECRET_SIZE],
                                 struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct kv_key key = store_key(KV_META, "site-secret");
    struct span secret;
    enum find found = store_load(txn, &kind, &key, arena, &secret, err);
    if (found != FIND_FOUND)
        return found;
    if (secret.len != STORE_SITE_SECRET_SIZE) {
        err_set(err, ERR_STORE_DAMAGED, "store: a secret of the site of %zu octets: restore it from a backup",
                secret.len);
        return FIND_FAILED;
    }
    memcpy(out, secret.ptr, secret.len);
    return FIND_FOUND;
}

/* Another process may have been faster: its secret counts. */
static int make(struct store *store, unsigned char *out, struct err *err)
{
    struct kv_txn txn;
    struct kv_key key = store_key(KV_META, "site-secret");
    if (kv_begin(store->kv, KV_WRITE, &txn, err) < 0)
        return -1;
    enum find found = store_load_site_secret(&txn, out, err);
    if (found != FIND_ABSENT) {
        kv_abort(&txn);
        return found == FIND_FOUND ? 0 : -1;
    }
    if (getrandom(out, STORE_SITE_SECRET_SIZE, 0) != STORE_SITE_SECRET_SIZE) {
        kv_abort(&txn);
        return err_set(err, ERR_IO, "random octets: %s", strerror(errno));
    }
    const struct span secret = {(const char *)out, STORE_SITE_SECRET_SIZE};
    store_save(&txn, &kind, &key, &secret, err);
    return kv_commit(&txn, err);
}

int store_site_secret(struct store *store, unsigned char out[STORE_SITE_SECRET_SIZE], struct err *err)
{
    struct kv_txn txn;
    if (kv_begin(store->kv, KV_READ, &txn, err) < 0)
        return -1;
    enum find found = store_load_site_secret(&txn, out, err);
    kv_abort(&txn);
    if (found == FIND_FAILED)
        return -1;
    return found == FIND_FOUND ? 0 : make(store, out, err);
}
