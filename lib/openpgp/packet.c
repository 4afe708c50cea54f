/* packet - the grammar of RFC 9580 10.3, without the sequences that nobody writes: each would be a place to hide something. */
#include "openpgp/packet.h"

#include "openpgp/frame.h"
#include "openpgp/mpi.h"
#include "openpgp/sig.h"

#include <stdio.h>
#include <string.h>

#define KEYID_OCTETS 8
#define PKESK_HEAD   (1 + KEYID_OCTETS + 1) /* version, key id, algorithm */

struct look {
    struct arena *arena;
    const struct pgp_limits *limits;
    struct pgp_outside *out;
    struct span rest;
    size_t packets, packets_max;
    size_t recipients, signatures;
    size_t usable; /* session keys for a public key that gpg can take */
    size_t
        strange; /* session keys and signatures of a version that it does not know: it stumbles over each */
    size_t keyids_cap;
    const char *why;      /* it makes no whole */
    const char *too_many; /* over a limit: of what */
};

static bool stop(struct look *look, const char *why)
{
    if (look->why == NULL)
        look->why = why;
    return false;
}

static bool count(struct look *look, size_t *n, size_t max, const char *what)
{
    if (++*n <= max)
        return true;
    look->too_many = what;
    return stop(look, what);
}

/* The next packet that says something. false: none is left, or the look is over. */
static bool next(struct look *look, struct frame *out)
{
    while (look->why == NULL) {
        enum frame_found found = frame_next(&look->rest, out);
        if (found == FRAME_BROKEN)
            return stop(look, "a packet that is broken or cut");
        if (found == FRAME_END || !count(look, &look->packets, look->packets_max, "packets"))
            return false;
        if (out->tag != FRAME_MARKER)
            return true;
        if (!span_is(out->body, "PGP"))
            return stop(look, "a marker packet that holds something");
    }
    return false;
}

static void add_keyid(struct look *look, const unsigned char *octets)
{
    struct pgp_outside *out = look->out;
    out->keyids = arena_grow(look->arena, out->keyids, out->nkeyids, &look->keyids_cap, sizeof *out->keyids);
    char *hex = out->keyids[out->nkeyids++];
    for (size_t i = 0; i < KEYID_OCTETS; i++)
        snprintf(hex + 2 * i, 3, "%02x", octets[i]);
}

/* RSA, Elgamal, ECDH: the numbers, and nothing behind them. */
static bool session_key_fits(unsigned algorithm, struct span rest)
{
    unsigned bits;
    switch (algorithm) {
    case 1:
    case 2:
        return mpi_are_all(rest, 1);
    case 16:
        return mpi_are_all(rest, 2);
    case 18:
        return mpi_take(&rest, &bits) && rest.len > 0 && (unsigned char)rest.ptr[0] == rest.len - 1;
    default:
        return false;
    }
}

static bool take_pkesk(struct look *look, struct span body)
{
    if (!count(look, &look->recipients, look->limits->recipients_max, "recipients"))
        return false;
    unsigned version = body.len == 0 ? 0 : (unsigned char)body.ptr[0];
    look->strange += version == 6;
    if (version != 3)
        return version == 6 || stop(look, "a session key of a version that is not known");
    if (body.len <= PKESK_HEAD)
        return stop(look, "a session key that is cut");
    unsigned algorithm = (unsigned char)body.ptr[1 + KEYID_OCTETS];
    bool is_known = algorithm == 1 || algorithm == 2 || algorithm == 16 || algorithm == 18;
    if (is_known && !session_key_fits(algorithm, span_sub(body, PKESK_HEAD, body.len)))
        return stop(look, "a session key that is malformed");
    static const char nobody[KEYID_OCTETS];
    look->out->hidden |= memcmp(body.ptr + 1, nobody, sizeof nobody) == 0;
    add_keyid(look, (const unsigned char *)body.ptr + 1);
    look->usable += is_known;
    return true;
}

static bool take_skesk(struct look *look, struct span body)
{
    unsigned version = body.len == 0 ? 0 : (unsigned char)body.ptr[0];
    if (!count(look, &look->recipients, look->limits->recipients_max, "recipients"))
        return false;
    look->strange += version == 5 || version == 6;
    return (version >= 4 && version <= 6) ||
           stop(look, "a password's session key of a version that is not known");
}

static bool take_seipd(struct look *look, struct span body)
{
    unsigned version = body.len == 0 ? 0 : (unsigned char)body.ptr[0];
    look->out->authenticated = true;
    look->out->supported = version == 1;
    if (version == 2)
        look->out->why = "encrypted as RFC 9580 has it (SEIPD version 2), which gpg does not open";
    return version == 1 || version == 2 ||
           stop(look, "an encrypted container of a version that is not known");
}

static bool take_container(struct look *look, const struct frame *frame)
{
    struct pgp_outside *out = look->out;
    out->kind = PGP_KIND_ENCRYPTED;
    if (frame->body.len == 0)
        return stop(look, "an encrypted container with nothing in it");
    if (frame->tag == FRAME_SEIPD)
        return take_seipd(look, frame->body);
    out->authenticated = frame->tag == FRAME_OCB;
    out->why = out->authenticated
                   ? "encrypted as GnuPG 2.3 has it (OCB, packet 20), which gpg 2.2 does not open"
                   : "encrypted without integrity protection";
    return true;
}

static bool is_container(unsigned tag)
{
    return tag == FRAME_SED || tag == FRAME_SEIPD || tag == FRAME_OCB;
}

