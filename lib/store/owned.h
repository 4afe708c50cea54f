/* owned - what private keys of both methods have in common in the store: a record under its fingerprint, an index from its owner. */
#ifndef STORE_OWNED_H
#define STORE_OWNED_H

#include "store/store_private.h"

/* The structs of both begin so. */
struct owned {
    const char *fingerprint;
    const char *owner; /* "": nobody's, in no index */
    struct span wrapped;
};

struct owned_kind {
    const struct record_kind *record;
    size_t size; /* of its struct */
    enum kv_class class, by_owner;
};

/* owned_put - an array of records: all or none. */
int owned_put(struct store *store, const struct owned_kind *kind, const void *records, size_t n,
              struct err *err) SEAL_CHECKED;
int owned_delete(struct store *store, const struct owned_kind *kind, const char *fingerprint,
                 struct err *err) SEAL_CHECKED; /* ERR_ABSENT */
enum find owned_find(struct store_read *read, const struct owned_kind *kind, const char *fingerprint,
                     void *out, struct err *err);
/* owned_of - in the order of fingerprints. */
int owned_of(struct store_read *read, const struct owned_kind *kind, const char *owner, void *array_out,
             size_t *n_out, struct err *err) SEAL_CHECKED;

#endif
