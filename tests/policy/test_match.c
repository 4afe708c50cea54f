#include "policy/policy_internal.h"

#include "site.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

/* What a condition answers for recipient 0; "needs N" when classes of facts are asked for. */
static const char *answer_of(struct site *site, const char *condition)
{
    static char text[40];
    char policy_text[300];
    struct err err = ERR_INIT;
    struct policy *policy = NULL;
    unsigned needs = 0;
    const struct condition *failed;
    snprintf(policy_text, sizeof policy_text, "rule \"r\"\n  when %s\n  pass\n", condition);
    ck_ok(policy_parse("p", span_of(policy_text), &policy, &err));
    enum answer answer = match_rule(&policy->rules[0], &site->facts, 0, &needs, &failed);
    ck_assert_int_eq(failed == NULL, answer == ANSWER_YES);
    ck_assert_int_eq(needs != 0, answer == ANSWER_UNASKED);
    if (needs != 0)
        snprintf(text, sizeof text, "needs %u", needs);
    else
        snprintf(text, sizeof text, "%s", answer_name(answer));
    policy_free(&policy);
    return text;
}

/* A whole message with something for every condition. */
static struct site *message(void)
{
    struct site *site = site_new("");
    site_rcpt(site, "kurt@mail.bank.example", DIRECTION_OUTBOUND);
    site_keyword(site, "plain");
    site_header(site, "Subject", "Quarterly Report");
    site_header(site, "X-Tag", " One ");
    site_header(site, "x-tag", "Two");
    site->facts.size = 10 << 20;
    site->facts.signed_by = METHOD_SMIME;
    site->facts.encrypted_by = METHOD_OPENPGP;
    return site;
}

static const struct {
    const char *condition;
    const char *answer;
} cases[] = {
    {"outbound", "yes"},
    {"inbound", "no"},
    {"inbound or outbound", "yes"},
    {"not outbound", "no"},
    {"not transit or internal", "yes"},
    {"from alice@example.org", "yes"},
    {"from Alice@Example.ORG", "yes"},
    {"from bob@example.org", "no"},
    {"from domain example.org", "yes"},
    {"from example.net or *@example.org", "yes"},
    {"not from example.org", "no"},
    {"to kurt@mail.bank.example", "yes"},
    {"to bank.example", "no"},
    {"to *.bank.example", "yes"},
    {"to bank.example or *.bank.example", "yes"},
    {"to k*@mail.bank.example", "yes"},
    {"to ?urt@mail.bank.example", "yes"},
    {"to *", "yes"},
    {"not to *.bank.example", "no"},
    {"keyword plain", "yes"},
    {"keyword secret", "no"},
    {"keyword secret or plain", "yes"},
    {"not keyword plain", "no"},
    {"signed", "yes"},
    {"signed with smime", "yes"},
    {"signed with openpgp", "no"},
    {"not signed with openpgp", "yes"},
    {"encrypted", "yes"},
    {"encrypted with smime", "no"},
    {"encrypted with smime or openpgp", "yes"},
    {"not encrypted", "no"},
    {"size over 10M", "no"},
    {"size over 9M", "yes"},
    {"size under 10M", "no"},
    {"size under 11M", "yes"},
    {"not size over 10M", "yes"},
    {"header X-Tag", "yes"},
    {"header X-None", "no"},
    {"not header X-None", "yes"},
    {"header x-tag is one", "yes"},
    {"header X-Tag is TWO", "yes"},
    {"header X-Tag is tw", "no"},
    {"header Subject contains report", "yes"},
    {"header Subject contains \"ly rep\"", "yes"},
    {"header Subject contains loss", "no"},
    {"header Subject like quarter*", "yes"},
    {"header Subject like *port", "yes"},
    {"header Subject like quarter?", "no"},
    {"header Subject like q*y?r*t", "yes"},
    {"header Subject is other or \"quarterly report\"", "yes"},
    {"not header Subject contains report", "no"},
    {"registered sender", "yes"},
    {"registered recipient", "yes"},
    {"not registered sender", "no"},
    {"outbound, keyword plain, from example.org", "yes"},
    {"outbound, keyword secret, from example.org", "no"},
};

START_TEST(each_condition_answers)
{
    struct site *site = message();
    ck_assert_msg(strcmp(answer_of(site, cases[_i].condition), cases[_i].answer) == 0, "%s: %s instead of %s",
                  cases[_i].condition, answer_of(site, cases[_i].condition), cases[_i].answer);
    site_free(site);
}
END_TEST

START_TEST(where_from_is_not_exactly_one_the_envelope_sender_counts)
{
    struct site *site = message();
    site->facts.from = NULL;
    site->facts.sender = "bounce@lists.example";
    ck_assert_str_eq(answer_of(site, "from lists.example"), "yes");
    ck_assert_str_eq(answer_of(site, "from example.org"), "no");
    site->facts.sender = "";
    ck_assert_str_eq(answer_of(site, "from *"), "no");
    site_free(site);
}
END_TEST

START_TEST(registered_is_looked_up_only_when_nothing_else_says_no)
{
    struct site *site = message();
    site->facts.sender_registered = site->facts.rcpts[0].registered = ANSWER_UNASKED;
    ck_assert_str_eq(answer_of(site, "registered sender"), "needs 2");
    ck_assert_str_eq(answer_of(site, "not registered recipient"), "needs 2");
    ck_assert_str_eq(answer_of(site, "registered sender, inbound"), "no");
    ck_assert_str_eq(answer_of(site, "inbound, registered sender"), "no");
    site_free(site);
}
END_TEST

START_TEST(could_not_find_out_is_neither_yes_nor_no)
{
    struct site *site = message();
    site->facts.sender_registered = ANSWER_UNKNOWN;
    ck_assert_str_eq(answer_of(site, "registered sender"), "unknown");
    ck_assert_str_eq(answer_of(site, "not registered sender"), "unknown");
    ck_assert_str_eq(answer_of(site, "registered sender or recipient"), "yes");
    site->facts.rcpts[0].registered = ANSWER_NO;
    ck_assert_str_eq(answer_of(site, "registered sender or recipient"), "unknown");
    ck_assert_str_eq(answer_of(site, "registered recipient"), "no");
    ck_assert_str_eq(answer_of(site, "registered sender, keyword secret"), "no");
    ck_assert_str_eq(answer_of(site, "registered sender, keyword plain"), "unknown");
    site_free(site);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/match");
    TCase *t = tcase_create("match");
    tcase_add_loop_test(t, each_condition_answers, 0, SEAL_COUNT(cases));
    tcase_add_test(t, where_from_is_not_exactly_one_the_envelope_sender_counts);
    tcase_add_test(t, registered_is_looked_up_only_when_nothing_else_says_no);
    tcase_add_test(t, could_not_find_out_is_neither_yes_nor_no);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
