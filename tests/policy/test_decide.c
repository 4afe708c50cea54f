#include "site.h"
#include "support/check.h"

#include <stdio.h>

#define OUT "rule \"out\"\n  when outbound or internal\n"

/* ---- which rule ---- */

START_TEST(the_first_rule_that_matches_wins_for_each_recipient)
{
    struct site *site = site_new("rule \"bank\"\n  when outbound, to bank.example\n  encrypt\n"
                                 "rule \"rest\"\n  when outbound\n  sign\n");
    site_rcpt(site, "kurt@bank.example", DIRECTION_OUTBOUND);
    site_rcpt(site, "vera@other.example", DIRECTION_OUTBOUND);
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), "encrypt smime aes256-cbc rsa");
    ck_assert_str_eq(site_ops(site, 1), "sign smime");
    ck_assert_uint_eq(site->decisions[0].nrules, 1);
    ck_assert_str_eq(site->decisions[0].rules[0], "bank");
    ck_assert_str_eq(site->decisions[1].rules[0], "rest");
    site_free(site);
}
END_TEST

START_TEST(continue_goes_on_and_the_stricter_encryption_counts)
{
    struct site *site = site_new("rule \"a\"\n  sign opaque\n  encrypt if possible\n  continue\n"
                                 "rule \"b\"\n  sign\n  encrypt, else refuse \"B\"\n");
    site_rcpt_of_kind(site, "kurt@bank.example", DIRECTION_OUTBOUND, NULL);
    const struct decision *decision = site_decide(site);
    ck_assert_uint_eq(decision->nrules, 2);
    ck_assert_int_eq(decision->disposition, DISPOSITION_REFUSE);
    ck_assert_str_eq(decision->reply_text, "B");
    site_key(&site->facts.rcpts[0].encrypt[METHOD_SMIME], 1, "ec");
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), "sign smime opaque, encrypt smime aes256-cbc ec");
    ck_assert(site->decisions[0].protect);
    site_free(site);
}
END_TEST

START_TEST(mail_that_no_rule_ends_is_deferred_but_in_transit)
{
    struct site *site = site_new("rule \"in\"\n  when inbound\n  pass\n");
    site_rcpt(site, "kurt@bank.example", DIRECTION_OUTBOUND);
    site_rcpt(site, "vera@other.example", DIRECTION_TRANSIT);
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), "tempfail 4.3.5");
    ck_assert_str_eq(site_ops(site, 1), "");
    site_free(site);
}
END_TEST

START_TEST(a_condition_that_could_not_be_found_out_defers)
{
    struct site *site = site_new("rule \"r\"\n  when registered sender\n  sign\nrule \"rest\"\n  pass\n");
    site_rcpt(site, "kurt@bank.example", DIRECTION_OUTBOUND);
    site->facts.sender_registered = ANSWER_UNKNOWN;
    ck_assert(site_noted(site_decide(site), "could not find out: registered sender"));
    ck_assert_str_eq(site_ops(site, 0), "tempfail 4.3.0");
    site_free(site);
}
END_TEST

START_TEST(the_trace_tells_each_rule_that_was_tried_and_what_failed)
{
    struct site *site = site_new("rule \"a\"\n  when outbound, to bank.example or *.bank.example\n  pass\n"
                                 "rule \"b\"\n  when not keyword plain\n  pass\n"
                                 "rule \"c\"\n  pass\n");
    site_rcpt(site, "vera@other.example", DIRECTION_OUTBOUND);
    site_decide(site);
    site_decide(site); /* a second look does not tell it twice */
    ck_assert_uint_eq(site->trace.n, 2);
    ck_assert_str_eq(site->trace.lines[0].rule, "a");
    ck_assert_int_eq(site->trace.lines[0].matched, ANSWER_NO);
    ck_assert_str_eq(site->trace.lines[0].condition, "to domain bank.example or *.bank.example");
    ck_assert_str_eq(site->trace.lines[1].rule, "b");
    ck_assert_int_eq(site->trace.lines[1].matched, ANSWER_YES);
    ck_assert_ptr_null(site->trace.lines[1].condition);
    site_free(site);
}
END_TEST

