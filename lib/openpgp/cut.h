/*
 * cut - strangers' keys made small before gpg sees them: by packets and key ids alone, no signature is checked. What stays of a key:
 *
 *   primary key   version 4, of an algorithm that gpg knows, with the signatures that it made over itself
 *   User-IDs      that it signed; 50, each up to 2 KB
 *   subkeys       that it bound; 50
 *
 * and of its signatures over each of these the five newest, and five more of those that revoke it, without what anybody can add to a
 * signature. Signatures by others, pictures, trust packets and everything unknown are gone.
 *
 * Merging      two states of a key put behind each other come out as one.
 * Revocation   that comes without its key is in revocations. Find the key by the id that it names, put the packet behind the key's bytes,
 *              cut, and ask gpg: when the key is not revoked then, the signature was another's, and the key stays as it was.
 * Order        whoever claims a key's id can push its signatures out with five of a later date. So cut, let gpg check and drop, and only
 *              then merge: never put what nobody checked behind a key that is known, but to ask gpg.
 *
 * source  RFC 9580 10.1 (transferable keys), 5.2.1 (signature types)
 */
#ifndef OPENPGP_CUT_H
#define OPENPGP_CUT_H

#include "openpgp/key.h"

#define CUT_KEY_SIZE_MAX  (1u << 20) /* of one key before; after: PGP_KEY_SIZE_MAX */
#define CUT_PACKETS_MAX   20000      /* of one key before */
#define CUT_UID_SIZE_MAX  2048
#define CUT_SIGNATURES    5 /* of one kind over one thing */
#define CUT_SIGNATURE_MAX 8192
#define CUT_REVOCATIONS   20

struct pgp_cut_subkey { /* the first is the primary key */
    const char *fingerprint;
    const char *keyid;
    const char *algorithm; /* as in struct pgp_subkey */
    unsigned bits;
    int64_t created;
};

struct pgp_cut_key {
    struct span bytes; /* packets; in the arena, as all of this */
    struct pgp_cut_subkey *subkeys;
    size_t nsubkeys;
    struct span *uids; /* as written: any octets; none: a key that is known can be refreshed by it */
    size_t nuids;
};

struct pgp_cut_revocation {
    const char *keyid;       /* of the primary key that it says it revokes */
    const char *fingerprint; /* of that; "": it names the id alone */
    struct span bytes;       /* the packet */
};

struct pgp_cut {
    struct pgp_cut_key *keys;
    size_t nkeys;
    struct pgp_cut_revocation *revocations; /* that came before any key */
    size_t nrevocations;
    size_t nbroken;      /* left out: malformed, cut, too large, secret */
    size_t nunsupported; /* left out: version 3, 6, unknown algorithms */
    size_t
        nlost; /* of keys that stay, or beside keys: what cannot be read or is too much; others' signatures and pictures do not count */
    const char *why; /* why the first was left out; lives as long as the program */
};

/*
 * pgp_cut_keys - of binary packets; for armours, one call each. Nothing in it that is a key or revokes one: no error, but nothing in out.
 *
 * return  0, or -1 with ERR_LIMIT
 */
int pgp_cut_keys(struct arena *arena, struct span packets, struct pgp_cut *out, struct err *err) SEAL_CHECKED;

#endif
