/* No oracle (R17): what is inside ciphertext decides nothing that its sender can notice. */
#include "site.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

#define REST "rule \"rest\"\n  copy to log@example.org\n"

/* A message from outside, encrypted for alice, who can open it. */
static struct site *closed_mail(const char *policy)
{
    struct site *site = site_new(policy);
    site_rcpt(site, "alice@example.org", DIRECTION_INBOUND)->view = 1;
    site_arrives(site, METHOD_NONE, METHOD_SMIME);
    return site;
}

static const char *with_steps(const char *steps)
{
    static char text[300];
    snprintf(text, sizeof text, "rule \"a\"\n  when verified\n%srule \"rest\"\n  pass\n", steps);
    return text;
}

/* What becomes of it when the signature inside is good, and when it is bad. */
static const struct {
    const char *rules, *good, *bad;
} cases[] = {
    /* what may follow */
    {"rule \"a\"\n  when verified\n  add header X-A \"1\"\n" REST, "hygiene, header add X-A: 1",
     "hygiene + log@example.org: hygiene"},
    {"rule \"a\"\n  when not verified\n  discard\n" REST, "hygiene + log@example.org: hygiene", "discard"},
    {"rule \"a\"\n  when verified bad\n  hold\n" REST, "hygiene + log@example.org: hygiene",
     "hold \"Held by policy\""},
    {"rule \"a\"\n  when verified bad\n  alert a@example.org\n" REST, "hygiene + log@example.org: hygiene",
     "hygiene ! alert a@example.org"},
    {"rule \"a\"\n  when verified\n  redirect to b@example.org\n" REST, "hygiene > b@example.org",
     "hygiene + log@example.org: hygiene"},
    /* what may not */
    {"rule \"a\"\n  when verified bad\n  refuse \"Bad.\"\n" REST, "hygiene + log@example.org: hygiene",
     "hygiene"},
    {"rule \"a\"\n  when verified bad\n  return \"Bad.\"\n" REST, "hygiene + log@example.org: hygiene",
     "hygiene"},
    {"rule \"a\"\n  when verified bad\n  notify sender \"Bad.\"\n" REST, "hygiene + log@example.org: hygiene",
     "hygiene"},
    {"rule \"a\"\n  when verified\n  encrypt with openpgp\n" REST, "hygiene",
     "hygiene + log@example.org: hygiene"},
    /* nor what is reached only because it was not so */
    {"rule \"a\"\n  when verified\n  pass\nrule \"b\"\n  refuse\n", "hygiene", "hygiene"},
    {"rule \"a\"\n  when verified\n  pass\nrule \"b\"\n  notify sender\n", "hygiene", "hygiene"},
    {"rule \"a\"\n  when verified\n  pass\n", "hygiene", "hygiene"}, /* no rule is left */
    {"rule \"a\"\n  when verified\n  tag\n  continue\nrule \"b\"\n  return\n", "hygiene", "hygiene"},
    /* what is behind it is done as far as nobody notices: a copy as it came, an alert */
    {"rule \"a\"\n  when verified bad\n  copy to log@example.org\n  alert a@example.org\n  refuse\n" REST,
     "hygiene + log@example.org: hygiene", "hygiene + log@example.org: hygiene ! alert a@example.org"},
    {"rule \"a\"\n  add header X-A \"1\"\n  decrypt\n  forward to log@example.org\n  continue\n"
     "rule \"b\"\n  when verified bad\n  refuse\nrule \"c\"\n  discard\n",
     "discard + log@example.org: hygiene, open view 1, header add X-A: 1, status view 1",
     "hygiene + log@example.org: hygiene"},
    /* what stands before the question is not touched by it */
    {"rule \"a\"\n  notify sender\n  continue\nrule \"b\"\n  when verified\n  discard\n" REST,
     "discard ! notify sender kurt@bank.example",
     "hygiene + log@example.org: hygiene ! notify sender kurt@bank.example"},
    {"rule \"a\"\n  refuse\nrule \"b\"\n  when verified\n  pass\n", "refuse 5.7.1", "refuse 5.7.1"},
    {"rule \"a\"\n  when to bob@example.org, verified\n  pass\nrule \"b\"\n  refuse\n", "refuse 5.7.1",
     "refuse 5.7.1"},
};

START_TEST(what_the_sender_can_notice_does_not_depend_on_the_inside)
{
    struct site *site = closed_mail(cases[_i].rules);
    site_plan(site);
    enum disposition good = site->plan->disposition;
    ck_assert_str_eq(site_ops(site, 0), cases[_i].good);
    site->views[1].signature = SIGNATURE_BAD;
    site_plan(site);
    ck_assert_str_eq(site_ops(site, 0), cases[_i].bad);
    bool said = good == DISPOSITION_REFUSE || good == DISPOSITION_TEMPFAIL;
    ck_assert_int_eq(site->plan->disposition == DISPOSITION_REFUSE, said);
    site_free(site);
}
END_TEST

