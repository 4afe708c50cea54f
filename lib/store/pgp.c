/* pgp - OpenPGP keys of everybody. */
#include "store/pgp.h"

#include "store/held.h"

#include <string.h>

#define FIELD(name, type, extra)                                                                             \
    {                                                                                                        \
#name, type, offsetof(struct pgp_record, name), extra                                                \
    }
#define TEXTS(name) FIELD(name, FIELD_TEXTS, offsetof(struct pgp_record, n##name))
static const struct field fields[] = {
    FIELD(fingerprint, FIELD_TEXT, 0),
    TEXTS(addrs),
    FIELD(trust, FIELD_UINT, TRUST_REJECTED),
    FIELD(pinned, FIELD_BOOL, 0),
    FIELD(first_seen, FIELD_TIME, 0),
    FIELD(last_seen, FIELD_TIME, 0),
    FIELD(key, FIELD_BYTES, 0),
    TEXTS(keyids),
    TEXTS(user_ids),
    TEXTS(named),
    FIELD(source, FIELD_UINT, PGP_SOURCE_OWN),
    FIELD(created, FIELD_TIME, 0),
    FIELD(expires, FIELD_TIME, 0),
    FIELD(encrypt_until, FIELD_TIME, 0),
    FIELD(sign_until, FIELD_TIME, 0),
    FIELD(revoked, FIELD_BOOL, 0),
    FIELD(algorithm, FIELD_TEXT, 0),
    FIELD(bits, FIELD_UINT, UINT_MAX),
    FIELD(encrypt_algorithm, FIELD_TEXT, 0),
    FIELD(encrypt_bits, FIELD_UINT, UINT_MAX),
    FIELD(capabilities, FIELD_TEXT, 0),
    FIELD(certified, FIELD_BYTES, 0),
};
#undef FIELD
#undef TEXTS
const struct record_kind store_pgp_kind = {"OpenPGP key", 1, fields, SEAL_COUNT(fields)};

const char *pgp_source_name(enum pgp_source source)
{
    static const char *const names[] = {"autocrypt", "keyserver", "attached", "signed",
                                        "wkd",       "imported",  "own"};
    return names[source];
}

static bool is_good_for(const struct pgp_record *record, int64_t until, int64_t now)
{
    return !record->revoked && (record->expires == 0 || now < record->expires) && (until == 0 || now < until);
}

bool pgp_record_encrypts(const struct pgp_record *record, int64_t now)
{
    return is_good_for(record, record->encrypt_until, now);
}

bool pgp_record_signs(const struct pgp_record *record, int64_t now)
{
    return is_good_for(record, record->sign_until, now);
}

bool pgp_record_names(const struct pgp_record *record, const char *addr)
{
    for (size_t i = 0; i < record->nnamed; i++)
        if (strcmp(record->named[i], addr) == 0)
            return true;
    return false;
}

/* ---- what is learned ---- */

/* Where a better source has named a key to encrypt to, a worse one names no other. */
static bool yields(const void *seen, const void *other)
{
    const struct pgp_record *comes = seen, *there = other;
    return comes->source < there->source && there->trust != TRUST_REJECTED &&
           pgp_record_encrypts(there, comes->last_seen);
}

static void drop_addresses(struct pgp_record *record, struct arena *arena)
{
    const char **left = arena_array(arena, record->naddrs, sizeof *left);
    size_t n = 0;
    for (size_t i = 0; i < record->naddrs; i++)
        if (pgp_record_names(record, record->addrs[i]))
            left[n++] = record->addrs[i];
    record->addrs = left;
    record->naddrs = n;
}

/* The newer state of the key; what is known of it beside the key stays. */
static bool learn_state(struct pgp_record *known, const struct pgp_record *seen, struct arena *arena)
{
    if (span_eq(known->key, seen->key))
        return false;
    const struct pgp_record before = *known;
    *known = *seen;
    known->addrs = before.addrs;
    known->naddrs = before.naddrs;
    known->trust = before.trust;
    known->pinned = before.pinned;
    known->first_seen = before.first_seen;
    known->last_seen = before.last_seen;
    known->source = before.source;
    known->capabilities = before.capabilities;
    known->certified = before.certified;
    known->revoked |= before.revoked;
    if (!known->pinned && !known->revoked)
        drop_addresses(known, arena);
    return true;
}

static bool learn_source(struct pgp_record *known, const struct pgp_record *seen)
{
    if (seen->source <= known->source)
        return false;
    known->source = seen->source;
    return true;
}

static bool learn_trust(struct pgp_record *known, const struct pgp_record *seen)
{
    if (known->pinned || known->trust != TRUST_UNTRUSTED || seen->trust != TRUST_TRUSTED)
        return false;
    known->trust = TRUST_TRUSTED;
    return true;
}

static bool learn(void *known, const void *seen, struct arena *arena)
{
    struct pgp_record *record = known;
    const struct pgp_record *other = seen;
    bool state = learn_state(record, other, arena), source = learn_source(record, other);
    bool trust = learn_trust(record, other);
    return held_learn_capabilities(&record->capabilities, other->capabilities, arena) || state || source ||
           trust;
}

static const struct held_kind held_pgps = {
    .record = &store_pgp_kind,
    .size = sizeof(struct pgp_record),
    .class = KV_PGP,
    .private = KV_PGP_OWN,
    .indexes = {{KV_PGP_ADDR, offsetof(struct pgp_record, addrs), offsetof(struct pgp_record, naddrs)},
                {KV_PGP_KEYID, offsetof(struct pgp_record, keyids), offsetof(struct pgp_record, nkeyids)}},
    .nindexes = 2,
    .yields = yields,
    .learn = learn,
};

/* ---- read ---- */

enum find store_find_pgp(struct store_read *read, const char *fingerprint, struct pgp_record *out,
                         struct err *err)
{
    return held_load(&read->txn, &held_pgps, fingerprint, read->arena, out, err);
}

int store_pgp_of(struct store_read *read, const char *addr, struct pgp_record **out, size_t *n_out,
                 struct err *err)
{
    return held_of(&read->txn, &held_pgps, addr, read->arena, out, n_out, err);
}

int store_pgp_by_keyid(struct store_read *read, const char *keyid, struct pgp_record **out, size_t *n_out,
                       struct err *err)
{
    return store_joined(&read->txn, &store_pgp_kind, KV_PGP_KEYID, keyid, KV_PGP, sizeof **out, read->arena,
                        out, n_out, err);
}

int store_pgps(struct store_read *read, struct pgp_record **out, size_t *n_out, struct err *err)
{
    return store_list(read, &store_pgp_kind, KV_PGP, sizeof **out, out, n_out, err);
}

/* ---- write ---- */

int store_put_pgp(struct store *store, const struct pgp_record *record, struct span base, struct err *err)
{
    return held_put(store, &held_pgps, record, &base, err);
}

int store_set_pgp_trust(struct store *store, const char *fingerprint, enum trust trust, struct err *err)
{
    return held_set_trust(store, &held_pgps, fingerprint, trust, err);
}

int store_delete_pgp(struct store *store, const char *fingerprint, struct err *err)
{
    return held_delete(store, &held_pgps, fingerprint, err);
}

int store_harvest_pgp(struct store *store, const struct pgp_record *record, struct span base,
                      enum harvest_result *out, struct err *err)
{
    return held_harvest(store, &held_pgps, record, &base, out, err);
}
