/* The steps of the language: what they mean when read, how they print, and every mistake in them. */
#include "policy/policy.h"

#include "policy/policy_internal.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

#define FP_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define FP_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static int parse(const char *text, struct policy **out, struct err *err)
{
    return policy_parse("p", span_of(text), NULL, 0, out, err);
}

static struct policy *rule_of(const char *steps)
{
    struct err err = ERR_INIT;
    struct policy *policy = NULL;
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20);
    buf_printf(&text, "rule \"r\"\n  %s\n", steps);
    ck_assert_msg(parse(buf_str(&text), &policy, &err) == 0, "%s\n%s", buf_str(&text), err.msg);
    return policy;
}

/* ---- as written ---- */

/* Each in canonical layout. */
static const char *const steps[] = {
    "pass",
    "pass verbatim",
    "sign with smime opaque if possible",
    "sign, else return \"No key of yours.\"",
    "sign, else return",
    "encrypt with smime or openpgp to certificate " FP_A " using aes256-gcm, else return \"No key.\"",
    "encrypt to certificate " FP_B,
    "encrypt if possible",
    "decrypt",
    "decrypt, else refuse",
    "decrypt, else return \"With no key of ours.\"",
    "harvest",
    "tag",
    "tag opened \"[open]\" signed \"\" invalid \"[bad \\\"one\\\"]\" unauthenticated \"[?]\"",
    "refuse",
    "refuse \"No.\"",
    "return",
    "return \"Not at all.\"",
    "discard",
    "hold",
    "hold \"Wait for the board.\"",
    "copy to archive@example.org",
    "forward to deputy@example.org",
    "redirect to deputy@example.org",
    "add header X-Sent-By \"the gateway, \xc3\xbc\"",
    "replace header \"X-Or\" \"one\"",
    "delete header X-Internal",
    "attach keys",
    "attach keys smime",
    "attach keys openpgp",
    "add autocrypt",
    "add autocrypt mutual",
    "detach keys",
    "generate key",
    "generate key smime",
    "generate key openpgp",
    "notify sender",
    "notify sender subject \"Re: {subject}\" \"It is on its way to {recipients}.\" \"\" \"{hostname}\"",
    "notify sender \"one line\"",
    "alert a@example.org",
    "alert a@example.org or b@example.org subject \"{rule}\" \"{sender} wrote to {recipient}, {queue-id}, "
    "{date}. } is itself.\"",
    "continue",
};

START_TEST(a_step_prints_as_it_was_written)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    struct policy *policy = rule_of(steps[_i]);
    ck_assert_uint_eq(policy->rules[0].nsteps, 1);
    print_step(&policy->rules[0].steps[0], &out);
    const char *expected = strstr(steps[_i], "\"X-Or\"") == NULL ? steps[_i] : "replace header X-Or \"one\"";
    ck_assert_str_eq(buf_str(&out), expected);
    policy_free(&policy);
}
END_TEST

START_TEST(other_ways_to_write_it_mean_the_same)
{
    static const struct {
        const char *text, *canonical;
    } cases[] = {
        {"copy to Archive@Example.ORG", "copy to archive@example.org"},
        {"forward to \"<a@b.example>\"", "forward to a@b.example"},
        {"alert a@b.example or\n    c@d.example,\n    subject \"s\",\n    \"one\",\n    \"two\"",
         "alert a@b.example or c@d.example subject \"s\" \"one\" \"two\""},
        {"notify sender \"one\", \"two\" \"three\"", "notify sender \"one\" \"two\" \"three\""},
        {"tag signed \"[s]\" opened \"[o]\"", "tag opened \"[o]\" signed \"[s]\""},
        {"encrypt to certificate "
         "AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA",
         "encrypt to certificate " FP_A},
        {"encrypt, else clear", "encrypt if possible"},
    };
    for (size_t i = 0; i < SEAL_COUNT(cases); i++) {
        SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
        struct policy *policy = rule_of(cases[i].text);
        print_step(&policy->rules[0].steps[0], &out);
        ck_assert_str_eq(buf_str(&out), cases[i].canonical);
        policy_free(&policy);
    }
}
END_TEST

