/*
 * pgp - OpenPGP keys in the store: everybody's public keys, and what it takes to use secret keys of our own.
 *
 * Public keys are found by fingerprint, address and key id, trusted, pinned and learned as certificates are (store.h). No chain vouches for
 * them: trust is the administrator's word, or what the caller makes of a source. Nothing here parses a key: callers pass what the record
 * keeps. The secret keys themselves are the agent's; a record has its passphrase and a copy, so that one backup holds everything.
 */
#ifndef STORE_PGP_H
#define STORE_PGP_H

#include "store/store.h"

enum pgp_source {         /* each is better than those before it */
    PGP_SOURCE_AUTOCRYPT, /* an Autocrypt header field */
    PGP_SOURCE_KEYSERVER, /* HKP, LDAP */
    PGP_SOURCE_ATTACHED,  /* application/pgp-keys in mail that proves nothing */
    PGP_SOURCE_SIGNED,    /* in mail with a good signature */
    PGP_SOURCE_WKD,       /* the key directory of the address's own domain */
    PGP_SOURCE_IMPORTED,  /* by the administrator */
    PGP_SOURCE_OWN        /* its secret key is here */
};
const char *pgp_source_name(enum pgp_source source); /* "autocrypt" .. */

struct pgp_record {
    const char *fingerprint; /* of the primary key, lower-case hex: the key */
    const char **
        addrs; /* it is used for these: canonical; of valid User-IDs, or given by the administrator; "@domain" */
    size_t naddrs;
    enum trust trust;
    bool
        pinned; /* set by hand: learning changes neither trust nor addresses, and adds no other key for them */
    int64_t first_seen, last_seen;
    struct span key;     /* binary, cut down */
    const char **keyids; /* of the primary key and all subkeys: 16 lower-case hex digits */
    size_t nkeyids;
    const char **user_ids; /* the valid ones, as text; of a key that has ended all */
    size_t nuser_ids;
    const char **named; /* as many: the canonical address of each, "" when it has none */
    size_t nnamed;
    enum pgp_source source; /* the best so far */
    int64_t created;
    int64_t expires;       /* of the primary key; 0: never */
    int64_t encrypt_until; /* when the last subkey that encrypts ends; 0: never; -1: none does */
    int64_t sign_until;    /* the same of signing */
    bool revoked;          /* for ever */
    const char *algorithm; /* of the primary key: "ed25519", "rsa" .. */
    unsigned bits;
    const char *encrypt_algorithm; /* of the subkey that gpg encrypts to; "": there is none */
    unsigned encrypt_bits;
    const char *capabilities; /* "", or what the peer's own mail showed that he understands */
    struct span certified;    /* what keys of ours say of its User-IDs: openpgp/certify.h */
};

/* pgp_record_encrypts, pgp_record_signs - whether at `now` it is good for that: not revoked, not expired. Trust is another question. */
bool pgp_record_encrypts(const struct pgp_record *record, int64_t now);
bool pgp_record_signs(const struct pgp_record *record, int64_t now);
/* pgp_record_names - whether a valid User-ID holds this canonical address. */
bool pgp_record_names(const struct pgp_record *record, const char *addr);

/*
 * store_put_pgp - new, or in the place of the one with the same fingerprint; the earliest first_seen stays.
 *
 * base    the stored key that record->key was merged from; empty: it was not known. So that no revocation is lost between reading and writing:
 *         ERR_BUSY when another key is there by now: read and merge again.
 * errors  ERR_BUSY, ERR_LIMIT (addresses)
 */
int store_put_pgp(struct store *store, const struct pgp_record *record, struct span base,
                  struct err *err) SEAL_CHECKED;
/* store_set_pgp_trust - the administrator's word, and with it the pin. ERR_ABSENT. */
int store_set_pgp_trust(struct store *store, const char *fingerprint, enum trust trust,
                        struct err *err) SEAL_CHECKED;
/* store_delete_pgp - ERR_ABSENT; ERR_EXISTS while its secret key is here. */
int store_delete_pgp(struct store *store, const char *fingerprint, struct err *err) SEAL_CHECKED;
enum find store_find_pgp(struct store_read *read, const char *fingerprint, struct pgp_record *out,
                         struct err *err);
/* store_pgp_of - all keys of an address or "@domain". store_pgp_by_keyid - of a subkey or primary key: anybody can make a second one. */
int store_pgp_of(struct store_read *read, const char *addr, struct pgp_record **out, size_t *n_out,
                 struct err *err) SEAL_CHECKED;
int store_pgp_by_keyid(struct store_read *read, const char *keyid, struct pgp_record **out, size_t *n_out,
                       struct err *err) SEAL_CHECKED;
/* store_pgps - every key, in the order of fingerprints. */
int store_pgps(struct store_read *read, struct pgp_record **out, size_t *n_out, struct err *err) SEAL_CHECKED;

/*
 * store_harvest_pgp - add an observed key, for the addresses for which it was observed: record->addrs, each among record->named.
 *
 * Of a new key the rules of store_harvest() hold: refused are a rejected one, one for an address for which the administrator pinned a
 * trusted one, untrusted ones above STORE_HARVEST_MAX for an address or when the store is half full. Refused is also one for an address that
 * has a key of a better source with which one can encrypt (at record->last_seen).
 * A known key gets its newer state (subkeys, User-IDs, expiry, revocation), the better source, capabilities, last_seen (to the day). Unless
 * pinned it loses addresses that no valid User-ID has any more (not when it is revoked), becomes trusted when the record is, and is used for the further
 * addresses for which it is seen (refused ones apart).
 *
 * base    as in store_put_pgp
 */
int store_harvest_pgp(struct store *store, const struct pgp_record *record, struct span base,
                      enum harvest_result *out, struct err *err) SEAL_CHECKED;

/* ---- secret keys of our own ---- */

struct pgp_own_record {
    const char *fingerprint; /* of its pgp_record */
    const char *owner;       /* canonical address or "@domain"; the wrapping is bound to it */
    struct span wrapped; /* the passphrase of its secret key: token/wrap.h, with the fingerprint as subject */
    struct span secret;  /* the secret key as the agent gave it out, under that passphrase */
    const char **grips;  /* the agent's names of its parts (keygrip), 40 upper-case hex digits */
    size_t ngrips;
    int64_t created;
};
/* store_put_pgp_own - errors as of store_put_key(). */
int store_put_pgp_own(struct store *store, const struct pgp_own_record *record, struct err *err) SEAL_CHECKED;
enum find store_find_pgp_own(struct store_read *read, const char *fingerprint, struct pgp_own_record *out,
                             struct err *err);
/* store_pgp_own_of - all whose owner is addr, by `created`, newest last. */
int store_pgp_own_of(struct store_read *read, const char *addr, struct pgp_own_record **out, size_t *n_out,
                     struct err *err) SEAL_CHECKED;
int store_pgp_owns(struct store_read *read, struct pgp_own_record **out, size_t *n_out,
                   struct err *err) SEAL_CHECKED;
/* store_delete_pgp_own - ERR_ABSENT. The public key stays. */
int store_delete_pgp_own(struct store *store, const char *fingerprint, struct err *err) SEAL_CHECKED;

#endif
