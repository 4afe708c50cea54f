#include "policy/policy.h"

#include "policy/policy_internal.h"
#include "support/check.h"

#include <string.h>

static struct policy *parsed(const char *text)
{
    struct err err = ERR_INIT;
    struct policy *policy = NULL;
    ck_assert_msg(policy_parse("p", span_of(text), &policy, &err) == 0, "%s\n%s", text, err.msg);
    return policy;
}

START_TEST(every_mistake_is_told_with_its_place)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"our domain example.org\n", "p:1:5: found 'domain', expected domains"},
        {"our domains\n", "p:1:12: found the end of the line, expected a domain"},
        {"our domains a@b.example\n", "p:1:13: found 'a@b.example', expected a domain"},
        {"our domains a..b\n", "p:1:13: found 'a..b', expected an address or a domain"},
        {"our domains .example.org\n",
         "p:1:13: found '.example.org', expected a domain; all below it are *.example.org"},
        {"our domains a.example b.example\n", "p:1:23: found 'b.example', expected the end of the line"},
        {"our domains a.example,\n\n", "p:3:1: found the end of the file, expected a domain"},
        {"external alias example.org\n", "p:1:16: found 'example.org', expected an address"},
        {"external alias a@\n", "p:1:16: found 'a@': address without a domain"},
        {"extrenal alias a@b.example\n",
         "p:1:1: found 'extrenal', expected a statement: our, external, keyword, "
         "login, rule, ..; did you mean 'external'?"},
        {"sing\n", "p:1:1: found 'sing', expected a statement: our, external, keyword, login, rule, .."},
        {"\"rule\"\n",
         "p:1:1: found \"rule\", expected a statement: our, external, keyword, login, rule, .."},
        {"    pass\n", "p:1:5: found an indented line that belongs to no rule"},
        {"keyword k\n", "p:1:10: found the end of the line, expected subject or header"},
        {"keyword k subject \"\"\n", "p:1:19: found \"\", expected the text in the Subject"},
        {"keyword k header A: is b\n",
         "p:1:18: found 'A:', expected the name of a header field, without colon"},
        {"keyword k header A contains b\n", "p:1:20: found 'contains', expected is"},
        {"login alice may sing for a@b.example\n", "p:1:17: found 'sing', expected sign"},
        {"network 10.0.0.1/8 may sign for a@b.example\n",
         "p:1:9: found '10.0.0.1/8': not a network: the address goes on behind its 8 bits"},
        {"any local may sign for a@b.example\n", "p:1:5: found 'local', expected login or network"},
        {"local may sign for group\"x\"\n",
         "p:1:25: found a \" inside a word; put the whole in quotes, and write \\\""},
        {"rule board\n", "p:1:6: found 'board', expected the rule's name in quotes"},
        {"rule \"r\" pass\n", "p:1:10: found 'pass', expected the end of the line"},
        {"rule \"r\"\n", "p:1:1: rule \"r\" has no step; 'pass' lets mail through"},
        {"rule \"r\"\n  when outbound\n", "p:1:1: rule \"r\" has no step; 'pass' lets mail through"},
        {"rule \"r\"\n  pass\n  when outbound\n",
         "p:3:3: found 'when' behind a step, expected it before the first one"},
        {"rule \"r\"\n  pass\n  sign\n", "p:1:1: rule \"r\": 'pass' must be the only step"},
        {"rule \"r\"\n  refuse \"x\"\n  continue\n", "p:1:1: rule \"r\": 'refuse' must be the only step"},
        {"rule \"r\"\n  pass verbatim\n  tag\n", "p:1:1: rule \"r\": 'pass verbatim' must be the only step"},
        {"rule \"r\"\n  sign\n  sign\n", "p:3:3: found 'sign' a second time in this rule"},
        {"rule \"r\"\n  continue\n  sign\n",
         "p:3:3: found a step behind 'continue', which is a rule's last one"},
        {"rule \"r\"\n  when\n", "p:2:7: found the end of the line, expected a condition"},
        {"rule \"r\"\n  when outbond\n",
         "p:2:8: found 'outbond', expected a condition; did you mean 'outbound'?"},
        {"rule \"r\"\n  when outbound or size over 1M\n",
         "p:2:20: found 'size', expected outbound, inbound, internal or transit"},
        {"rule \"r\"\n  when outbound to a.example\n", "p:2:17: found 'to', expected the end of the line"},
        {"rule \"r\"\n  when from domain a@b.example\n", "p:2:20: found 'a@b.example', expected a domain"},
        {"rule \"r\"\n  when to address b.example\n", "p:2:19: found 'b.example', expected an address"},
        {"rule \"r\"\n  when to \"a b@c.example\"\n",
         "p:2:11: found 'a b@c.example': character in a local part that must be quoted"},
        {"rule \"r\"\n  when from group \"Board\"\n", "p:2:13: 'group' is not available in this build"},
        {"rule \"r\"\n  when to file /etc/x\n", "p:2:11: 'file' is not available in this build"},
        {"rule \"r\"\n  when attachment like *.exe\n", "p:2:8: 'attachment' is not available in this build"},
        {"rule \"r\"\n  when not verified good\n", "p:2:12: 'verified' is not available in this build"},
        {"rule \"r\"\n  when signed with pdf\n", "p:2:20: found 'pdf', expected smime or openpgp"},
        {"rule \"r\"\n  when size 10M\n", "p:2:13: found '10M', expected over or under"},
        {"rule \"r\"\n  when size over 10X\n",
         "p:2:18: found '10X', expected a size such as 512K, 10M or 1G"},
        {"rule \"r\"\n  when header X matches y\n",
         "p:2:17: found 'matches', expected is, contains, like, or nothing more"},
        {"rule \"r\"\n  when header X is\n",
         "p:2:19: found the end of the line, expected a value of the header field"},
        {"rule \"r\"\n  when registered\n",
         "p:2:18: found the end of the line, expected sender or recipient"},
        {"rule \"r\"\n  when size ovr 1M\n",
         "p:2:13: found 'ovr', expected over or under; did you mean 'over'?"},
        {"rule \"r\"\n  when outbound or inbond\n",
         "p:2:20: found 'inbond', expected outbound, inbound, internal or transit; did you mean 'inbound'?"},
        {"rule \"r\"\n  sign opake\n", "p:2:8: found 'opake', expected with, opaque, detached, if possible, "
                                       "or the end of the line; did you mean "
                                       "'opaque'?"},
        {"rule \"r\"\n  encript\n", "p:2:3: found 'encript', expected a step; did you mean 'encrypt'?"},
        {"rule \"r\"\n  forward to a@b.example\n", "p:2:3: 'forward' is not available in this build"},
        {"rule \"r\"\n  encrypt with rot13\n",
         "p:2:16: found 'rot13', expected smime, openpgp, pdf or portal"},
        {"rule \"r\"\n  encrypt with smime or smime\n", "p:2:25: found 'smime' twice"},
        {"rule \"r\"\n  encrypt using des\n", "p:2:17: found 'des', expected aes256-cbc or aes256-gcm"},
        {"rule \"r\"\n  encrypt if\n", "p:2:13: found the end of the line, expected possible"},
        {"rule \"r\"\n  encrypt, refuse\n", "p:2:12: found 'refuse', expected else"},
        {"rule \"r\"\n  encrypt, else portal\n", "p:2:17: found 'portal', expected refuse or clear"},
        {"rule \"r\"\n  encrypt, else return\n", "p:2:17: 'return' is not available in this build"},
        {"rule \"r\"\n  encrypt, else refuse \"\"\n",
         "p:2:24: found \"\", expected the text of the reply in quotes"},
        {"rule \"r\"\n  sign, else clear\n", "p:2:14: found 'clear', expected refuse"},
        {"rule \"r\"\n  decrypt if possible\n", "p:2:11: found 'if', expected the end of the line"},
        {"rule \"r\"\n  refuse \"f\xc3\xbcr\"\n",
         "p:2:10: found a character in a reply that is not ASCII (RFC 5321 4.2)"},
        {"rule \"r\"\n  tag if possible\n", "p:2:7: found 'if', expected the end of the line"},
        {"rule \"r\"\n  sign transparent\n",
         "p:2:8: found 'transparent', expected with, opaque, detached, if possible, or the end of the line"},
    };
    for (size_t i = 0; i < SEAL_COUNT(cases); i++) {
        struct err err = ERR_INIT;
        struct policy *policy = NULL;
        ck_assert_msg(policy_parse("p", span_of(cases[i].text), &policy, &err) < 0, "parsed: %s",
                      cases[i].text);
        ck_assert_int_eq(err.code, ERR_CONFIG);
        ck_assert_str_eq(err.msg, cases[i].message);
        ck_assert_ptr_null(policy);
    }
}
END_TEST

