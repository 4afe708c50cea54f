/*
 * public - a public key packet taken apart, of a primary key or a subkey: what needs no cryptography but the fingerprint's digest.
 *
 * Read is what gpg 2.2 can use: version 4, with an algorithm, and a curve, that it knows.
 *
 * source  RFC 9580 5.5.2, 5.5.4 (fingerprint), 9.2 (curves)
 */
#ifndef OPENPGP_PUBLIC_H
#define OPENPGP_PUBLIC_H

#include "base/hash.h"

struct public
{
    unsigned char fingerprint[HASH_SHA1_SIZE]; /* its last 8 octets are the key id */
    const char *algorithm; /* static: "rsa", "elg", "dsa", or the curve: "ed25519", "nistp256" .. */
    unsigned bits;         /* as many as the modulus has, whatever it says */
    uint32_t created;
};

enum public_read {
    PUBLIC_READ,
    PUBLIC_UNSUPPORTED, /* another version, algorithm or curve */
    PUBLIC_BROKEN,
};
enum public_read public_read(struct span body, struct public *out);

#endif
