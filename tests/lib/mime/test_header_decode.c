#include "mime/header.h"

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
    struct span raw;
    const char *text;
} cases[] = {
    {SPAN_LIT("  plain text "), "plain text"},
    {SPAN_LIT(""), ""},
    {SPAN_LIT(" folded\r\n\there\r\n and there"), "folded here and there"},
    {SPAN_LIT(" =?utf-8?Q?caf=C3=A9_au_lait?="), "caf\xc3\xa9 au lait"},
    {SPAN_LIT(" =?UTF-8?b?Y2Fmw6k=?="), "caf\xc3\xa9"},
    {SPAN_LIT(" =?utf-8?b?Y2Fm?= =?utf-8?q?_x?="), "caf x"},
    {SPAN_LIT(" =?utf-8?q?a?=\r\n =?utf-8?q?b?="), "ab"},
    {SPAN_LIT(" =?utf-8?q?a?= b =?utf-8?q?c?="), "a b c"},
    {SPAN_LIT(" =?utf-8?q?caf=C3?= =?utf-8?q?=A9?="), "caf\xc3\xa9"}, /* a character cut in two */
    {SPAN_LIT(" =?utf-8?b?w6k=w6k=?="), "\xc3\xa9\xc3\xa9"},
    {SPAN_LIT(" =?iso-8859-1?q?=E9?="), "\xc3\xa9"},
    {SPAN_LIT(" =?iso-8859-1*fr?q?=E9?="), "\xc3\xa9"},
    {SPAN_LIT(" =?koi8-r?b?8NLJ18XU?="), "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82"},
    {SPAN_LIT(" =?iso-2022-jp?b?GyRCRnxLXBsoQg==?="), "\xe6\x97\xa5\xe6\x9c\xac"},
    {SPAN_LIT(" =?windows-1258?q?a=E9?="), "a\xc3\xa9"}, /* a converter that holds back */
    {SPAN_LIT(" [si=?utf-8?q?gned?= OK]"), "[signed OK]"},
    {SPAN_LIT(" =?utf-8?q?[signed OK]?="), "[signed OK]"}, /* blanks inside: wrong, and read by some */
    {SPAN_LIT(" =?utf-8?q?=00[signed_OK]?="), "\xef\xbf\xbd[signed OK]"}, /* nothing hides behind NUL */
    {SPAN_LIT(" a\0b"), "a\xef\xbf\xbd"
                        "b"},
    {SPAN_LIT(" =?utf-8?q?a=0D=0ABcc:_x?="), "aBcc: x"},
    {SPAN_LIT(" =?utf-8?q?si=01gned?="), "signed"},
    {SPAN_LIT(" =?x-unknown?q?caf=C3=A9?="), "caf\xc3\xa9"},
    {SPAN_LIT(" =?x-unknown?q?caf=E9?="), "caf\xc3\xa9"},
    {SPAN_LIT(" =?ISO-2022-CN-EXT?q?abc?="), "abc"}, /* never reaches iconv */
    {SPAN_LIT(" =?us-ascii?q?=E9?="), "\xef\xbf\xbd"},
    {SPAN_LIT(" raw caf\xc3\xa9"), "raw caf\xc3\xa9"},
    {SPAN_LIT(" raw caf\xe9"), "raw caf\xc3\xa9"},
    {SPAN_LIT(" =?utf-8?q?broken"), "=?utf-8?q?broken"},
    {SPAN_LIT(" =?utf-8?x?a?="), "=?utf-8?x?a?="},
    {SPAN_LIT(" =?utf-8?q?"
              "?="),
     ""},
    {SPAN_LIT(" =?utf-8?q?=?="), "="},
    {SPAN_LIT(" =?utf-8?q?=4?="), "=4"},
    {SPAN_LIT(" =? =?utf-8?q?a?="), "=? a"},
    {SPAN_LIT(" =="), "=="},
};

START_TEST(value_is_read_as_people_see_it)
{
    ck_assert_str_eq(header_decode(arena, cases[_i].raw), cases[_i].text);
}
END_TEST

START_TEST(value_cut_anywhere_is_decoded_without_overrun)
{
    for (size_t i = 0; i < SEAL_COUNT(cases); i++)
        for (size_t n = 0; n <= cases[i].raw.len; n++)
            ck_assert_ptr_nonnull(
                header_decode(arena, (struct span){arena_memdup(arena, cases[i].raw.ptr, n), n}));
}
END_TEST

/* 1 MB of beginnings of encoded-words: quadratic work would not finish within the time limit. */
START_TEST(work_grows_with_the_length_only)
{
    static const char *const pieces[] = {"=?utf-8?q?", "=?utf-8?q?a?= ", "=?",     "=",
                                         "?=",         "=?a?b?AAAA?=",   "=?a?q?x"};
    size_t n = 1u << 20;
    char *text = xmalloc(n);
    for (size_t i = 0; i < n; i++)
        text[i] = pieces[_i][i % strlen(pieces[_i])];
    ck_assert_ptr_nonnull(header_decode(arena, (struct span){text, n}));
    free(text);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("header_decode");
    TCase *tcase = tcase_create("header_decode");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, value_is_read_as_people_see_it, 0, SEAL_COUNT(cases));
    tcase_add_test(tcase, value_cut_anywhere_is_decoded_without_overrun);
    tcase_add_loop_test(tcase, work_grows_with_the_length_only, 0, 7);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