START_TEST(a_policy_cut_anywhere_never_parses_to_less_protection_unseen)
{
    static const char text[] =
        "our domains example.org\nrule \"r\"\n    when outbound\n    encrypt, else refuse \"no\"\n";
    for (size_t n = 0; n < sizeof text - 1; n++) {
        struct err err = ERR_INIT;
        struct policy *policy = NULL;
        char *copy = xstrndup(text, n); /* exact size, so that reading beyond it is seen */
        if (policy_parse("p", (struct span){copy, n}, &policy, &err) == 0 && policy->nrules > 0)
            ck_assert_int_eq(policy->rules[0].steps[0].otherwise, OTHERWISE_REFUSE);
        policy_free(&policy);
        free(copy);
    }
}
END_TEST

START_TEST(domains_and_external_aliases_say_what_is_ours)
{
    struct policy *policy =
        parsed("our domains Example.ORG, *.example.net\nexternal alias press@example.org\n");
    size_t n;
    ck_assert_str_eq(policy_domains(policy, &n)[0], "example.org");
    ck_assert_uint_eq(n, 2);
    ck_assert(policy_is_ours(policy, "a@example.org"));
    ck_assert(policy_is_ours(policy, "a@mail.example.net"));
    ck_assert(!policy_is_ours(policy, "a@example.net"));
    ck_assert(!policy_is_ours(policy, "a@notexample.org"));
    ck_assert(!policy_is_ours(policy, "press@example.org"));
    ck_assert(policy_is_external_alias(policy, "press@example.org"));
    ck_assert(!policy_is_ours(policy, ""));
    policy_free(&policy);
}
END_TEST

