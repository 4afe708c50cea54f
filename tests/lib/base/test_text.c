#include "support/check.h"

#include "base/text.h"

#include <string.h>

static const struct {
    struct span in;
    const char *out;
    bool utf8;
} cases[] = {
    {SPAN_LIT(""), "", true},
    {SPAN_LIT("Bob <bob@b.example>"), "Bob <bob@b.example>", true},
    {SPAN_LIT("K\xc3\xb6ln \xe2\x82\xac \xf0\x9f\x98\x80"), "K\xc3\xb6ln \xe2\x82\xac \xf0\x9f\x98\x80",
     true},
    {SPAN_LIT("a\r\nb\tc\0d\x7f\x1b"), "a??b?c?d??", true},
    {SPAN_LIT("\xc2\x85\xc2\x9b"), "??", true},                   /* C1: NEL, CSI */
    {SPAN_LIT("a\xe2\x80\xa8\xe2\x80\xa9z"), "a??z", true},       /* line and paragraph separator */
    {SPAN_LIT("a\xe2\x80\xae\xe2\x81\xa6\xd8\x9cz"), "az", true}, /* bidi: RLO, LRI, ALM */
    {SPAN_LIT("a\xe2\x80\x8b\xe2\x80\x8d\xef\xbb\xbf\xc2\xadz"), "az",
     true},                                       /* zero width, BOM, soft hyphen */
    {SPAN_LIT("a\xf3\xa0\x80\xa1z"), "az", true}, /* a tag character */
    {SPAN_LIT("a\xffz"), "a?z", false},
    {SPAN_LIT("a\x80z"), "a?z", false},
    {SPAN_LIT("a\xc3"), "a?", false},
    {SPAN_LIT("a\xc3z"), "a?z", false},
    {SPAN_LIT("a\xe2\x82"), "a??", false},
    {SPAN_LIT("\xc0\x80"), "??", false},      /* overlong NUL */
    {SPAN_LIT("\xe0\x80\xaf"), "???", false}, /* overlong slash */
    {SPAN_LIT("\xf0\x80\x80\xaf"), "????", false},
    {SPAN_LIT("\xed\xa0\x80"), "???", false},      /* surrogate */
    {SPAN_LIT("\xf4\x90\x80\x80"), "????", false}, /* above U+10FFFF */
    {SPAN_LIT("\xf8\x88\x80\x80\x80"), "?????", false},
};

START_TEST(hostile_text_becomes_one_harmless_line)
{
    struct buf out = BUF_INIT(1000);
    text_clean(cases[_i].in, &out);
    ck_assert_str_eq(buf_str(&out), cases[_i].out);
    ck_assert(text_is_utf8(buf_span(&out)));
    ck_assert_int_eq(text_is_utf8(cases[_i].in), cases[_i].utf8);
    buf_fini(&out);
}
END_TEST

START_TEST(ascii_ends_at_127)
{
    ck_assert(text_is_ascii(SPAN_LIT("")));
    ck_assert(text_is_ascii(SPAN_LIT("a\x7f\0")));
    ck_assert(!text_is_ascii(SPAN_LIT("a\x80")));
}
END_TEST

/* Every sequence of two octets and each of these behind it: what comes out is UTF-8 without control characters. */
START_TEST(output_is_always_utf8)
{
    for (unsigned n = 0; n < 65536; n++) {
        char in[3] = {(char)(n >> 8), (char)n, (char)0x80};
        struct buf out = BUF_INIT(100);
        text_clean((struct span){in, sizeof in}, &out);
        ck_assert(text_is_utf8(buf_span(&out)));
        for (size_t i = 0; i < out.len; i++)
            ck_assert((unsigned char)out.ptr[i] >= 0x20 && out.ptr[i] != 0x7f);
        buf_fini(&out);
    }
}
END_TEST

START_TEST(what_is_too_long_is_cut_between_characters)
{
    static const struct {
        const char *text;
        size_t columns, n;
        const char *cut;
    } cuts[] = {{"", 5, 0, ""},
                {"abcde", 5, 5, "abcde"},
                {"abcdef", 5, 5, "abc.."},
                {"\303\244\303\266\303\274x", 4, 4, "\303\244\303\266\303\274x"},
                {"\303\244\303\266\303\274xy", 4, 4, "\303\244\303\266.."}};
    for (size_t i = 0; i < SEAL_COUNT(cuts); i++) {
        SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(100);
        ck_assert_uint_eq(text_cut(cuts[i].text, cuts[i].columns, &out), cuts[i].n);
        ck_assert_str_eq(buf_str(&out), cuts[i].cut);
    }
}
END_TEST

START_TEST(word_is_found_whole)
{
    ck_assert(text_has_word("hp", "hp") && text_has_word("a hp", "hp") && text_has_word("hp a", "hp") &&
              text_has_word("xhp hpx hp", "hp"));
    ck_assert(!text_has_word("", "hp") && !text_has_word("xhp", "hp") && !text_has_word("hpx hp-x", "hp"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/base/text");
    TCase *c = tcase_create("text");
    tcase_add_loop_test(c, hostile_text_becomes_one_harmless_line, 0, SEAL_COUNT(cases));
    tcase_add_test(c, ascii_ends_at_127);
    tcase_add_test(c, output_is_always_utf8);
    tcase_add_test(c, what_is_too_long_is_cut_between_characters);
    tcase_add_test(c, word_is_found_whole);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
