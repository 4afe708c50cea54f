/* rate - a table of buckets; a slot holds the time at which all that its key did is forgotten. */
#include "keyd/rate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS   4096
#define SLOTS     8
#define NAME_SIZE 16
#define MINUTE_US INT64_C(60000000)

struct slot {
    unsigned char name[NAME_SIZE]; /* of an id, which is a SHA-256 */
    int64_t until;                 /* free when it has passed */
};

struct rate {
    pthread_mutex_t lock;
    int64_t share;
    struct slot slots[BUCKETS][SLOTS];
};

struct rate *rate_new(unsigned per_minute)
{
    struct rate *rate = xcalloc(1, sizeof *rate);
    pthread_mutex_init(&rate->lock, NULL);
    rate->share = MINUTE_US / (per_minute > 0 ? per_minute : 1);
    return rate;
}

void rate_free(struct rate **rate)
{
    if (*rate == NULL)
        return;
    pthread_mutex_destroy(&(*rate)->lock);
    free(*rate);
    *rate = NULL;
}

/* The key's slot, or one that is free; NULL: none is, and whose name is here may be somebody's choice. */
static struct slot *slot_of(struct rate *rate, const unsigned char *id, int64_t now_us)
{
    struct slot *bucket = rate->slots[((size_t)id[NAME_SIZE] << 8 | id[NAME_SIZE + 1]) % BUCKETS];
    struct slot *first = &bucket[0];
    for (size_t i = 0; i < SLOTS; i++) {
        if (memcmp(bucket[i].name, id, NAME_SIZE) == 0)
            return &bucket[i];
        if (bucket[i].until < first->until)
            first = &bucket[i];
    }
    if (first->until > now_us)
        return NULL;
    memcpy(first->name, id, NAME_SIZE);
    first->until = 0;
    return first;
}

bool rate_take(struct rate *rate, const unsigned char id[WIRE_ID_SIZE], int64_t now_us)
{
    pthread_mutex_lock(&rate->lock);
    struct slot *slot = slot_of(rate, id, now_us);
    if (slot != NULL && slot->until < now_us)
        slot->until = now_us;
    bool room = slot != NULL && slot->until + rate->share <= now_us + MINUTE_US;
    if (room)
        slot->until += rate->share;
    pthread_mutex_unlock(&rate->lock);
    return room;
}
