#include "openpgp/frame.h"

#include "pieces.h"
#include "support/check.h"

static struct buf bytes;

static void set_up(void)
{
    bytes = (struct buf)BUF_INIT(PIECES_MAX);
}

static void tear_down(void)
{
    buf_fini(&bytes);
}

static void add_fill(size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_add_char(&bytes, 'x');
}

#define HEADER(octets) octets, sizeof(octets) - 1

/* The header of a packet with so many octets behind. */
static const struct {
    const char *header;
    size_t header_len, len;
    unsigned tag; /* 0: broken */
} headers[] = {
    {HEADER("\xcd\x00"), 0, FRAME_USER_ID},
    {HEADER("\xcd\xbf"), 191, FRAME_USER_ID},
    {HEADER("\xcd\xc0\x00"), 192, FRAME_USER_ID},
    {HEADER("\xcd\xdf\xff"), 8383, FRAME_USER_ID},
    {HEADER("\xcd\xff\x00\x00\x00\x05"), 5, FRAME_USER_ID},
    {HEADER("\xcd\xff\x00\x01\x00\x00"), 65536, FRAME_USER_ID},
    {HEADER("\xb4\x05"), 5, FRAME_USER_ID},
    {HEADER("\xb5\x00\x05"), 5, FRAME_USER_ID},
    {HEADER("\xb6\x00\x00\x00\x05"), 5, FRAME_USER_ID},
    {HEADER("\xa3"), 5, FRAME_COMPRESSED},
    {HEADER("\xcd\xbf"), 190, 0},
    {HEADER("\xcd\xc0\x00"), 191, 0},
    {HEADER("\xcd\xff\xff\xff\xff\xff"), 5, 0},
    {HEADER("\xcd\xc0"), 0, 0},
    {HEADER("\xcd\xff\x00\x00\x00"), 0, 0},
    {HEADER("\xcd"), 0, 0},
    {HEADER("\xb4\x05"), 4, 0},
    {HEADER("\xb6\xff\xff\xff\xff"), 5, 0},
    {HEADER("\xb5\x00"), 0, 0},
    {HEADER("\xb4"), 0, 0},
    {HEADER("\xb7"), 5, 0},     /* indeterminate: a User-ID .. */
    {HEADER("\xa7"), 5, 0},     /* .. encrypted data .. */
    {HEADER("\xaf"), 5, 0},     /* .. and literal data */
    {HEADER("\xc0\x05"), 5, 0}, /* no tag */
    {HEADER("\x80\x05"), 5, 0},
    {HEADER("\x0d\x05"), 5, 0},   /* not a packet's first octet */
    {HEADER("\xcb\xe9"), 512, 0}, /* a first part, and no last */
};

START_TEST(length_is_there_and_within)
{
    size_t n = headers[_i].header_len;
    buf_add(&bytes, headers[_i].header, n);
    add_fill(headers[_i].len);
    struct span rest = buf_span(&bytes);
    struct frame frame;
    enum frame_found found = frame_next(&rest, &frame);
    ck_assert_int_eq(found, headers[_i].tag == 0 ? FRAME_BROKEN : FRAME_FOUND);
    if (found == FRAME_BROKEN)
        return;
    ck_assert_uint_eq(frame.tag, headers[_i].tag);
    ck_assert_uint_eq(frame.body.len, headers[_i].len);
    ck_assert_ptr_eq(frame.body.ptr, bytes.ptr + n);
    ck_assert_uint_eq(frame.whole.len, bytes.len);
    ck_assert_uint_eq(rest.len, 0);
}
END_TEST

static const struct {
    unsigned tag;
    unsigned char lengths[5]; /* of the parts, as octets; the first that is none of a part is the last */
    bool good;
} parts[] = {
    {FRAME_LITERAL, {0xe9, 0}, true},    {FRAME_SEIPD, {0xea, 0xe0, 0xe1, 191}, true},
    {FRAME_SED, {0xe9, 5}, true},        {FRAME_OCB, {0xe9, 5}, true},
    {FRAME_COMPRESSED, {0xf0, 5}, true}, {FRAME_LITERAL, {0xe8, 0}, false}, /* 256 octets first */
    {FRAME_SEIPD, {0xe0, 0}, false},     {FRAME_PKESK, {0xe9, 0}, false},
    {FRAME_SIGNATURE, {0xe9, 0}, false}, {FRAME_PUBLIC_KEY, {0xe9, 0}, false},
    {FRAME_USER_ID, {0xe9, 0}, false},
};

START_TEST(body_in_parts_is_of_data_and_begins_with_a_large_one)
{
    size_t first = 0;
    buf_add_char(&bytes, (char)(0xc0 | parts[_i].tag));
    for (const unsigned char *at = parts[_i].lengths;; at++) {
        size_t len = *at < 224 ? *at : (size_t)1 << (*at & 31);
        first = at == parts[_i].lengths ? len : first;
        buf_add_char(&bytes, (char)*at);
        add_fill(len);
        if (*at < 224)
            break;
    }
    size_t size = bytes.len;
    pieces_add(&bytes, FRAME_USER_ID, span_of("next"));
    struct span rest = buf_span(&bytes);
    struct frame frame;
    ck_assert_int_eq(frame_next(&rest, &frame), parts[_i].good ? FRAME_FOUND : FRAME_BROKEN);
    if (!parts[_i].good)
        return;
    ck_assert(frame.in_parts);
    ck_assert_uint_eq(frame.body.len, first);
    ck_assert_uint_eq(frame.whole.len, size);
    ck_assert_int_eq(frame_next(&rest, &frame), FRAME_FOUND);
    ck_assert(!frame.in_parts && span_is(frame.body, "next"));
    ck_assert_int_eq(frame_next(&rest, &frame), FRAME_END);
    for (size_t n = 1; n < size; n++) {
        rest = span_sub(buf_span(&bytes), 0, n);
        ck_assert_int_eq(frame_next(&rest, &frame), FRAME_BROKEN);
    }
}
END_TEST

static Suite *frame_suite(void)
{
    Suite *suite = suite_create("lib/openpgp/frame");
    TCase *tcase = tcase_create("frame");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, length_is_there_and_within, 0, SEAL_COUNT(headers));
    tcase_add_loop_test(tcase, body_in_parts_is_of_data_and_begins_with_a_large_one, 0, SEAL_COUNT(parts));
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(frame_suite)
