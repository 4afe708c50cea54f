/* ratelimit - a table of buckets; a slot holds the time at which all that its pair sent is forgotten. */
#include "milter/ratelimit.h"

#include "base/hash.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BUCKETS  1024
#define SLOTS    8
#define HOUR_MS  INT64_C(3600000)
#define KEY_SIZE 16

struct slot {
    unsigned char name[KEY_SIZE];
    int64_t until; /* free when it has passed */
};

struct ratelimit {
    pthread_mutex_t lock;
    unsigned char key[KEY_SIZE]; /* makes the buckets nobody's to choose */
    struct slot slots[BUCKETS][SLOTS];
};

struct ratelimit *ratelimit_new(void)
{
    struct ratelimit *ratelimit = xcalloc(1, sizeof *ratelimit);
    pthread_mutex_init(&ratelimit->lock, NULL);
    (void)!getrandom(ratelimit->key, sizeof ratelimit->key, 0); /* without: limited all the same */
    return ratelimit;
}

void ratelimit_free(struct ratelimit **ratelimit)
{
    if (*ratelimit == NULL)
        return;
    pthread_mutex_destroy(&(*ratelimit)->lock);
    free(*ratelimit);
    *ratelimit = NULL;
}

static void name_of(const struct ratelimit *ratelimit, const char *addr, const char *rule,
                    unsigned char digest[HASH_SIZE])
{
    struct hash *hash = hash_new();
    hash_add(hash, (struct span){(const char *)ratelimit->key, KEY_SIZE});
    hash_add_field(hash, span_of(addr));
    hash_add_field(hash, span_of(rule));
    hash_end(hash, digest);
    hash_free(&hash);
}

static int64_t share_of(unsigned per_hour)
{
    return HOUR_MS / (per_hour > 0 ? per_hour : 1);
}

static struct slot *bucket_of(struct ratelimit *ratelimit, const unsigned char digest[HASH_SIZE])
{
    return ratelimit->slots[((size_t)digest[KEY_SIZE] << 8 | digest[KEY_SIZE + 1]) % BUCKETS];
}

static struct slot *find(struct slot *bucket, const unsigned char *name)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (memcmp(bucket[i].name, name, KEY_SIZE) == 0)
            return &bucket[i];
    return NULL;
}

/* The pair's slot, or the one that is forgotten first. */
static struct slot *find_or_make(struct slot *bucket, const unsigned char *name, int64_t now_ms)
{
    struct slot *slot = find(bucket, name);
    if (slot != NULL)
        return slot;
    slot = &bucket[0];
    for (size_t i = 1; i < SLOTS; i++)
        if (bucket[i].until < slot->until)
            slot = &bucket[i];
    memcpy(slot->name, name, KEY_SIZE);
    slot->until = now_ms;
    return slot;
}

bool ratelimit_take(struct ratelimit *ratelimit, const char *addr, const char *rule, unsigned per_hour,
                    int64_t now_ms)
{
    unsigned char digest[HASH_SIZE];
    int64_t share = share_of(per_hour);
    name_of(ratelimit, addr, rule, digest);
    pthread_mutex_lock(&ratelimit->lock);
    struct slot *slot = find_or_make(bucket_of(ratelimit, digest), digest, now_ms);
    if (slot->until < now_ms)
        slot->until = now_ms;
    bool room = slot->until + share <= now_ms + HOUR_MS;
    if (room)
        slot->until += share;
    pthread_mutex_unlock(&ratelimit->lock);
    return room;
}

void ratelimit_give_back(struct ratelimit *ratelimit, const char *addr, const char *rule, unsigned per_hour)
{
    unsigned char digest[HASH_SIZE];
    name_of(ratelimit, addr, rule, digest);
    pthread_mutex_lock(&ratelimit->lock);
    struct slot *slot = find(bucket_of(ratelimit, digest), digest);
    if (slot != NULL)
        slot->until -= share_of(per_hour);
    pthread_mutex_unlock(&ratelimit->lock);
}