/* Session keys, one container, the end. */
static bool look_at_encrypted(struct look *look, struct frame frame)
{
    bool more = true;
    for (; more && !is_container(frame.tag); more = next(look, &frame)) {
        bool taken = frame.tag == FRAME_PKESK   ? take_pkesk(look, frame.body)
                     : frame.tag == FRAME_SKESK ? take_skesk(look, frame.body)
                                                : stop(look, "something else between session keys");
        if (!taken)
            return false;
    }
    if (!more)
        return stop(look, "session keys without anything encrypted");
    if (!take_container(look, &frame))
        return false;
    if (next(look, &frame))
        return stop(look, "something behind the encrypted container");
    if (look->out->supported && (look->usable == 0 || look->strange > 0)) {
        look->out->supported = false;
        look->out->why = look->strange > 0 ? "a session key of a version that gpg does not know"
                                           : "no session key for a public key of a kind that gpg knows";
    }
    return true;
}

static bool take_signature(struct look *look, struct span body)
{
    struct sig sig;
    if (!count(look, &look->signatures, look->limits->signatures_max, "signatures"))
        return false;
    switch (sig_read(body, &sig)) {
    case SIG_READ:
        add_keyid(look, sig.keyid);
        return true;
    case SIG_UNSUPPORTED:
        look->strange++;
        return true;
    case SIG_BROKEN:
        break;
    }
    return stop(look, "a signature that is malformed");
}

/* Literal or compressed data, with as many signatures behind as were announced before it. */
static bool look_at_data(struct look *look, struct frame frame, size_t announced)
{
    look->out->kind = PGP_KIND_SIGNED;
    if (frame.tag != FRAME_LITERAL && frame.tag != FRAME_COMPRESSED)
        return stop(look, "something that is neither literal nor compressed data");
    for (; next(look, &frame); announced--)
        if (frame.tag != FRAME_SIGNATURE || announced == 0)
            return stop(look, "something behind the data");
    return announced == 0 || stop(look, "a signature that was announced is missing");
}

static bool look_at_one_pass(struct look *look, struct frame frame)
{
    size_t n = 0;
    bool more = true;
    for (; more && frame.tag == FRAME_ONE_PASS; more = next(look, &frame))
        if (!count(look, &n, look->limits->signatures_max, "signatures"))
            return false;
    return more ? look_at_data(look, frame, n) : stop(look, "signatures announced for nothing");
}

static bool look_at_signatures(struct look *look, struct frame frame)
{
    bool more = true;
    look->out->kind = PGP_KIND_SIGNATURE;
    for (; more && frame.tag == FRAME_SIGNATURE; more = next(look, &frame))
        if (!take_signature(look, frame.body))
            return false;
    look->out->supported = look->strange == 0;
    if (!look->out->supported)
        look->out->why = "a signature of a version that gpg does not know";
    return look->why == NULL && (!more || look_at_data(look, frame, 0));
}

static bool belongs_to_key(unsigned tag)
{
    return tag == FRAME_SIGNATURE || tag == FRAME_USER_ID || tag == FRAME_USER_ATTRIBUTE ||
           tag == FRAME_TRUST || tag == FRAME_PUBLIC_KEY || tag == FRAME_PUBLIC_SUBKEY ||
           tag == FRAME_SECRET_KEY || tag == FRAME_SECRET_SUBKEY;
}

static bool look_at_keys(struct look *look, struct frame frame)
{
    bool more = true, secret = false;
    look->packets_max = look->limits->key_packets_max;
    for (; more; more = next(look, &frame)) {
        if (!belongs_to_key(frame.tag))
            return stop(look, "something in a key that does not belong there");
        secret |= frame.tag == FRAME_SECRET_KEY || frame.tag == FRAME_SECRET_SUBKEY;
    }
    look->out->kind = secret ? PGP_KIND_SECRET : PGP_KIND_KEY;
    return look->why == NULL;
}

static bool look_by_first(struct look *look, const struct frame *first)
{
    switch (first->tag) {
    case FRAME_PKESK:
    case FRAME_SKESK:
        return look_at_encrypted(look, *first);
    case FRAME_SED:
    case FRAME_SEIPD:
    case FRAME_OCB:
        return stop(look, "an encrypted container without a session key");
    case FRAME_SIGNATURE:
        return look_at_signatures(look, *first);
    case FRAME_ONE_PASS:
        return look_at_one_pass(look, *first);
    case FRAME_LITERAL:
    case FRAME_COMPRESSED:
        return look_at_data(look, *first, 0);
    case FRAME_PUBLIC_KEY:
    case FRAME_SECRET_KEY:
        return look_at_keys(look, *first);
    default:
        return stop(look, "a packet that begins nothing");
    }
}

int pgp_look(struct arena *arena, struct span packets, const struct pgp_limits *limits,
             struct pgp_outside *out, struct err *err)
{
    struct look look = {
        .arena = arena, .limits = limits, .out = out, .rest = packets, .packets_max = limits->packets_max};
    struct frame first;
    *out = (struct pgp_outside){.kind = PGP_KIND_NONE};
    bool is_whole = next(&look, &first) && look_by_first(&look, &first);
    if (look.too_many != NULL)
        return err_set(err, ERR_LIMIT, "OpenPGP with too many %s", look.too_many);
    if (!is_whole || look.why != NULL)
        *out = (struct pgp_outside){.why = look.why != NULL ? look.why : "no packet"};
    return arena_check(arena, err);
}
