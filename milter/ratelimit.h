/*
 * ratelimit - how many notices of one rule go to one address in an hour.
 *
 * So many at once, then one more after each hour's share (GCRA: one time is kept for a pair). Memory is fixed: when many addresses are
 * told something within the hour, the pair that would be forgotten first gives way, within its bucket. Which bucket that is nobody outside
 * can know. The clock is the caller's.
 *
 * threads  any
 */
#ifndef MILTER_RATELIMIT_H
#define MILTER_RATELIMIT_H

#include "base/mem.h"

struct ratelimit;

struct ratelimit *ratelimit_new(void);
void ratelimit_free(struct ratelimit **ratelimit); /* accepts NULL inside */

/* ratelimit_take - whether one more may go; it counts then. now_ms only goes forward. */
bool ratelimit_take(struct ratelimit *ratelimit, const char *addr, const char *rule, unsigned per_hour,
                    int64_t now_ms);
/* ratelimit_give_back - what was taken did not go. */
void ratelimit_give_back(struct ratelimit *ratelimit, const char *addr, const char *rule, unsigned per_hour);

#endif
