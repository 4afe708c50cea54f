/*
 * ber - reads hostile BER element by element, in one pass over memory, without allocation or recursion.
 *
 * A reader first lets ber_check() walk the whole object; after that every element inside it is known to end where it must, and
 * ber_next() only fails on an object that is not there. Not for certificates: those are OpenSSL's.
 *
 * Limits: tag numbers of at most four octets, lengths of at most eight octets, BER_DEPTH_MAX levels.
 * source  X.690 8 (BER), RFC 5652 (where CMS allows indefinite lengths and constructed octet strings)
 */
#ifndef SMIME_BER_H
#define SMIME_BER_H

#include "base/buf.h"

#define BER_DEPTH_MAX 64

/* Identifier octets as they stand in the bytes. */
enum {
    BER_INTEGER = 0x02,
    BER_OCTETS = 0x04,
    BER_OCTETS_CONSTRUCTED = 0x24,
    BER_OID = 0x06,
    BER_SEQUENCE = 0x30,
    BER_SET = 0x31,
    BER_CONTEXT = 0x80, /* | number: context-specific, primitive */
    BER_CONTEXT_CONSTRUCTED = 0xa0,
    BER_CONSTRUCTED = 0x20, /* the bit */
};

struct ber {
    unsigned char id; /* first identifier octet */
    bool indefinite;
    struct span all;  /* header, contents, end mark */
    struct span body; /* contents */
};

struct ber_limits {
    size_t depth_max;    /* at most BER_DEPTH_MAX */
    size_t elements_max; /* 0: not counted */
};

/*
 * ber_check - bytes are exactly one well-formed element, all the way down.
 *
 * return  0, or -1 with ERR_SYNTAX (also: empty, cut, something behind it), ERR_LIMIT
 */
int ber_check(struct span bytes, const struct ber_limits *limits, struct err *err) SEAL_CHECKED;

/* ber_next - take the next element off the front of rest; false at the end and at something malformed. */
bool ber_next(struct span *rest, struct ber *out);

/* ber_take - take the next element if it has this identifier; false leaves rest as it is. */
bool ber_take(struct span *rest, unsigned char id, struct ber *out);

/* ber_count - how many elements lie in a row in a checked body. */
size_t ber_count(struct span body);

/* An octet string may be split into pieces (X.690 8.7.3): octets_next gives them in order, false at the end. */
struct octets {
    struct span rest;
    bool whole; /* primitive: rest is the one piece */
};

/*
 * octets_begin - for an element that is an OCTET STRING, tagged as it may be. Counts what it holds.
 *
 * return  0, or -1 with ERR_SYNTAX when something else than octet strings is inside
 */
int octets_begin(const struct ber *element, struct octets *out, size_t *size_out,
                 struct err *err) SEAL_CHECKED;
bool octets_next(struct octets *octets, struct span *piece_out);

/* ber_put_header - identifier and definite length, appended. */
void ber_put_header(struct buf *out, unsigned char id, size_t len);
/* ber_header_size - how many octets that takes. */
size_t ber_header_size(size_t len);

#endif
