/* schema - layout version and generation. */
#include "store/schema.h"

#include "store/record.h"

#include <limits.h>

struct meta {
    unsigned schema;
    int64_t generation;
};

static const struct field meta_fields[] = {
    {"schema", FIELD_UINT, offsetof(struct meta, schema), UINT_MAX},
    {"generation", FIELD_TIME, offsetof(struct meta, generation), 0},
};
static const struct record_kind meta_kind = {"schema", 1, meta_fields, SEAL_COUNT(meta_fields)};

static struct kv_key meta_key(void)
{
    struct kv_key key = kv_key(KV_META);
    kv_key_text(&key, "store");
    return key;
}

static int load(struct kv_txn *txn, struct meta *out, struct err *err)
{
    struct kv_key key = meta_key();
    struct span value;
    switch (kv_get(txn, &key, &value, err)) {
    case FIND_FOUND:
        return record_decode(&meta_kind, kv_key_span(&key), value, NULL, out, err);
    case FIND_ABSENT:
        return err_set(err, ERR_STORE_DAMAGED,
                       "store: its first record is missing: restore it from a backup");
    case FIND_FAILED:
        break;
    }
    return -1;
}

static void save(struct kv_txn *txn, const struct meta *meta, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf buf = BUF_INIT(RECORD_MAX);
    struct kv_key key = meta_key();
    record_encode(&meta_kind, &key, meta, &buf);
    kv_put(txn, &key, buf_span(&buf), err);
}

int schema_create(const char *path, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf buf = BUF_INIT(RECORD_MAX);
    const struct meta first = {.schema = 1, .generation = 1};
    struct kv_key key = meta_key();
    record_encode(&meta_kind, &key, &first, &buf);
    return kv_create(path, &key, buf_span(&buf), err);
}

static int bring_up(struct kv_txn *txn, struct meta *meta, schema_step *const *steps, size_t nsteps,
                    struct err *err)
{
    for (; meta->schema <= nsteps; meta->schema++)
        steps[meta->schema - 1](txn, err);
    meta->generation++;
    save(txn, meta, err);
    return kv_commit(txn, err);
}

int schema_migrate(struct kv *kv, schema_step *const *steps, size_t nsteps, struct err *err)
{
    struct meta meta;
    struct kv_txn txn;
    if (kv_begin(kv, KV_READ, &txn, err) < 0)
        return -1;
    int status = load(&txn, &meta, err);
    kv_abort(&txn);
    if (status < 0)
        return -1;
    if (meta.schema == nsteps + 1)
        return 0;
    if (kv_begin(kv, KV_WRITE, &txn, err) < 0)
        return -1;
    /* Read again: another process may have been faster. */
    if (load(&txn, &meta, err) == 0 && meta.schema <= nsteps)
        return bring_up(&txn, &meta, steps, nsteps, err);
    kv_abort(&txn);
    if (!err_is_set(err) && meta.schema != nsteps + 1)
        err_set(err, ERR_CONFIG, "store: made by a newer version (schema %u, this program knows %zu)",
                meta.schema, nsteps + 1);
    return err_is_set(err) ? -1 : 0;
}

int schema_generation(struct kv_txn *txn, uint64_t *out, struct err *err)
{
    struct meta meta;
    if (load(txn, &meta, err) < 0)
        return -1;
    *out = (uint64_t)meta.generation;
    return 0;
}

void schema_count(struct kv_txn *txn, struct err *err)
{
    struct meta meta;
    if (txn->failed)
        return;
    if (load(txn, &meta, err) < 0) {
        txn->failed = true;
        return;
    }
    meta.generation++;
    save(txn, &meta, err);
}
