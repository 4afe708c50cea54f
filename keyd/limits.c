/* limits - a table of rates for each kind. */
#include "keyd/limits.h"

#include "keyd/rate.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

struct limits {
    struct rate *used, *wrapped;      /* by key */
    struct rate *asked, *made, *told; /* by user */
    atomic_ulong refused;
};

struct limits *limits_new(unsigned key_rate)
{
    struct limits *limits = xcalloc(1, sizeof *limits);
    limits->used = rate_new(key_rate);
    limits->wrapped = rate_new(key_rate);
    limits->asked = rate_new(LIMITS_PEER * key_rate);
    limits->made = rate_new(key_rate / LIMITS_GENERATE);
    limits->told = rate_new(LIMITS_TOLD);
    return limits;
}

unsigned long limits_refused(const struct limits *limits)
{
    return atomic_load(&limits->refused);
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int take(struct limits *limits, struct rate *rate, const unsigned char name[HASH_SIZE],
                const char *what, struct err *err)
{
    if (rate_take(rate, name, now_us()))
        return 0;
    atomic_fetch_add(&limits->refused, 1);
    return err_set(err, ERR_BUSY, "%s now (key-rate =)", what);
}

static void name_user(uid_t uid, unsigned char out[HASH_SIZE])
{
    hash_bytes((struct span){(const char *)&uid, sizeof uid}, out);
}

static int take_peer(struct limits *limits, struct rate *rate, uid_t uid, const char *what, struct err *err)
{
    unsigned char name[HASH_SIZE];
    name_user(uid, name);
    return take(limits, rate, name, what, err);
}

bool limits_tell(struct limits *limits, uid_t uid)
{
    unsigned char name[HASH_SIZE];
    name_user(uid, name);
    return rate_take(limits->told, name, now_us());
}

int limits_use(struct limits *limits, const unsigned char key[HASH_SIZE], struct err *err)
{
    return take(limits, limits->used, key, "this key does no more operations", err);
}

int limits_wrap(struct limits *limits, enum limits_peer peer, uid_t uid,
                const unsigned char subject[HASH_SIZE], struct err *err)
{
    if (peer == LIMITS_ANY_PEER &&
        take_peer(limits, limits->asked, uid, "nothing more is unwrapped for this user", err) < 0)
        return -1;
    return take(limits, limits->wrapped, subject, "this key is unwrapped no more", err);
}

int limits_generate(struct limits *limits, enum limits_peer peer, uid_t uid, struct err *err)
{
    if (peer == LIMITS_PRIVILEGED_PEER)
        return 0;
    return take_peer(limits, limits->made, uid, "no more keys are made for this user", err);
}
