#include "mime/header.h"

#include "support/check.h"

static const struct {
    const char *value;
    int64_t seconds;
} cases[] = {
    {" Thu, 1 Jan 1970 00:00:01 +0000", 1},
    {" Fri, 14 Feb 2025 13:30:05 +0100", 1739536205},
    {" 14 Feb 2025 12:30:05 -0000", 1739536205},
    {" Fri, 14 Feb 25 12:30:05 GMT", 1739536205},
    {" Fri, 14 Feb 2025 07:30:05 EST", 1739536205},
    {" Fri, 14 Feb 2025 04:30:05 -0800 (PST)", 1739536205},
    {" Fri, 14 Feb 2025 12:30", 1739536200},
    {"\r\n\tFri, 14 FEB 2025\r\n 12:30:05 +0000", 1739536205},
    {" 01 Mar 99 00:00:00 Z", 920246400},
    {"", 0},
    {" ,", 0},
    {" yesterday", 0},
    {" Fri, 14 Foo 2025 12:30:05 +0000", 0},
    {" Fri, 34 Feb 2025 12:30:05 +0000", 0},
    {" Fri, 14 Feb 2025 25:30:05 +0000", 0},
    {" Fri, -4 Feb 2025 12:30:05 +0000", 0},
    {" Fri, 14 Feb 2025 12:60:05 +0000", 0},
    {" 2025-02-14T12:30:05Z", 0},
};

START_TEST(date_is_read_or_is_zero)
{
    ck_assert_int_eq(header_date(span_of(cases[_i].value)), cases[_i].seconds);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("header_date");
    TCase *tcase = tcase_create("header_date");
    tcase_add_loop_test(tcase, date_is_read_or_is_zero, 0, SEAL_COUNT(cases));
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
