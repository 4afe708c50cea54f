#include "mime/leaf.h"

#include "support/check.h"

#include <string.h>

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new(ARENA_MAX_DEFAULT);
}

static void tear_down(void)
{
    arena_free(&arena);
}

static const struct {
    const char *charset;
    struct span bytes;
    const char *text;
} cases[] = {
    {"", SPAN_LIT("caf\xc3\xa9"), "caf\xc3\xa9"},
    {"", SPAN_LIT("caf\xe9"), "caf\xc3\xa9"},
    {"utf-8", SPAN_LIT("caf\xe9!"), "caf\xef\xbf\xbd!"},
    {"UTF-8", SPAN_LIT("a\0b"),
     "a\xef\xbf\xbd"
     "b"},
    {"utf-8", SPAN_LIT("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* a surrogate */
    {"utf-8", SPAN_LIT("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd"},                 /* a slash in two octets */
    {"ISO-8859-1", SPAN_LIT("\xe9\x80"), "\xc3\xa9\xe2\x82\xac"},
    {"iso-8859-15", SPAN_LIT("\xa4"), "\xe2\x82\xac"},
    {"shift_jis", SPAN_LIT("\x93\xfa\x96\x7b"), "\xe6\x97\xa5\xe6\x9c\xac"},
    {"shift_jis", SPAN_LIT("\x93\xfa\x96"), "\xe6\x97\xa5\xef\xbf\xbd"}, /* cut in the middle */
    {"gb2312", SPAN_LIT("\xc4\xe3"), "\xe4\xbd\xa0"},
    {"iso-2022-jp", SPAN_LIT("\x1b$BF|K\\\x1b(B!"), "\xe6\x97\xa5\xe6\x9c\xac!"},
    {"windows-1255", SPAN_LIT("\xe0"), "\xd7\x90"}, /* a converter that holds the last character back */
    {"utf-7", SPAN_LIT("+AFs-"), "+AFs-"},          /* not of the list */
    {"UTF-8//TRANSLIT", SPAN_LIT("\xe9"), "\xc3\xa9"},
    {"iso-8859-1", SPAN_LIT(""), ""},
};

START_TEST(bytes_become_valid_text)
{
    ck_assert_str_eq(leaf_utf8(arena, span_of(cases[_i].charset), cases[_i].bytes), cases[_i].text);
}
END_TEST

START_TEST(noise_in_every_charset_becomes_valid_text)
{
    static const char *const names[] = {"utf-8",        "iso-8859-1", "shift_jis", "gb18030",
                                        "big5",         "euc-jp",     "euc-kr",    "iso-2022-jp",
                                        "windows-1258", "koi8-r",     "tis-620"};
    char noise[3000];
    unsigned seed = 1;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)rand_r(&seed);
    char *text = leaf_utf8(arena, span_of(names[_i]), (struct span){noise, sizeof noise});
    ck_assert(leaf_is_utf8(span_of(text)));
    ck_assert_uint_gt(strlen(text), sizeof noise / 2);
}
END_TEST

static const struct {
    uint32_t ch, parts[3];
    size_t n;
} decomposed[] = {
    {'A', {'a'}, 1},         {0xff21, {'a'}, 1}, /* full width */
    {0x1d400, {'a'}, 1},                         /* mathematical bold */
    {0xe9, {'e'}, 1},                            /* accents go */
    {0xfb01, {'f', 'i'}, 2},                     /* ligature */
    {0x24b6, {'a'}, 1},                          /* circled */
    {0x430, {0x430}, 1},                         /* Cyrillic stays: resembling is not decomposing */
    {' ', {0}, 0},           {0xa0, {0}, 0},     {0x200b, {0}, 0},  {0x202e, {0}, 0},
    {0xad, {0}, 0},          {0xfe0f, {0}, 0},   {0x3164, {0}, 0},  {0x2800, {0}, 0},
    {0x301, {0}, 0},         {0x07, {0}, 0},     {0xe0041, {0}, 0}, {0x034f, {0}, 0},
    {0x2060, {0}, 0},        {0xfeff, {0}, 0},   {0x180e, {0}, 0},  {0x1160, {0}, 0},
};

START_TEST(only_what_can_be_seen_is_left_of_a_character)
{
    uint32_t out[LEAF_DECOMPOSED_MAX];
    ck_assert_uint_eq(leaf_decompose(decomposed[_i].ch, out), decomposed[_i].n);
    for (size_t i = 0; i < decomposed[_i].n; i++)
        ck_assert_uint_eq(out[i], decomposed[_i].parts[i]);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("leaf");
    TCase *tcase = tcase_create("leaf");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, bytes_become_valid_text, 0, SEAL_COUNT(cases));
    tcase_add_loop_test(tcase, noise_in_every_charset_becomes_valid_text, 0, 11);
    tcase_add_loop_test(tcase, only_what_can_be_seen_is_left_of_a_character, 0, SEAL_COUNT(decomposed));
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
