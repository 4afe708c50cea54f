/* cas - certification authorities: trust anchors and known intermediates. */
#include "store/store_private.h"

#define FIELD(name, type)                                                                                    \
    {                                                                                                        \
#name, type, offsetof(struct ca_record, name), 0                                                     \
    }
static const struct field fields[] = {
    FIELD(fingerprint, FIELD_TEXT),
    FIELD(der, FIELD_BYTES),
    FIELD(trusted, FIELD_BOOL),
    FIELD(own, FIELD_BOOL),
};
#undef FIELD
const struct record_kind store_ca_kind = {"CA", 1, fields, SEAL_COUNT(fields)};

int store_put_ca(struct store *store, const struct ca_record *record, struct err *err)
{
    struct kv_key key = store_key(KV_CA, record->fingerprint);
    struct kv_txn txn;
    if (kv_begin(store->kv, KV_WRITE, &txn, err) < 0)
        return -1;
    store_save(&txn, &store_ca_kind, &key, record, err);
    return store_commit(&txn, err);
}

int store_delete_ca(struct store *store, const char *fingerprint, struct err *err)
{
    struct kv_key key = store_key(KV_CA, fingerprint);
    struct kv_txn txn;
    struct span value;
    if (kv_begin(store->kv, KV_WRITE, &txn, err) < 0)
        return -1;
    if (kv_get(&txn, &key, &value, err) == FIND_ABSENT) {
        kv_abort(&txn);
        return err_set(err, ERR_ABSENT, "no CA %s", fingerprint);
    }
    kv_delete(&txn, &key, err);
    return store_commit(&txn, err);
}

int store_cas(struct store_read *read, struct ca_record **out, size_t *n_out, struct err *err)
{
    return store_list(read, &store_ca_kind, KV_CA, sizeof **out, out, n_out, err);
}
