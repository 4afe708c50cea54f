/* pieces - packets of tests/data/openpgp, and packets put together by hand. What fails ends the test. */
#ifndef TESTS_OPENPGP_PIECES_H
#define TESTS_OPENPGP_PIECES_H

#include "base/buf.h"
#include "base/io.h"
#include "openpgp/frame.h"

#include <check.h>
#include <stdio.h>

#define PIECES_MAX (8u << 20)

static inline struct buf pieces_file(const char *name)
{
    struct err err = ERR_INIT;
    char path[500];
    snprintf(path, sizeof path, "%s/data/openpgp/%s", TESTS_DIR, name);
    struct buf bytes = BUF_INIT(PIECES_MAX);
    ck_assert_msg(io_read_file(path, &bytes, &err) == 0, "%s", err.msg);
    ck_assert_msg(bytes.len > 0, "%s is empty", path);
    return bytes;
}

static inline void pieces_add_file(struct buf *out, const char *name)
{
    SEAL_CLEANUP(buf_fini) struct buf bytes = pieces_file(name);
    buf_add_span(out, buf_span(&bytes));
}

/* A packet in the new format, with a length of five octets. */
static inline void pieces_add(struct buf *out, unsigned tag, struct span body)
{
    buf_add_char(out, (char)(0xc0 | tag));
    buf_add_char(out, (char)0xff);
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_add_char(out, (char)(body.len >> shift));
    buf_add_span(out, body);
}

/* The body of the n-th packet, from 0. */
static inline struct span pieces_nth(struct span packets, size_t n, enum frame_tag expected)
{
    struct frame frame;
    for (size_t i = 0; i <= n; i++)
        ck_assert_int_eq(frame_next(&packets, &frame), FRAME_FOUND);
    ck_assert_uint_eq(frame.tag, expected);
    return frame.body;
}

#endif
