/* Tests of lib/mime/date.c. */
#include "support/check.h"

#include "mime/date.h"

static const struct {
    const char *text;
    int64_t want;
} rows[] = {
    {"Mon, 23 Nov 2026 07:30:01 +0100", 1795415401},
    {"23 Nov 2026 06:30:01 +0000", 1795415401},
    {" Mon,\r\n 23 Nov 2026 06:30:01 GMT (UTC)", 1795415401},
    {"Mon, 23 Nov 2026 01:30:01 EST", 1795415401},
    {"Mon, 23 Nov 26 06:30:01 -0000", 1795415401},
    {"Mon, 23 Nov 2026 06:30 +0000", 1795415400},
    {"Fri, 21 Nov 97 09:55:06 -0600", 880127706},
    {"yesterday", 0},
    {"", 0},
    {"Mon, 99 Nov 2026 06:30:01 +0000", 0},
    {"Mon, 23 Foo 2026 06:30:01 +0000", 0},
    {"Mon, 23 Nov 2026", 0},
    {"Wed, 31 Dec 1969 23:00:00 +0000", 0},
};

START_TEST(date_is_read)
{
    ck_assert_msg(date_parse(span_of(rows[_i].text)) == rows[_i].want, "%s: %lld", rows[_i].text,
                  (long long)date_parse(span_of(rows[_i].text)));
}
END_TEST

START_TEST(date_cut_anywhere_is_a_date_or_none)
{
    const char *text = "Mon, 23 Nov 2026 07:30:01 +0100";
    for (size_t n = 0; n < 31; n++)
        ck_assert_int_ge(date_parse((struct span){text, n}), 0);
    ck_assert_int_eq(date_parse((struct span){"1 Jan 2026\0 00:00:00", 20}), 0);
}
END_TEST

START_TEST(date_that_is_printed_is_read_again)
{
    char text[DATE_TEXT_SIZE];
    date_print(1795415401, text);
    ck_assert_str_eq(text, "Mon, 23 Nov 2026 06:30:01 +0000");
    for (int64_t when = 1; when < INT64_C(4102444800); when += INT64_C(1234567)) {
        date_print(when, text);
        ck_assert_int_eq(date_parse(span_of(text)), when);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/mime/date");
    TCase *t = tcase_create("date");
    tcase_add_loop_test(t, date_is_read, 0, (int)SEAL_COUNT(rows));
    tcase_add_test(t, date_cut_anywhere_is_a_date_or_none);
    tcase_add_test(t, date_that_is_printed_is_read_again);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
