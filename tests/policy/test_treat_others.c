/* What others get and are told, and what is taken from the recipient: each step alone, and in chains. */
#include "site.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

#define ENCRYPTED "encrypt smime aes256-cbc rsa"

/* ---- steps alone ---- */

/* A message of alice's for kurt, who has a certificate; she uses a keyword. */
static const struct {
    const char *steps, *ops;
} out[] = {
    {"return", "return 5.7.1"},
    {"return \"Not there.\"", "return 5.7.1"},
    {"discard", "discard"},
    {"hold", "hold \"Held by policy\""},
    {"hold \"Wait.\"", "hold \"Wait.\""},
    {"redirect to d@x.example", "remove keywords > d@x.example"},
    {"redirect to d@x.example\n  sign", "remove keywords, sign smime > d@x.example"},
    {"copy to d@x.example", "remove keywords + d@x.example: remove keywords"},
    {"forward to d@x.example", "remove keywords + d@x.example: remove keywords"},
    {"add header X-A \"1\"", "remove keywords, header add X-A: 1"},
    {"replace header X-A \"1\"", "remove keywords, header replace X-A: 1"},
    {"delete header X-A", "remove keywords, header delete X-A"},
    {"attach keys", "remove keywords, attach keys smime"},
    {"attach keys smime\n  sign", "remove keywords, attach keys smime, sign smime"},
    {"sign\n  attach keys smime\n  attach keys", "remove keywords, attach keys smime, sign smime"},
    {"attach keys openpgp", "remove keywords"},
    {"notify sender", "remove keywords ! notify sender alice@example.org"},
    {"alert a@x.example or b@x.example", "remove keywords ! alert a@x.example b@x.example"},
    /* header fields stand on the outside, in the order of their lines */
    {"add header X-A \"1\"\n  encrypt\n  delete header X-B\n  sign",
     "remove keywords, header add X-A: 1, header delete X-B, sign smime, " ENCRYPTED},
    /* a copy is what the steps above it have made, a forwarded one what all have */
    {"copy to d@x.example\n  sign\n  encrypt",
     "remove keywords, sign smime, " ENCRYPTED " + d@x.example: remove keywords"},
    {"sign\n  copy to d@x.example\n  encrypt",
     "remove keywords, sign smime, " ENCRYPTED " + d@x.example: remove keywords, sign smime"},
    {"encrypt\n  copy to d@x.example\n  sign",
     "remove keywords, sign smime, " ENCRYPTED " + d@x.example: remove keywords, " ENCRYPTED},
    {"forward to d@x.example\n  sign\n  encrypt",
     "remove keywords, sign smime, " ENCRYPTED " + d@x.example: remove keywords, sign smime, " ENCRYPTED},
    {"add header X-A \"1\"\n  copy to d@x.example\n  add header X-A \"2\"",
     "remove keywords, header add X-A: 1, header add X-A: 2 + d@x.example: remove keywords, header add X-A: "
     "1"},
    {"copy to d@x.example\n  attach keys\n  copy to e@x.example",
     "remove keywords, attach keys smime + d@x.example: remove keywords + e@x.example: remove keywords, "
     "attach keys smime"},
    /* the same for the same address is one */
    {"copy to d@x.example\n  copy to d@x.example\n  forward to d@x.example",
     "remove keywords + d@x.example: remove keywords"},
    {"copy to d@x.example\n  sign\n  copy to d@x.example",
     "remove keywords, sign smime + d@x.example: remove keywords + d@x.example: remove keywords, sign smime"},
    /* beside what settles the mail */
    {"copy to d@x.example\n  discard", "discard + d@x.example: remove keywords"},
    {"return\n  forward to d@x.example", "return 5.7.1 + d@x.example: remove keywords"},
    {"hold\n  copy to d@x.example\n  alert a@x.example",
     "hold \"Held by policy\" + d@x.example: remove keywords ! alert a@x.example"},
    {"pass\n  notify sender", "remove keywords ! notify sender alice@example.org"},
    {"pass verbatim\n  copy to d@x.example", " + d@x.example: "},
    {"refuse\n  alert a@x.example\n  copy to d@x.example", "refuse 5.7.1 ! alert a@x.example"},
    /* over continue */
    {"copy to d@x.example\n  add header X-A \"1\"\n  continue\nrule \"s\"\n  sign\n  add header X-B \"2\"\n"
     "  copy to e@x.example",
     "remove keywords, header add X-A: 1, header add X-B: 2, sign smime + d@x.example: remove keywords "
     "+ e@x.example: remove keywords, header add X-A: 1, header add X-B: 2, sign smime"},
    {"redirect to d@x.example\n  continue\nrule \"s\"\n  redirect to e@x.example",
     "remove keywords > d@x.example"},
    {"alert a@x.example\n  continue\nrule \"s\"\n  alert a@x.example",
     "remove keywords ! alert a@x.example ! alert a@x.example"},
    {"sign\n  continue\nrule \"s\"\n  discard", "discard"},
    {"sign\n  continue\nrule \"s\"\n  copy to d@x.example\n  discard",
     "discard + d@x.example: remove keywords, sign smime"},
    {"sign\n  continue\nrule \"s\"\n  pass verbatim", "remove keywords, sign smime"},
    /* a required encryption outweighs, and what is above it is above where the first one stood */
    {"encrypt if possible\n  copy to d@x.example\n  continue\nrule \"s\"\n  encrypt, else return",
     "remove keywords, " ENCRYPTED " + d@x.example: remove keywords, " ENCRYPTED},
};

