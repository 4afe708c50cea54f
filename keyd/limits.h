/*
 * limits - how much is done in a minute: with one key, for one peer. All follow from the setting key-rate.
 *
 * What a limit refuses is ERR_BUSY: whoever asks honestly comes again. Any thread.
 */
#ifndef KEYD_LIMITS_H
#define KEYD_LIMITS_H

#include "base/err.h"
#include "base/hash.h"

#include <sys/types.h>

#define LIMITS_PEER     10  /* times key-rate: what one user has unwrapped and wrapped */
#define LIMITS_GENERATE 100 /* a hundredth of key-rate: keys made for one user */

#define LIMITS_TOLD 60 /* lines about users who may not ask, of each */

struct limits;

struct limits *limits_new(unsigned key_rate);
unsigned long limits_refused(const struct limits *limits); /* so far */

/* limits_use - an operation with the key of which this is the public key's SHA-256. */
int limits_use(struct limits *limits, const unsigned char key[HASH_SIZE], struct err *err) SEAL_CHECKED;

enum limits_peer {
    LIMITS_ANY_PEER,
    LIMITS_PRIVILEGED_PEER /* who could read the master key has the limits of keys alone */
};

/* limits_wrap - something of this subject (a public key, a fingerprint) is wrapped or unwrapped for a user, whether it works or not. */
int limits_wrap(struct limits *limits, enum limits_peer peer, uid_t uid,
                const unsigned char subject[HASH_SIZE], struct err *err) SEAL_CHECKED;
int limits_generate(struct limits *limits, enum limits_peer peer, uid_t uid, struct err *err) SEAL_CHECKED;

/* limits_tell - whether it is still worth a line that this user is refused. */
bool limits_tell(struct limits *limits, uid_t uid);

#endif
