#include "openpgp/cut.h"

#include "openpgp/sig.h"
#include "pieces.h"
#include "support/check.h"

#include <string.h>

static struct arena *arena;
static struct buf bytes;
static struct pgp_cut cut;

static void set_up(void)
{
    arena = arena_new(ARENA_MAX_DEFAULT);
    bytes = (struct buf)BUF_INIT(PIECES_MAX);
}

static void tear_down(void)
{
    buf_fini(&bytes);
    arena_free(&arena);
}

static void cut_span(struct span packets)
{
    struct err err = ERR_INIT;
    ck_ok(pgp_cut_keys(arena, packets, &cut, &err));
    ck_assert((cut.nbroken + cut.nunsupported == 0) == (cut.why == NULL));
    for (size_t i = 0; i < cut.nkeys; i++)
        ck_assert_uint_le(cut.keys[i].bytes.len, PGP_KEY_SIZE_MAX);
}

static void cut_bytes(void)
{
    cut_span(buf_span(&bytes));
}

static size_t count_tag(struct span packets, unsigned tag)
{
    struct frame frame;
    size_t n = 0;
    while (frame_next(&packets, &frame) == FRAME_FOUND)
        n += frame.tag == tag;
    return n;
}

static void add_packet_of(const char *file, size_t n, enum frame_tag tag)
{
    SEAL_CLEANUP(buf_fini) struct buf packets = pieces_file(file);
    pieces_add(&bytes, tag, pieces_nth(buf_span(&packets), n, tag));
}

/* The octets of alice's fingerprint, as gpg gave it. */
static void alice_fpr(unsigned char out[SIG_FPR_OCTETS])
{
    SEAL_CLEANUP(buf_fini) struct buf list = pieces_file("keys.txt");
    for (size_t i = 0; i < SIG_FPR_OCTETS; i++)
        ck_assert_int_eq(sscanf(buf_str(&list) + 6 + 2 * i, "%2hhx", &out[i]), 1);
}

enum claim {
    BY_KEYID,
    BY_FPR,
    BY_NOBODY,
    BY_BOTH,       /* which agree */
    BY_TWO,        /* alice and another */
    BY_LIKE_KEYID, /* alice's key id, another's fingerprint that ends in it */
    BY_OTHER,
    BY_OTHER_VERSION, /* a fingerprint of version 6 beside alice's key id */
};

static void add_subpacket(struct buf *out, char type, const void *data, size_t n)
{
    buf_add_char(out, (char)(n + 1));
    buf_add_char(out, type);
    buf_add(out, data, n);
}

static void add_issuer(struct buf *out, enum claim claim)
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
    if (claim == BY_KEYID || claim == BY_BOTH || claim == BY_TWO || claim == BY_OTHER_VERSION)
        add_subpacket(out, 16, keyid, sizeof keyid);
    if (claim == BY_OTHER || claim == BY_TWO)
        add_subpacket(out, 16, other, sizeof other);
}

/* A signature as anybody can make it up. */
static void add_signature(unsigned type, enum claim claim, uint32_t created)
{
    SEAL_CLEANUP(buf_fini) struct buf body = BUF_INIT(1000), issuer = BUF_INIT(1000);
    unsigned char time[4] = {(unsigned char)(created >> 24), (unsigned char)(created >> 16),
                             (unsigned char)(created >> 8), (unsigned char)created};
    char head[] = {4, (char)type, 22, 8, 0, 6};
    buf_add(&body, head, sizeof head);
    add_subpacket(&body, 2, time, sizeof time);
    add_issuer(&issuer, claim);
    buf_add_char(&body, 0);
    buf_add_char(&body, (char)issuer.len);
    buf_add_span(&body, buf_span(&issuer));
    buf_add(&body, "\x12\x34\x00\x08\xff\x00\x08\xff", 8);
    pieces_add(&bytes, FRAME_SIGNATURE, buf_span(&body));
}

static void add_primary(void)
{
    add_packet_of("key-alice.gpg", 0, FRAME_PUBLIC_KEY);
}

static void add_uid(const char *text)
{
    pieces_add(&bytes, FRAME_USER_ID, span_of(text));
}

