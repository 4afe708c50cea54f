/* What a key may have of anything, before and after it is cut. */
#include "cut_pieces.h"

START_TEST(key_with_a_thousand_signatures_by_others_becomes_small)
{
    pieces_add_file(&bytes, "key-alice.gpg");
    cut_bytes();
    size_t bare = cut.keys[0].bytes.len;
    buf_clear(&bytes);
    add_packet_of("key-alice.gpg", 0, FRAME_PUBLIC_KEY);
    add_packet_of("key-alice.gpg", 1, FRAME_USER_ID);
    for (uint32_t i = 0; i < 1000; i++)
        add_signature(0x10, BY_OTHER, i);
    add_packet_of("key-alice.gpg", 2, FRAME_SIGNATURE);
    add_packet_of("key-alice.gpg", 3, FRAME_PUBLIC_SUBKEY);
    add_packet_of("key-alice.gpg", 4, FRAME_SIGNATURE);
    cut_bytes();
    ck_assert_uint_eq(cut.nkeys, 1);
    ck_assert_uint_eq(cut.keys[0].bytes.len, bare);
}
END_TEST

static uint32_t newest_of(struct span packets, uint32_t *oldest_out)
{
    struct frame frame;
    uint32_t newest = 0;
    *oldest_out = UINT32_MAX;
    while (frame_next(&packets, &frame) == FRAME_FOUND) {
        struct sig sig;
        if (frame.tag != FRAME_SIGNATURE)
            continue;
        ck_assert_int_eq(sig_read(frame.body, &sig), SIG_READ);
        newest = sig.created > newest ? sig.created : newest;
        *oldest_out = sig.created < *oldest_out ? sig.created : *oldest_out;
    }
    return newest;
}

static const struct {
    unsigned bind, revoke;
} kinds[] = {{0x1f, 0x20}, {0x13, 0x30}, {0x18, 0x28}};

START_TEST(of_a_thousand_signatures_by_the_key_the_newest_of_each_kind_stay)
{
    uint32_t oldest;
    add_primary();
    if (_i == 1)
        add_uid("Alice");
    if (_i == 2)
        add_subkey();
    for (uint32_t i = 0; i < 1000; i++)
        add_signature(kinds[_i].bind, BY_BOTH, 1000 + i * 7 % 1000);
    cut_bytes();
    ck_assert_uint_eq(count_tag(cut.keys[0].bytes, FRAME_SIGNATURE), CUT_SIGNATURES);
    ck_assert_uint_eq(newest_of(cut.keys[0].bytes, &oldest), 1999);
    ck_assert_uint_eq(oldest, 1995);
    for (uint32_t i = 0; i < 1000; i++)
        add_signature(kinds[_i].revoke, BY_KEYID, 2);
    add_signature(kinds[_i].revoke, BY_KEYID, 1);
    cut_bytes();
    ck_assert_uint_eq(count_tag(cut.keys[0].bytes, FRAME_SIGNATURE), CUT_SIGNATURES + 2);
}
END_TEST

START_TEST(user_ids_have_a_number_and_a_size)
{
    char text[CUT_UID_SIZE_MAX + 2];
    add_primary();
    for (int i = 0; i < 300; i++) {
        snprintf(text, sizeof text, "unsigned %d", i);
        add_uid(text);
    }
    memset(text, 'x', sizeof text);
    text[CUT_UID_SIZE_MAX + 1] = '\0';
    add_uid(text);
    add_signature(0x13, BY_KEYID, 1);
    add_uid(text + 1);
    add_signature(0x13, BY_KEYID, 1);
    for (int i = 1; i < 300; i++) {
        snprintf(text, sizeof text, "signed %d", i);
        add_uid(text);
        add_signature(0x13, BY_KEYID, 1);
    }
    cut_bytes();
    ck_assert_uint_eq(cut.keys[0].nuids, PGP_UIDS_MAX);
    ck_assert_uint_eq(count_tag(cut.keys[0].bytes, FRAME_USER_ID), PGP_UIDS_MAX);
    ck_assert_uint_eq(cut.keys[0].uids[0].len, CUT_UID_SIZE_MAX);
    ck_assert(span_is(cut.keys[0].uids[PGP_UIDS_MAX - 1], "signed 49"));
}
END_TEST

START_TEST(subkeys_have_a_number)
{
    SEAL_CLEANUP(buf_fini) struct buf alice = pieces_file("key-alice.gpg"), body = BUF_INIT(1000);
    buf_add_span(&body, pieces_nth(buf_span(&alice), 3, FRAME_PUBLIC_SUBKEY));
    add_primary();
    for (int i = 0; i < 200; i++) {
        body.ptr[4] = (char)i; /* of its time: another fingerprint */
        pieces_add(&bytes, FRAME_PUBLIC_SUBKEY, buf_span(&body));
        add_signature(0x18, BY_KEYID, 1);
    }
    cut_bytes();
    ck_assert_uint_eq(cut.keys[0].nsubkeys, 1 + PGP_SUBKEYS_MAX);
}
END_TEST

static void add_mpi(struct buf *out, unsigned says, size_t zeros, size_t octets)
{
    buf_add_char(out, (char)(says >> 8));
    buf_add_char(out, (char)says);
    for (size_t i = 0; i < zeros + octets; i++)
        buf_add_char(out, (char)(i < zeros ? 0 : 0x80));
}