/* ---- looking and deciding in turn ---- */

static const struct {
    const char *steps;
    enum direction direction;
    unsigned have; /* beside the base */
    unsigned needs;
} lazy[] = {
    {"pass", DIRECTION_OUTBOUND, 0, 0},
    {"refuse \"no\"", DIRECTION_OUTBOUND, 0, 0},
    {"sign", DIRECTION_OUTBOUND, 0, FACTS_USERS},
    {"sign", DIRECTION_OUTBOUND, FACTS_USERS, FACTS_KEYS},
    {"encrypt", DIRECTION_OUTBOUND, 0, FACTS_KEYS},
    {"encrypt if possible", DIRECTION_OUTBOUND, 0, FACTS_USERS},
    {"encrypt if possible", DIRECTION_OUTBOUND, FACTS_USERS, FACTS_KEYS},
    {"sign\n  encrypt", DIRECTION_OUTBOUND, 0, FACTS_USERS | FACTS_KEYS},
    {"sign\n  encrypt", DIRECTION_OUTBOUND, FACTS_USERS | FACTS_KEYS, 0},
    {"decrypt\n  harvest\n  tag", DIRECTION_INBOUND, 0, FACTS_USERS},
    {"decrypt\n  harvest\n  tag", DIRECTION_INBOUND, FACTS_USERS, FACTS_OPENED},
    {"tag", DIRECTION_INBOUND, FACTS_USERS, FACTS_OPENED},
    {"harvest", DIRECTION_INBOUND, FACTS_USERS, FACTS_OPENED},
    {"decrypt\n  harvest\n  tag", DIRECTION_INBOUND, FACTS_USERS | FACTS_OPENED, 0},
};

START_TEST(facts_are_asked_for_when_a_step_needs_them)
{
    char policy[200];
    snprintf(policy, sizeof policy, "rule \"r\"\n  %s\n", lazy[_i].steps);
    struct site *site = site_new(policy);
    bool inbound = lazy[_i].direction == DIRECTION_INBOUND;
    struct rcpt_facts *rcpt = site_rcpt(site, "x@bank.example", lazy[_i].direction);
    if (inbound)
        site_arrives(site, METHOD_NONE, METHOD_SMIME);
    site->facts.have = FACTS_BASE | lazy[_i].have;
    if ((lazy[_i].have & FACTS_USERS) == 0)
        rcpt->registered = site->facts.sender_registered = ANSWER_UNASKED;
    if ((lazy[_i].have & FACTS_KEYS) == 0)
        rcpt->encrypt[METHOD_SMIME].usable = site->facts.sign[METHOD_SMIME].usable = ANSWER_UNASKED;
    if ((lazy[_i].have & FACTS_OPENED) == 0)
        site->facts.views = NULL;
    ck_assert_uint_eq(site_needs(site), lazy[_i].needs);
    site_free(site);
}
END_TEST

/* gate/lookup.c: of a key that no server was asked for FACTS_KEYS says nothing. */
static const struct {
    const char *rule;
    unsigned needs;
} lookups[] = {
    {"  encrypt\n", FACTS_LOOKUPS},
    {"  encrypt with openpgp\n", FACTS_LOOKUPS},
    {"  encrypt with smime if possible\n", 0},
    {"  sign\n", 0},
    {"  pass\n", 0},
    {"  when possible openpgp\n  pass\nrule \"rest\"\n  pass\n", FACTS_LOOKUPS},
    {"  when possible smime\n  pass\nrule \"rest\"\n  pass\n", 0},
};

START_TEST(key_servers_are_asked_only_when_it_matters_what_they_say)
{
    char policy[200];
    snprintf(policy, sizeof policy, "rule \"r\"\n%s", lookups[_i].rule);
    struct site *site = site_new(policy);
    struct rcpt_facts *rcpt = site_rcpt(site, "x@bank.example", DIRECTION_OUTBOUND);
    site_no_key(&rcpt->encrypt[METHOD_SMIME]);
    rcpt->encrypt[METHOD_OPENPGP].usable = ANSWER_UNASKED;
    site->facts.have &= ~(unsigned)FACTS_LOOKUPS;
    ck_assert_uint_eq(site_needs(site), lookups[_i].needs);
    site_free(site);
}
END_TEST

