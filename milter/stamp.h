/* stamp - what a snapshot is made of, to tell whether another is due; the store's generation changes for much else (harvested certificates,
 * keys). */
#ifndef MILTER_STAMP_H
#define MILTER_STAMP_H

#include "base/hash.h"
#include "store/store.h"

struct stamp {
    uint64_t policy_version;
    int64_t policy_from_ms;               /* as struct policy_record's */
    unsigned char authorities[HASH_SIZE]; /* and their revocation lists */
};

/* stamp_read - of the newest that the store holds; costs the same whatever the size of the policy. */
int stamp_read(struct store *store, struct stamp *out, struct err *err) SEAL_CHECKED;
bool stamp_same_authorities(const struct stamp *a, const struct stamp *b);
bool stamp_same(const struct stamp *a, const struct stamp *b);

#endif
