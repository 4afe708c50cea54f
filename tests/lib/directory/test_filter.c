#include "directory/internal.h"

#include "support/check.h"

#include <string.h>

static const struct {
    const char *text;
    size_t len;
    const char *escaped;
} cases[] = {
    {"alice@our.example", 17, "alice@our.example"},
    {"*)(mail=*", 9, "\\2a\\29\\28mail=\\2a"},
    {"a\\b", 3, "a\\5cb"},
    {"a\0b", 3, "a\\00b"},
    {"J\xc3\xbcrgen", 7, "J\\c3\\bcrgen"},
    {"\xff\x01 ", 3, "\\ff\\01\\20"},
    {"\"(a)|(b)\"@x", 11, "\\22\\28a\\29\\7c\\28b\\29\\22@x"},
    {"", 0, ""},
};

START_TEST(a_value_is_escaped)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1000);
    filter_value((struct span){cases[_i].text, cases[_i].len}, &out);
    ck_assert_str_eq(buf_str(&out), cases[_i].escaped);
}
END_TEST

/* Every octet either stands as it is or as three characters that no parser of filters takes for anything else. */
START_TEST(no_octet_gets_out_of_a_value)
{
    char value[3] = {0};
    for (unsigned c = 0; c < 256; c++) {
        SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1000);
        value[0] = value[1] = (char)c;
        value[2] = ')';
        filter_value((struct span){value, 3}, &out);
        ck_assert_uint_eq(strcspn(buf_str(&out), "()*"), out.len);
        ck_assert(out.len == 2 + 3 || out.len == 6 + 3);
        ck_assert(memchr(out.ptr, '\0', out.len) == NULL);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("filter");
    TCase *t = tcase_create("filter");
    tcase_add_loop_test(t, a_value_is_escaped, 0, SEAL_COUNT(cases));
    tcase_add_test(t, no_octet_gets_out_of_a_value);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
