/* cache - opened keys by their id, so many and no more; the one that was used longest ago gives way. Any thread. */
#ifndef KEYD_CACHE_H
#define KEYD_CACHE_H

#include "base/hash.h"
#include "token/key.h"
#include "token/wire.h"

#include <stdatomic.h>

#define FPR_SIZE 17 /* 16 hex digits of the public key's SHA-256, for people */

/* Immutable but for the count. */
struct opened {
    atomic_uint refs;
    unsigned char id[WIRE_ID_SIZE];
    unsigned char public_hash[HASH_SIZE]; /* SHA-256 of the public key */
    char fpr[FPR_SIZE];
    char owner[WIRE_ADDR_MAX + 1];
    struct key *key;
};

struct cache;

struct cache *cache_new(void);
void cache_free(struct cache **cache);

/* cache_find - a reference, or NULL. */
struct opened *cache_find(struct cache *cache, const unsigned char id[WIRE_ID_SIZE]);
/* cache_add - takes the key. When two threads open the same key at once, the second replaces the first. */
void cache_add(struct cache *cache, const unsigned char id[WIRE_ID_SIZE], const char *owner, struct key *key);
void opened_release(struct opened **opened); /* accepts NULL inside */

size_t cache_count(struct cache *cache);

/* fpr_of - of the hash of a SubjectPublicKeyInfo. */
void fpr_of(const unsigned char hash[HASH_SIZE], char out[FPR_SIZE]);

#endif