static void add_subkey(void)
{
    add_packet_of("key-alice.gpg", 3, FRAME_PUBLIC_SUBKEY);
}

START_TEST(key_of_another_program_is_kept_and_cutting_again_changes_nothing)
{
    static const char *const files[] = {"key-alice.gpg",   "key-bob.gpg",  "key-carol.gpg",
                                        "key-dave.gpg",    "key-erin.gpg", "key-bob-signed.gpg",
                                        "key-frank-sq.gpg"};
    SEAL_CLEANUP(buf_fini) struct buf file = pieces_file(files[_i]);
    cut_span(buf_span(&file));
    ck_assert_uint_eq(cut.nkeys, 1);
    ck_assert_uint_eq(cut.nbroken + cut.nunsupported + cut.nrevocations, 0);
    struct span once = cut.keys[0].bytes;
    ck_assert_uint_le(once.len, file.len);
    cut_span(once);
    ck_assert(span_eq(cut.keys[0].bytes, once));
}
END_TEST

/* tests/data/openpgp/keys.txt is gpg's listing. */
START_TEST(fingerprints_algorithms_and_sizes_are_those_that_gpg_lists)
{
    SEAL_CLEANUP(buf_fini) struct buf list = pieces_file("keys.txt");
    char *line = strtok(list.ptr, "\n");
    for (unsigned n = 0; line != NULL; line = strtok(NULL, "\n"), n++) {
        char name[20], fpr[41], algorithm[30], file[50];
        unsigned bits;
        long long created;
        ck_assert_int_eq(sscanf(line, "%19s %40s %29s %u %lld", name, fpr, algorithm, &bits, &created), 5);
        snprintf(file, sizeof file, "key-%s.gpg", name);
        buf_clear(&bytes);
        pieces_add_file(&bytes, file);
        cut_bytes();
        ck_assert_uint_eq(cut.keys[0].nsubkeys, 2);
        const struct pgp_cut_subkey *key = &cut.keys[0].subkeys[n % 2];
        const char *named = strcmp(algorithm, "algo1") == 0    ? "rsa"
                            : strcmp(algorithm, "algo16") == 0 ? "elg"
                            : strcmp(algorithm, "algo17") == 0 ? "dsa"
                                                               : algorithm;
        ck_assert_int_eq(strcasecmp(key->fingerprint, fpr), 0);
        ck_assert_int_eq(strcasecmp(key->keyid, fpr + 24), 0);
        ck_assert_str_eq(key->algorithm, named);
        ck_assert_uint_eq(key->bits, bits);
        ck_assert_int_eq(key->created, created);
    }
}
END_TEST

START_TEST(key_cut_anywhere_but_between_packets_is_left_out)
{
    SEAL_CLEANUP(buf_fini) struct buf file = pieces_file("key-frank-sq.gpg");
    for (size_t n = 0; n < file.len; n++) {
        struct span part = span_sub(buf_span(&file), 0, n), rest = part;
        struct frame frame;
        enum frame_found found;
        while ((found = frame_next(&rest, &frame)) == FRAME_FOUND)
            ;
        cut_span(part);
        if (found == FRAME_BROKEN)
            ck_assert_msg(cut.nkeys == 0 && cut.nbroken == 1, "%zu octets", n);
    }
}
END_TEST

START_TEST(keys_before_a_broken_one_stay)
{
    pieces_add_file(&bytes, "keys-two.gpg");
    bytes.len--;
    cut_bytes();
    ck_assert_uint_eq(cut.nkeys, 1);
    ck_assert_uint_eq(cut.nbroken, 1);
    ck_assert(span_is(cut.keys[0].uids[0], "alice <alice@example.org>"));
}
END_TEST

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

static const struct {
    enum claim claim;
    bool stays;
} claims[] = {{BY_KEYID, true}, {BY_FPR, true},         {BY_BOTH, true},   {BY_NOBODY, false},
              {BY_TWO, false},  {BY_LIKE_KEYID, false}, {BY_OTHER, false}, {BY_OTHER_VERSION, false}};