START_TEST(modulus_is_as_long_as_it_is_not_as_it_says)
{
    SEAL_CLEANUP(buf_fini) struct buf body = BUF_INIT(5000);
    add_primary();
    buf_add(&body, "\x04time\x01", 6);
    add_mpi(&body, 4096, 448, 64);
    add_mpi(&body, 8, 0, 1);
    pieces_add(&bytes, FRAME_PUBLIC_SUBKEY, buf_span(&body));
    add_signature(0x18, BY_KEYID, 1);
    buf_add_char(&body, 0);
    pieces_add(&bytes, FRAME_PUBLIC_SUBKEY, buf_span(&body)); /* an octet too many */
    add_signature(0x18, BY_KEYID, 1);
    cut_bytes();
    ck_assert_uint_eq(cut.keys[0].nsubkeys, 2);
    ck_assert_uint_eq(cut.keys[0].subkeys[1].bits, 512);
}
END_TEST

START_TEST(modulus_of_32768_bits_is_none)
{
    SEAL_CLEANUP(buf_fini) struct buf body = BUF_INIT(10000);
    add_primary();
    add_uid("Alice");
    add_signature(0x13, BY_KEYID, 1);
    buf_add(&body, "\x04time\x01", 6);
    add_mpi(&body, 32768, 0, 4096);
    add_mpi(&body, 8, 0, 1);
    pieces_add(&bytes, FRAME_PUBLIC_SUBKEY, buf_span(&body));
    add_signature(0x18, BY_KEYID, 1);
    cut_bytes();
    ck_assert_uint_eq(cut.nkeys, 1);
    ck_assert_uint_eq(cut.keys[0].nsubkeys, 1);
}
END_TEST

START_TEST(signature_has_a_size_and_a_date)
{
    static const size_t sizes[] = {100, 8000, 9000};
    for (size_t i = 0; i < SEAL_COUNT(sizes); i++) {
        buf_clear(&bytes);
        add_primary();
        add_uid("Alice");
        add_large_signature(0x13, BY_KEYID, 1, sizes[i]);
        cut_bytes();
        ck_assert_uint_eq(cut.nkeys, sizes[i] < CUT_SIGNATURE_MAX);
    }
    buf_clear(&bytes);
    add_primary();
    add_uid("Alice");
    add_signature(0x13, BY_KEYID, 1);
    bytes.ptr[bytes.len - 8 - 10 - 2 - 5] = 3; /* what told its date tells when it ends */
    cut_bytes();
    ck_assert_uint_eq(cut.nkeys, 0);
}
END_TEST

START_TEST(key_over_a_megabyte_is_left_out)
{
    for (size_t size = 1000000; size < 1100000; size += 99999) {
        buf_clear(&bytes);
        pieces_add_file(&bytes, "key-alice.gpg");
        SEAL_CLEANUP(mem_free) char *picture = xcalloc(1, size);
        pieces_add(&bytes, FRAME_USER_ATTRIBUTE, (struct span){picture, size});
        pieces_add_file(&bytes, "key-carol.gpg");
        cut_bytes();
        ck_assert_uint_eq(cut.nkeys, size == 1000000 ? 2 : 1);
        ck_assert_uint_eq(cut.nbroken, size == 1000000 ? 0 : 1);
    }
}
END_TEST

START_TEST(key_of_too_many_packets_is_left_out)
{
    pieces_add_file(&bytes, "key-alice.gpg");
    for (unsigned i = 5; i < CUT_PACKETS_MAX; i++)
        pieces_add(&bytes, FRAME_TRUST, span_of(""));
    cut_bytes();
    ck_assert_uint_eq(cut.nkeys, 1);
    pieces_add(&bytes, FRAME_TRUST, span_of(""));
    cut_bytes();
    ck_assert_uint_eq(cut.nkeys, 0);
    ck_assert_uint_eq(cut.nbroken, 1);
}
END_TEST

START_TEST(key_that_stays_too_large_is_left_out)
{
    char text[CUT_UID_SIZE_MAX + 1];
    memset(text, 'x', sizeof text);
    text[CUT_UID_SIZE_MAX] = '\0';
    add_primary();
    for (int i = 0; i < 40; i++) {
        text[0] = (char)('A' + i);
        add_uid(text);
        add_signature(0x13, BY_KEYID, 1);
    }
    cut_bytes();
    ck_assert_uint_eq(cut.nkeys, 0);
    ck_assert_uint_eq(cut.nbroken, 1);
}
END_TEST

START_TEST(endless_keys_are_a_limit)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(arena_free) struct arena *small = arena_new(10000);
    for (int i = 0; i < 100; i++) {
        pieces_add_file(&bytes, "key-alice.gpg");
        pieces_add_file(&bytes, "key-carol.gpg");
    }
    ck_fails(pgp_cut_keys(small, buf_span(&bytes), &cut, &err), ERR_LIMIT);
}
END_TEST

static Suite *cut_limits_suite(void)
{
    Suite *suite = suite_create("lib/openpgp/cut_limits");
    TCase *tcase = tcase_create("cut_limits");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, key_with_a_thousand_signatures_by_others_becomes_small);
    tcase_add_loop_test(tcase, of_a_thousand_signatures_by_the_key_the_newest_of_each_kind_stay, 0,
                        SEAL_COUNT(kinds));
    tcase_add_test(tcase, user_ids_have_a_number_and_a_size);
    tcase_add_test(tcase, subkeys_have_a_number);
    tcase_add_test(tcase, modulus_is_as_long_as_it_is_not_as_it_says);
    tcase_add_test(tcase, modulus_of_32768_bits_is_none);
    tcase_add_test(tcase, signature_has_a_size_and_a_date);
    tcase_add_test(tcase, key_over_a_megabyte_is_left_out);
    tcase_add_test(tcase, key_of_too_many_packets_is_left_out);
    tcase_add_test(tcase, key_that_stays_too_large_is_left_out);
    tcase_add_test(tcase, endless_keys_are_a_limit);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(cut_limits_suite)