START_TEST(a_note_says_what_was_kept_back)
{
    struct site *site = closed_mail("rule \"a\"\n  when verified\n  refuse \"Good.\"\n" REST);
    ck_assert(site_noted(site_decide(site), "served as it came, instead of refuse (Good.)"));
    ck_assert(site->decisions[0].inside);
    site_free(site);
    site = closed_mail("rule \"a\"\n  when verified\n  notify sender\n" REST);
    ck_assert(site_noted(site_decide(site), "the sender is not notified"));
    site_free(site);
}
END_TEST

START_TEST(open_mail_may_be_refused_for_its_signature)
{
    struct site *site = site_new("rule \"a\"\n  when verified bad\n  refuse \"Bad.\"\n" REST);
    site_rcpt(site, "alice@example.org", DIRECTION_INBOUND);
    site_arrives(site, METHOD_SMIME, METHOD_NONE);
    site->views[0].signature = SIGNATURE_BAD;
    ck_assert(!site_decide(site)->inside);
    ck_assert_str_eq(site_ops(site, 0), "refuse 5.7.1");
    site_free(site);
}
END_TEST

/* A look-up that fails would else tell: it is asked only when the inside holds. */
START_TEST(the_inside_is_asked_last_so_what_else_cannot_be_found_out_does_not_tell_of_it)
{
    static const char *const orders[] = {"verified, registered sender", "registered sender, verified",
                                         "not verified, registered sender"};
    for (size_t i = 0; i < SEAL_COUNT(orders); i++) {
        char policy[200];
        snprintf(policy, sizeof policy, "rule \"a\"\n  when %s\n  discard\n" REST, orders[i]);
        for (int signature = SIGNATURE_NONE; signature <= SIGNATURE_UNSUPPORTED; signature++) {
            struct site *site = closed_mail(policy);
            site->views[1].signature = (enum signature)signature;
            site->facts.sender_registered = ANSWER_UNKNOWN;
            site_decide(site);
            ck_assert(!site->decisions[0].inside);
            ck_assert_str_eq(site_ops(site, 0), "tempfail 4.3.0");
            site->facts.sender_registered = ANSWER_NO;
            site_decide(site);
            ck_assert(!site->decisions[0].inside);
            site_free(site);
        }
    }
}
END_TEST

START_TEST(nothing_is_opened_for_a_condition_that_others_settle)
{
    struct site *site = closed_mail("rule \"a\"\n  when verified, size over 10M\n  discard\n"
                                    "rule \"b\"\n  when verified, registered sender\n  discard\n" REST);
    site->facts.have = FACTS_BASE;
    site->facts.nviews = 0;
    site->facts.sender_registered = ANSWER_UNASKED;
    ck_assert_uint_eq(site_needs(site), FACTS_USERS);
    site->facts.have |= FACTS_USERS;
    site->facts.sender_registered = ANSWER_YES;
    ck_assert_uint_eq(site_needs(site), FACTS_OPENED);
    site_free(site);
}
END_TEST

START_TEST(what_could_not_be_found_out_behind_the_question_defers_nothing)
{
    struct site *site = closed_mail("rule \"a\"\n  when verified\n  discard\n"
                                    "rule \"b\"\n  when registered sender\n  discard\n" REST);
    site->views[1].signature = SIGNATURE_BAD;
    site->facts.sender_registered = ANSWER_UNKNOWN;
    ck_assert(site_noted(site_decide(site), "served as it came, instead of tempfail"));
    ck_assert_str_eq(site_ops(site, 0), "hygiene");
    site_free(site);
}
END_TEST

START_TEST(a_held_message_is_not_deferred_for_what_opening_would_protect)
{
    struct site *site = closed_mail("rule \"a\"\n  when to bob@example.org\n  decrypt\n  encrypt\n"
                                    "rule \"b\"\n  when verified\n  hold\n" REST);
    site_rcpt(site, "bob@example.org", DIRECTION_INBOUND)->view = 1;
    ck_assert_int_eq(site_plan(site)->disposition, DISPOSITION_HOLD);
    ck_assert(site->decisions[1].protect);
    site_free(site);
}
END_TEST

