#include "openpgp/features.h"

#include "openpgp/frame.h"
#include "pieces.h"
#include "support/check.h"

#include <string.h>

#define FEATURES "\x02\x1e\x01" /* size, type, a modification detection code alone */
#define DATE     "\x05\x02"     /* size, type; four octets follow */

/* Alice's key, of whose signature over her User-ID there are two, the first one here a second older. */
static void write_key(struct buf *out, char features, char newer_features)
{
    SEAL_CLEANUP(buf_fini) struct buf key = pieces_file("key-alice.gpg");
    size_t at = span_find(buf_span(&key), FEATURES, 3, 0), date = span_find(buf_span(&key), DATE, 2, 0);
    ck_assert(at != SIZE_MAX && date != SIZE_MAX);
    struct span packets = buf_span(&key);
    struct frame frame;
    while (frame_next(&packets, &frame) == FRAME_FOUND && frame.tag != FRAME_SIGNATURE)
        buf_add_span(out, frame.whole);
    size_t begin = (size_t)(frame.whole.ptr - key.ptr);
    key.ptr[at + 2] = features;
    buf_add_span(out, frame.whole);
    key.ptr[at + 2] = newer_features;
    key.ptr[date + 5]++;
    ck_assert(begin < at && begin < date && at < begin + frame.whole.len);
    buf_add_span(out, frame.whole);
}

static const struct {
    char features, newer;
    bool asks;
} words[] = {{1, 1, false}, {1, 7, true}, {7, 1, false}, {1, 2, true}, {1, 9, true}, {7, 4, false}};

START_TEST(newest_word_of_the_key_counts)
{
    SEAL_CLEANUP(buf_fini) struct buf key = BUF_INIT(1u << 16);
    write_key(&key, words[_i].features, words[_i].newer);
    ck_assert_int_eq(pgp_key_asks_for_aead(buf_span(&key)), words[_i].asks);
}
END_TEST

START_TEST(what_is_no_key_asks_for_nothing)
{
    ck_assert(!pgp_key_asks_for_aead(SPAN_LIT("")));
    ck_assert(!pgp_key_asks_for_aead(SPAN_LIT("\x99")));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/openpgp/features");
    TCase *t = tcase_create("features");
    tcase_add_loop_test(t, newest_word_of_the_key_counts, 0, (int)SEAL_COUNT(words));
    tcase_add_test(t, what_is_no_key_asks_for_nothing);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