START_TEST(what_all_recipients_need_is_asked_for_at_once)
{
    struct site *site = site_new("rule \"a\"\n  when to a.example\n  encrypt\nrule \"rest\"\n  sign\n");
    for (int i = 0; i < 2; i++)
        site_rcpt(site, i == 0 ? "x@a.example" : "x@b.example", DIRECTION_OUTBOUND)
            ->encrypt[METHOD_SMIME]
            .usable = ANSWER_UNASKED;
    site->facts.sender_registered = ANSWER_UNASKED;
    site->facts.have = FACTS_BASE;
    ck_assert_uint_eq(site_needs(site), FACTS_USERS | FACTS_KEYS);
    site_free(site);
}
END_TEST

START_TEST(plain_mail_is_never_opened_or_looked_up)
{
    struct site *site = site_new("rule \"in\"\n  decrypt\n  harvest\n  tag\n");
    site_rcpt(site, "alice@example.org", DIRECTION_INBOUND)->registered = ANSWER_UNASKED;
    site_arrives(site, METHOD_NONE, METHOD_NONE);
    site->facts.have = FACTS_BASE;
    site->facts.views = NULL;
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), "hygiene");
    site_free(site);
}
END_TEST

START_TEST(facts_that_stay_missing_are_our_fault)
{
    struct err err = ERR_INIT;
    struct site *site = site_new("rule \"r\"\n  encrypt\n");
    site_rcpt(site, "kurt@bank.example", DIRECTION_OUTBOUND)->encrypt[METHOD_SMIME].usable = ANSWER_UNASKED;
    ck_fails(decide(site->policy, site->settings, &site->facts, site->arena, NULL, &site->decisions, &err),
             ERR_BUG);
    site_free(site);
}
END_TEST

/* ---- hygiene ---- */

START_TEST(hygiene_stands_first_under_every_rule_but_pass_verbatim)
{
    static const struct {
        const char *steps, *inbound, *outbound;
    } table[] = {
        {"pass", "hygiene", "remove keywords"},
        {"pass verbatim", "", ""},
        {"sign", "hygiene", "remove keywords, sign smime"},
    };
    for (size_t i = 0; i < SEAL_COUNT(table); i++) {
        char policy[100];
        snprintf(policy, sizeof policy, "rule \"r\"\n  %s\n", table[i].steps);
        struct site *site = site_new(policy);
        site_rcpt(site, "a@bank.example", DIRECTION_OUTBOUND);
        site_keyword(site, "plain");
        site_decide(site);
        ck_assert_str_eq(site_ops(site, 0), table[i].outbound);
        site->facts.submitter = SUBMITTER_NONE;
        site->facts.nkeywords = 0;
        site->facts.rcpts[0].direction = DIRECTION_INBOUND;
        site_decide(site);
        ck_assert_str_eq(site_ops(site, 0), table[i].inbound);
        site_free(site);
    }
}
END_TEST

START_TEST(submitted_mail_without_keywords_stays_untouched)
{
    struct site *site = site_new("rule \"r\"\n  pass\n");
    site_rcpt(site, "a@bank.example", DIRECTION_OUTBOUND);
    site_rcpt(site, "b@example.org", DIRECTION_INTERNAL);
    site_decide(site);
    ck_assert_uint_eq(site->decisions[0].nops, 0);
    ck_assert_uint_eq(site->decisions[1].nops, 0);
    site_free(site);
}
END_TEST

/* ---- sign and encrypt ---- */

