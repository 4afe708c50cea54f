/* test_reply - errors and refusals as SMTP replies. */
#include "milter/reply.h"
#include "support/check.h"
#include "support/fake_mta.h"

#include <stdio.h>
#include <string.h>

static struct fake_mta *fake;

static void set_up(void)
{
    fake = fake_mta_new(FAKE_POSTFIX, SPAN_LIT("A: 1\r\n\r\n"));
}

static void tear_down(void)
{
    fake_mta_free(&fake);
}

static const struct {
    enum err_code code;
    enum verdict verdict;
    const char *begins;
} errors[] = {
    {ERR_IO, VERDICT_TEMPFAIL, "451 4.3.0 "},         {ERR_DISK_FULL, VERDICT_TEMPFAIL, "452 4.3.1 "},
    {ERR_STORE_FULL, VERDICT_TEMPFAIL, "452 4.3.1 "}, {ERR_LIMIT, VERDICT_REJECT, "550 5.6.0 "},
    {ERR_TOO_BIG, VERDICT_REJECT, "552 5.3.4 "},      {ERR_NO_KEY, VERDICT_REJECT, "550 5.7.4 "},
    {ERR_RCPTS, VERDICT_TEMPFAIL, "452 4.5.3 "},      {ERR_STORE, VERDICT_TEMPFAIL, "451 4.3.0 "},
    {ERR_PEER_TEMP, VERDICT_TEMPFAIL, "451 4.4.0 "},  {ERR_PEER_PERM, VERDICT_TEMPFAIL, "451 4.3.5 "},
    {ERR_LOOP, VERDICT_TEMPFAIL, "451 4.4.6 "},       {ERR_BUSY, VERDICT_TEMPFAIL, "451 4.3.2 "},
    {ERR_BUG, VERDICT_TEMPFAIL, "451 4.3.0 "},
};

START_TEST(error_becomes_the_reply_of_its_class_without_its_message)
{
    struct err err = ERR_INIT;
    err_set(&err, errors[_i].code, "secret detail");
    ck_assert_int_eq(reply_error(&fake->mta, &err), errors[_i].verdict);
    ck_assert_msg(strncmp(fake->reply, errors[_i].begins, strlen(errors[_i].begins)) == 0, "%s", fake->reply);
    ck_assert_ptr_null(strstr(fake->reply, "secret"));
}
END_TEST

START_TEST(every_error_has_a_reply)
{
    for (int code = 0; code < ERR_CODES; code++) {
        struct err err = {.code = (enum err_code)code};
        enum verdict verdict = reply_error(&fake->mta, &err);
        ck_assert_int_eq(fake->reply[0], verdict == VERDICT_REJECT ? '5' : '4');
        ck_assert_int_eq(fake->reply[0], fake->reply[4]);
    }
}
END_TEST

START_TEST(refusal_is_said_as_it_is)
{
    ck_assert_int_eq(reply_outcome(&fake->mta, "550 5.7.1 To the bank 100% encrypted"), VERDICT_REJECT);
    ck_assert_str_eq(fake->reply, "550 5.7.1 To the bank 100% encrypted");
    ck_assert_int_eq(reply_outcome(&fake->mta, "451 4.7.1 later"), VERDICT_TEMPFAIL);
    ck_assert_str_eq(fake->reply, "451 4.7.1 later");
}
END_TEST

START_TEST(refusal_that_cannot_be_read_is_never_an_acceptance)
{
    static const char *const bad[] = {
        NULL,           "",         "250 2.0.0 ok", "550",        "550 5.7.1",
        "550 4.7.1 no", "5505.7.1", "550 5.7 no",   "550 5..1 x", "550 5.7.1000 x"};
    for (size_t i = 0; i < SEAL_COUNT(bad); i++) {
        ck_assert_int_eq(reply_outcome(&fake->mta, bad[i]), VERDICT_TEMPFAIL);
        ck_assert_str_eq(fake->reply, "451 4.3.0 Internal error");
    }
}
END_TEST

START_TEST(reply_has_no_line_end_and_no_control_character)
{
    reply_outcome(&fake->mta, "550 5.7.1 a\r\n250 ok\x1b[2J\xc3\xa4");
    ck_assert_str_eq(fake->reply, "550 5.7.1 a??250 ok?[2J??");
}
END_TEST

START_TEST(long_reply_is_cut)
{
    char text[5000];
    snprintf(text, sizeof text, "550 5.7.1 %04900d", 0);
    reply_outcome(&fake->mta, text);
    ck_assert_uint_lt(strlen(fake->reply), 900);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("milter/reply");
    TCase *tc = tcase_create("reply");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, error_becomes_the_reply_of_its_class_without_its_message, 0, SEAL_COUNT(errors));
    tcase_add_test(tc, every_error_has_a_reply);
    tcase_add_test(tc, refusal_is_said_as_it_is);
    tcase_add_test(tc, refusal_that_cannot_be_read_is_never_an_acceptance);
    tcase_add_test(tc, reply_has_no_line_end_and_no_control_character);
    tcase_add_test(tc, long_reply_is_cut);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
