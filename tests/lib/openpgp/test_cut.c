#include "cut_pieces.h"

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

static const struct {
    enum claim claim;
    bool stays;
} claims[] = {{BY_KEYID, true},       {BY_FPR, true},    {BY_BOTH, true},
              {BY_NOBODY, false},     {BY_TWO, false},   {BY_TWO_REVERSED, false},
              {BY_LIKE_KEYID, false}, {BY_OTHER, false}, {BY_OTHER_VERSION, false}};

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
    ck_assert_uint_eq(cut.nlost, tags[_i] != FRAME_USER_ATTRIBUTE);
}
END_TEST

START_TEST(what_is_lost_of_a_key_or_beside_it_is_counted)
{
    char longer[CUT_UID_SIZE_MAX + 1];
    memset(longer, 'u', sizeof longer);
    add_signature(0x20, BY_KEYID, 1);
    add_primary();
    add_uid("Alice");
    add_signature(0x13, BY_KEYID, 1);
    add_signature(0x13, BY_OTHER, 1);
    ck_assert_uint_eq((cut_bytes(), cut.nlost), 1);
    add_signature(0x20, BY_OTHER, 1);
    pieces_add(&bytes, FRAME_USER_ID, (struct span){longer, sizeof longer});
    pieces_add(&bytes, FRAME_PUBLIC_SUBKEY, span_of("of no version"));
    ck_assert_uint_eq((cut_bytes(), cut.nlost), 4);
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
    add_changed_primary(5, 19);   /* ECDSA by a curve that has none */
    add_changed_primary(5, 27);   /* Ed25519 as RFC 9580 has it */
    add_changed_primary(7, 0x2c); /* a curve that is not known */
    ck_assert_uint_gt(bytes.len, 1000);
    add_changed_primary(6, 50); /* its name is longer than the packet */
    pieces_add_file(&bytes, "secret-alice.gpg");
    pieces_add_file(&bytes, "key-carol.gpg");
    cut_bytes();
    ck_assert_uint_eq(cut.nunsupported, 5);
    ck_assert_uint_eq(cut.nbroken, 2);
    ck_assert_uint_eq(cut.nkeys, 1);
    ck_assert(span_is(cut.keys[0].uids[0], "carol <carol@example.org>"));
}
END_TEST

/* Octets of alice's subkey for encryption, changed. */
static const struct {
    size_t at;
    char octet;
    bool stays;
} changes[] = {
    {5, 18, true},  /* ECDH, as it is */
    {5, 22, false}, /* signatures by a curve that has none */
    {52, 2, false}, /* a shorter end than there is */
    {17, 2, false}, /* a longer number */
    {18, 0, false}, /* a shorter one */
    {56, 0, false}, /* an octet behind */
};

START_TEST(subkey_of_a_curve_fits_exactly)
{
    SEAL_CLEANUP(buf_fini) struct buf alice = pieces_file("key-alice.gpg"), body = BUF_INIT(1000);
    buf_add_span(&body, pieces_nth(buf_span(&alice), 3, FRAME_PUBLIC_SUBKEY));
    if (changes[_i].at == body.len)
        buf_add_char(&body, changes[_i].octet);
    body.ptr[changes[_i].at] = changes[_i].octet;
    pieces_add_file(&bytes, "key-alice.gpg");
    pieces_add(&bytes, FRAME_PUBLIC_SUBKEY, buf_span(&body));
    add_signature(0x18, BY_KEYID, 1);
    cut_bytes();
    ck_assert_uint_eq(cut.keys[0].nsubkeys, 2);
    ck_assert_uint_eq(count_tag(cut.keys[0].bytes, FRAME_SIGNATURE), changes[_i].stays ? 3 : 2);
}
END_TEST

START_TEST(two_states_of_a_key_become_one)
{
    add_primary();
    add_uid("Alice");
    add_signature(0x13, BY_KEYID, 1);
    add_subkey();
    add_signature(0x18, BY_KEYID, 1);
    add_primary();
    add_uid("Alice");
    add_signature(0x13, BY_KEYID, 1);
    add_signature(0x13, BY_KEYID, 2);
    add_uid("Alice too");
    add_signature(0x13, BY_KEYID, 2);
    add_subkey();
    add_signature(0x28, BY_KEYID, 2);
    pieces_add_file(&bytes, "key-carol.gpg");
    cut_bytes();
    ck_assert_uint_eq(cut.nkeys, 2);
    ck_assert_uint_eq(cut.keys[0].nuids, 2);
    ck_assert_uint_eq(cut.keys[0].nsubkeys, 2);
    ck_assert_uint_eq(count_tag(cut.keys[0].bytes, FRAME_SIGNATURE), 5);
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

static Suite *cut_suite(void)
{
    Suite *suite = suite_create("lib/openpgp/cut");
    TCase *tcase = tcase_create("cut");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, key_of_another_program_is_kept_and_cutting_again_changes_nothing, 0, 7);
    tcase_add_test(tcase, fingerprints_algorithms_and_sizes_are_those_that_gpg_lists);
    tcase_add_test(tcase, key_cut_anywhere_but_between_packets_is_left_out);
    tcase_add_test(tcase, keys_before_a_broken_one_stay);
    tcase_add_loop_test(tcase, signature_is_the_keys_own_when_all_that_it_says_agrees, 0, SEAL_COUNT(claims));
    tcase_add_loop_test(tcase, what_is_left_out_takes_its_signatures_along, 0, 6);
    tcase_add_test(tcase, what_is_lost_of_a_key_or_beside_it_is_counted);
    tcase_add_test(tcase, trust_packets_of_a_keyring_do_not_part_a_component_from_its_signatures);
    tcase_add_test(tcase, signature_is_kept_only_where_its_type_belongs);
    tcase_add_test(tcase, what_gpg_cannot_use_is_counted_and_the_next_key_is_read);
    tcase_add_loop_test(tcase, subkey_of_a_curve_fits_exactly, 0, SEAL_COUNT(changes));
    tcase_add_test(tcase, two_states_of_a_key_become_one);
    tcase_add_test(tcase, revocation_that_comes_alone_names_its_key);
    tcase_add_test(tcase, nothing_gives_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(cut_suite)