static const struct {
    const char *steps;
    enum answer sign, encrypt, sender;
    const char *ops;
    const char *note;
} out[] = {
    {"sign", ANSWER_YES, ANSWER_NO, ANSWER_YES, "sign smime", "signing key: newest"},
    {"sign opaque", ANSWER_YES, ANSWER_NO, ANSWER_YES, "sign smime opaque", ""},
    {"sign with smime detached", ANSWER_YES, ANSWER_NO, ANSWER_YES, "sign smime", ""},
    {"sign", ANSWER_NO, ANSWER_YES, ANSWER_YES, "refuse 5.7.4", "no signing key"},
    {"sign if possible", ANSWER_NO, ANSWER_YES, ANSWER_YES, "", "no signing key"},
    {"sign", ANSWER_UNKNOWN, ANSWER_YES, ANSWER_YES, "tempfail 4.3.0", "could not find out signing key"},
    {"sign if possible", ANSWER_UNKNOWN, ANSWER_YES, ANSWER_YES, "tempfail 4.3.0", ""},
    {"sign with openpgp if possible", ANSWER_YES, ANSWER_YES, ANSWER_YES, "", "no signing key"},
    {"sign with openpgp", ANSWER_YES, ANSWER_YES, ANSWER_YES, "refuse 5.7.4", ""},
    {"encrypt", ANSWER_NO, ANSWER_YES, ANSWER_YES, "encrypt smime aes256-cbc rsa", "encryption key: newest"},
    {"encrypt using aes256-gcm", ANSWER_NO, ANSWER_YES, ANSWER_YES, "encrypt smime aes256-gcm rsa", ""},
    {"encrypt with openpgp or smime", ANSWER_NO, ANSWER_YES, ANSWER_YES, "encrypt smime aes256-cbc rsa",
     "no encryption key"},
    {"encrypt with pdf or smime", ANSWER_NO, ANSWER_YES, ANSWER_YES, "encrypt smime aes256-cbc rsa",
     "pdf is not available"},
    {"encrypt with openpgp", ANSWER_NO, ANSWER_YES, ANSWER_YES, "refuse 5.7.4", ""},
    {"encrypt", ANSWER_NO, ANSWER_NO, ANSWER_YES, "refuse 5.7.4", "no encryption key: none known"},
    {"encrypt if possible", ANSWER_NO, ANSWER_NO, ANSWER_YES, "", "goes unencrypted"},
    {"encrypt, else clear", ANSWER_NO, ANSWER_NO, ANSWER_YES, "", "goes unencrypted"},
    {"encrypt", ANSWER_NO, ANSWER_UNKNOWN, ANSWER_YES, "tempfail 4.3.0", ""},
    {"encrypt if possible", ANSWER_NO, ANSWER_UNKNOWN, ANSWER_YES, "tempfail 4.3.0", ""},
    {"sign\n  encrypt", ANSWER_YES, ANSWER_YES, ANSWER_YES, "sign smime, encrypt smime aes256-cbc rsa", ""},
    {"encrypt\n  sign", ANSWER_YES, ANSWER_YES, ANSWER_YES, "sign smime, encrypt smime aes256-cbc rsa", ""},
    {"sign\n  encrypt", ANSWER_UNKNOWN, ANSWER_NO, ANSWER_YES, "refuse 5.7.4", ""},
    /* only registered users' mail is touched, but what must not leave in clear never does */
    {"sign\n  encrypt if possible", ANSWER_YES, ANSWER_YES, ANSWER_NO, "", "sender is not a registered user"},
    {"sign\n  encrypt", ANSWER_YES, ANSWER_YES, ANSWER_NO, "encrypt smime aes256-cbc rsa",
     "sender is not a registered user"},
    {"sign\n  encrypt", ANSWER_YES, ANSWER_NO, ANSWER_NO, "refuse 5.7.4", ""},
    {"sign if possible", ANSWER_YES, ANSWER_NO, ANSWER_UNKNOWN, "tempfail 4.3.0", "whether the sender"},
    {"encrypt", ANSWER_YES, ANSWER_YES, ANSWER_UNKNOWN, "encrypt smime aes256-cbc rsa", ""},
    {"refuse \"no\"", ANSWER_YES, ANSWER_YES, ANSWER_YES, "refuse 5.7.1", ""},
    {"refuse", ANSWER_YES, ANSWER_YES, ANSWER_YES, "refuse 5.7.1", ""},
};

