#include "base/mem.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

START_TEST(first_failure_wins)
{
    struct err err = ERR_INIT;
    ck_assert_int_eq(err_set(&err, ERR_NO_KEY, "first %d", 1), -1);
    ck_assert_int_eq(err_set(&err, ERR_IO, "second"), -1);
    ck_assert_int_eq(err.code, ERR_NO_KEY);
    ck_assert_str_eq(err.msg, "first 1");
}
END_TEST

START_TEST(cleared_error_takes_the_next_failure)
{
    struct err err = ERR_INIT;
    err_set(&err, ERR_NO_KEY, "first");
    err_clear(&err);
    ck_assert(!err_is_set(&err));
    ck_assert_str_eq(err.msg, "");
    err_set(&err, ERR_IO, "second");
    ck_assert_str_eq(err.msg, "second");
}
END_TEST

START_TEST(wrap_puts_context_in_front_and_keeps_the_code)
{
    struct err err = ERR_INIT;
    err_set(&err, ERR_SYNTAX, "bad length");
    ck_assert_int_eq(err_wrap(&err, "record %d", 7), -1);
    ck_assert_str_eq(err.msg, "record 7: bad length");
    ck_assert_int_eq(err.code, ERR_SYNTAX);
}
END_TEST

START_TEST(wrap_of_any_length_stays_inside_and_ends)
{
    for (size_t n = 0; n < 400; n++) {
        char context[400];
        memset(context, 'c', n);
        context[n] = '\0';
        struct err err = ERR_INIT;
        err_set(&err, ERR_IO, "%s", "the end of it");
        err_wrap(&err, "%s", context);
        ck_assert_uint_lt(strlen(err.msg), sizeof err.msg);
        ck_assert_int_eq(strncmp(err.msg, context, strlen(err.msg) < n ? strlen(err.msg) : n), 0);
        if (n + 2 + strlen("the end of it") < sizeof err.msg)
            ck_assert_str_eq(err.msg + n, ": the end of it");
    }
}
END_TEST

START_TEST(text_of_strangers_cannot_reach_the_terminal)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"a\r\nb\tc", "a??b?c"},
        {"\x1b[2J", "?[2J"},
        {"\xc2\x9b"
         "2J",
         "?2J"},
        {"\xff\xfe", "??"},
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"a\xe2\x80\xaez", "az"},
    };
    for (size_t i = 0; i < SEAL_COUNT(cases); i++) {
        struct err err = ERR_INIT;
        err_set(&err, ERR_IO, "%s", cases[i].text);
        ck_assert_str_eq(err.msg, cases[i].shown);
        err_clear(&err);
        err_set(&err, ERR_IO, "x");
        err_wrap(&err, "%s", cases[i].text);
        ck_assert_int_eq(strncmp(err.msg, cases[i].shown, strlen(cases[i].shown)), 0);
    }
}
END_TEST

START_TEST(every_code_has_a_complete_row)
{
    for (int i = 0; i < ERR_CODES; i++) {
        enum err_code code = (enum err_code)i;
        ck_assert_ptr_nonnull(err_name(code));
        ck_assert_ptr_nonnull(err_text(code));
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(err_name(code), err_name((enum err_code)j));
    }
}
END_TEST

/* The first digit of the enhanced status is the SMTP reply's: a temporary class with 5.x.x would lose mail. */
START_TEST(status_agrees_with_class)
{
    for (int i = 0; i < ERR_CODES; i++) {
        struct err err = {.code = (enum err_code)i};
        const char *status = err_status(err.code);
        unsigned a, b, c;
        ck_assert_int_eq(sscanf(status, "%u.%u.%u", &a, &b, &c), 3);
        ck_assert_msg(a == (err_is_temporary(&err) ? 4 : 5), "%s: %s", err_name(err.code), status);
    }
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("base/err");
    TCase *tc = tcase_create("err");
    tcase_add_test(tc, first_failure_wins);
    tcase_add_test(tc, cleared_error_takes_the_next_failure);
    tcase_add_test(tc, wrap_puts_context_in_front_and_keeps_the_code);
    tcase_add_test(tc, wrap_of_any_length_stays_inside_and_ends);
    tcase_add_test(tc, text_of_strangers_cannot_reach_the_terminal);
    tcase_add_test(tc, every_code_has_a_complete_row);
    tcase_add_test(tc, status_agrees_with_class);
    suite_add_tcase(suite, tc);
    return suite;
}

TEST_MAIN(make_suite)
