/* CompressedData: what comes out, and that it stops. */
#include "smime/open.h"

#include "base/io.h"
#include "smime/frame.h"
#include "support/check.h"
#include "support/sealing.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

#define BYTES(literal) ((struct span){(literal), sizeof(literal) - 1})
#define NOTHING        ((struct span){"", 0})
#define ID_COMPRESSED  "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09"
#define ALG_ZLIB       "\x30\x0d\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x08"
#define ALG_NULL       "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2e"
#define ID_DATA        "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
#define ID_SIGNED      "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"

/* CompressedData around these octets; in_pieces: of 7 octets each. */
static void put_compressed(struct buf *out, struct span algorithm, struct span type, struct span content,
                           bool in_pieces)
{
    SEAL_CLEANUP(buf_fini) struct buf inner = BUF_INIT(1u << 28);
    SEAL_CLEANUP(buf_fini) struct buf front = BUF_INIT(1000);
    SEAL_CLEANUP(buf_fini) struct buf tail = BUF_INIT(1000);
    for (size_t at = 0; in_pieces && at < content.len; at += 7) {
        struct span piece = span_sub(content, at, 7);
        ber_put_header(&inner, BER_OCTETS, piece.len);
        buf_add_span(&inner, piece);
    }
    buf_add(&front, "\x02\x01\x00", 3);
    buf_add_span(&front, algorithm);
    const struct frame frames[] = {
        {BER_SEQUENCE, BYTES(ID_COMPRESSED), NOTHING},
        {BER_CONTEXT_CONSTRUCTED, NOTHING, NOTHING},
        {BER_SEQUENCE, buf_span(&front), NOTHING},
        {BER_SEQUENCE, type, NOTHING},
        {BER_CONTEXT_CONSTRUCTED, NOTHING, NOTHING},
        {in_pieces ? BER_OCTETS_CONSTRUCTED : BER_OCTETS, in_pieces ? buf_span(&inner) : content, NOTHING},
    };
    frame_put(frames, SEAL_COUNT(frames), 0, out, &tail);
    ck_assert(!out->failed);
}

/* The octets, compressed by zlib; malloc'd. */
static struct span deflated(struct span text)
{
    uLongf len = compressBound(text.len);
    Bytef *bytes = malloc(len);
    ck_assert_int_eq(compress2(bytes, &len, (const Bytef *)text.ptr, text.len, 9), Z_OK);
    return (struct span){(char *)bytes, len};
}

static int decompress(struct span cms, size_t max, struct spool *out, struct err *err)
{
    struct smime_limits limits = SMIME_LIMITS_DEFAULT;
    limits.output_max = max;
    return smime_decompress(cms, &limits, out, err);
}

START_TEST(content_comes_back)
{
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 1000000};
    for (size_t i = 0; i < SEAL_COUNT(sizes); i++) {
        struct err err = ERR_INIT;
        struct span text = sealing_text(sizes[i]), packed = deflated(text);
        SEAL_CLEANUP(buf_fini) struct buf cms = BUF_INIT(1u << 26);
        SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&sealing_conf);
        put_compressed(&cms, BYTES(ALG_ZLIB), BYTES(ID_DATA), packed, _i == 1);
        ck_ok(decompress(buf_span(&cms), text.len, out, &err));
        ck_ok(spool_seal(out, &err));
        ck_assert(span_eq(spool_all(out), text));
        free((char *)text.ptr);
        free((char *)packed.ptr);
    }
}
END_TEST

START_TEST(look_tells_it)
{
    struct err err = ERR_INIT;
    struct span packed = deflated(SPAN_LIT("text"));
    struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct smime_outside outside;
    SEAL_CLEANUP(buf_fini) struct buf cms = BUF_INIT(1u << 20);
    put_compressed(&cms, BYTES(ALG_ZLIB), BYTES(ID_DATA), packed, _i == 1);
    ck_ok(smime_look(arena, buf_span(&cms), &sealing_limits, &outside, &err));
    ck_assert_int_eq(outside.kind, SMIME_KIND_COMPRESSED);
    arena_free(&arena);
    free((char *)packed.ptr);
}
END_TEST