START_TEST(each_outbound_step_does_what_its_keys_allow)
{
    char policy[200];
    snprintf(policy, sizeof policy, OUT "  %s\n", out[_i].steps);
    struct site *site = site_new(policy);
    struct rcpt_facts *rcpt = site_rcpt(site, "kurt@bank.example", DIRECTION_OUTBOUND);
    site->facts.sign[METHOD_SMIME].usable = out[_i].sign;
    rcpt->encrypt[METHOD_SMIME].usable = out[_i].encrypt;
    if (out[_i].encrypt == ANSWER_NO)
        site_no_key(&rcpt->encrypt[METHOD_SMIME]);
    site->facts.sender_registered = out[_i].sender;
    ck_assert_msg(site_noted(site_decide(site), out[_i].note) || *out[_i].note == '\0', "%s: no note \"%s\"",
                  out[_i].steps, out[_i].note);
    ck_assert_str_eq(site_ops(site, 0), out[_i].ops);
    site_free(site);
}
END_TEST

/* Who has which key: the sender's to sign with, the recipient's to encrypt to; s S/MIME, p OpenPGP. */
static const struct {
    const char *steps, *sender, *rcpt, *ops;
} methods[] = {
    {"sign\n  encrypt", "sp", "p", "sign openpgp, encrypt openpgp aes256"},
    {"sign\n  encrypt", "sp", "sp", "sign smime, encrypt smime aes256-cbc rsa"},
    {"sign\n  encrypt with openpgp or smime", "sp", "sp", "sign openpgp, encrypt openpgp aes256"},
    {"sign\n  encrypt with openpgp or smime", "sp", "s", "sign smime, encrypt smime aes256-cbc rsa"},
    {"sign with smime\n  encrypt", "sp", "p", "sign smime, encrypt openpgp aes256"},
    {"sign", "p", "", "sign openpgp"},
    {"sign", "sp", "", "sign smime"},
    {"sign with openpgp", "s", "", "refuse 5.7.4"},
    {"sign if possible\n  encrypt", "s", "p", "encrypt openpgp aes256"},
    {"sign\n  encrypt", "s", "p", "refuse 5.7.4"},
    {"encrypt using aes256-gcm", "", "p", "encrypt openpgp aes256"},
};

START_TEST(signing_follows_the_method_of_the_encryption)
{
    char policy[200];
    snprintf(policy, sizeof policy, OUT "  %s\n", methods[_i].steps);
    struct site *site = site_new(policy);
    struct key_fact *sign = site->facts.sign;
    struct key_fact *encrypt = site_rcpt(site, "kurt@bank.example", DIRECTION_OUTBOUND)->encrypt;
    if (strchr(methods[_i].sender, 's') == NULL)
        site_no_key(&sign[METHOD_SMIME]);
    if (strchr(methods[_i].sender, 'p') != NULL)
        site_key(&sign[METHOD_OPENPGP], 5, "");
    if (strchr(methods[_i].rcpt, 's') == NULL)
        site_no_key(&encrypt[METHOD_SMIME]);
    if (strchr(methods[_i].rcpt, 'p') != NULL)
        site_key(&encrypt[METHOD_OPENPGP], 6, "");
    encrypt[METHOD_OPENPGP].cipher = "aes256";
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), methods[_i].ops);
    site_free(site);
}
END_TEST

START_TEST(protect_marks_required_encryption_only)
{
    struct site *site = site_new("rule \"bank\"\n  when to bank.example\n  encrypt\n"
                                 "rule \"rest\"\n  encrypt if possible\n");
    site_rcpt(site, "kurt@bank.example", DIRECTION_OUTBOUND);
    site_rcpt(site, "vera@other.example", DIRECTION_OUTBOUND);
    site_decide(site);
    ck_assert(site->decisions[0].protect);
    ck_assert(!site->decisions[1].protect);
    site_free(site);
}
END_TEST

