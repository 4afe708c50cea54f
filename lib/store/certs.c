/* certs - certificates, and the index from their addresses. */
#include "store/store_private.h"

#include <string.h>

#define FIELD(name, type, extra)                                                                             \
    {                                                                                                        \
#name, type, offsetof(struct cert_record, name), extra                                               \
    }
static const struct field fields[] = {
    FIELD(fingerprint, FIELD_TEXT, 0),
    FIELD(der, FIELD_BYTES, 0),
    FIELD(addrs, FIELD_TEXTS, offsetof(struct cert_record, naddrs)),
    FIELD(source, FIELD_UINT, CERT_ISSUED),
    FIELD(trust, FIELD_UINT, TRUST_REJECTED),
    FIELD(pinned, FIELD_BOOL, 0),
    FIELD(chain_ok, FIELD_BOOL, 0),
    FIELD(not_before, FIELD_TIME, 0),
    FIELD(not_after, FIELD_TIME, 0),
    FIELD(usage, FIELD_UINT, UINT_MAX),
    FIELD(key_kind, FIELD_TEXT, 0),
    FIELD(key_bits, FIELD_UINT, UINT_MAX),
    FIELD(capabilities, FIELD_TEXT, 0),
    FIELD(first_seen, FIELD_TIME, 0),
    FIELD(last_seen, FIELD_TIME, 0),
};
#undef FIELD
const struct record_kind store_cert_kind = {"certificate", 1, fields, SEAL_COUNT(fields)};

const char *trust_name(enum trust trust)
{
    static const char *const names[] = {"untrusted", "trusted", "rejected"};
    return names[trust];
}

const char *cert_source_name(enum cert_source source)
{
    static const char *const names[] = {"imported", "harvested", "issued"};
    return names[source];
}

enum find store_load_cert(struct kv_txn *txn, const char *fingerprint, struct arena *arena,
                          struct cert_record *out, struct err *err)
{
    struct kv_key key = store_key(KV_CERT, fingerprint);
    return store_load(txn, &store_cert_kind, &key, arena, out, err);
}

void store_save_cert(struct kv_txn *txn, const struct cert_record *record, struct err *err)
{
    struct kv_key key = store_key(KV_CERT, record->fingerprint);
    store_save(txn, &store_cert_kind, &key, record, err);
}

void store_index_cert(struct kv_txn *txn, const struct cert_record *record, struct err *err)
{
    for (size_t i = 0; i < record->naddrs; i++) {
        struct kv_key key = store_pair(KV_CERT_ADDR, record->addrs[i], record->fingerprint);
        kv_put(txn, &key, SPAN_LIT(""), err);
    }
}

static void unindex_cert(struct kv_txn *txn, const struct cert_record *record, struct err *err)
{
    for (size_t i = 0; i < record->naddrs; i++) {
        struct kv_key key = store_pair(KV_CERT_ADDR, record->addrs[i], record->fingerprint);
        kv_delete(txn, &key, err);
    }
}

/* ---- read ---- */

enum find store_find_cert(struct store_read *read, const char *fingerprint, struct cert_record *out,
                          struct err *err)
{
    return store_load_cert(&read->txn, fingerprint, read->arena, out, err);
}

int store_load_certs_of(struct kv_txn *txn, const char *addr, struct arena *arena, struct cert_record **out,
                        size_t *n_out, struct err *err)
{
    return store_joined(txn, &store_cert_kind, KV_CERT_ADDR, addr, KV_CERT, sizeof **out, arena, out, n_out,
                        err);
}

int store_certs_of(struct store_read *read, const char *addr, struct cert_record **out, size_t *n_out,
                   struct err *err)
{
    return store_load_certs_of(&read->txn, addr, read->arena, out, n_out, err);
}

int store_certs(struct store_read *read, struct cert_record **out, size_t *n_out, struct err *err)
{
    return store_list(read, &store_cert_kind, KV_CERT, sizeof **out, out, n_out, err);
}

/* ---- write ---- */

static void put_cert(struct kv_txn *txn, struct arena *arena, const struct cert_record *record,
                     struct err *err)
{
    struct cert_record merged = *record, old;
    enum find answer = store_load_cert(txn, record->fingerprint, arena, &old, err);
    if (answer == FIND_FOUND) {
        unindex_cert(txn, &old, err);
        if (old.first_seen < merged.first_seen)
            merged.first_seen = old.first_seen;
    }
    store_save_cert(txn, &merged, err);
    store_index_cert(txn, &merged, err);
}

int store_put_cert(struct store *store, const struct cert_record *record, struct err *err)
{
    struct kv_txn txn;
    if (record->naddrs > STORE_CERT_ADDRS_MAX)
        return err_set(err, ERR_LIMIT, "store: a certificate with more than %d addresses",
                       STORE_CERT_ADDRS_MAX);
    if (kv_begin(store->kv, KV_WRITE, &txn, err) < 0)
        return -1;
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    put_cert(&txn, arena, record, err);
    return store_commit(&txn, err);
}

/* Begin a change of a certificate that must be there. */
static int begin_change(struct store *store, const char *fingerprint, struct arena *arena, struct kv_txn *txn,
                        struct cert_record *out, struct err *err)
{
    if (kv_begin(store->kv, KV_WRITE, txn, err) < 0)
        return -1;
    switch (store_load_cert(txn, fingerprint, arena, out, err)) {
    case FIND_FOUND:
        return 0;
    case FIND_ABSENT:
        err_set(err, ERR_ABSENT, "no certificate %s", fingerprint);
        break;
    case FIND_FAILED:
        break;
    }
    kv_abort(txn);
    return -1;
}

int store_set_trust(struct store *store, const char *fingerprint, enum trust trust, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct kv_txn txn;
    struct cert_record record;
    if (begin_change(store, fingerprint, arena, &txn, &record, err) < 0)
        return -1;
    record.trust = trust;
    record.pinned = true;
    store_save_cert(&txn, &record, err);
    return store_commit(&txn, err);
}

void store_judge_cert(struct cert_record *record, bool chain_ok)
{
    record->chain_ok = chain_ok;
    if (!record->pinned && record->trust != TRUST_REJECTED)
        record->trust = chain_ok ? TRUST_TRUSTED : TRUST_UNTRUSTED;
}

int store_set_chain(struct store *store, const char *fingerprint, enum chain_verdict verdict, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct kv_txn txn;
    struct cert_record record;
    if (begin_change(store, fingerprint, arena, &txn, &record, err) < 0)
        return -1;
    store_judge_cert(&record, verdict == CHAIN_VERDICT_OK);
    store_save_cert(&txn, &record, err);
    return store_commit(&txn, err);
}

int store_delete_cert(struct store *store, const char *fingerprint, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct kv_txn txn;
    struct cert_record record;
    struct span value;
    struct kv_key of_key = store_key(KV_KEY, fingerprint), of_cert = store_key(KV_CERT, fingerprint);
    if (begin_change(store, fingerprint, arena, &txn, &record, err) < 0)
        return -1;
    if (kv_get(&txn, &of_key, &value, err) == FIND_FOUND) {
        kv_abort(&txn);
        return err_set(err, ERR_EXISTS,
                       "certificate %s: its private key is here and would be lost for old mail", fingerprint);
    }
    unindex_cert(&txn, &record, err);
    kv_delete(&txn, &of_cert, err);
    return store_commit(&txn, err);
}
