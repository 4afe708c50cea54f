#include "policy/policy.h"

#include "policy/policy_internal.h"
#include "support/check.h"

#include <stdlib.h>
#include <string.h>

static struct policy *parsed(const char *text)
{
    struct err err = ERR_INIT;
    struct policy *policy = NULL;
    ck_assert_msg(policy_parse("p", span_of(text), NULL, 0, &policy, &err) == 0, "%s\n%s", text, err.msg);
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
         "group, login, rule, ..; did you mean 'external'?"},
        {"sing\n",
         "p:1:1: found 'sing', expected a statement: our, external, keyword, group, login, rule, .."},
        {"\"rule\"\n",
         "p:1:1: found \"rule\", expected a statement: our, external, keyword, group, login, rule, .."},
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
        {"rule \"r\"\n  when signed or encrypted\n", "p:2:15: found 'or', expected a comma or the end of the "
                                                     "line: conditions are not joined by 'or'; write a "
                                                     "second rule with the same steps"},
        {"rule \"r\"\n  when to a.example or inbound\n",
         "p:2:24: found 'inbound', expected an address or a domain (in quotes, if it has this name); "
         "conditions "
         "are joined by commas"},
        {"rule \"r\"\n", "p:1:1: rule \"r\" has no step; 'pass' lets mail through"},
        {"rule \"r\"\n  when outbound\n", "p:1:1: rule \"r\" has no step; 'pass' lets mail through"},
        {"rule \"r\"\n  pass\n  when outbound\n",
         "p:3:3: found 'when' behind a step, expected it before the first one"},
        {"rule \"r\"\n  pass\n  sign\n", "p:3:1: rule \"r\": 'sign' cannot stand beside 'pass'"},
        {"rule \"r\"\n  refuse \"x\"\n  continue\n",
         "p:3:1: rule \"r\": 'continue' cannot stand beside 'refuse'"},
        {"rule \"r\"\n  pass verbatim\n  tag\n",
         "p:3:1: rule \"r\": 'tag' cannot stand beside 'pass verbatim'"},
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
        {"rule \"r\"\n  when from group\n",
         "p:2:18: found the end of the line, expected the name of a group"},
        {"rule \"r\"\n  when to file lists/a\n",
         "p:2:16: found 'lists/a', expected the path of a file of addresses, from the root"},
        {"rule \"r\"\n  when to file /etc/x\n", "p:2:16: the file /etc/x was not given"},
        {"rule \"r\"\n  when from attribute 9x\n",
         "p:2:23: found '9x', expected the name of an attribute: letters, digits and -"},
        {"rule \"r\"\n  when from attribute \"a)(b\"\n",
         "p:2:23: found \"a)(b\", expected the name of an attribute: letters, digits and -"},
        {"rule \"r\"\n  when from attribute ou equals x\n",
         "p:2:26: found 'equals', expected is, contains, like, or nothing more"},
        {"group Board is\n", "p:1:15: found the end of the line, expected directory or file"},
        {"group Board in directory x\n", "p:1:13: found 'in', expected is"},
        {"group A is directory \"cn=a\"\ngroup A is directory \"cn=b\"\n",
         "p:2:7: found the group 'A' a second time; line 1 has it"},
        {"rule \"r\"\n  when group A\n", "p:2:8: found 'group', expected a condition"},
        {"rule \"r\"\n  when subject urgent\n", "p:2:16: found 'urgent', expected is, contains or like"},
        {"rule \"r\"\n  when client 10.0.0.1/8\n",
         "p:2:15: found '10.0.0.1/8': not a network: the address goes on behind its 8 bits"},
        {"rule \"r\"\n  when client mx.example\n",
         "p:2:15: found 'mx.example': not a network: expected an address, or an address/bits"},
        {"rule \"r\"\n  when listener 0\n", "p:2:17: found '0': not a listener: a port is from 1 to 65535"},
        {"rule \"r\"\n  when attachments\n",
         "p:2:8: found 'attachments', expected a condition; did you mean 'attachment'?"},
        {"rule \"r\"\n  when attachment *.exe\n",
         "p:2:19: found '*.exe', expected name, type, or nothing more"},
        {"rule \"r\"\n  when attachment type exe\n",
         "p:2:24: found 'exe', expected a MIME type such as application/pdf or image/*"},
        {"rule \"r\"\n  when priority urgent\n", "p:2:17: found 'urgent', expected high, normal or low"},
        {"rule \"r\"\n  when sensitivity secret\n",
         "p:2:20: found 'secret', expected personal, private, company-confidential or normal"},
        {"rule \"r\"\n  when list or signed\n",
         "p:2:16: found 'signed', expected calendar, tnef, list, automatic or report"},
        {"rule \"r\"\n  when possible\n",
         "p:2:16: found the end of the line, expected smime, openpgp, pdf or portal"},
        {"rule \"r\"\n  when not verified certainly\n",
         "p:2:21: found 'certainly', expected none, good, weak, bad, partial, mismatch, untrusted or "
         "unsupported"},
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
        {"rule \"r\"\n  encrypt with rot13\n",
         "p:2:16: found 'rot13', expected smime, openpgp, pdf or portal"},
        {"rule \"r\"\n  encrypt with smime or smime\n", "p:2:25: found 'smime' twice"},
        {"rule \"r\"\n  encrypt using des\n", "p:2:17: found 'des', expected aes256-cbc or aes256-gcm"},
        {"rule \"r\"\n  encrypt if\n", "p:2:13: found the end of the line, expected possible"},
        {"rule \"r\"\n  encrypt, refuse\n", "p:2:12: found 'refuse', expected else"},
        {"rule \"r\"\n  encrypt, else portal\n", "p:2:17: found 'portal', expected refuse, return or clear"},
        {"rule \"r\"\n  encrypt, else refuse \"\"\n",
         "p:2:24: found \"\", expected the text of the reply in quotes"},
        {"rule \"r\"\n  sign, else clear\n", "p:2:14: found 'clear', expected refuse or return"},
        {"rule \"r\"\n  decrypt if possible\n", "p:2:11: found 'if', expected the end of the line"},
        {"rule \"r\"\n  refuse \"f\xc3\xbcr\"\n",
         "p:2:10: found a character in a reply that is not ASCII (RFC 5321 4.2)"},
        {"rule \"r\"\n  tag if possible\n",
         "p:2:7: found 'if', expected opened, signed, invalid, unauthenticated, or the end of the line"},
        {"rule \"r\"\n  sign transparent\n",
         "p:2:8: found 'transparent', expected with, opaque, detached, if possible, or the end of the line"},
    };
    for (size_t i = 0; i < SEAL_COUNT(cases); i++) {
        struct err err = ERR_INIT;
        struct policy *policy = NULL;
        ck_assert_msg(policy_parse("p", span_of(cases[i].text), NULL, 0, &policy, &err) < 0, "parsed: %s",
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
        if (policy_parse("p", (struct span){copy, n}, NULL, 0, &policy, &err) == 0 && policy->nrules > 0)
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

/* ---- groups and files ---- */

#define FILE_OF(file_path, literal)                                                                          \
    {                                                                                                        \
        .path = (file_path), .text = SPAN_LIT(literal)                                                       \
    }

static const char with_groups[] =
    "group Board is directory \"cn=board,ou=groups,o=x\"\n"
    "rule \"r\"\n"
    "    when from group Staff or Board, to group Friends, to file /l/a or /l/b\n"
    "    when from attribute Department, to attribute department is x\n"
    "    when to attribute ou like x*, from file /l/a\n"
    "    pass\n"
    "group Friends is file /l/a\n";

START_TEST(groups_and_attributes_are_known_once_each_with_or_without_a_statement)
{
    static const struct policy_file files[] = {FILE_OF("/l/b", "b.example\n"), FILE_OF("/l/a", "a.example")};
    struct err err = ERR_INIT;
    struct policy *policy = NULL;
    size_t n;
    ck_ok(policy_parse("p", span_of(with_groups), files, SEAL_COUNT(files), &policy, &err));
    const struct policy_group *groups = policy_groups(policy, &n);
    ck_assert_uint_eq(n, 5);
    ck_assert_str_eq(groups[0].name, "Board");
    ck_assert_str_eq(groups[0].dn, "cn=board,ou=groups,o=x");
    ck_assert_uint_eq(groups[0].line, 1);
    ck_assert_str_eq(groups[1].name, "Staff");
    ck_assert_ptr_null(groups[1].dn);
    ck_assert_uint_eq(groups[1].line, 0);
    ck_assert_str_eq(groups[2].name, "Friends");
    ck_assert_str_eq(groups[2].path, "/l/a");
    ck_assert_ptr_nonnull(groups[2].list);
    ck_assert_ptr_null(groups[3].name);
    ck_assert_ptr_eq(groups[3].list, groups[2].list);
    ck_assert_str_eq(groups[4].path, "/l/b");
    const char *const *attributes = policy_attributes(policy, &n);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(attributes[0], "Department");
    ck_assert_str_eq(attributes[1], "ou");
    policy_free(&policy);
}
END_TEST

START_TEST(files_that_a_policy_names_are_told_before_they_are_read)
{
    struct err err = ERR_INIT;
    struct arena *arena = arena_new(1u << 20);
    const char **paths;
    size_t n;
    ck_ok(policy_files("p", span_of(with_groups), arena, &paths, &n, &err));
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(paths[0], "/l/a");
    ck_assert_str_eq(paths[1], "/l/b");
    ck_assert_int_lt(policy_files("p", span_of("rule\n"), arena, &paths, &n, &err), 0);
    ck_assert_str_eq(err.msg, "p:1:5: found the end of the line, expected the rule's name in quotes");
    arena_free(&arena);
}
END_TEST

START_TEST(a_mistake_in_a_file_is_told_with_its_line)
{
    static const struct {
        struct policy_file file;
        const char *message;
    } cases[] = {
        {FILE_OF("/l/a", "a@b.example\n\n# c\nb..example\n"),
         "/l/a:4: found 'b..example', expected an address or a domain"},
        {FILE_OF("/l/a", "a@\r\n"), "/l/a:1: found 'a@': address without a domain"},
        {FILE_OF("/l/a", ".b.example"),
         "/l/a:1: found '.b.example', expected a domain; all below it are *.b.example"},
        {FILE_OF("/l/a", "a@b.example, c@d.example"),
         "/l/a:1: found 'a@b.example, c@d.example': character that no domain has"},
        {FILE_OF("/l/a", "a\0b.example"), "/l/a:1: found 'a', expected an address or a domain"},
        {FILE_OF("/l/a", "<>"), "/l/a:1: found '<>', expected an address or a domain"},
    };
    for (size_t i = 0; i < SEAL_COUNT(cases); i++) {
        struct err err = ERR_INIT;
        struct policy *policy = NULL;
        ck_assert_int_lt(policy_parse("p", span_of("rule \"r\"\n  when to file /l/a\n  pass\n"),
                                      &cases[i].file, 1, &policy, &err),
                         0);
        ck_assert_int_eq(err.code, ERR_CONFIG);
        ck_assert_str_eq(err.msg, cases[i].message);
    }
}
END_TEST

START_TEST(files_have_a_limit_in_all)
{
    struct err err = ERR_INIT;
    struct policy *policy = NULL;
    size_t half = POLICY_FILES_MAX / 2;
    char *text = xmalloc(half + 1);
    memset(text, '\n', half + 1);
    struct policy_file files[] = {{"/l/a", {text, half}}, {"/l/b", {text, half}}};
    static const char names_both[] = "rule \"r\"\n  when to file /l/a or /l/b\n  pass\n";
    ck_ok(policy_parse("p", span_of(names_both), files, 2, &policy, &err));
    policy_free(&policy);
    files[1].text.len++;
    ck_assert_int_lt(policy_parse("p", span_of(names_both), files, 2, &policy, &err), 0);
    ck_assert_int_eq(err.code, ERR_LIMIT);
    free(text);
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
    tcase_add_test(t, groups_and_attributes_are_known_once_each_with_or_without_a_statement);
    tcase_add_test(t, files_that_a_policy_names_are_told_before_they_are_read);
    tcase_add_test(t, a_mistake_in_a_file_is_told_with_its_line);
    tcase_add_test(t, files_have_a_limit_in_all);
    tcase_add_test(t, a_rule_may_go_on_in_the_next_line_behind_comma_and_or);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
