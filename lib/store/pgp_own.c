/* pgp_own - what it takes to use OpenPGP secret keys of our own. */
#include "store/pgp.h"

#include "store/owned.h"

#include <stdlib.h>

#define FIELD(name, type, extra)                                                                             \
    {                                                                                                        \
#name, type, offsetof(struct pgp_own_record, name), extra                                            \
    }
static const struct field fields[] = {
    FIELD(fingerprint, FIELD_TEXT, 0),
    FIELD(owner, FIELD_TEXT, 0),
    FIELD(wrapped, FIELD_BYTES, 0),
    FIELD(secret, FIELD_BYTES, 0),
    FIELD(grips, FIELD_TEXTS, offsetof(struct pgp_own_record, ngrips)),
    FIELD(created, FIELD_TIME, 0),
};
#undef FIELD
const struct record_kind store_pgp_own_kind = {"OpenPGP secret key", 1, fields, SEAL_COUNT(fields)};
static const struct owned_kind owned = {&store_pgp_own_kind, sizeof(struct pgp_own_record), KV_PGP_OWN,
                                        KV_PGP_OWN_OWNER};

int store_put_pgp_own(struct store *store, const struct pgp_own_record *record, struct err *err)
{
    return owned_put(store, &owned, record, 1, err);
}

int store_delete_pgp_own(struct store *store, const char *fingerprint, struct err *err)
{
    return owned_delete(store, &owned, fingerprint, err);
}

enum find store_find_pgp_own(struct store_read *read, const char *fingerprint, struct pgp_own_record *out,
                             struct err *err)
{
    return owned_find(read, &owned, fingerprint, out, err);
}

static int by_date(const void *a, const void *b)
{
    int64_t x = ((const struct pgp_own_record *)a)->created, y = ((const struct pgp_own_record *)b)->created;
    return (x > y) - (x < y);
}

int store_pgp_own_of(struct store_read *read, const char *addr, struct pgp_own_record **out, size_t *n_out,
                     struct err *err)
{
    if (owned_of(read, &owned, addr, out, n_out, err) < 0)
        return -1;
    if (*n_out > 1)
        qsort(*out, *n_out, sizeof **out, by_date);
    return 0;
}

int store_pgp_owns(struct store_read *read, struct pgp_own_record **out, size_t *n_out, struct err *err)
{
    return store_list(read, &store_pgp_own_kind, KV_PGP_OWN, sizeof **out, out, n_out, err);
}
