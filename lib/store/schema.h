/*
 * schema - the version of the store's layout, and the generation: one record.
 *
 * A store of an older schema is brought up in one transaction when it is opened; one of a newer schema is refused.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "store/kv.h"

/* A step changes records through the transaction; its failure fails the transaction. */
typedef void schema_step(struct kv_txn *txn, struct err *err);

/* schema_create - a new file of schema 1, generation 1; nothing when it is there. */
int schema_create(const char *path, struct err *err) SEAL_CHECKED;
/* schema_migrate - steps[n - 1] brings schema n to n + 1; the newest is nsteps + 1. ERR_CONFIG: newer than that. */
int schema_migrate(struct kv *kv, schema_step *const *steps, size_t nsteps, struct err *err) SEAL_CHECKED;
int schema_generation(struct kv_txn *txn, uint64_t *out, struct err *err) SEAL_CHECKED;
/* schema_count - one generation more. */
void schema_count(struct kv_txn *txn, struct err *err);

#endif
