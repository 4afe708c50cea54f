/*
 * rate - how many operations a minute one key does.
 *
 * So many at once, then one more after each minute's share (GCRA: one time is kept for a key). Memory is fixed; a key is
 * forgotten when all that it did is, so that using many others does not free one from its limit: they wait, if there is no room. Any thread; the clock is the caller's.
 */
#ifndef KEYD_RATE_H
#define KEYD_RATE_H

#include "token/wire.h"

struct rate;

struct rate *rate_new(unsigned per_minute);
void rate_free(struct rate **rate);

/* rate_take - whether the key may do one operation more; it counts then. now_us only goes forward. */
bool rate_take(struct rate *rate, const unsigned char id[WIRE_ID_SIZE], int64_t now_us);

#endif
