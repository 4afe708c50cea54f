/*
 * desk - what the key worker answers: whether this peer may ask this with this key for this address, then the operation.
 *
 * Any thread. What was done, or refused, is in the audit before the answer is written.
 */
#ifndef KEYD_DESK_H
#define KEYD_DESK_H

#include "keyd/audit.h"
#include "keyd/cache.h"
#include "keyd/limits.h"
#include "keyd/vault.h"
#include "token/holder.h"

struct peer {
    pid_t pid;
    uid_t uid;
    bool privileged; /* root, or sealkeyd's own user: may enrol keys of tokens */
};

struct desk {
    struct vault *vault;
    struct cache *cache;
    struct limits *limits;
    struct audit *audit;
    struct holder *token;      /* the token child; NULL: no tokens here */
    void (*reload)(void *arg); /* no question is answered after this, but those that were begun */
    void *arg;
    atomic_ulong done, failed;
    atomic_uint connections;
};

/*
 * desk_answer - an answer to a packet, into out, which is empty and has room for a packet.
 *
 * return  whether the peer is heard further: nonsense is answered once
 */
bool desk_answer(struct desk *desk, const struct peer *peer, struct span packet, struct buf *out);

/* desk_refuse - an answer that says no, whatever was asked. */
void desk_refuse(const struct err *why, struct buf *out);

/* desk_note - into the audit and the counts, with how it went. */
void desk_note(struct desk *desk, struct audit_entry *entry, const struct err *err);

#endif
