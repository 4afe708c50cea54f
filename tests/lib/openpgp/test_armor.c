#include "openpgp/armor.h"

#include "pieces.h"
#include "support/check.h"

#include <string.h>

static const struct spool_conf conf = {.dir = "/tmp", .mem_max = 64u << 20, .size_max = 64u << 20};
static struct spool *out;

static void set_up(void)
{
    out = spool_new(&conf);
}

static void tear_down(void)
{
    spool_free(&out);
}

static int decode(struct span text, enum armor_type type, struct err *err)
{
    spool_free(&out);
    out = spool_new(&conf);
    return armor_decode(text, type, out, err) < 0 ? -1 : spool_seal(out, err);
}

/* gpg's armour, and what it says in binary. */
START_TEST(what_gpg_armours_is_read)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini)
    struct buf text = pieces_file("key-alice.asc"), binary = pieces_file("key-alice.gpg");
    ck_ok(decode(buf_span(&text), ARMOR_PUBLIC, &err));
    ck_assert(span_eq(spool_all(out), buf_span(&binary)));
    ck_fails(decode(buf_span(&text), ARMOR_MESSAGE, &err), ERR_SYNTAX);
}
END_TEST

/* Octet for octet what gpg writes, but for its shorter lines that end in LF. */
START_TEST(armour_says_what_gpg_says)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini)
    struct buf theirs = pieces_file("key-alice.asc"), binary = pieces_file("key-alice.gpg");
    ck_ok(armor_encode(buf_span(&binary), ARMOR_PUBLIC, out, &err));
    ck_ok(spool_seal(out, &err));
    struct span ours = spool_all(out), they = buf_span(&theirs);
    size_t i = 0, j = 0;
    while (i < ours.len || j < they.len) {
        bool blank = i < ours.len && strchr("\r\n", ours.ptr[i]) != NULL;
        bool their_blank = j < they.len && strchr("\r\n", they.ptr[j]) != NULL;
        if (!blank && !their_blank)
            ck_assert_msg(i < ours.len && j < they.len && ours.ptr[i] == they.ptr[j], "at %zu and %zu", i, j);
        i += blank || !their_blank;
        j += their_blank || !blank;
    }
}
END_TEST

START_TEST(every_length_comes_back)
{
    struct err err = ERR_INIT;
    static const size_t sizes[] = {1,  2,  3,  4,  5,   6,   7,   8,      56,
                                   57, 58, 59, 60, 113, 114, 115, 100000, 1000001};
    SEAL_CLEANUP(buf_fini) struct buf bytes = BUF_INIT(2u << 20);
    for (size_t i = 0; i < sizes[_i]; i++)
        buf_add_char(&bytes, (char)(i * 7919 >> 3));
    for (int type = ARMOR_MESSAGE; type <= ARMOR_SECRET; type++) {
        SEAL_CLEANUP(spool_free) struct spool *text = spool_new(&conf);
        ck_ok(armor_encode(buf_span(&bytes), (enum armor_type)type, text, &err));
        ck_ok(spool_seal(text, &err));
        ck_ok(decode(spool_all(text), (enum armor_type)type, &err));
        ck_assert(span_eq(spool_all(out), buf_span(&bytes)));
    }
}
END_TEST

#define BEGIN "-----BEGIN PGP MESSAGE-----"
#define CLOSE "-----END PGP MESSAGE-----"
#define THOUSAND                                                                                             \
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"   \
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
#define LONG THOUSAND THOUSAND THOUSAND THOUSAND THOUSAND THOUSAND
#define FIVE "A: b\nA: b\nA: b\nA: b\nA: b\n"

/* "aGVsbG8=" is hello, and its checksum is not asked for. */
static const struct {
    const char *name, *text;
    bool good;
} armours[] = {
    {"plain", BEGIN "\n\naGVsbG8=\n" CLOSE "\n", true},
    {"CRLF", BEGIN "\r\n\r\naGVsbG8=\r\n" CLOSE "\r\n", true},
    {"blanks around", "\n \t\r\n" BEGIN "\n\naGVsbG8=\n" CLOSE " \n\n", true},
    {"blanks at line ends", BEGIN "  \n \naGVsbG8= \n" CLOSE "\n", true},
    {"header lines", BEGIN "\nVersion: GnuPG v2\nComment: https://gnupg.org\n\naGVsbG8=\n" CLOSE "\n", true},
    {"checksum", BEGIN "\n\naGVsbG8=\n=abcd\n" CLOSE "\n", true},
    {"wrong checksum", BEGIN "\n\naGVsbG8=\n=AAAA\n" CLOSE "\n", true},
    {"padding on its own line", BEGIN "\n\naGVsbG8\n=\n" CLOSE "\n", true},
    {"ten header lines", BEGIN "\n" FIVE FIVE "\naGVsbG8=\n" CLOSE "\n", true},
    {"text in front", "Hello\n" BEGIN "\n\naGVsbG8=\n" CLOSE "\n", false},
    {"text on the first line", BEGIN " Hello\n\naGVsbG8=\n" CLOSE "\n", false},
    {"text behind", BEGIN "\n\naGVsbG8=\n" CLOSE "\nHello\n", false},
    {"text on the last line", BEGIN "\n\naGVsbG8=\n" CLOSE " Hello\n", false},
    {"text within", BEGIN "\n\naGVsbG8=\nHello, you!\n" CLOSE "\n", false},
    {"text behind the checksum", BEGIN "\n\naGVsbG8=\n=abcd\nHello\n" CLOSE "\n", false},
    {"two", BEGIN "\n\naGVsbG8=\n" CLOSE "\n" BEGIN "\n\naGVsbG8=\n" CLOSE "\n", false},
    {"two padded runs", BEGIN "\n\naGVsbG8=aGVsbG8=\n" CLOSE "\n", false},
    {"no empty line", BEGIN "\naGVsbG8=\n" CLOSE "\n", false},
    {"header line that is none", BEGIN "\nHello\n\naGVsbG8=\n" CLOSE "\n", false},
    {"header line without a name", BEGIN "\n: Hello\n\naGVsbG8=\n" CLOSE "\n", false},
    {"too many header lines", BEGIN "\n" FIVE FIVE FIVE FIVE "A: b\n\naGVsbG8=\n" CLOSE "\n", false},
    {"a long header line", BEGIN "\nComment: " LONG "\n\naGVsbG8=\n" CLOSE "\n", false},
    {"no data", BEGIN "\n\n" CLOSE "\n", false},
    {"a checksum alone", BEGIN "\n\n=abcd\n" CLOSE "\n", false},
    {"no end", BEGIN "\n\naGVsbG8=\n", false},
    {"no begin", "aGVsbG8=\n" CLOSE "\n", false},
    {"end on the data's line", BEGIN "\n\naGVsbG8=" CLOSE "\n", false},
    {"one line", BEGIN CLOSE "\n", false},
    {"end alone", CLOSE, false},
    {"another type's end", BEGIN "\n\naGVsbG8=\n-----END PGP SIGNATURE-----\n", false},
    {"in parts", "-----BEGIN PGP MESSAGE, PART 1-----\n\naGVsbG8=\n-----END PGP MESSAGE, PART 1-----\n",
     false},
    {"nothing", "", false},
    {"cut base64", BEGIN "\n\naGVsbG8\n" CLOSE "\n", false},
};