START_TEST(what_tells_others_may_stand_beside_what_settles_the_mail)
{
    static const char *const alone[] = {"pass", "pass verbatim", "refuse \"x\"", "return", "discard", "hold"};
    for (size_t i = 0; i < SEAL_COUNT(alone); i++) {
        char text[400];
        snprintf(text, sizeof text,
                 "copy to a@b.example\n  alert a@b.example\n  %s\n  forward to a@b.example\n"
                 "  alert c@b.example\n  notify sender\n  copy to a@b.example",
                 alone[i]);
        struct policy *policy = rule_of(text);
        ck_assert_uint_eq(policy->rules[0].nsteps, 7);
        policy_free(&policy);
    }
}
END_TEST

START_TEST(steps_that_add_up_may_occur_again)
{
    struct policy *policy = rule_of("add header X-A \"1\"\n  add header X-A \"2\"\n  delete header X-B\n"
                                    "  attach keys smime\n  attach keys openpgp\n  generate key\n"
                                    "  generate key openpgp\n  copy to a@b.example\n"
                                    "  copy to c@b.example\n  notify sender\n  notify sender \"again\"");
    ck_assert_uint_eq(policy->rules[0].nsteps, 11);
    policy_free(&policy);
}
END_TEST

/* ---- what the gate asks of it ---- */

START_TEST(certificates_and_wordings_are_listed_once)
{
    size_t n;
    struct err err = ERR_INIT;
    struct policy *policy = NULL;
    ck_ok(parse("rule \"a\"\n  encrypt to certificate " FP_A "\n  tag opened \"[x]\" signed \"\"\n"
                "rule \"b\"\n  encrypt to certificate " FP_B "\n  tag signed \"[x]\" invalid \"[y]\"\n"
                "rule \"c\"\n  encrypt to certificate " FP_A "\n",
                &policy, &err));
    const char *const *certificates = policy_certificates(policy, &n);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(certificates[0], FP_A);
    ck_assert_str_eq(certificates[1], FP_B);
    ck_assert_uint_eq(policy->rules[1].steps[0].fixed, 1);
    ck_assert_uint_eq(policy->rules[2].steps[0].fixed, 0);
    const char *const *tags = policy_tags(policy, &n);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(tags[0], "[x]");
    ck_assert_str_eq(tags[1], "[y]");
    policy_free(&policy);
}
END_TEST

/* ---- mistakes ---- */

