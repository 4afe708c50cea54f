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

int stamp_read(struct store *store, struct stamp *out, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct store_read *read = NULL;
    *out = (struct stamp){.policy_version = 0};
    if (store_read_begin(store, arena, &read, err) < 0)
        return -1;
    int status = store_newest_policy(read, &out->policy_version, &out->policy_from_ms, err) < 0 ||
                         read_authorities(read, out, err) < 0
                     ? -1
                     : 0;
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