START_TEST(each_step_does_what_it_says)
{
    char policy[400];
    snprintf(policy, sizeof policy, "rule \"r\"\n  %s\n", out[_i].steps);
    struct site *site = site_new(policy);
    site_rcpt(site, "kurt@bank.example", DIRECTION_OUTBOUND);
    site_keyword(site, "k");
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), out[_i].ops);
    site_free(site);
}
END_TEST

/* ---- what cannot be done ---- */

static const struct {
    const char *steps;
    enum answer sign, encrypt;
    const char *ops;
} cannot[] = {
    {"sign, else return \"No key.\"", ANSWER_NO, ANSWER_YES, "return 5.7.4"},
    {"encrypt, else return", ANSWER_YES, ANSWER_NO, "return 5.7.4"},
    {"encrypt, else return", ANSWER_YES, ANSWER_UNKNOWN, "tempfail 4.3.0"},
    {"attach keys", ANSWER_NO, ANSWER_YES, ""},
    {"attach keys", ANSWER_UNKNOWN, ANSWER_YES, "tempfail 4.3.0"},
    /* behind a step that failed there is no copy: it would be clear text */
    {"encrypt, else return\n  copy to d@x.example\n  forward to e@x.example", ANSWER_YES, ANSWER_NO,
     "return 5.7.4"},
    {"copy to d@x.example\n  encrypt, else return\n  forward to e@x.example", ANSWER_YES, ANSWER_NO,
     "return 5.7.4 + d@x.example: "},
    {"encrypt if possible\n  copy to d@x.example", ANSWER_YES, ANSWER_NO, " + d@x.example: "},
    {"encrypt\n  continue\nrule \"s\"\n  copy to d@x.example\n  discard", ANSWER_YES, ANSWER_NO,
     "refuse 5.7.4"},
    /* what nobody gets is not treated */
    {"encrypt\n  continue\nrule \"s\"\n  discard", ANSWER_YES, ANSWER_NO, "discard"},
    {"encrypt\n  continue\nrule \"s\"\n  return", ANSWER_YES, ANSWER_UNKNOWN, "return 5.7.1"},
    {"encrypt\n  continue\nrule \"s\"\n  hold", ANSWER_YES, ANSWER_NO, "refuse 5.7.4"},
};

START_TEST(a_step_that_cannot_be_done_ends_as_it_says)
{
    char policy[400];
    snprintf(policy, sizeof policy, "rule \"r\"\n  %s\n", cannot[_i].steps);
    struct site *site = site_new(policy);
    struct rcpt_facts *rcpt = site_rcpt(site, "kurt@bank.example", DIRECTION_OUTBOUND);
    site->facts.sign[METHOD_SMIME].usable = cannot[_i].sign;
    rcpt->encrypt[METHOD_SMIME].usable = cannot[_i].encrypt;
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), cannot[_i].ops);
    site_free(site);
}
END_TEST

START_TEST(the_text_of_a_return_is_the_rules)
{
    struct site *site = site_new("rule \"r\"\n  encrypt, else return \"To you only encrypted.\"\n");
    site_rcpt_of_kind(site, "kurt@bank.example", DIRECTION_OUTBOUND, NULL);
    ck_assert_str_eq(site_decide(site)->reply_text, "To you only encrypted.");
    site_free(site);
}
END_TEST

START_TEST(a_recipient_who_returns_needs_no_facts_about_keys)
{
    struct site *site = site_new("rule \"r\"\n  encrypt\n  continue\nrule \"s\"\n  return\n");
    site_rcpt(site, "kurt@bank.example", DIRECTION_OUTBOUND)->encrypt[METHOD_SMIME].usable = ANSWER_UNASKED;
    site->facts.have = FACTS_BASE;
    ck_assert_uint_eq(site_needs(site), 0);
    site_free(site);
}
END_TEST