START_TEST(keywords_and_grants_come_as_written)
{
    struct policy *policy = parsed("keyword plain subject [plain]\n"
                                   "keyword conf header Sensitivity is company-confidential\n"
                                   "login alice may sign for Alice@Example.org, example.net\n"
                                   "tls \"CN=app,O=x\" may sign for app@example.org\n"
                                   "network 10.0.0.0/8 may sign for *@lists.example.org\n"
                                   "local may sign for root@example.org\n"
                                   "any login may sign for info@example.org\n");
    size_t n;
    const struct keyword *keywords = policy_keywords(policy, &n);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(keywords[0].subject, "[plain]");
    ck_assert_ptr_null(keywords[0].header);
    ck_assert_str_eq(keywords[1].header, "Sensitivity");
    ck_assert_str_eq(keywords[1].header_value, "company-confidential");
    const struct sign_grant *grants = policy_grants(policy, &n);
    ck_assert_uint_eq(n, 5);
    ck_assert_int_eq(grants[0].submitter, SUBMITTER_LOGIN);
    ck_assert_str_eq(grants[0].who, "alice");
    ck_assert_uint_eq(grants[0].nfor, 2);
    ck_assert_str_eq(grants[0].for_addrs[0], "alice@example.org");
    ck_assert_str_eq(grants[1].who, "CN=app,O=x");
    ck_assert_str_eq(grants[2].who, "10.0.0.0/8");
    ck_assert_int_eq(grants[3].submitter, SUBMITTER_LOCAL);
    ck_assert_ptr_null(grants[3].who);
    ck_assert_int_eq(grants[4].submitter, SUBMITTER_LOGIN);
    ck_assert_ptr_null(grants[4].who);
    policy_free(&policy);
}
END_TEST

START_TEST(a_rule_may_go_on_in_the_next_line_behind_comma_and_or)
{
    struct policy *policy = parsed("rule \"r\"   # a comment\n"
                                   "    when outbound,\n"
                                   "# another\n"
                                   "to bank.example or\n"
                                   "  *.bank.example\n"
                                   "    encrypt with smime,\n"
                                   "        else refuse \"No, # is no comment here.\"\n");
    ck_assert_uint_eq(policy->nrules, 1);
    ck_assert_uint_eq(policy->rules[0].nconditions, 2);
    ck_assert_uint_eq(policy->rules[0].conditions[1].nvalues, 2);
    ck_assert_str_eq(policy->rules[0].steps[0].text, "No, # is no comment here.");
    policy_free(&policy);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/parse");
    TCase *t = tcase_create("parse");
    tcase_add_test(t, every_mistake_is_told_with_its_place);
    tcase_add_test(t, a_policy_cut_anywhere_never_parses_to_less_protection_unseen);
    tcase_add_test(t, domains_and_external_aliases_say_what_is_ours);
    tcase_add_test(t, keywords_and_grants_come_as_written);
    tcase_add_test(t, a_rule_may_go_on_in_the_next_line_behind_comma_and_or);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