static const struct {
    const char *steps, *message;
} mistakes[] = {
    {"return No", "p:2:10: found 'No', expected the end of the line"},
    {"return \"f\xc3\xbcr\"", "p:2:10: found a character in a reply that is not ASCII (RFC 5321 4.2)"},
    {"hold \"\"", "p:2:8: found \"\", expected the text of the reply in quotes"},
    {"discard \"x\"", "p:2:11: found \"x\", expected the end of the line"},
    {"hold\n  discard", "p:3:1: rule \"r\": 'discard' cannot stand beside 'hold'"},
    {"copy to a@b.example\n  return\n  redirect to a@b.example",
     "p:4:1: rule \"r\": 'redirect to' cannot stand beside 'return'"},
    {"add header X-A \"1\"\n  pass", "p:2:1: rule \"r\": 'header' cannot stand beside 'pass'"},
    {"attach keys\n  discard", "p:2:1: rule \"r\": 'attach keys' cannot stand beside 'discard'"},
    {"discard\n  continue", "p:3:1: rule \"r\": 'continue' cannot stand beside 'discard'"},
    {"redirect to a@b.example\n  redirect to c@b.example",
     "p:3:3: found 'redirect' a second time in this rule"},
    {"tag\n  tag opened \"[x]\"", "p:3:3: found 'tag' a second time in this rule"},
    {"copy archive@example.org", "p:2:8: found 'archive@example.org', expected to"},
    {"copy to", "p:2:10: found the end of the line, expected an address"},
    {"copy to example.org", "p:2:11: found 'example.org', expected an address"},
    {"copy to *@example.org", "p:2:11: found '*@example.org', expected one address, without wildcards"},
    {"copy to a@b.example or c@d.example", "p:2:23: found 'or', expected the end of the line"},
    {"redirect a@b.example", "p:2:12: found 'a@b.example', expected to"},
    {"forward to a@b@c", "p:2:14: found 'a@b@c': character that no domain has"},
    {"add X-A \"1\"", "p:2:7: found 'X-A', expected header or autocrypt"},
    {"add autocrypt always", "p:2:17: found 'always', expected the end of the line"},
    {"add autocrypt\n  add autocrypt mutual", "p:3:3: found 'add' a second time in this rule"},
    {"replace autocrypt", "p:2:11: found 'autocrypt', expected header"},
    {"add autocrypt\n  pass", "p:2:1: rule \"r\": 'add autocrypt' cannot stand beside 'pass'"},
    {"add header X-A", "p:2:17: found the end of the line, expected the value of the header field in quotes"},
    {"add header X-A \"\"", "p:2:18: found \"\", expected the value of the header field in quotes"},
    {"add header X-A: \"1\"", "p:2:14: found 'X-A:', expected the name of a header field, without colon"},
    {"delete header X-A \"1\"", "p:2:21: found \"1\", expected the end of the line"},
    {"attach", "p:2:9: found the end of the line, expected keys"},
    {"attach keys pdf", "p:2:15: found 'pdf', expected smime, openpgp, or the end of the line"},
    {"attach keys smime openpgp", "p:2:21: found 'openpgp', expected the end of the line"},
    {"detach", "p:2:9: found the end of the line, expected keys"},
    {"detach keys openpgp", "p:2:15: found 'openpgp', expected the end of the line"},
    {"detach keys\n  pass", "p:2:1: rule \"r\": 'detach keys' cannot stand beside 'pass'"},
    {"generate keys", "p:2:12: found 'keys', expected key"},
    {"generate key portal", "p:2:16: found 'portal', expected smime, openpgp, or the end of the line"},
    {"generate key\n  pass", "p:2:1: rule \"r\": 'generate key' cannot stand beside 'pass'"},
    {"tag opened", "p:2:13: found the end of the line, expected the wording of the tag in quotes"},
    {"tag opened \"[x]\" opened \"[y]\"", "p:2:20: found 'opened' twice"},
    {"tag opened \" x\"", "p:2:14: found a tag with blanks at its ends"},
    {"tag opened \"0123456789012345678901234567890123456789012345678901234567890\"",
     "p:2:14: found a tag of 61 octets, expected at most 60"},
    {"tag secure \"[x]\"",
     "p:2:7: found 'secure', expected opened, signed, invalid, unauthenticated, or the end of the line"},
    {"encrypt to vera@other.example", "p:2:14: found 'vera@other.example', expected certificate"},
    {"encrypt to certificate abc",
     "p:2:26: found 'abc', expected the SHA-256 fingerprint of a certificate, 64 hexadecimal digits"},
    {"encrypt to certificate " FP_A "a", /* what was found is shown in part */
     "p:2:26: found 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', expected the SHA-256 "
     "fingerprint of "
     "a certificate, 64 hexadecimal digits"},
    {"encrypt with openpgp to certificate " FP_A, "p:2:27: found a certificate, which goes with smime alone"},
    {"encrypt using aes256-cbc to certificate " FP_A, "p:2:28: found 'to', expected the end of the line"},
    {"encrypt, else discard", "p:2:17: found 'discard', expected refuse, return or clear"},
    {"decrypt, else clear", "p:2:17: found 'clear', expected refuse or return"},
    {"notify", "p:2:9: found the end of the line, expected sender"},
    {"notify recipient", "p:2:10: found 'recipient', expected sender"},
    {"notify sender subject", "p:2:24: found the end of the line, expected the Subject in quotes"},
    {"notify sender \"Dear {name},\"",
     "p:2:17: found '{name}', expected {sender}, {recipient}, {recipients}, {rule}, {queue-id}, {date}, "
     "{hostname} or {subject}"},
    {"notify sender \"{rule\"",
     "p:2:17: found '{rule', expected {sender}, {recipient}, {recipients}, {rule}, {queue-id}, {date}, "
     "{hostname} or {subject}"},
    {"notify sender \"a\", b", "p:2:22: found 'b', expected a line of text in quotes"},
    {"alert", "p:2:8: found the end of the line, expected an address"},
    {"alert a@b.example subject \"{ rule}\"",
     "p:2:29: found '{ rule}', expected {sender}, {recipient}, {recipients}, {rule}, {queue-id}, {date}, "
     "{hostname} or {subject}"},
    {"alert a@b.example subjekt \"x\"", "p:2:21: found 'subjekt', expected the end of the line"},
};

