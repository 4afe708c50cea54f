/*
 * packet - what a piece of OpenPGP is by its packets, before gpg sees it. Framing alone: nothing is decrypted, no signature is checked.
 *
 * gpg has no limits of its own, takes a literal packet for a message, and reads a key of any size; so it gets only what passed here.
 *
 * source  RFC 9580 4 (packets), 5.1 (PKESK), 5.13 (SEIPD), 10 (grammar)
 */
#ifndef OPENPGP_PACKET_H
#define OPENPGP_PACKET_H

#include "base/arena.h"

enum pgp_kind {
    PGP_KIND_NONE,      /* no OpenPGP at all, broken, or packets that make no whole */
    PGP_KIND_ENCRYPTED, /* session keys and one encrypted container, nothing else */
    PGP_KIND_SIGNATURE, /* signature packets alone: detached */
    PGP_KIND_SIGNED,    /* signed, compressed or plain literal data: readable without a key */
    PGP_KIND_KEY,       /* public keys */
    PGP_KIND_SECRET,    /* holds secret key material */
};

struct pgp_limits {
    size_t packets_max;     /* of a message */
    size_t key_packets_max; /* of keys */
    size_t recipients_max;
    size_t signatures_max; /* of a message */
};
#define PGP_LIMITS_DEFAULT                                                                                   \
    {                                                                                                        \
        2000, 20000, 1000, 20                                                                                \
    }

#define PGP_KEYID_SIZE 17 /* 16 lower-case hex digits and a NUL */

struct pgp_outside {
    enum pgp_kind kind;
    /* Encrypted: a container that gpg opens with its integrity checked (SEIPD version 1), at least one session key for a public key of a
     * kind that gpg knows, and none of a version that it does not. Signature: all of versions 3 and 4. */
    bool supported;
    bool authenticated; /* encrypted: the container has a modification detection code, or is an AEAD */
    /* Of the recipients' subkeys (zeros: hidden), or of who signed, one for each signature (zeros: it names nobody, or several). */
    char (*keyids)[PGP_KEYID_SIZE];
    size_t nkeyids;
    bool hidden;     /* some recipient is */
    const char *why; /* with NONE, and where it is not supported; lives as long as the program */
};

/*
 * pgp_look - binary packets.
 *
 * return  0, or -1 with ERR_LIMIT
 */
int pgp_look(struct arena *arena, struct span packets, const struct pgp_limits *limits,
             struct pgp_outside *out, struct err *err) SEAL_CHECKED;

#endif
