/*
 * key - one OpenPGP key of anybody, as bytes made small and as what gpg says of them.
 *
 * Read once, when a key comes into the store: what counts afterwards is the record. A stranger's key is cut down before gpg sees it: one
 * primary key, its own signatures, User-IDs with an address, subkeys; no signatures of others, no pictures, nothing unknown. gpg then
 * checks the self-signatures, and drops what they do not cover.
 *
 * source  RFC 9580 5.2.3 (self-signatures), 10.1 (transferable keys), 3.6 (fingerprints)
 */
#ifndef OPENPGP_KEY_H
#define OPENPGP_KEY_H

#include "openpgp/engine.h"
#include "openpgp/packet.h"

#define PGP_FPR_SIZE     65          /* 40 hex digits of a version 4 key, lower case; room for 64 */
#define PGP_KEY_SIZE_MAX (64u << 10) /* octets of one key after cutting; before: 1 MB */
#define PGP_UIDS_MAX     50
#define PGP_SUBKEYS_MAX  50

struct pgp_uid {
    const char *text; /* as written, UTF-8 made safe */
    const char *
        addr; /* canonical; "" when it holds none. Exactly `addr` or `name <addr>`: anything more than one address has none */
    bool valid; /* self-signed, not revoked, not expired */
};

struct pgp_subkey { /* the first is the primary key */
    const char *fingerprint;
    const char *keyid;
    bool can_sign, can_encrypt;
    bool valid;               /* not revoked, not expired at the time of reading, bound by the primary key */
    int64_t created, expires; /* 0: never */
    const char *keygrip;      /* the agent's name of its secret part: 40 upper-case hex digits */
    const char *algorithm;    /* "rsa", "ed25519", "cv25519", "nistp256", "dsa", "elg" .. */
    unsigned bits;
};

struct pgp_key {
    const char *fingerprint;
    struct span
        bytes; /* binary, cut down, with gpg's notes on its signatures: others get what armor_encode() makes of it */
    struct pgp_uid *uids;
    size_t nuids;
    struct pgp_subkey *subkeys;
    size_t nsubkeys;
    bool revoked;
    int64_t created, expires; /* of the primary key; 0: never */
    int64_t encrypt_until;    /* when the last subkey that encrypts ends; 0: never; -1: none encrypts now */
    const char *why;          /* why it cannot be used at all; NULL: it can */
};

/*
 * pgp_key_read - every key in binary packets or in one or more armours; broken ones are left out and counted.
 *
 * return  0, or -1 with ERR_LIMIT, ERR_SYNTAX (no key in it), ERR_BUSY, ERR_IO (gpg could not be asked)
 */
int pgp_key_read(struct pgp_engine *engine, struct arena *arena, struct span bytes, struct pgp_key **out,
                 size_t *n_out, size_t *nbroken_out, struct err *err) SEAL_CHECKED;

/*
 * pgp_key_is_all - whether pgp_key_read() would leave out nothing of these bytes by packets alone: false when a key, a subkey, a User-ID, a
 * revocation or something else is lost. Others' signatures and pictures are not missed, nor is what stands around an armour.
 */
int pgp_key_is_all(struct arena *arena, struct span bytes, bool *out, struct err *err) SEAL_CHECKED;

/*
 * pgp_key_merge - two states of one key made one: new subkeys, User-IDs, expiry and revocations from either (a revocation that arrives
 * later is kept for ever). In the place of old.
 */
int pgp_key_merge(struct pgp_engine *engine, struct arena *arena, struct span old, struct span fresh,
                  struct pgp_key *out, struct err *err) SEAL_CHECKED;

#endif