START_TEST(armour_is_the_whole_text_or_none)
{
    struct err err = ERR_INIT;
    int status = decode(span_of(armours[_i].text), ARMOR_MESSAGE, &err);
    ck_assert_msg((status == 0) == armours[_i].good, "%s: %s", armours[_i].name, err.msg);
    if (status == 0)
        ck_assert_msg(span_is(spool_all(out), "hello"), "%s", armours[_i].name);
    else
        ck_assert_msg(err.code == ERR_SYNTAX, "%s: %s", armours[_i].name, err.msg);
}
END_TEST

START_TEST(armour_cut_anywhere_is_none)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf text = pieces_file("message-alice.asc");
    for (size_t n = 0; n < span_trim(buf_span(&text)).len; n++)
        ck_fails(decode(span_sub(buf_span(&text), 0, n), ARMOR_MESSAGE, &err), ERR_SYNTAX);
}
END_TEST

START_TEST(output_over_the_spools_limit_is_refused)
{
    static const struct spool_conf small = {.dir = "/tmp", .mem_max = 100, .size_max = 100};
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf text = pieces_file("message-alice.asc");
    SEAL_CLEANUP(spool_free) struct spool *little = spool_new(&small);
    ck_fails(armor_decode(buf_span(&text), ARMOR_MESSAGE, little, &err), ERR_LIMIT);
}
END_TEST

START_TEST(armours_in_a_text_are_found_one_after_the_other)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(PIECES_MAX);
    buf_add_str(&text, "My key:\n");
    pieces_add_file(&text, "key-alice.asc");
    buf_add_str(&text, "> -----BEGIN PGP PUBLIC KEY BLOCK-----\nis how one begins. And:\n");
    pieces_add_file(&text, "signature-alice.asc");
    pieces_add_file(&text, "revocation-alice.asc");
    buf_add_str(&text, "-----BEGIN PGP PUBLIC KEY BLOCK-----\nand no end\n");
    struct span rest = buf_span(&text), armour;
    for (int i = 0; i < 2; i++) {
        ck_assert(armor_next(&rest, ARMOR_PUBLIC, &armour));
        ck_ok(decode(armour, ARMOR_PUBLIC, &err));
    }
    ck_assert(!armor_next(&rest, ARMOR_PUBLIC, &armour));
    rest = buf_span(&text);
    ck_assert(armor_next(&rest, ARMOR_SIGNATURE, &armour));
    ck_assert(!armor_next(&rest, ARMOR_SECRET, &armour));
}
END_TEST

START_TEST(what_gpg_noted_in_a_key_is_not_given_to_others)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf binary = pieces_file("key-alice.gpg");
    SEAL_CLEANUP(buf_fini) struct buf noted = BUF_INIT(1u << 20);
    SEAL_CLEANUP(spool_free) struct spool *armour = spool_like(out);
    buf_add_span(&noted, buf_span(&binary));
    buf_add(&noted, "\xb0\x06\x00\x03gpg\x00", 8);
    ck_ok(armor_encode(buf_span(&noted), ARMOR_PUBLIC, armour, &err));
    ck_ok(spool_seal(armour, &err));
    ck_ok(decode(spool_all(armour), ARMOR_PUBLIC, &err));
    ck_assert(span_eq(spool_all(out), buf_span(&binary)));
}
END_TEST

static Suite *armor_suite(void)
{
    Suite *suite = suite_create("lib/openpgp/armor");
    TCase *tcase = tcase_create("armor");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, what_gpg_armours_is_read);
    tcase_add_test(tcase, what_gpg_noted_in_a_key_is_not_given_to_others);
    tcase_add_test(tcase, armour_says_what_gpg_says);
    tcase_add_loop_test(tcase, every_length_comes_back, 0, 18);
    tcase_add_loop_test(tcase, armour_is_the_whole_text_or_none, 0, SEAL_COUNT(armours));
    tcase_add_test(tcase, armour_cut_anywhere_is_none);
    tcase_add_test(tcase, output_over_the_spools_limit_is_refused);
    tcase_add_test(tcase, armours_in_a_text_are_found_one_after_the_other);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(armor_suite)
