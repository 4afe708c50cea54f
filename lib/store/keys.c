/* keys - private keys of certificates, wrapped. */
#include "store/owned.h"

#include <stdlib.h>

#define FIELD(name, type)                                                                                    \
    {                                                                                                        \
#name, type, offsetof(struct key_record, name), 0                                                    \
    }
static const struct field fields[] = {
    FIELD(fingerprint, FIELD_TEXT), FIELD(owner, FIELD_TEXT), FIELD(public_key, FIELD_BYTES),
    FIELD(wrapped, FIELD_BYTES),    FIELD(uri, FIELD_TEXT),   FIELD(created, FIELD_TIME),
};
#undef FIELD
const struct record_kind store_key_kind = {"private key", 1, fields, SEAL_COUNT(fields)};

static const struct owned_kind owned = {&store_key_kind, sizeof(struct key_record), KV_KEY, KV_KEY_OWNER};

int store_put_key(struct store *store, const struct key_record *record, struct err *err)
{
    return store_put_keys(store, record, 1, err);
}

int store_put_keys(struct store *store, const struct key_record *records, size_t n, struct err *err)
{
    return owned_put(store, &owned, records, n, err);
}

int store_delete_key(struct store *store, const char *fingerprint, struct err *err)
{
    return owned_delete(store, &owned, fingerprint, err);
}

enum find store_find_key(struct store_read *read, const char *fingerprint, struct key_record *out,
                         struct err *err)
{
    return owned_find(read, &owned, fingerprint, out, err);
}

struct dated {
    struct key_record key;
    int64_t not_before;
};

static int by_date(const void *a, const void *b)
{
    int64_t x = ((const struct dated *)a)->not_before, y = ((const struct dated *)b)->not_before;
    return (x > y) - (x < y);
}

/* A key whose certificate is gone counts as the oldest. */
static int sort_by_cert(struct store_read *read, struct key_record *keys, size_t n, struct err *err)
{
    struct dated *dated = arena_array(read->arena, n, sizeof *dated);
    for (size_t i = 0; i < n; i++) {
        struct cert_record cert;
        dated[i] = (struct dated){keys[i], INT64_MIN};
        switch (store_find_cert(read, keys[i].fingerprint, &cert, err)) {
        case FIND_FOUND:
            dated[i].not_before = cert.not_before;
            break;
        case FIND_ABSENT:
            break;
        case FIND_FAILED:
            return -1;
        }
    }
    qsort(dated, n, sizeof *dated, by_date);
    for (size_t i = 0; i < n; i++)
        keys[i] = dated[i].key;
    return arena_check(read->arena, err);
}

int store_keys_of(struct store_read *read, const char *addr, struct key_record **out, size_t *n_out,
                  struct err *err)
{
    if (owned_of(read, &owned, addr, out, n_out, err) < 0)
        return -1;
    return *n_out < 2 ? 0 : sort_by_cert(read, *out, *n_out, err);
}

int store_keys(struct store_read *read, struct key_record **out, size_t *n_out, struct err *err)
{
    return store_list(read, &store_key_kind, KV_KEY, sizeof **out, out, n_out, err);
}