START_TEST(bomb_stops_at_the_limit)
{
    struct err err = ERR_INIT;
    struct span zeros = {calloc(1, 100u << 20), 100u << 20};
    struct span packed = deflated(zeros);
    SEAL_CLEANUP(buf_fini) struct buf cms = BUF_INIT(1u << 26);
    SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&sealing_conf);
    put_compressed(&cms, BYTES(ALG_ZLIB), BYTES(ID_DATA), packed, false);
    ck_assert_uint_lt(cms.len, 200000);
    ck_fails(decompress(buf_span(&cms), 1000000, out, &err), ERR_LIMIT);
    ck_assert_uint_le(spool_size(out), 1000000);
    free((char *)zeros.ptr);
    free((char *)packed.ptr);
}
END_TEST

START_TEST(what_is_damaged_or_cut_is_refused)
{
    struct span text = sealing_text(3000), packed = deflated(text);
    for (size_t len = 0; len < packed.len; len += 11) {
        struct err err = ERR_INIT;
        SEAL_CLEANUP(buf_fini) struct buf cms = BUF_INIT(1u << 20);
        SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&sealing_conf);
        put_compressed(&cms, BYTES(ALG_ZLIB), BYTES(ID_DATA), span_sub(packed, 0, len), false);
        ck_fails(decompress(buf_span(&cms), 1u << 20, out, &err), ERR_SYNTAX);
    }
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf cms = BUF_INIT(1u << 20);
    SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&sealing_conf);
    ((char *)packed.ptr)[packed.len - 1] ^= 1; /* of its checksum */
    put_compressed(&cms, BYTES(ALG_ZLIB), BYTES(ID_DATA), packed, false);
    ck_fails(decompress(buf_span(&cms), 1u << 20, out, &err), ERR_SYNTAX);
    free((char *)text.ptr);
    free((char *)packed.ptr);
}
END_TEST

START_TEST(other_algorithms_and_contents_are_unsupported)
{
    struct err err = ERR_INIT;
    struct span packed = deflated(SPAN_LIT("text"));
    SEAL_CLEANUP(buf_fini) struct buf a = BUF_INIT(1000);
    SEAL_CLEANUP(buf_fini) struct buf b = BUF_INIT(1000);
    SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&sealing_conf);
    put_compressed(&a, BYTES(ALG_NULL), BYTES(ID_DATA), packed, false);
    put_compressed(&b, BYTES(ALG_ZLIB), BYTES(ID_SIGNED), packed, false);
    ck_fails(decompress(buf_span(&a), 1000, out, &err), ERR_UNSUPPORTED);
    ck_fails(decompress(buf_span(&b), 1000, out, &err), ERR_UNSUPPORTED);
    ck_fails(decompress(SPAN_LIT("x"), 1000, out, &err), ERR_SYNTAX);
    free((char *)packed.ptr);
}
END_TEST

START_TEST(failing_spool_is_reported)
{
    static const struct spool_conf on_disk = {"/tmp", 0, SIZE_MAX};
    struct span text = sealing_text(300000), packed = deflated(text);
    SEAL_CLEANUP(buf_fini) struct buf cms = BUF_INIT(1u << 20);
    put_compressed(&cms, BYTES(ALG_ZLIB), BYTES(ID_DATA), packed, false);
    unsigned n = 1;
    for (;; n++) {
        struct err err = ERR_INIT;
        SEAL_CLEANUP(spool_free) struct spool *out = spool_new(&on_disk);
        io_fault_at(n, ENOSPC);
        int status = decompress(buf_span(&cms), 1u << 20, out, &err);
        bool hit = io_fault_count() >= n;
        io_fault_at(0, 0);
        if (!hit)
            break;
        ck_assert_int_eq(status, -1);
        ck_assert_msg(err.code == ERR_IO || err.code == ERR_DISK_FULL, "%s", err.msg);
    }
    ck_assert_uint_gt(n, 4);
    free((char *)text.ptr);
    free((char *)packed.ptr);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("smime/decompress");
    TCase *t = tcase_create("decompress");
    tcase_add_loop_test(t, content_comes_back, 0, 2);
    tcase_add_loop_test(t, look_tells_it, 0, 2);
    tcase_add_test(t, bomb_stops_at_the_limit);
    tcase_add_test(t, what_is_damaged_or_cut_is_refused);
    tcase_add_test(t, other_algorithms_and_contents_are_unsupported);
    tcase_add_test(t, failing_spool_is_reported);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
