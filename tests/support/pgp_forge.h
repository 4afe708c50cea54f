/*
 * pgp_forge - encrypted messages that no gpg would write: any packets under a session key that gpg made for somebody.
 */
#ifndef SUPPORT_PGP_FORGE_H
#define SUPPORT_PGP_FORGE_H

#include "base/buf.h"
#include "support/pgp.h"

#define FORGE_MAX (64u << 20)

struct pgp_forge {
    struct span pkesk; /* session key packets, as gpg wrote them */
    unsigned char key[32];
};

/* pgp_forge_new - a session key for somebody of ours; witness, a stranger, tells it to us. */
struct pgp_forge pgp_forge_new(struct pgp_rig *rig, const struct pgp_person *whose,
                               const struct pgp_person *witness);

/* pgp_forge_packet - header and body appended to out. */
void pgp_forge_packet(struct buf *out, unsigned tag, struct span body);
/* pgp_forge_literal - binary, with this name, at a time of 0. */
void pgp_forge_literal(struct buf *out, struct span name, struct span content);
/* pgp_forge_compressed - stored, so that any depth is quickly made. Content below 64 KB. */
void pgp_forge_compressed(struct buf *out, struct span content);

enum pgp_forge_end {
    FORGE_WHOLE,
    FORGE_NO_MDC,    /* the container ends before its modification detection code */
    FORGE_WRONG_MDC, /* one bit of it is wrong */
    FORGE_OLD,       /* a container that never had one (tag 9) */
};
/* pgp_forge_message - packets encrypted. */
void pgp_forge_message(const struct pgp_forge *forge, struct span packets, enum pgp_forge_end end,
                       struct buf *out);

#endif
