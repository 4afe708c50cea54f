/*
 * lookup - what key servers have for some addresses: each address's servers in the order of the settings, all addresses at the same time.
 *
 * A server that says no, or has something that the caller has no use for, is followed by the next one; so is one that could not be asked, and
 * then "no" of the others is not enough to say no.
 */
#ifndef FETCH_LOOKUP_H
#define FETCH_LOOKUP_H

#include "base/arena.h"
#include "conf/settings.h"
#include "model/answer.h"

struct directory;

#define LOOKUP_MAX 32 /* addresses at a time */

struct lookup {
    const char *addr; /* canonical */

    enum find answer; /* FIND_FAILED: some server could not be asked, and no other one had it */
    const struct key_server *server; /* FIND_FOUND: whose it is */
    bool no_host;                    /* FIND_ABSENT: none of the hosts that could have it exists */
    const char *why;                 /* what servers said, NULL: nothing worth saying */
};

/* What a server gave. */
struct lookup_offer {
    const struct key_server *server;
    struct span octets; /* packets or armour */
    bool revoked;       /* it says that they are: of use is then only what they say of their end themselves */
};

/* Who looks at an offer, valid during the call: whether it is what was asked for. why_out: FIND_ABSENT, FIND_FAILED. */
struct lookup_taker {
    enum find (*take)(void *arg, size_t index, const struct lookup_offer *offer, const char **why_out);
    void *arg;
};

/* lookup_asks - whether the settings name a server for the address. */
bool lookup_asks(const struct lookup_settings *settings, const char *addr);
/* lookup_asks_any_domain - whether they name the key directory of every domain there is: each of those can hold mail up. */
bool lookup_asks_any_domain(const struct lookup_settings *settings);

/*
 * lookup_all - at most LOOKUP_MAX, each with its addr alone. Within the settings' time, name servers that hang apart.
 *
 * clock_ms  CLOCK_MONOTONIC in milliseconds, for servers of LDAP
 * shared    with its connections, for the server that has the same settings; NULL: each look-up makes its own
 */
void lookup_all(const struct lookup_settings *settings, int64_t (*clock_ms)(void), struct directory *shared,
                struct arena *arena, struct lookup *lookups, size_t n, const struct lookup_taker *taker);

#endif
