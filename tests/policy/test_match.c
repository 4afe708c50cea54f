#include "policy/policy_internal.h"

#include "site.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

/* What a condition answers for recipient 0; "needs N" when classes of facts are asked for. */
static const char *answer_of(struct site *site, const char *condition)
{
    static char text[40];
    static const struct policy_file files[] = {
        {"/l/friends", SPAN_LIT("\xef\xbb\xbf# people\r\nAlice@Example.org # a\r\n\r\n*.bank.example\n")},
        {"/l/others", SPAN_LIT("bob@example.org\nexample.net\nsales-*@example.org\n*@far.example\n")},
    };
    char policy_text[400];
    struct err err = ERR_INIT;
    struct policy *policy = NULL;
    unsigned needs = 0;
    const struct condition *failed;
    snprintf(policy_text, sizeof policy_text,
             "rule \"r\"\n  when %s\n  pass\n"
             "group Friends is file /l/friends\n",
             condition);
    ck_ok(policy_parse("p", span_of(policy_text), files, SEAL_COUNT(files), &policy, &err));
    enum answer answer = match_rule(policy, &policy->rules[0], &site->facts, 0, &needs, &failed);
    ck_assert_int_eq(failed == NULL, answer == ANSWER_YES);
    ck_assert_int_eq(needs != 0, answer == ANSWER_UNASKED);
    if (needs != 0)
        snprintf(text, sizeof text, "needs %u", needs);
    else
        snprintf(text, sizeof text, "%s", answer_name(answer));
    policy_free(&policy);
    return text;
}

static void add_client(struct facts *facts)
{
    facts->client_addr = "192.0.2.7";
    facts->client_name = "Laptop.Staff.example.org";
    facts->login = "alice";
    facts->tls_version = "TLSv1.3";
    facts->tls_subject = "CN=*.example.org,O=Us";
    facts->listener_addr = "198.51.100.1";
    facts->listener_port = 587;
    facts->listener_name = "submission";
}

static void add_content(struct site *site)
{
    struct attachment_fact *attachments = arena_array(site->arena, 3, sizeof *attachments);
    attachments[0] = (struct attachment_fact){"Invoice 7.PDF", "application/pdf"};
    attachments[1] = (struct attachment_fact){"setup.exe", "image/png"};
    attachments[2] = (struct attachment_fact){"", "message/rfc822"};
    site->facts.attachments = attachments;
    site->facts.nattachments = 3;
    site->facts.priority = PRIORITY_HIGH;
    site->facts.sensitivity = SENSITIVITY_CONFIDENTIAL;
    site->facts.traits = BIT(TRAIT_LIST) | BIT(TRAIT_CALENDAR);
    site->views[0].signature = SIGNATURE_UNTRUSTED;
}