/* Else the sender could see by the deferral that the signature is good. */
START_TEST(copies_that_follow_from_the_inside_are_never_too_many)
{
    struct site *site = closed_mail("rule \"a\"\n  when verified\n  copy to a@example.org\n"
                                    "  copy to b@example.org\n  copy to c@example.org\n" REST);
    site->settings->max_copies = 2;
    ck_assert_uint_eq(site_plan(site)->ncopies, 4);
    ck_assert_int_eq(site->plan->disposition, DISPOSITION_SERVE);
    ck_assert_ptr_nonnull(site->plan->note);
    site->views[1].signature = SIGNATURE_BAD;
    ck_assert_int_eq(site_plan(site)->disposition, DISPOSITION_SERVE);
    site_free(site);
}
END_TEST

/* ---- without an injection listener: what does not stay in place is deferred, and a deferral is seen ---- */

static bool stays_in_place(struct site *site)
{
    const struct plan *plan = site_plan(site);
    return plan->disposition == DISPOSITION_SERVE && plan->ncopies == 1 && plan->copies[0].in_place &&
           plan->nnotices == 0;
}

/* Bob's key is named too, and never fits; alice's fits, or not, as the attacker's change of the ciphertext wills. */
START_TEST(without_injection_nobody_is_deferred_because_a_key_fits)
{
    static const enum decryption shown[] = {DECRYPTION_OPENED, DECRYPTION_UNAUTHENTICATED, DECRYPTION_FAILED};
    struct site *site = closed_mail("rule \"a\"\n  decrypt\n  tag\n");
    site->settings->inject = "";
    site_rcpt(site, "bob@example.org", DIRECTION_INBOUND)->view = 2;
    site->views[2] = (struct view){.decryption = DECRYPTION_FAILED, .opened = -1, .signer_cert = -1};
    site->facts.nviews = 3;
    for (size_t i = 0; i < SEAL_COUNT(shown); i++) {
        site->views[1] = site->views[2];
        site->views[1].decryption = shown[i];
        site->views[1].opened = shown[i] == DECRYPTION_FAILED ? -1 : 0;
        ck_assert(stays_in_place(site));
    }
    site_free(site);
}
END_TEST

START_TEST(without_injection_nobody_is_deferred_for_what_follows_from_the_inside)
{
    static const char *const rules[] = {"  copy to a@example.org\n", "  forward to a@example.org\n",
                                        "  redirect to a@example.org\n", "  alert a@example.org\n",
                                        "  add header X-A \"1\"\n"};
    for (size_t i = 0; i < 2 * SEAL_COUNT(rules); i++) {
        struct site *site = closed_mail(with_steps(rules[i / 2]));
        site->settings->inject = "";
        site_rcpt(site, "bob@example.org", DIRECTION_INBOUND)->view = 2;
        site->views[2] = site->views[1];
        site->views[2].signature = SIGNATURE_BAD;
        site->facts.nviews = 3;
        site->views[1].signature = i % 2 == 0 ? SIGNATURE_GOOD : SIGNATURE_BAD;
        ck_assert(stays_in_place(site));
        ck_assert_ptr_nonnull(site->plan->note);
        site_free(site);
    }
}
END_TEST

START_TEST(ciphertext_that_cannot_be_signed_once_opened_is_not_refused)
{
    struct site *site = site_new("rule \"a\"\n  decrypt\n  sign\n");
    site_rcpt(site, "bob@example.org", DIRECTION_INTERNAL)->view = 1;
    site->facts.encrypted_by = METHOD_SMIME;
    site->facts.nviews = 2;
    site->views[1] = (struct view){.decryption = DECRYPTION_OPENED};
    site->facts.unsignable_why = "a line is too long";
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), "open view 1, status view 1");
    site->facts.encrypted_by = METHOD_NONE;
    site_decide(site);
    ck_assert_str_eq(site_ops(site, 0), "refuse 5.6.1");
    site_free(site);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/inside");
    TCase *t = tcase_create("inside");
    tcase_add_loop_test(t, what_the_sender_can_notice_does_not_depend_on_the_inside, 0, SEAL_COUNT(cases));
    tcase_add_test(t, a_note_says_what_was_kept_back);
    tcase_add_test(t, open_mail_may_be_refused_for_its_signature);
    tcase_add_test(t, the_inside_is_asked_last_so_what_else_cannot_be_found_out_does_not_tell_of_it);
    tcase_add_test(t, nothing_is_opened_for_a_condition_that_others_settle);
    tcase_add_test(t, what_could_not_be_found_out_behind_the_question_defers_nothing);
    tcase_add_test(t, a_held_message_is_not_deferred_for_what_opening_would_protect);
    tcase_add_test(t, copies_that_follow_from_the_inside_are_never_too_many);
    tcase_add_test(t, without_injection_nobody_is_deferred_because_a_key_fits);
    tcase_add_test(t, without_injection_nobody_is_deferred_for_what_follows_from_the_inside);
    tcase_add_test(t, ciphertext_that_cannot_be_signed_once_opened_is_not_refused);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