START_TEST(what_is_held_must_be_known_to_be_protected)
{
    struct site *site = site_new("rule \"r\"\n  encrypt, else return\n  continue\nrule \"s\"\n  hold\n");
    struct rcpt_facts *rcpt = site_rcpt(site, "kurt@bank.example", DIRECTION_OUTBOUND);
    ck_assert(site_decide(site)->protect);
    ck_assert_int_eq(site_plan(site)->disposition, DISPOSITION_TEMPFAIL);
    rcpt->encrypt[METHOD_SMIME].usable = ANSWER_NO;
    ck_assert(site_decide(site)->protect);
    ck_assert_int_eq(site_plan(site)->disposition, DISPOSITION_TEMPFAIL);
    site_free(site);
}
END_TEST

START_TEST(keys_are_attached_only_to_what_is_the_senders_own_and_open)
{
    struct site *site = site_new("rule \"r\"\n  attach keys\n");
    site_rcpt(site, "kurt@bank.example", DIRECTION_OUTBOUND);
    site->facts.signed_by = METHOD_SMIME;
    ck_assert(site_noted(site_decide(site), "signed or encrypted already"));
    ck_assert_str_eq(site_ops(site, 0), "");
    site->facts.signed_by = METHOD_NONE;
    site->facts.encrypted_by = METHOD_OPENPGP;
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), "");
    site->facts.encrypted_by = METHOD_NONE;
    site->facts.sender_registered = ANSWER_NO;
    ck_assert(site_noted(site_decide(site), "sender is not a registered user"));
    ck_assert_str_eq(site_ops(site, 0), "");
    site->facts.sender_registered = ANSWER_YES;
    site->facts.submitter = SUBMITTER_NONE;
    ck_assert(site_noted(site_decide(site), "comes from outside"));
    ck_assert_str_eq(site_ops(site, 0), "");
    site_free(site);
}
END_TEST

START_TEST(domains_keys_go_though_the_sender_has_none)
{
    struct site *site = site_new("rule \"r\"\n  attach keys\n");
    site_rcpt(site, "kurt@bank.example", DIRECTION_OUTBOUND);
    site->facts.sign[METHOD_SMIME].usable = ANSWER_NO;
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), "");
    site->facts.house_keys[METHOD_SMIME] = true;
    ck_assert(site_noted(site_decide(site), "that of the domain alone"));
    ck_assert_str_eq(site_ops(site, 0), "attach keys smime");
    site->facts.sign[METHOD_SMIME].usable = ANSWER_UNKNOWN;
    site_decide(site);
    ck_assert_int_eq(site_plan(site)->disposition, DISPOSITION_TEMPFAIL);
    site_free(site);
}
END_TEST

/* ---- a certificate that the rule names ---- */

#define FIXED "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

START_TEST(a_certificate_that_the_rule_names_stands_for_the_recipients_own)
{
    struct key_fact fixed;
    struct site *site = site_new("rule \"r\"\n  encrypt with openpgp or smime to certificate " FIXED "\n");
    site_rcpt_of_kind(site, "kurt@bank.example", DIRECTION_OUTBOUND, NULL);
    site_rcpt(site, "vera@bank.example", DIRECTION_OUTBOUND);
    site_key(&fixed, 7, "ec");
    site->facts.fixed = &fixed;
    site_plan(site);
    ck_assert_str_eq(site_plan_text(site),
                     "serve; kurt@bank.example vera@bank.example: encrypt smime aes256-cbc ec");
    ck_assert_uint_eq(site->plan->copies[0].ops[0].nkeys, 1);
    ck_assert_int_eq(site->plan->copies[0].ops[0].keys[0], 7);
    fixed = (struct key_fact){.usable = ANSWER_NO, .key = -1, .why = "expired"};
    ck_assert(site_noted(site_decide(site), "expired"));
    ck_assert_str_eq(site_ops(site, 1), "refuse 5.7.4");
    fixed.usable = ANSWER_UNKNOWN;
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 1), "tempfail 4.3.0");
    fixed.usable = ANSWER_UNASKED;
    site->facts.have = FACTS_BASE;
    ck_assert_uint_eq(site_needs(site), FACTS_KEYS);
    site_free(site);
}
END_TEST

/* ---- what comes from outside ---- */