START_TEST(signature_is_the_keys_own_when_all_that_it_says_agrees)
{
    add_primary();
    add_uid("Alice");
    add_signature(0x13, claims[_i].claim, 1);
    cut_bytes();
    ck_assert_uint_eq(cut.nkeys, claims[_i].stays ? 1 : 0);
    ck_assert_uint_eq(cut.nbroken, claims[_i].stays ? 0 : 1);
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

/* What stands behind them is about them, and not about what stood before. */
START_TEST(what_is_left_out_takes_its_signatures_along)
{
    static const unsigned tags[] = {FRAME_USER_ATTRIBUTE, FRAME_SECRET_SUBKEY, FRAME_LITERAL, 21, 60, 63};
    add_primary();
    add_uid("Alice");
    add_signature(0x13, BY_KEYID, 1);
    pieces_add(&bytes, tags[_i], span_of("ORCHID"));
    add_signature(0x13, BY_KEYID, 2);
    cut_bytes();
    ck_assert_uint_eq(count_tag(cut.keys[0].bytes, FRAME_SIGNATURE), 1);
    ck_assert_uint_eq(span_find(cut.keys[0].bytes, "ORCHID", 6, 0), SIZE_MAX);
}
END_TEST

START_TEST(trust_packets_of_a_keyring_do_not_part_a_component_from_its_signatures)
{
    add_primary();
    pieces_add(&bytes, FRAME_TRUST, span_of("trust"));
    add_uid("Alice");
    pieces_add(&bytes, FRAME_TRUST, span_of("trust"));
    add_signature(0x13, BY_KEYID, 1);
    cut_bytes();
    ck_assert_uint_eq(count_tag(cut.keys[0].bytes, FRAME_SIGNATURE), 1);
    ck_assert_uint_eq(count_tag(cut.keys[0].bytes, FRAME_TRUST), 0);
}
END_TEST

/* Signatures of one kind do not count for another. */
START_TEST(signature_is_kept_only_where_its_type_belongs)
{
    static const unsigned types[] = {0x00, 0x01, 0x02, 0x16, 0x18, 0x19, 0x28, 0x40, 0x50};
    add_primary();
    add_uid("Alice");
    add_signature(0x13, BY_KEYID, 1);
    for (size_t i = 0; i < SEAL_COUNT(types); i++)
        add_signature(types[i], BY_KEYID, 2);
    add_subkey();
    add_signature(0x18, BY_KEYID, 1);
    add_signature(0x10, BY_KEYID, 2);
    add_signature(0x30, BY_KEYID, 2);
    cut_bytes();
    ck_assert_uint_eq(count_tag(cut.keys[0].bytes, FRAME_SIGNATURE), 2);
}
END_TEST

static void add_changed_primary(size_t at, char octet)
{
    SEAL_CLEANUP(buf_fini) struct buf file = pieces_file("key-alice.gpg");
    file.ptr[2 + at] = octet;
    buf_add_span(&bytes, buf_span(&file));
}

START_TEST(what_gpg_cannot_use_is_counted_and_the_next_key_is_read)
{
    add_changed_primary(0, 3);
    add_changed_primary(0, 6);
    add_changed_primary(5, 27);   /* Ed25519 as RFC 9580 has it */
    add_changed_primary(7, 0x2c); /* a curve that is not known */
    ck_assert_uint_gt(bytes.len, 1000);
    add_changed_primary(6, 50); /* its name is longer than the packet */
    pieces_add_file(&bytes, "secret-alice.gpg");
    pieces_add_file(&bytes, "key-carol.gpg");
    cut_bytes();
    ck_assert_uint_eq(cut.nunsupported, 4);
    ck_assert_uint_eq(cut.nbroken, 2);
    ck_assert_uint_eq(cut.nkeys, 1);
    ck_assert(span_is(cut.keys[0].uids[0], "carol <carol@example.org>"));
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
    buf_add(&body, "\x04time\x01", 6);
    add_mpi(&body, 32768, 0, 4096);
    add_mpi(&body, 8, 0, 1);
    pieces_add(&bytes, FRAME_PUBLIC_KEY, buf_span(&body));
    cut_bytes();
    ck_assert_uint_eq(cut.nkeys, 0);
    ck_assert_uint_eq(cut.nbroken, 1);
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

START_TEST(revocation_that_comes_alone_names_its_key)
{
    unsigned char fpr[SIG_FPR_OCTETS];
    alice_fpr(fpr);
    for (int i = 0; i < 100; i++)
        add_signature(0x20, i % 2 == 0 ? BY_KEYID : BY_FPR, 1);
    add_signature(0x13, BY_KEYID, 1);
    cut_bytes();
    ck_assert_uint_eq(cut.nkeys, 0);
    ck_assert_uint_eq(cut.nbroken, 0);
    ck_assert_uint_eq(cut.nrevocations, CUT_REVOCATIONS);
    ck_assert_uint_eq(strlen(cut.revocations[0].keyid), 16);
    ck_assert_str_eq(cut.revocations[0].fingerprint, "");
    ck_assert_uint_eq(strlen(cut.revocations[1].fingerprint), 40);
    ck_assert_str_eq(cut.revocations[1].fingerprint + 24, cut.revocations[0].keyid);
    struct span alone = cut.revocations[1].bytes;
    buf_clear(&bytes);
    pieces_add_file(&bytes, "key-alice.gpg");
    buf_add_span(&bytes, alone);
    cut_bytes();
    struct span rest = span_sub(cut.keys[0].bytes, 53, SIZE_MAX); /* behind the primary key */
    struct frame frame;
    struct sig sig;
    ck_assert_int_eq(frame_next(&rest, &frame), FRAME_FOUND);
    ck_assert_int_eq(sig_read(frame.body, &sig), SIG_READ);
    ck_assert_uint_eq(sig.type, SIG_KEY_REVOCATION);
}
END_TEST

START_TEST(nothing_gives_nothing)
{
    static const char *const texts[] = {"", "Hello", "-----BEGIN PGP PUBLIC KEY BLOCK-----"};
    for (size_t i = 0; i < SEAL_COUNT(texts); i++) {
        cut_span(span_of(texts[i]));
        ck_assert_uint_eq(cut.nkeys + cut.nrevocations, 0);
        ck_assert_uint_eq(cut.nbroken, *texts[i] != '\0');
    }
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

static Suite *cut_suite(void)
{
    Suite *suite = suite_create("lib/openpgp/cut");
    TCase *tcase = tcase_create("cut");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, key_of_another_program_is_kept_and_cutting_again_changes_nothing, 0, 7);
    tcase_add_test(tcase, fingerprints_algorithms_and_sizes_are_those_that_gpg_lists);
    tcase_add_test(tcase, key_cut_anywhere_but_between_packets_is_left_out);
    tcase_add_test(tcase, keys_before_a_broken_one_stay);
    tcase_add_test(tcase, key_with_a_thousand_signatures_by_others_becomes_small);
    tcase_add_loop_test(tcase, of_a_thousand_signatures_by_the_key_the_newest_of_each_kind_stay, 0,
                        SEAL_COUNT(kinds));
    tcase_add_loop_test(tcase, signature_is_the_keys_own_when_all_that_it_says_agrees, 0, SEAL_COUNT(claims));
    tcase_add_test(tcase, user_ids_have_a_number_and_a_size);
    tcase_add_test(tcase, subkeys_have_a_number);
    tcase_add_loop_test(tcase, what_is_left_out_takes_its_signatures_along, 0, 6);
    tcase_add_test(tcase, trust_packets_of_a_keyring_do_not_part_a_component_from_its_signatures);
    tcase_add_test(tcase, signature_is_kept_only_where_its_type_belongs);
    tcase_add_test(tcase, what_gpg_cannot_use_is_counted_and_the_next_key_is_read);
    tcase_add_test(tcase, modulus_is_as_long_as_it_is_not_as_it_says);
    tcase_add_test(tcase, modulus_of_32768_bits_is_none);
    tcase_add_test(tcase, key_over_a_megabyte_is_left_out);
    tcase_add_test(tcase, key_of_too_many_packets_is_left_out);
    tcase_add_test(tcase, key_that_stays_too_large_is_left_out);
    tcase_add_test(tcase, revocation_that_comes_alone_names_its_key);
    tcase_add_test(tcase, nothing_gives_nothing);
    tcase_add_test(tcase, endless_keys_are_a_limit);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(cut_suite)
