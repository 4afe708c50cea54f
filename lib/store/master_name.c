/* master_name - of the master key under which all was wrapped anew last. What comes under another one came too late: nothing opens it. */
#include "model/wrapped.h"
#include "store/record.h"
#include "store/store_private.h"

static const struct field fields[] = {{"name", FIELD_BYTES, 0, 0}};
static const struct record_kind kind = {"name of the master key", 1, fields, SEAL_COUNT(fields)};

enum find store_load_master_name(struct kv_txn *txn, struct arena *arena, struct span *out, struct err *err)
{
    struct kv_key key = store_key(KV_META, "master-key");
    return store_load(txn, &kind, &key, arena, out, err);
}

void store_save_master_name(struct kv_txn *txn, struct span name, struct err *err)
{
    struct kv_key key = store_key(KV_META, "master-key");
    store_save(txn, &kind, &key, &name, err);
}

int store_check_wrapped(struct kv_txn *txn, struct arena *arena, struct span wrapped, struct err *err)
{
    struct span name;
    switch (store_load_master_name(txn, arena, &name, err)) {
    case FIND_FOUND:
        return span_eq(name, wrapped_name(wrapped))
                   ? 0
                   : err_set(err, ERR_BUSY,
                             "it is wrapped under another master key than all else (sealadm key rewrap): not "
                             "stored, try again");
    case FIND_ABSENT:
        return 0;
    case FIND_FAILED:
        break;
    }
    return -1;
}
