/* stamp - the newest policy's number, and a digest of the authorities. */
#include "milter/stamp.h"

#include <string.h>

static void stamp_authority(struct hash *hash, const struct ca_record *record)
{
    hash_add_field(hash, span_of(record->fingerprint));
    hash_add_field(hash, span_of(record->trusted ? "trusted" : "known"));
}

static int read_authorities(struct store_read *read, struct stamp *out, struct err *err)
{
    struct ca_record *records;
    struct crl_record *lists;
    size_t n, nlists;
    if (store_cas(read, &records, &n, err) < 0 || store_crls(read, &lists, &nlists, err) < 0)
        return -1;
    struct hash *hash = hash_new();
    for (size_t i = 0; i < n; i++)
        stamp_authority(hash, &records[i]);
    for (size_t i = 0; i < nlists; i++)
        hash_add_field(hash, span_of(lists[i].fingerprint));
    hash_end(hash, out->authorities);
    hash_free(&hash);
    return 0;
}

static int read_policy(struct store_read *read, const struct stamp *known, struct stamp *out, struct err *err)
{
    struct policy_record record;
    if (store_newest_policy(read, &out->policy_version, err) < 0)
        return -1;
    out->policy_from_ms = known->policy_from_ms;
    if (out->policy_version == known->policy_version)
        return 0;
    if (store_find_policy(read, out->policy_version, &record, err) != FIND_FOUND)
        return err_is_set(err) ? -1 : err_set(err, ERR_STORE_DAMAGED, "store: the newest policy is missing");
    out->policy_from_ms = record.from_ms;
    return 0;
}

int stamp_read(struct store *store, const struct stamp *known, struct stamp *out, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct store_read *read = NULL;
    *out = (struct stamp){.policy_version = 0};
    if (store_read_begin(store, arena, &read, err) < 0)
        return -1;
    int status = read_policy(read, known, out, err) < 0 || read_authorities(read, out, err) < 0 ? -1 : 0;
    store_read_end(&read);
    return status;
}

bool stamp_same_authorities(const struct stamp *a, const struct stamp *b)
{
    return memcmp(a->authorities, b->authorities, sizeof a->authorities) == 0;
}

bool stamp_same(const struct stamp *a, const struct stamp *b)
{
    return a->policy_version == b->policy_version && stamp_same_authorities(a, b);
}