START_TEST(what_is_never_signed_is_left_unsigned_even_when_it_is_required)
{
    struct site *site = site_new(OUT "  sign\n  encrypt\n");
    site_rcpt(site, "kurt@bank.example", DIRECTION_OUTBOUND);
    site->facts.is_report = true;
    ck_assert(site_noted(site_decide(site), "report"));
    ck_assert_str_eq(site_ops(site, 0), "encrypt smime aes256-cbc rsa");
    site->facts.is_report = false;
    site->facts.opaque_why = "two boundaries";
    ck_assert(site_noted(site_decide(site), "two ways"));
    ck_assert_str_eq(site_ops(site, 0), "encrypt smime aes256-cbc rsa");
    site->facts.opaque_why = NULL;
    site->facts.signed_by = METHOD_SMIME;
    ck_assert(site_noted(site_decide(site), "signed already"));
    ck_assert_str_eq(site_ops(site, 0), "encrypt smime aes256-cbc rsa");
    site_free(site);
}
END_TEST

START_TEST(encrypted_mail_is_not_encrypted_again_and_may_be_signed)
{
    struct site *site = site_new(OUT "  sign\n  encrypt\n");
    site_rcpt_of_kind(site, "kurt@bank.example", DIRECTION_OUTBOUND, NULL);
    site->facts.encrypted_by = METHOD_OPENPGP;
    ck_assert(site_noted(site_decide(site), "encrypted already, with openpgp"));
    ck_assert_str_eq(site_ops(site, 0), "sign smime");
    ck_assert(!site->decisions[0].protect);
    site_free(site);
}
END_TEST

START_TEST(mail_from_outside_is_never_signed_whatever_the_rule_says)
{
    struct site *site = site_new("rule \"all\"\n  sign\n");
    site_rcpt(site, "alice@example.org", DIRECTION_INBOUND);
    site_arrives(site, METHOD_NONE, METHOD_NONE);
    site_key(&site->facts.sign[METHOD_SMIME], 0, "rsa");
    ck_assert(site_noted(site_decide(site), "comes from outside"));
    ck_assert_str_eq(site_ops(site, 0), "hygiene");
    site_free(site);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/decide");
    TCase *t = tcase_create("decide");
    tcase_add_test(t, the_first_rule_that_matches_wins_for_each_recipient);
    tcase_add_test(t, continue_goes_on_and_the_stricter_encryption_counts);
    tcase_add_test(t, mail_that_no_rule_ends_is_deferred_but_in_transit);
    tcase_add_test(t, a_condition_that_could_not_be_found_out_defers);
    tcase_add_test(t, the_trace_tells_each_rule_that_was_tried_and_what_failed);
    tcase_add_loop_test(t, facts_are_asked_for_when_a_step_needs_them, 0, SEAL_COUNT(lazy));
    tcase_add_loop_test(t, key_servers_are_asked_only_when_it_matters_what_they_say, 0, SEAL_COUNT(lookups));
    tcase_add_test(t, what_all_recipients_need_is_asked_for_at_once);
    tcase_add_test(t, plain_mail_is_never_opened_or_looked_up);
    tcase_add_test(t, facts_that_stay_missing_are_our_fault);
    tcase_add_test(t, hygiene_stands_first_under_every_rule_but_pass_verbatim);
    tcase_add_test(t, submitted_mail_without_keywords_stays_untouched);
    tcase_add_loop_test(t, each_outbound_step_does_what_its_keys_allow, 0, SEAL_COUNT(out));
    tcase_add_loop_test(t, signing_follows_the_method_of_the_encryption, 0, (int)SEAL_COUNT(methods));
    tcase_add_test(t, protect_marks_required_encryption_only);
    tcase_add_test(t, what_is_never_signed_is_left_unsigned_even_when_it_is_required);
    tcase_add_test(t, encrypted_mail_is_not_encrypted_again_and_may_be_signed);
    tcase_add_test(t, mail_from_outside_is_never_signed_whatever_the_rule_says);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