/* What a directory says: group and attribute 0, of sender and recipient. */
static void add_directory(struct site *site, enum answer sender, enum answer recipient)
{
    static const char *values[] = {"Sales", "Head Office"};
    struct party_facts *const parties[] = {&site->facts.sender_party, &site->facts.rcpts[0].party};
    const enum answer answers[] = {sender, recipient};
    for (size_t i = 0; i < 2; i++) {
        parties[i]->groups = arena_array(site->arena, 4, sizeof *parties[i]->groups);
        parties[i]->attributes = arena_array(site->arena, 1, sizeof *parties[i]->attributes);
        for (size_t k = 0; k < 4; k++)
            parties[i]->groups[k] = answers[i];
        parties[i]->attributes[0] =
            (struct attribute_fact){answers[i], values, answers[i] == ANSWER_YES ? 2 : 0};
    }
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
    add_client(&site->facts);
    add_content(site);
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
    {"from group Friends", "yes"},
    {"to group Friends", "yes"},
    {"not from group Friends", "no"},
    {"from file /l/friends", "yes"},
    {"from file /l/others", "no"},
    {"not from file /l/others", "yes"},
    {"from file /l/others or /l/friends", "yes"},
    {"to file /l/friends", "yes"},
    {"to file /l/others", "no"},
    {"client 192.0.2.7", "yes"},
    {"client 192.0.2.0/24", "yes"},
    {"client 192.0.2.0/28 or 10.0.0.0/8", "yes"},
    {"client 10.0.0.0/8 or 2001:db8::/32", "no"},
    {"not client 192.0.2.0/24", "no"},
    {"client name laptop.staff.example.org", "yes"},
    {"client name *.example.org", "yes"},
    {"client name example.org or *.example.net", "no"},
    {"not client name *.example.net", "yes"},
    {"listener 587", "yes"},
    {"listener 25 or 198.51.100.1:587", "yes"},
    {"listener Submission", "yes"},
    {"listener 25", "no"},
    {"listener 198.51.100.2:587", "no"},
    {"not listener smtps", "yes"},
    {"login", "yes"},
    {"login alice", "yes"},
    {"login bob or al*", "yes"},
    {"login bob", "no"},
    {"not login", "no"},
    {"tls", "yes"},
    {"tls \"CN=*.example.org,O=Us\"", "yes"},
    {"tls \"CN=*\"", "no"},
    {"not tls", "no"},
    {"subject is \"quarterly report\"", "yes"},
    {"subject contains loss or report", "yes"},
    {"subject like q*t", "yes"},
    {"not subject contains loss", "yes"},
    {"attachment", "yes"},
    {"not attachment", "no"},
    {"attachment name *.exe", "yes"},
    {"attachment name invoice*.pdf", "yes"},
    {"attachment name *.doc or *.pdf", "yes"},
    {"attachment name is setup", "no"},
    {"attachment name is SETUP.EXE", "yes"},
    {"attachment name contains voice", "yes"},
    {"attachment name like *.doc", "no"},
    {"attachment type application/pdf", "yes"},
    {"attachment type audio/* or IMAGE/*", "yes"},
    {"attachment type audio/*", "no"},
    {"attachment name *.exe type image/*", "yes"},
    {"attachment name *.pdf type image/*", "no"},
    {"not attachment name *.exe type image/*", "no"},
    {"priority high", "yes"},
    {"priority low or high", "yes"},
    {"priority normal", "no"},
    {"not priority high", "no"},
    {"sensitivity company-confidential", "yes"},
    {"sensitivity personal or private", "no"},
    {"not sensitivity normal", "yes"},
    {"calendar", "yes"},
    {"list", "yes"},
    {"tnef", "no"},
    {"automatic or report", "no"},
    {"tnef or calendar", "yes"},
    {"not automatic", "yes"},
    {"possible smime", "yes"},
    {"possible openpgp", "no"},
    {"possible openpgp or smime", "yes"},
    {"not possible smime or openpgp", "no"},
    {"verified", "no"},
    {"verified untrusted", "yes"},
    {"verified good or weak or untrusted", "yes"},
    {"not verified", "yes"},
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

START_TEST(a_file_of_addresses_takes_every_kind_of_pattern)
{
    static const struct {
        const char *from, *answer;
    } list[] = {
        {"bob@example.org", "yes"},      {"carol@example.org", "no"},
        {"x@example.net", "yes"},        {"x@sub.example.net", "no"},
        {"sales-1@example.org", "yes"},  {"sales@example.org", "no"},
        {"anybody@far.example", "yes"},  {"x@a.far.example", "no"},
        {"example.net@x.example", "no"}, {"bob@example.org.evil.example", "no"},
    };
    struct site *site = message();
    for (size_t i = 0; i < SEAL_COUNT(list); i++) {
        site->facts.from = list[i].from;
        ck_assert_msg(strcmp(answer_of(site, "from file /l/others"), list[i].answer) == 0, "%s",
                      list[i].from);
    }
    site->facts.from = "x@bank.example"; /* in Friends stands what is below it */
    ck_assert_str_eq(answer_of(site, "from group Friends"), "no");
    site->facts.from = "x@a.b.bank.example";
    ck_assert_str_eq(answer_of(site, "from group Friends"), "yes");
    site_free(site);
}
END_TEST

START_TEST(groups_and_attributes_of_a_directory_are_looked_up_when_nothing_else_says_no)
{
    struct site *site = message();
    ck_assert_str_eq(answer_of(site, "from group Staff"), "needs 16");
    ck_assert_str_eq(answer_of(site, "not to group Staff"), "needs 16");
    ck_assert_str_eq(answer_of(site, "to attribute department"), "needs 16");
    ck_assert_str_eq(answer_of(site, "from group Staff or Friends"), "yes");
    ck_assert_str_eq(answer_of(site, "from group Staff, inbound"), "no");
    ck_assert_str_eq(answer_of(site, "from group Staff, inbound, registered sender"), "no");
    site_free(site);
}
END_TEST

START_TEST(groups_and_attributes_of_a_directory_answer_for_their_own_party)
{
    struct site *site = message();
    add_directory(site, ANSWER_YES, ANSWER_NO);
    ck_assert_str_eq(answer_of(site, "from group Staff"), "yes");
    ck_assert_str_eq(answer_of(site, "not from group Staff"), "no");
    ck_assert_str_eq(answer_of(site, "to group Staff"), "no");
    ck_assert_str_eq(answer_of(site, "not to group Staff"), "yes");
    ck_assert_str_eq(answer_of(site, "from attribute department"), "yes");
    ck_assert_str_eq(answer_of(site, "from attribute department is sales"), "yes");
    ck_assert_str_eq(answer_of(site, "from attribute department contains office or x"), "yes");
    ck_assert_str_eq(answer_of(site, "from attribute department like head*"), "yes");
    ck_assert_str_eq(answer_of(site, "from attribute department is head"), "no");
    ck_assert_str_eq(answer_of(site, "not from attribute department is head"), "yes");
    ck_assert_str_eq(answer_of(site, "to attribute department"), "no");
    ck_assert_str_eq(answer_of(site, "not to attribute department is sales"), "yes");
    site_free(site);
}
END_TEST

START_TEST(a_directory_that_could_not_be_asked_is_neither_yes_nor_no)
{
    struct site *site = message();
    add_directory(site, ANSWER_UNKNOWN, ANSWER_UNKNOWN);
    ck_assert_str_eq(answer_of(site, "from group Staff"), "unknown");
    ck_assert_str_eq(answer_of(site, "not from group Staff"), "unknown");
    ck_assert_str_eq(answer_of(site, "to group Staff or Others"), "unknown");
    ck_assert_str_eq(answer_of(site, "to group Staff or Friends"), "yes");
    ck_assert_str_eq(answer_of(site, "from attribute department"), "unknown");
    ck_assert_str_eq(answer_of(site, "not to attribute department is sales"), "unknown");
    ck_assert_str_eq(answer_of(site, "from group Staff, keyword secret"), "no");
    site_free(site);
}
END_TEST

START_TEST(the_null_sender_is_member_of_nothing_without_a_question)
{
    struct site *site = message();
    site->facts.from = NULL;
    site->facts.sender = "";
    ck_assert_str_eq(answer_of(site, "from group Staff"), "no");
    ck_assert_str_eq(answer_of(site, "from file /l/friends"), "no");
    ck_assert_str_eq(answer_of(site, "not from attribute department"), "yes");
    site_free(site);
}
END_TEST

START_TEST(what_the_mta_did_not_tell_of_a_client_could_not_be_found_out)
{
    struct site *site = message();
    site->facts.client_addr = site->facts.client_name = site->facts.listener_addr = NULL;
    site->facts.listener_name = NULL;
    site->facts.listener_port = 0;
    ck_assert_str_eq(answer_of(site, "client 192.0.2.0/24"), "unknown");
    ck_assert_str_eq(answer_of(site, "not client 192.0.2.0/24"), "unknown");
    ck_assert_str_eq(answer_of(site, "listener 587"), "unknown");
    ck_assert_str_eq(answer_of(site, "not listener submission"), "unknown");
    ck_assert_str_eq(answer_of(site, "client name *"), "no");
    site->facts.submitter = SUBMITTER_LOCAL;
    ck_assert_str_eq(answer_of(site, "client 192.0.2.0/24"), "no");
    ck_assert_str_eq(answer_of(site, "listener 587"), "no");
    site_free(site);
}
END_TEST

START_TEST(a_client_without_login_and_tls_has_neither)
{
    struct site *site = message();
    site->facts.login = site->facts.tls_version = site->facts.tls_subject = NULL;
    ck_assert_str_eq(answer_of(site, "login"), "no");
    ck_assert_str_eq(answer_of(site, "login *"), "no");
    ck_assert_str_eq(answer_of(site, "not login alice"), "yes");
    ck_assert_str_eq(answer_of(site, "tls"), "no");
    ck_assert_str_eq(answer_of(site, "not tls \"CN=*.example.org,O=Us\""), "yes");
    site->facts.tls_version = "TLSv1.3"; /* without a certificate */
    ck_assert_str_eq(answer_of(site, "tls"), "yes");
    ck_assert_str_eq(answer_of(site, "tls \"CN=*.example.org,O=Us\""), "no");
    site_free(site);
}
END_TEST

START_TEST(a_message_without_attachments_has_none_of_any_kind)
{
    struct site *site = message();
    site->facts.nattachments = 0;
    ck_assert_str_eq(answer_of(site, "attachment"), "no");
    ck_assert_str_eq(answer_of(site, "attachment name *"), "no");
    ck_assert_str_eq(answer_of(site, "attachment type */*"), "no");
    ck_assert_str_eq(answer_of(site, "not attachment type image/*"), "yes");
    site_free(site);
}
END_TEST

START_TEST(what_is_possible_is_looked_up_and_may_be_unknown)
{
    struct site *site = message();
    struct key_fact *smime = &site->facts.rcpts[0].encrypt[METHOD_SMIME];
    smime->usable = ANSWER_UNASKED;
    ck_assert_str_eq(answer_of(site, "possible smime"), "needs 4");
    ck_assert_str_eq(answer_of(site, "not possible smime or openpgp"), "needs 4");
    ck_assert_str_eq(answer_of(site, "possible smime, inbound"), "no");
    smime->usable = ANSWER_UNKNOWN;
    ck_assert_str_eq(answer_of(site, "possible smime"), "unknown");
    ck_assert_str_eq(answer_of(site, "not possible smime or openpgp"), "unknown");
    smime->usable = ANSWER_NO;
    ck_assert_str_eq(answer_of(site, "possible smime"), "no");
    ck_assert_str_eq(answer_of(site, "not possible smime or openpgp"), "yes");
    site_free(site);
}
END_TEST

START_TEST(verified_is_asked_last_and_speaks_of_what_the_recipient_may_see)
{
    struct site *site = message();
    site->facts.nviews = 0;
    ck_assert_str_eq(answer_of(site, "verified"), "needs 8");
    ck_assert_str_eq(answer_of(site, "not verified bad"), "needs 8");
    ck_assert_str_eq(answer_of(site, "verified, inbound"), "no");
    site->facts.nviews = 2;
    site->views[1].signature = SIGNATURE_GOOD;
    ck_assert_str_eq(answer_of(site, "verified"), "no");
    site->facts.rcpts[0].view = 1;
    ck_assert_str_eq(answer_of(site, "verified"), "yes");
    ck_assert_str_eq(answer_of(site, "verified none or bad"), "no");
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
    tcase_add_test(t, a_file_of_addresses_takes_every_kind_of_pattern);
    tcase_add_test(t, groups_and_attributes_of_a_directory_are_looked_up_when_nothing_else_says_no);
    tcase_add_test(t, groups_and_attributes_of_a_directory_answer_for_their_own_party);
    tcase_add_test(t, a_directory_that_could_not_be_asked_is_neither_yes_nor_no);
    tcase_add_test(t, the_null_sender_is_member_of_nothing_without_a_question);
    tcase_add_test(t, what_the_mta_did_not_tell_of_a_client_could_not_be_found_out);
    tcase_add_test(t, a_client_without_login_and_tls_has_neither);
    tcase_add_test(t, a_message_without_attachments_has_none_of_any_kind);
    tcase_add_test(t, what_is_possible_is_looked_up_and_may_be_unknown);
    tcase_add_test(t, verified_is_asked_last_and_speaks_of_what_the_recipient_may_see);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