static const struct {
    const char *steps, *opened, *closed; /* for whom it opens, and for whom it names no key */
} in[] = {
    {"copy to d@x.example\n  decrypt\n  tag",
     "hygiene, open view 1, tag \"[secure] [signed OK]\", status view "
     "1 + d@x.example: hygiene",
     "hygiene, status view 0 + d@x.example: hygiene"},
    {"decrypt\n  copy to d@x.example\n  tag",
     "hygiene, open view 1, tag \"[secure] [signed OK]\", status view 1 + d@x.example: hygiene, open view 1, "
     "status view 1",
     "hygiene, status view 0 + d@x.example: hygiene, status view 0"},
    {"decrypt\n  tag\n  forward to d@x.example",
     "hygiene, open view 1, tag \"[secure] [signed OK]\", status view 1 + d@x.example: hygiene, open view 1, "
     "tag \"[secure] [signed OK]\", status view 1",
     "hygiene, status view 0 + d@x.example: hygiene, status view 0"},
    /* a tag claims nothing of a copy that stays closed */
    {"tag\n  copy to d@x.example\n  decrypt",
     "hygiene, open view 1, tag \"[secure] [signed OK]\", status view 1 + d@x.example: hygiene, status view "
     "0",
     "hygiene, status view 0 + d@x.example: hygiene, status view 0"},
    /* what stays closed is not encrypted again */
    {"encrypt\n  copy to d@x.example\n  decrypt",
     "hygiene, open view 1, " ENCRYPTED ", status view 1 + d@x.example: hygiene",
     "hygiene, status view 0 + d@x.example: hygiene"},
    {"decrypt, else return", "hygiene, open view 1, status view 1", "return 5.7.5"},
    {"copy to d@x.example\n  decrypt, else return\n  forward to e@x.example",
     "hygiene, open view 1, status view 1 + d@x.example: hygiene + e@x.example: hygiene, open view 1, status "
     "view 1",
     "return 5.7.5 + d@x.example: hygiene"},
    {"decrypt\n  redirect to d@x.example", "hygiene, open view 1, status view 1 > d@x.example",
     "hygiene, status view 0 > d@x.example"},
};

START_TEST(copies_of_closed_mail_are_opened_by_the_steps_above_them)
{
    char policy[400];
    snprintf(policy, sizeof policy, "rule \"r\"\n  %s\n", in[_i].steps);
    struct site *site = site_new(policy);
    site_rcpt(site, "alice@example.org", DIRECTION_INBOUND)->view = 1;
    site_rcpt(site, "bob@example.org", DIRECTION_INBOUND);
    site_arrives(site, METHOD_NONE, METHOD_SMIME);
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), in[_i].opened);
    ck_assert_str_eq(site_ops(site, 1), in[_i].closed);
    site_free(site);
}
END_TEST

START_TEST(a_rules_wordings_stand_before_those_of_the_settings)
{
    struct site *site = site_new(
        "rule \"r\"\n  decrypt\n  tag opened \"[open]\" signed \"\" unauthenticated \"[who knows]\"\n");
    site_rcpt(site, "alice@example.org", DIRECTION_INBOUND)->view = 1;
    site_arrives(site, METHOD_NONE, METHOD_SMIME);
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), "hygiene, open view 1, tag \"[open]\", status view 1");
    site->views[1].signature = SIGNATURE_BAD;
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0),
                     "hygiene, open view 1, tag \"[open] [signature invalid]\", status view 1");
    site->views[1].decryption = DECRYPTION_UNAUTHENTICATED;
    site->views[1].signature = SIGNATURE_NONE;
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), "hygiene, open view 1, tag \"[who knows]\", status view 1");
    site_free(site);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/treat_others");
    TCase *t = tcase_create("treat_others");
    tcase_add_loop_test(t, each_step_does_what_it_says, 0, SEAL_COUNT(out));
    tcase_add_loop_test(t, a_step_that_cannot_be_done_ends_as_it_says, 0, SEAL_COUNT(cannot));
    tcase_add_test(t, the_text_of_a_return_is_the_rules);
    tcase_add_test(t, a_recipient_who_returns_needs_no_facts_about_keys);
    tcase_add_test(t, what_is_held_must_be_known_to_be_protected);
    tcase_add_test(t, keys_are_attached_only_to_what_is_the_senders_own_and_open);
    tcase_add_test(t, domains_keys_go_though_the_sender_has_none);
    tcase_add_test(t, a_certificate_that_the_rule_names_stands_for_the_recipients_own);
    tcase_add_loop_test(t, copies_of_closed_mail_are_opened_by_the_steps_above_them, 0, SEAL_COUNT(in));
    tcase_add_test(t, a_rules_wordings_stand_before_those_of_the_settings);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
