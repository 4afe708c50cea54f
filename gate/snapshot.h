/*
 * snapshot - policy, trust anchors with revocation lists, and settings as one immutable, counted value: a message keeps the one that it began with.
 */
#ifndef GATE_SNAPSHOT_H
#define GATE_SNAPSHOT_H

#include "conf/settings.h"
#include "policy/policy.h"
#include "smime/chain.h"
#include "store/store.h"

struct snapshot {
    unsigned count;      /* references; atomic */
    uint64_t generation; /* of the store when it was made */
    uint64_t policy_version;
    uint64_t anchors_id;             /* names this set of anchors among all snapshots of the process */
    const struct settings *settings; /* borrowed: outlives every snapshot */
    struct policy *policy;           /* owned */
    struct anchors *anchors;         /* owned */
};

/* snapshot_load - from the store's newest policy, its CAs and revocation lists. ERR_CONFIG when there is no policy yet. */
int snapshot_load(struct store *store, const struct settings *settings, struct snapshot **out,
                  struct err *err) SEAL_CHECKED;
/* snapshot_read_policy - a version of the policy with its files of addresses; path stands in errors. arena is for reading alone. */
int snapshot_read_policy(struct store_read *read, struct arena *arena, const struct policy_record *record,
                         const char *path, struct policy **out, struct err *err) SEAL_CHECKED;
struct snapshot *snapshot_ref(struct snapshot *snapshot);
/* snapshot_is_shared - whether somebody else has a reference; no stays no where nobody can get a new one. */
bool snapshot_is_shared(const struct snapshot *snapshot);
void snapshot_free(struct snapshot **snapshot); /* drops one reference */

#endif
