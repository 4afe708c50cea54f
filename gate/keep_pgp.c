/* keep_pgp - one key after the other, each against the state of it that the store has. */
#include "gate/keep_pgp.h"

#include "base/hash.h"
#include "gate/internal.h"
#include "gate/pgp_keys.h"

#include <string.h>

#define TRIES 3 /* when another process writes the same key meanwhile */

struct keeping {
    struct gate *gate;
    struct pgp_engine *engine;
    struct arena *arena;
    const struct effect *effect;
    int64_t now;
};

int keep_pgp_merged(struct gate *gate, struct pgp_engine *engine, struct arena *arena,
                    const struct pgp_key *fresh, struct pgp_key *out, struct pgp_record *known_out,
                    struct err *err)
{
    struct store_read *read = NULL;
    if (store_read_begin(gate->store, arena, &read, err) < 0)
        return -1;
    enum find found = store_find_pgp(read, fresh->fingerprint, known_out, err);
    store_read_end(&read);
    *out = *fresh;
    if (found != FIND_FOUND) {
        *known_out = (struct pgp_record){.fingerprint = NULL};
        return found == FIND_FAILED ? -1 : 0;
    }
    return span_eq(known_out->key, fresh->bytes)
               ? 0
               : pgp_key_merge(engine, arena, known_out->key, fresh->bytes, out, err);
}

static int harvest(struct keeping *k, const struct pgp_key *fresh, enum trust trust,
                   enum harvest_result *result, struct err *err)
{
    const char *addr = k->effect->addr;
    for (int i = 0;; i++) {
        struct pgp_key key;
        struct pgp_record known;
        if (keep_pgp_merged(k->gate, k->engine, k->arena, fresh, &key, &known, err) < 0)
            return -1;
        struct pgp_record record = pgp_keys_record(k->arena, &key);
        record.addrs = &addr;
        record.naddrs = 1;
        record.trust = trust;
        record.source = (enum pgp_source)k->effect->source;
        record.first_seen = record.last_seen = k->now;
        if (store_harvest_pgp(k->gate->store, &record, known.key, result, err) == 0)
            return 0;
        if (err->code != ERR_BUSY || i + 1 == TRIES)
            return -1;
        err_clear(err);
    }
}

/*
 * A peer's mail brings the same key each time: gpg looks at it once a day. The day is part of the digest, so that a key that was deleted is
 * learned again, and last_seen moves.
 */
static void digest_of(const struct effect *effect, int64_t now, unsigned char out[HASH_SIZE])
{
    struct hash *hash = hash_new();
    int64_t day = now / 86400;
    hash_add_field(hash, (struct span){(const char *)&day, sizeof day});
    hash_add_field(hash, span_of(effect->addr));
    hash_add_field(hash, (struct span){(const char *)&effect->source, sizeof effect->source});
    hash_add_field(hash, span_of(effect->trusted ? "trusted" : ""));
    hash_add_field(hash, effect->der);
    hash_end(hash, out);
    hash_free(&hash);
}

static unsigned char *place_of(struct gate *gate, const unsigned char digest[HASH_SIZE])
{
    return gate->kept_pgp[(digest[0] << 8 | digest[1]) % KEPT_PGP];
}

static bool was_kept(struct gate *gate, const unsigned char digest[HASH_SIZE])
{
    pthread_mutex_lock(&gate->lock);
    bool same = memcmp(place_of(gate, digest), digest, HASH_SIZE) == 0;
    pthread_mutex_unlock(&gate->lock);
    return same;
}

static void note_kept(struct gate *gate, const unsigned char digest[HASH_SIZE])
{
    pthread_mutex_lock(&gate->lock);
    memcpy(place_of(gate, digest), digest, HASH_SIZE);
    pthread_mutex_unlock(&gate->lock);
}

int keep_pgp(struct gate *gate, const struct effect *effect, int64_t now,
             void (*kept)(void *arg, const char *fingerprint, enum trust trust, enum harvest_result result),
             void *arg, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct keeping k = {.gate = gate, .arena = arena, .effect = effect, .now = now};
    unsigned char digest[HASH_SIZE];
    struct pgp_key *keys;
    size_t n, broken;
    digest_of(effect, now, digest);
    if (was_kept(gate, digest))
        return 0;
    if (pgp_engine_get(gate, &k.engine, err) < 0)
        return -1;
    if (pgp_key_read(k.engine, arena, effect->der, &keys, &n, &broken, err) < 0) {
        if (!err_is_temporary(err))
            note_kept(gate, digest);
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        enum trust trust = effect->trusted ? TRUST_TRUSTED : TRUST_UNTRUSTED;
        enum harvest_result result;
        if (!pgp_keys_names(&keys[i], effect->addr))
            continue;
        if (harvest(&k, &keys[i], trust, &result, err) < 0)
            return -1;
        kept(arg, keys[i].fingerprint, trust, result);
    }
    note_kept(gate, digest);
    return 0;
}
