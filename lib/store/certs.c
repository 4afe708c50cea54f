/* certs - certificates, and the index from their addresses. */
#include "store/held.h"

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

/* A new chain verdict, and trust with it unless somebody decided by hand. */
static void judge(struct cert_record *record, bool chain_ok)
{
    record->chain_ok = chain_ok;
    if (!record->pinned && record->trust != TRUST_REJECTED)
        record->trust = chain_ok ? TRUST_TRUSTED : TRUST_UNTRUSTED;
}

static bool learn_verdict(struct cert_record *known, bool chain_ok)
{
    if (known->pinned || known->chain_ok == chain_ok)
        return false;
    judge(known, chain_ok);
    return true;
}

static bool learn(void *known, const void *seen, struct arena *arena)
{
    struct cert_record *record = known;
    const struct cert_record *other = seen;
    bool verdict = learn_verdict(record, other->chain_ok);
    return held_learn_capabilities(&record->capabilities, other->capabilities, arena) || verdict;
}

static const struct held_kind held_certs = {
    .record = &store_cert_kind,
    .size = sizeof(struct cert_record),
    .class = KV_CERT,
    .private = KV_KEY,
    .indexes = {{KV_CERT_ADDR, offsetof(struct cert_record, addrs), offsetof(struct cert_record, naddrs)}},
    .nindexes = 1,
    .learn = learn,
};

/* ---- read ---- */

enum find store_find_cert(struct store_read *read, const char *fingerprint, struct cert_record *out,
                          struct err *err)
{
    return held_load(&read->txn, &held_certs, fingerprint, read->arena, out, err);
}

int store_certs_of(struct store_read *read, const char *addr, struct cert_record **out, size_t *n_out,
                   struct err *err)
{
    return held_of(&read->txn, &held_certs, addr, read->arena, out, n_out, err);
}

int store_certs(struct store_read *read, struct cert_record **out, size_t *n_out, struct err *err)
{
    return store_list(read, &store_cert_kind, KV_CERT, sizeof **out, out, n_out, err);
}

/* ---- write ---- */

int store_put_cert(struct store *store, const struct cert_record *record, struct err *err)
{
    return held_put(store, &held_certs, record, NULL, err);
}

int store_set_trust(struct store *store, const char *fingerprint, enum trust trust, struct err *err)
{
    return held_set_trust(store, &held_certs, fingerprint, trust, err);
}

int store_set_chain(struct store *store, const char *fingerprint, enum chain_verdict verdict, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct kv_txn txn;
    void *record;
    if (held_begin_change(store, &held_certs, fingerprint, arena, &txn, &record, err) < 0)
        return -1;
    judge(record, verdict == CHAIN_VERDICT_OK);
    held_save(&txn, &held_certs, NULL, record, err);
    return store_commit(&txn, err);
}

int store_delete_cert(struct store *store, const char *fingerprint, struct err *err)
{
    return held_delete(store, &held_certs, fingerprint, err);
}

int store_harvest(struct store *store, const struct cert_record *record, enum harvest_result *out,
                  struct err *err)
{
    return held_harvest(store, &held_certs, record, NULL, out, err);
}