START_TEST(every_mistake_is_told_with_its_place)
{
    struct err err = ERR_INIT;
    struct policy *policy = NULL;
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20);
    buf_printf(&text, "rule \"r\"\n  %s\n", mistakes[_i].steps);
    ck_assert_msg(parse(buf_str(&text), &policy, &err) < 0, "parsed: %s", buf_str(&text));
    ck_assert_int_eq(err.code, ERR_CONFIG);
    ck_assert_str_eq(err.msg, mistakes[_i].message);
}
END_TEST

START_TEST(fields_that_others_rely_on_are_out_of_reach)
{
    static const char *const kept[] = {"Content-Type",
                                       "content-type",
                                       "MIME-Version",
                                       "From",
                                       "Sender",
                                       "To",
                                       "Cc",
                                       "Bcc",
                                       "Date",
                                       "Message-ID",
                                       "Received",
                                       "Return-Path",
                                       "DKIM-Signature",
                                       "ARC-Seal",
                                       "Resent-From",
                                       "Authentication-Results",
                                       "X-Sealmilter-Status"};
    static const struct {
        const char *before, *behind;
    } actions[] = {{"add", " \"x\""}, {"replace", " \"x\""}, {"delete", ""}};
    for (size_t i = 0; i < SEAL_COUNT(kept); i++) {
        for (size_t a = 0; a < SEAL_COUNT(actions); a++) {
            struct err err = ERR_INIT;
            struct policy *policy = NULL;
            char text[200];
            snprintf(text, sizeof text, "rule \"r\"\n  %s header %s%s\n", actions[a].before, kept[i],
                     actions[a].behind);
            ck_assert_msg(parse(text, &policy, &err) < 0, "parsed: %s", text);
            ck_assert_ptr_nonnull(strstr(err.msg, "which no rule may add, change or remove"));
        }
    }
}
END_TEST

START_TEST(a_text_has_at_most_a_hundred_lines)
{
    struct err err = ERR_INIT;
    struct policy *policy = NULL;
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20);
    buf_add_str(&text, "rule \"r\"\n  notify sender");
    for (int i = 0; i < 100; i++)
        buf_add_str(&text, " \"x\"");
    ck_ok(parse(buf_str(&text), &policy, &err));
    policy_free(&policy);
    buf_add_str(&text, " \"x\"");
    ck_fails(parse(buf_str(&text), &policy, &err), ERR_CONFIG);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/parse_step");
    TCase *t = tcase_create("parse_step");
    tcase_add_loop_test(t, a_step_prints_as_it_was_written, 0, SEAL_COUNT(steps));
    tcase_add_test(t, other_ways_to_write_it_mean_the_same);
    tcase_add_test(t, what_tells_others_may_stand_beside_what_settles_the_mail);
    tcase_add_test(t, steps_that_add_up_may_occur_again);
    tcase_add_test(t, certificates_and_wordings_are_listed_once);
    tcase_add_loop_test(t, every_mistake_is_told_with_its_place, 0, SEAL_COUNT(mistakes));
    tcase_add_test(t, fields_that_others_rely_on_are_out_of_reach);
    tcase_add_test(t, a_text_has_at_most_a_hundred_lines);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
