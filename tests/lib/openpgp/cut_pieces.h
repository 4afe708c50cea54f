/* cut_pieces - keys with made-up signatures, put together in bytes, and cut. What fails ends the test. */
#ifndef TESTS_OPENPGP_CUT_PIECES_H
#define TESTS_OPENPGP_CUT_PIECES_H

#include "openpgp/cut.h"
#include "openpgp/sig.h"
#include "pieces.h"
#include "support/check.h"

#include <string.h>

static struct arena *arena;
static struct buf bytes;
static struct pgp_cut cut;

static inline void set_up(void)
{
    arena = arena_new(ARENA_MAX_DEFAULT);
    bytes = (struct buf)BUF_INIT(PIECES_MAX);
}

static inline void tear_down(void)
{
    buf_fini(&bytes);
    arena_free(&arena);
}

static inline void cut_span(struct span packets)
{
    struct err err = ERR_INIT;
    ck_ok(pgp_cut_keys(arena, packets, &cut, &err));
    ck_assert((cut.nbroken + cut.nunsupported == 0) == (cut.why == NULL));
    for (size_t i = 0; i < cut.nkeys; i++)
        ck_assert_uint_le(cut.keys[i].bytes.len, PGP_KEY_SIZE_MAX);
}

static inline void cut_bytes(void)
{
    cut_span(buf_span(&bytes));
}

static inline size_t count_tag(struct span packets, unsigned tag)
{
    struct frame frame;
    size_t n = 0;
    while (frame_next(&packets, &frame) == FRAME_FOUND)
        n += frame.tag == tag;
    return n;
}

static inline void add_packet_of(const char *file, size_t n, enum frame_tag tag)
{
    SEAL_CLEANUP(buf_fini) struct buf packets = pieces_file(file);
    pieces_add(&bytes, tag, pieces_nth(buf_span(&packets), n, tag));
}

/* The octets of alice's fingerprint, as gpg gave it. */
static inline void alice_fpr(unsigned char out[SIG_FPR_OCTETS])
{
    SEAL_CLEANUP(buf_fini) struct buf list = pieces_file("keys.txt");
    for (size_t i = 0; i < SIG_FPR_OCTETS; i++)
        ck_assert_int_eq(sscanf(buf_str(&list) + 6 + 2 * i, "%2hhx", &out[i]), 1);
}

enum claim {
    BY_KEYID,
    BY_FPR,
    BY_NOBODY,
    BY_BOTH,         /* which agree */
    BY_TWO,          /* alice and another */
    BY_TWO_REVERSED, /* another and alice */
    BY_LIKE_KEYID,   /* alice's key id, another's fingerprint that ends in it */
    BY_OTHER,
    BY_OTHER_VERSION, /* a fingerprint of version 6 beside alice's key id */
};

static inline void add_subpacket(struct buf *out, char type, const void *data, size_t n)
{
    buf_add_char(out, (char)(n + 1));
    buf_add_char(out, type);
    buf_add(out, data, n);
}

static inline void add_issuer(struct buf *out, enum claim claim)
{
    unsigned char fpr[1 + SIG_FPR_OCTETS] = {4}, keyid[SIG_KEYID_OCTETS], other[SIG_KEYID_OCTETS] = "another",
                          v6[33] = {6};
    alice_fpr(fpr + 1);
    memcpy(keyid, fpr + 13, sizeof keyid);
    if (claim == BY_LIKE_KEYID)
        fpr[5] ^= 1;
    if (claim == BY_FPR || claim == BY_BOTH || claim == BY_LIKE_KEYID)
        add_subpacket(out, 33, fpr, sizeof fpr);
    if (claim == BY_OTHER_VERSION)
        add_subpacket(out, 33, v6, sizeof v6);
    if (claim == BY_TWO_REVERSED)
        add_subpacket(out, 16, other, sizeof other);
    if (claim == BY_KEYID || claim == BY_BOTH || claim == BY_TWO || claim == BY_TWO_REVERSED ||
        claim == BY_OTHER_VERSION)
        add_subpacket(out, 16, keyid, sizeof keyid);
    if (claim == BY_OTHER || claim == BY_TWO)
        add_subpacket(out, 16, other, sizeof other);
}

/* A signature as anybody can make it up, with a notation of that size where it covers it. */
static inline void add_large_signature(unsigned type, enum claim claim, uint32_t created, size_t notation)
{
    SEAL_CLEANUP(buf_fini) struct buf body = BUF_INIT(20000), issuer = BUF_INIT(1000);
    unsigned char time[4] = {(unsigned char)(created >> 24), (unsigned char)(created >> 16),
                             (unsigned char)(created >> 8), (unsigned char)created};
    size_t covered = 6 + (notation == 0 ? 0 : 6 + notation);
    char head[] = {4, (char)type, 22, 8, (char)(covered >> 8), (char)covered};
    buf_add(&body, head, sizeof head);
    add_subpacket(&body, 2, time, sizeof time);
    if (notation > 0) {
        char length[] = {(char)0xff, 0, 0, (char)((notation + 1) >> 8), (char)(notation + 1), 20};
        buf_add(&body, length, sizeof length);
        memset(buf_reserve(&body, notation), 'n', notation);
        buf_commit(&body, notation);
    }
    add_issuer(&issuer, claim);
    buf_add_char(&body, 0);
    buf_add_char(&body, (char)issuer.len);
    buf_add_span(&body, buf_span(&issuer));
    buf_add(&body, "\x12\x34\x00\x08\xff\x00\x08\xff", 8);
    pieces_add(&bytes, FRAME_SIGNATURE, buf_span(&body));
}

static inline void add_signature(unsigned type, enum claim claim, uint32_t created)
{
    add_large_signature(type, claim, created, 0);
}

static inline void add_primary(void)
{
    add_packet_of("key-alice.gpg", 0, FRAME_PUBLIC_KEY);
}

static inline void add_uid(const char *text)
{
    pieces_add(&bytes, FRAME_USER_ID, span_of(text));
}

static inline void add_subkey(void)
{
    add_packet_of("key-alice.gpg", 3, FRAME_PUBLIC_SUBKEY);
}

#endif
