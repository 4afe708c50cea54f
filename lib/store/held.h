/*
 * held - what certificates and OpenPGP keys have in common in the store: a record under its fingerprint, an index from its addresses,
 * trust and pin.
 *
 * The structs of both begin with the members of struct held (held.c makes sure of it), and a record of either is passed as that.
 */
#ifndef STORE_HELD_H
#define STORE_HELD_H

#include "store/store_private.h"

struct held {
    const char *fingerprint;
    const char **addrs;
    size_t naddrs;
    enum trust trust;
    bool pinned;
    int64_t first_seen, last_seen;
    struct span bytes;
};

/* From each of the texts in a member of the record to the record. */
struct held_index {
    enum kv_class class;
    size_t texts, ntexts; /* offsets */
};

/* One kind of such records. */
struct held_kind {
    const struct record_kind *record;
    size_t size; /* of its struct */
    enum kv_class class;
    enum kv_class private;        /* of our own private keys, under the same fingerprint */
    struct held_index indexes[2]; /* the first: of addresses */
    size_t nindexes;
    /* yields - that no new `seen` is added beside `other`, which is there; NULL: it never yields. */
    bool (*yields)(const void *seen, const void *other);
    /* learn - what a known one learns besides addresses; whether it did. */
    bool (*learn)(void *known, const void *seen, struct arena *arena);
};

enum find held_load(struct kv_txn *txn, const struct held_kind *kind, const char *fingerprint,
                    struct arena *arena, void *out, struct err *err);
/* held_save - with its indexes; before: what is there now, NULL when it has no other indexes. */
void held_save(struct kv_txn *txn, const struct held_kind *kind, const void *before, const void *record,
               struct err *err);
/* held_of - all with this address. */
int held_of(struct kv_txn *txn, const struct held_kind *kind, const char *addr, struct arena *arena,
            void *array_out, size_t *n_out, struct err *err) SEAL_CHECKED;

/*
 * held_begin - a write transaction for a record that comes: what is there of it now, in an arena; NULL: nothing.
 *
 * base  NULL, or what its bytes must be by now, empty: it must not be there. ERR_BUSY otherwise.
 */
int held_begin(struct store *store, const struct held_kind *kind, const void *record, const struct span *base,
               struct arena *arena, struct kv_txn *txn, void **there_out, struct err *err) SEAL_CHECKED;
/* held_begin_change - a write transaction for a record that must be there. ERR_ABSENT. */
int held_begin_change(struct store *store, const struct held_kind *kind, const char *fingerprint,
                      struct arena *arena, struct kv_txn *txn, void **out, struct err *err) SEAL_CHECKED;

/* What store.h and store/pgp.h say of both kinds. */
int held_put(struct store *store, const struct held_kind *kind, const void *record, const struct span *base,
             struct err *err) SEAL_CHECKED;
int held_set_trust(struct store *store, const struct held_kind *kind, const char *fingerprint,
                   enum trust trust, struct err *err) SEAL_CHECKED;
int held_delete(struct store *store, const struct held_kind *kind, const char *fingerprint,
                struct err *err) SEAL_CHECKED;
/* held_learn_capabilities - words take the place of others; but that a peer reads protected header fields is not forgotten, since not all
 * his mail shows it. */
bool held_learn_capabilities(const char **known, const char *seen, struct arena *arena);
/* held_harvest, in harvest.c */
int held_harvest(struct store *store, const struct held_kind *kind, const void *record,
                 const struct span *base, enum harvest_result *out, struct err *err) SEAL_CHECKED;

#endif
