/* cache - buckets of a few places each. */
#include "keyd/cache.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 512
#define PLACES  8

struct place {
    struct opened *opened; /* NULL: free */
    uint64_t used;
};

struct cache {
    pthread_mutex_t lock;
    uint64_t now; /* counts uses */
    struct place places[BUCKETS][PLACES];
};

struct cache *cache_new(void)
{
    struct cache *cache = xcalloc(1, sizeof *cache);
    pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

void cache_free(struct cache **cache)
{
    struct cache *c = *cache;
    *cache = NULL;
    if (c == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (size_t j = 0; j < PLACES; j++)
            opened_release(&c->places[i][j].opened);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

void opened_release(struct opened **opened)
{
    struct opened *o = *opened;
    *opened = NULL;
    if (o == NULL || atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) != 1)
        return;
    key_free(&o->key);
    free(o);
}

/* An id is a SHA-256. */
static struct place *bucket_of(struct cache *cache, const unsigned char *id)
{
    return cache->places[((size_t)id[0] << 8 | id[1]) % BUCKETS];
}

static bool holds(const struct place *place, const unsigned char *id)
{
    return place->opened != NULL && memcmp(place->opened->id, id, WIRE_ID_SIZE) == 0;
}

struct opened *cache_find(struct cache *cache, const unsigned char id[WIRE_ID_SIZE])
{
    struct opened *found = NULL;
    pthread_mutex_lock(&cache->lock);
    struct place *bucket = bucket_of(cache, id);
    for (size_t i = 0; i < PLACES && found == NULL; i++) {
        if (!holds(&bucket[i], id))
            continue;
        found = bucket[i].opened;
        bucket[i].used = ++cache->now;
        atomic_fetch_add_explicit(&found->refs, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&cache->lock);
    return found;
}

/* Its own place, a free one, or the one used longest ago. */
static struct place *place_for(struct place *bucket, const unsigned char *id)
{
    struct place *best = &bucket[0];
    for (size_t i = 0; i < PLACES; i++) {
        if (holds(&bucket[i], id))
            return &bucket[i];
        bool better = best->opened != NULL && (bucket[i].opened == NULL || bucket[i].used < best->used);
        best = better ? &bucket[i] : best;
    }
    return best;
}

void cache_add(struct cache *cache, const unsigned char id[WIRE_ID_SIZE], const char *owner, struct key *key)
{
    struct opened *opened = xcalloc(1, sizeof *opened);
    atomic_init(&opened->refs, 1);
    memcpy(opened->id, id, WIRE_ID_SIZE);
    snprintf(opened->owner, sizeof opened->owner, "%s", owner);
    hash_bytes(key_public(key), opened->public_hash);
    fpr_of(opened->public_hash, opened->fpr);
    opened->key = key;
    pthread_mutex_lock(&cache->lock);
    struct place *place = place_for(bucket_of(cache, id), id);
    struct opened *before = place->opened;
    *place = (struct place){opened, ++cache->now};
    pthread_mutex_unlock(&cache->lock);
    opened_release(&before);
}

size_t cache_count(struct cache *cache)
{
    size_t n = 0;
    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < BUCKETS; i++)
        for (size_t j = 0; j < PLACES; j++)
            n += cache->places[i][j].opened != NULL;
    pthread_mutex_unlock(&cache->lock);
    return n;
}

void fpr_of(const unsigned char hash[HASH_SIZE], char out[FPR_SIZE])
{
    char hex[HASH_HEX_SIZE];
    hash_hex(hash, hex);
    memcpy(out, hex, FPR_SIZE - 1);
    out[FPR_SIZE - 1] = '\0';
}
