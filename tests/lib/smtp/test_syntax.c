/* test_syntax - what may stand in a command. */
#include "smtp/syntax.h"
#include "support/check.h"

#include "base/mem.h"

struct row {
    const char *text;
    bool good;
};

static const struct row paths[] = {
    {"<>", true},
    {"<a@example.org>", true},
    {"<\"a b\"@example.org>", true},
    {"<\"a\\\"b>\"@example.org>", true},
    {"<@relay.example:a@example.org>", true},
    {"<\xc3\xa4@example.org>", true},
    {"<-rf@example.org>", true},
    {"<|sh;$(id)@example.org>", true},
    {"", false},
    {"<", false},
    {"a@example.org", false},
    {"<a@example.org", false},
    {"<a@example.org> SIZE=1", false},
    {"<a b@example.org>", false},
    {"<a@example.org>\r\nRCPT TO:<b@example.org>", false},
    {"<a@example.org\nDATA>", false},
    {"<\"a\r\nDATA\"@example.org>", false},
    {"<\"a\\\n\"@example.org>", false},
    {"<a@example.org><b@example.org>", false},
    {"<\"a@example.org>", false},
    {"<a\\>", false},
    {"<a\\ b@example.org>", false},
    {"<a\x7f@example.org>", false},
};

START_TEST(path_has_no_place_for_another_command)
{
    const struct row *row = &paths[_i];
    ck_assert_msg(syntax_is_path(row->text) == row->good, "%s", row->text);
}
END_TEST

static const struct row orcpts[] = {
    {"rfc822;a@example.org", true},
    {"rfc822;a+2Bb@example.org", true},
    {"utf-8;\xc3\xa4@example.org", true},
    {"rfc822;\xc3\xa4@example.org", false},
    {"rfc822;", false},
    {";a@example.org", false},
    {"a@example.org", false},
    {"rfc 822;a@example.org", false},
    {"rfc822;a b@example.org", false},
    {"rfc822;a+2bb@example.org", true}, /* RFC 3461 wants capitals; some clients do not know */
    {"rfc822;a+2g@example.org", false},
    {"rfc822;a+", false},
    {"rfc822;a=b", false},
    {"rfc822;a\r\nDATA", false},
};

START_TEST(orcpt_is_type_and_xtext)
{
    const struct row *row = &orcpts[_i];
    ck_assert_msg(syntax_is_orcpt(row->text) == row->good, "%s", row->text);
}
END_TEST

static const struct row notifies[] = {
    {"NEVER", true},          {"never", true},           {"SUCCESS", true},
    {"FAILURE,DELAY", true},  {"success,failure", true}, {"", false},
    {"NEVER,SUCCESS", false}, {"SUCCESS,", false},       {"SUCCESS FAILURE", false},
    {"FAIL", false},
};

START_TEST(notify_is_never_or_a_list)
{
    const struct row *row = &notifies[_i];
    ck_assert_msg(syntax_is_notify(row->text) == row->good, "%s", row->text);
}
END_TEST

START_TEST(words_of_ret_and_body_are_closed_lists)
{
    ck_assert(syntax_is_ret("FULL") && syntax_is_ret("hdrs"));
    ck_assert(!syntax_is_ret("") && !syntax_is_ret("HDRS X") && !syntax_is_ret("BODY"));
    ck_assert(syntax_is_body("7BIT") && syntax_is_body("8bitmime"));
    ck_assert(!syntax_is_body("BINARYMIME") && !syntax_is_body("8BITMIME RET=FULL"));
}
END_TEST

START_TEST(envid_is_limited)
{
    char text[SYNTAX_ENVID_MAX + 2];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = 'a';
    text[SYNTAX_ENVID_MAX + 1] = '\0';
    ck_assert(!syntax_is_envid(text));
    text[SYNTAX_ENVID_MAX] = '\0';
    ck_assert(syntax_is_envid(text));
    ck_assert(!syntax_is_envid("") && !syntax_is_envid("a b") && !syntax_is_envid("\xc3\xa4"));
}
END_TEST

START_TEST(hostname_is_letters_digits_hyphens_dots)
{
    ck_assert(syntax_is_hostname("s0af.gw-1.example.org"));
    ck_assert(!syntax_is_hostname("") && !syntax_is_hostname("a b") && !syntax_is_hostname("a\r\nMAIL"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/smtp/syntax");
    TCase *tc = tcase_create("syntax");
    tcase_add_loop_test(tc, path_has_no_place_for_another_command, 0, SEAL_COUNT(paths));
    tcase_add_loop_test(tc, orcpt_is_type_and_xtext, 0, SEAL_COUNT(orcpts));
    tcase_add_loop_test(tc, notify_is_never_or_a_list, 0, SEAL_COUNT(notifies));
    tcase_add_test(tc, words_of_ret_and_body_are_closed_lists);
    tcase_add_test(tc, envid_is_limited);
    tcase_add_test(tc, hostname_is_letters_digits_hyphens_dots);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
