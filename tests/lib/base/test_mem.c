#include "base/mem.h"
#include "support/check.h"

#include <fcntl.h>
#include <unistd.h>

static const struct span nothing = {NULL, 0};

START_TEST(sub_is_cut_to_what_there_is)
{
    static const struct {
        size_t off, len;
        const char *expected;
    } cases[] = {{0, 5, "hello"}, {0, 9, "hello"}, {1, 3, "ell"},      {5, 1, ""},
                 {6, 1, ""},      {2, 0, ""},      {4, SIZE_MAX, "o"}, {SIZE_MAX, SIZE_MAX, ""}};
    for (size_t i = 0; i < SEAL_COUNT(cases); i++)
        ck_assert(span_is(span_sub(SPAN_LIT("hello"), cases[i].off, cases[i].len), cases[i].expected));
    ck_assert_uint_eq(span_sub(nothing, 3, 3).len, 0);
}
END_TEST

START_TEST(trim_takes_blanks_at_both_ends_only)
{
    ck_assert(span_is(span_trim(SPAN_LIT(" \t\r\na b\n \t")), "a b"));
    ck_assert(span_is(span_trim(SPAN_LIT(" \t")), ""));
    ck_assert(span_is(span_trim(SPAN_LIT("")), ""));
    ck_assert_uint_eq(span_trim(nothing).len, 0);
}
END_TEST

START_TEST(comparisons_need_equal_length)
{
    ck_assert(span_is(SPAN_LIT("abc"), "abc"));
    ck_assert(!span_is(SPAN_LIT("abc"), "ab"));
    ck_assert(!span_is(SPAN_LIT("ab"), "abc"));
    ck_assert(!span_is(SPAN_LIT("abC"), "abc"));
    ck_assert(!span_is(SPAN_LIT("ab\0"), "ab"));
    ck_assert(span_is_nocase(SPAN_LIT("aBc"), "AbC"));
    ck_assert(!span_is_nocase(SPAN_LIT("ab"), "abc"));
    ck_assert(span_eq(nothing, SPAN_LIT("")));
    ck_assert(span_eq_nocase(nothing, SPAN_LIT("")));
}
END_TEST

/* Only letters fold: '[' and '{', '@' and '`' differ by the same bit. */
START_TEST(case_folds_for_ascii_letters_only)
{
    ck_assert(!span_is_nocase(SPAN_LIT("["), "{"));
    ck_assert(!span_is_nocase(SPAN_LIT("@"), "`"));
    ck_assert(!span_is_nocase(SPAN_LIT("\xc3\x9c"), "\xc3\xbc"));
}
END_TEST

START_TEST(start_is_no_longer_than_the_span)
{
    ck_assert(span_starts(SPAN_LIT("Subject"), "Sub"));
    ck_assert(span_starts(SPAN_LIT("Sub"), "Sub"));
    ck_assert(span_starts(SPAN_LIT("Sub"), ""));
    ck_assert(!span_starts(SPAN_LIT("Su"), "Sub"));
    ck_assert(!span_starts(SPAN_LIT("sub"), "Sub"));
    ck_assert(span_starts_nocase(SPAN_LIT("sUBJECT"), "Sub"));
    ck_assert(!span_starts_nocase(nothing, "Sub"));
}
END_TEST

START_TEST(find_gives_the_first_at_or_after_from)
{
    struct span s = SPAN_LIT("abcabc");
    ck_assert_uint_eq(span_find(s, "bc", 2, 0), 1);
    ck_assert_uint_eq(span_find(s, "bc", 2, 1), 1);
    ck_assert_uint_eq(span_find(s, "bc", 2, 2), 4);
    ck_assert_uint_eq(span_find(s, "bc", 2, 5), SIZE_MAX);
    ck_assert_uint_eq(span_find(s, "bc", 2, 99), SIZE_MAX);
    ck_assert_uint_eq(span_find(s, "bcd", 3, 0), SIZE_MAX);
    ck_assert_uint_eq(span_find(nothing, "b", 1, 0), SIZE_MAX);
}
END_TEST

START_TEST(allocation_of_nothing_is_something)
{
    SEAL_CLEANUP(mem_free) void *a = xmalloc(0);
    SEAL_CLEANUP(mem_free) void *b = xcalloc(0, 8);
    SEAL_CLEANUP(mem_free) char *c = xstrndup("abc", 2);
    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_nonnull(b);
    ck_assert_str_eq(c, "ab");
    a = xrealloc(a, 100);
    ck_assert_ptr_nonnull(a);
}
END_TEST

START_TEST(close_forgets_the_descriptor)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int number = fd;
    mem_close(&fd);
    ck_assert_int_eq(fd, -1);
    ck_assert_int_eq(fcntl(number, F_GETFD), -1);
    mem_close(&fd);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("base/mem");
    TCase *tc = tcase_create("mem");
    tcase_add_test(tc, sub_is_cut_to_what_there_is);
    tcase_add_test(tc, trim_takes_blanks_at_both_ends_only);
    tcase_add_test(tc, comparisons_need_equal_length);
    tcase_add_test(tc, case_folds_for_ascii_letters_only);
    tcase_add_test(tc, start_is_no_longer_than_the_span);
    tcase_add_test(tc, find_gives_the_first_at_or_after_from);
    tcase_add_test(tc, allocation_of_nothing_is_something);
    tcase_add_test(tc, close_forgets_the_descriptor);
    suite_add_tcase(suite, tc);
    return suite;
}

TEST_MAIN(make_suite)
