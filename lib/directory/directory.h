/*
 * directory - groups, attributes and OpenPGP keys of mail addresses, asked of LDAP servers. Cache, policy and store are other folders' work.
 *
 * A question is about all addresses of a message at once: one search finds the entries of the addresses, a few more their groups. Addresses
 * enter a filter by escaping alone (R19). An answer is yes, no, or "could not find out"; what may be incomplete (a limit of ours or
 * the server's, a group that is not there, an entry that cannot be told apart) is never "no".
 *
 * servers  asked in their order. One that failed is left alone for DIRECTORY_RETRY seconds while there is another; when all have failed, one
 *          thread at a time tries them anew, and the others hear at once that nobody answers.
 * time     a question ends by its limit, whatever a server does: every read and write of a connection, inside TLS too, knows the deadline.
 * trust    TLS with a certificate that the CA file vouches for and that holds the host's name, or no connection. Referrals are not followed.
 * errors   ERR_PEER_TEMP (no server answers), ERR_CONFIG (a server refuses us, a base is not there), ERR_LIMIT
 * threads  a struct directory is shared by all; a connection belongs to one at a time.
 * source   RFC 4511 (LDAP), 4515 (filters), 4514 (names), 2696 (paging), 3876 (matched values), 4513 (TLS, bind)
 */
#ifndef DIRECTORY_DIRECTORY_H
#define DIRECTORY_DIRECTORY_H

#include "base/arena.h"
#include "conf/settings.h"
#include "model/facts.h"

struct directory;

#define DIRECTORY_RETRY 30

/* directory_new - reads no network. settings are borrowed. clock_ms: CLOCK_MONOTONIC in milliseconds. */
struct directory *directory_new(const struct directory_settings *settings, int64_t (*clock_ms)(void));
struct directory *directory_ref(struct directory *directory);
/* directory_is_of - whether these are its settings, the very same. */
bool directory_is_of(const struct directory *directory, const struct directory_settings *settings);
void directory_free(struct directory **directory); /* drops one reference */

struct directory_group {
    const char *dn;   /* NULL: by name */
    const char *name; /* its cn, below directory-group-base */
};

struct directory_question {
    const char *const *addrs; /* canonical, each once */
    size_t naddrs;
    const struct directory_group *groups;
    size_t ngroups;
    const char *const *attributes;
    size_t nattributes;
};

struct directory_answer {
    enum answer found;                 /* whether exactly one entry has the address; several: unknown */
    enum answer *groups;               /* as many as asked for */
    struct attribute_fact *attributes; /* as many as asked for */
};

/*
 * directory_ask - answers in arena, one an address.
 *
 * note_out  why some answer is "unknown"; NULL: none is
 * return    0, or -1: nothing could be found out
 */
int directory_ask(struct directory *directory, struct arena *arena, const struct directory_question *question,
                  struct directory_answer **answers_out, const char **note_out, struct err *err) SEAL_CHECKED;

/* directory_find_groups - which of them the directory has; several of one name are "unknown". */
int directory_find_groups(struct directory *directory, struct arena *arena,
                          const struct directory_group *groups, size_t n, enum answer *known_out,
                          struct err *err) SEAL_CHECKED;

#define DIRECTORY_KEYS_MAX      16           /* of one address */
#define DIRECTORY_KEYS_SIZE_MAX (256u << 10) /* octets of all of them */

/* As an entry holds it, packets or armour; nobody has looked yet whose it is. */
struct directory_key {
    struct span octets;
    bool revoked; /* the entry says so */
};

struct directory_keys {
    const char *addr; /* canonical */

    enum find answer; /* FIND_FAILED: there are more than are taken */
    struct directory_key *keys;
    size_t nkeys;
    const char *why; /* static; not FIND_FOUND */
};

/* directory_find_keys - the keys of n addresses, within a time of the caller's. return 0, or -1: nothing could be found out */
int directory_find_keys(struct directory *directory, struct arena *arena, unsigned timeout_ms,
                        struct directory_keys *asked, size_t n, struct err *err) SEAL_CHECKED;

/* directory_check - for doctor: whether the server (index into settings) is reached, takes us, and has what the bases name. */
int directory_check(struct directory *directory, size_t server, struct err *err) SEAL_CHECKED;

#endif
