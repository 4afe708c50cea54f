/* Copies for others, what is returned, held and discarded, and notices: what the plan makes of several recipients. */
#include "site.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

#define CIPHER "encrypt smime aes256-cbc rsa"

static void planned(struct site *site, const char *expected)
{
    site_plan(site);
    ck_assert_str_eq(site_plan_text(site), expected);
}

static struct site *site_of(const char *policy, const char *const *rcpts, size_t n)
{
    struct site *site = site_new(policy);
    for (size_t i = 0; i < n; i++)
        site_rcpt(site, rcpts[i], DIRECTION_OUTBOUND);
    return site;
}

#define SITE(policy, ...)                                                                                    \
    site_of(policy, (const char *const[]){__VA_ARGS__},                                                      \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* ---- copies ---- */

START_TEST(recipients_with_the_same_further_copy_share_it)
{
    struct site *site = SITE("rule \"a\"\n  when to c.example\n  sign\n  copy to log@x.example\n"
                             "rule \"b\"\n  copy to log@x.example\n",
                             "k@a.example", "k@b.example", "k@c.example");
    planned(site, "serve; k@a.example k@b.example: ; k@c.example: sign smime;"
                  " + log@x.example for k@a.example k@b.example: ;"
                  " + log@x.example for k@c.example: sign smime");
    ck_assert(site->plan->copies[0].in_place);
    for (size_t i = 1; i < site->plan->ncopies; i++)
        ck_assert(!site->plan->copies[i].in_place);
    ck_assert(site->plan->copies[2].extra);
    ck_assert(!site->plan->copies[1].extra);
    site_free(site);
}
END_TEST

START_TEST(ciphertext_for_others_holds_the_keys_of_all_on_whose_account_it_is)
{
    struct site *site =
        SITE("rule \"a\"\n  encrypt\n  forward to log@x.example\n", "k@a.example", "k@b.example");
    planned(site, "serve; k@a.example k@b.example: " CIPHER
                  "; + log@x.example for k@a.example k@b.example: " CIPHER);
    ck_assert_uint_eq(site->plan->copies[1].ops[0].nkeys, 2);
    ck_assert(site->plan->copies[1].protect);
    site_free(site);
}
END_TEST

START_TEST(a_copy_made_before_encryption_claims_no_protection)
{
    struct site *site = SITE("rule \"a\"\n  copy to log@x.example\n  encrypt\n", "k@a.example");
    planned(site, "serve; k@a.example: " CIPHER "; + log@x.example for k@a.example: ");
    ck_assert(site->plan->copies[0].protect);
    ck_assert(!site->plan->copies[1].protect);
    site_free(site);
}
END_TEST

/* R25 */
START_TEST(ciphertext_of_a_hidden_recipient_never_shares_a_further_copy)
{
    struct site *site = SITE("rule \"a\"\n  encrypt\n  forward to log@x.example\n", "k@a.example",
                             "k@b.example", "h@c.example", "h@d.example");
    site->facts.rcpts[2].hidden = site->facts.rcpts[3].hidden = true;
    planned(site, "serve; k@a.example k@b.example: " CIPHER "; h@c.example: " CIPHER "; h@d.example: " CIPHER
                  "; + log@x.example for k@a.example k@b.example: " CIPHER
                  "; + log@x.example for h@c.example: " CIPHER "; + log@x.example for h@d.example: " CIPHER);
    for (size_t i = 4; i < 6; i++)
        ck_assert_uint_eq(site->plan->copies[i].ops[0].nkeys, 1);
    site->settings->max_hidden = 1;
    planned(site, "serve; k@a.example k@b.example: " CIPHER "; h@c.example h@d.example: " CIPHER
                  "; + log@x.example for k@a.example k@b.example: " CIPHER
                  "; + log@x.example for h@c.example h@d.example: " CIPHER);
    site_free(site);
}
END_TEST

START_TEST(a_hidden_recipient_of_readable_mail_shares_the_further_copy)
{
    struct site *site =
        SITE("rule \"a\"\n  copy to log@x.example\n  encrypt\n", "k@a.example", "h@c.example");
    site->facts.rcpts[1].hidden = true;
    planned(site, "serve; k@a.example: " CIPHER "; h@c.example: " CIPHER
                  "; + log@x.example for k@a.example h@c.example: ");
    site_free(site);
}
END_TEST

START_TEST(a_redirected_copy_is_never_in_place_and_groups_by_its_address)
{
    struct site *site =
        SITE("rule \"a\"\n  when to a.example or b.example\n  redirect to d@x.example\n"
             "rule \"b\"\n  when to c.example\n  redirect to e@x.example\nrule \"c\"\n  sign\n",
             "k@a.example", "k@b.example", "k@c.example", "k@d.example");
    planned(site, "serve; k@d.example: sign smime; > d@x.example for k@a.example k@b.example: ;"
                  " > e@x.example for k@c.example: ");
    ck_assert(site->plan->copies[0].in_place);
    site->facts.nrcpts = 3;
    planned(site, "serve; > d@x.example for k@a.example k@b.example: ; > e@x.example for k@c.example: ");
    ck_assert(!site->plan->copies[0].in_place);
    ck_assert(!site->plan->copies[0].extra);
    site_free(site);
}
END_TEST

START_TEST(redirected_mail_is_treated_for_its_recipient)
{
    struct site *site =
        SITE("rule \"a\"\n  encrypt\n  redirect to d@x.example\n", "k@a.example", "h@b.example");
    site->facts.rcpts[1].hidden = true;
    planned(site, "serve; > d@x.example for k@a.example: " CIPHER "; > d@x.example for h@b.example: " CIPHER);
    ck_assert(site->plan->copies[0].protect);
    ck_assert_int_eq(site->plan->copies[0].ops[0].keys[0], 1);
    site_free(site);
}
END_TEST

START_TEST(opened_further_copies_say_so)
{
    struct site *site =
        site_new("rule \"in\"\n  copy to log@x.example\n  decrypt\n  copy to dlp@x.example\n");
    site_rcpt(site, "a@example.org", DIRECTION_INBOUND)->view = 1;
    site_rcpt(site, "b@example.org", DIRECTION_INBOUND);
    site_arrives(site, METHOD_NONE, METHOD_SMIME);
    planned(site, "serve; a@example.org: hygiene, open view 1, status view 1;"
                  " b@example.org: hygiene, status view 0;"
                  " + log@x.example for a@example.org b@example.org: hygiene;"
                  " + dlp@x.example for a@example.org: hygiene, open view 1, status view 1;"
                  " + dlp@x.example for b@example.org: hygiene, status view 0");
    ck_assert(!site->plan->copies[2].opened);
    ck_assert(site->plan->copies[3].opened);
    ck_assert(!site->plan->copies[4].opened);
    site_free(site);
}
END_TEST

START_TEST(further_copies_count_among_those_that_are_too_many)
{
    struct site *site = SITE("rule \"a\"\n  copy to a@x.example\n  copy to b@x.example\n", "k@a.example");
    site->settings->max_copies = 3;
    ck_assert_int_eq(site_plan(site)->disposition, DISPOSITION_SERVE);
    site->settings->max_copies = 2;
    planned(site, "tempfail");
    ck_assert_str_eq(site->plan->reply_status, "4.5.3");
    site_free(site);
}
END_TEST

/* R17: how many could open it must not show in a deferral. */
START_TEST(too_many_further_copies_of_different_views_are_closed_instead)
{
    struct site *site = site_new("rule \"in\"\n  decrypt\n  copy to log@x.example\n");
    site->settings->max_copies = 3;
    site_rcpt(site, "a@example.org", DIRECTION_INBOUND)->view = 1;
    site_rcpt(site, "b@example.org", DIRECTION_INBOUND);
    site_arrives(site, METHOD_NONE, METHOD_SMIME);
    planned(site, "serve; a@example.org b@example.org: hygiene;"
                  " + log@x.example for a@example.org b@example.org: hygiene");
    ck_assert_ptr_nonnull(site->plan->note);
    site_free(site);
}
END_TEST

#define FIXED "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* log@x.example is a recipient too, for whom the rules are the same. */
static const struct {
    const char *steps, *plan;
} to_recipient[] = {
    {"copy to log@x.example", "serve; k@a.example log@x.example: "},
    {"sign\n  forward to log@x.example", "serve; k@a.example log@x.example: sign smime"},
    {"copy to log@x.example\n  sign",
     "serve; k@a.example log@x.example: sign smime; + log@x.example for k@a.example log@x.example: "},
    {"encrypt\n  forward to log@x.example", /* his own ciphertext he gets, kurt's is another */
     "serve; k@a.example log@x.example: " CIPHER "; + log@x.example for k@a.example: " CIPHER},
    {"encrypt to certificate " FIXED "\n  forward to log@x.example",
     "serve; k@a.example log@x.example: " CIPHER},
    {"continue\nrule \"b\"\n  when to a.example\n  redirect to d@x.example\n  copy to d@x.example\n"
     "rule \"c\"\n  pass",
     "serve; log@x.example: ; > d@x.example for k@a.example: "},
    {"copy to log@x.example\n  continue\nrule \"b\"\n  when to x.example\n  return\nrule \"c\"\n  pass",
     "serve; k@a.example: ; + log@x.example for k@a.example log@x.example: ;"
     " ! return alice@example.org about log@x.example"},
    {"copy to log@x.example\n  hold", "hold; + log@x.example for k@a.example log@x.example: "},
};

START_TEST(who_gets_the_very_same_as_a_recipient_gets_no_further_copy)
{
    char policy[400];
    struct key_fact fixed;
    snprintf(policy, sizeof policy, "rule \"a\"\n  %s\n", to_recipient[_i].steps);
    struct site *site = SITE(policy, "k@a.example", "log@x.example");
    site_key(&fixed, 7, "rsa");
    site->facts.fixed = &fixed;
    planned(site, to_recipient[_i].plan);
    site_free(site);
}
END_TEST

/* ---- return, discard, hold, refuse ---- */

#define ENDS                                                                                                 \
    "rule \"r\"\n  when to return.example\n  copy to log@x.example\n  return \"Not there.\"\n"               \
    "rule \"d\"\n  when to discard.example\n  copy to log@x.example\n  alert a@x.example\n  discard\n"       \
    "rule \"h\"\n  when to hold.example\n  copy to log@x.example\n  notify sender\n  hold \"Wait.\"\n"       \
    "rule \"n\"\n  when to refuse.example\n  copy to log@x.example\n  alert a@x.example\n"                   \
    "  notify sender\n  refuse\n"                                                                            \
    "rule \"e\"\n  when to encrypted.example\n  encrypt\n"                                                   \
    "rule \"rest\"\n  pass\n"

START_TEST(return_takes_out_its_own_and_one_report_speaks_of_all)
{
    struct site *site = SITE(ENDS, "a@return.example", "b@x.example", "c@return.example");
    planned(site, "serve; b@x.example: ; + log@x.example for a@return.example c@return.example: ;"
                  " ! return alice@example.org about a@return.example c@return.example");
    ck_assert_str_eq(site->decisions[0].reply_text, "Not there.");
    ck_assert_ptr_null(site->plan->notices[0].rule);
    site_free(site);
}
END_TEST

START_TEST(when_nobody_is_served_copies_and_notices_go_out_all_the_same)
{
    struct site *site = SITE(ENDS, "a@return.example", "b@discard.example");
    planned(
        site,
        "return; + log@x.example for a@return.example b@discard.example: ;"
        " ! return alice@example.org about a@return.example; ! alert a@x.example about b@discard.example");
    ck_assert_uint_eq(site->plan->ndiscarded, 1);
    site->facts.nrcpts = 1;
    planned(site, "return; + log@x.example for a@return.example: ;"
                  " ! return alice@example.org about a@return.example");
    site->facts.rcpts[0].addr = "b@discard.example";
    planned(site,
            "discard; + log@x.example for b@discard.example: ; ! alert a@x.example about b@discard.example");
    site_free(site);
}
END_TEST

START_TEST(one_held_recipient_holds_the_message_and_what_tells_of_it_goes_out)
{
    struct site *site = SITE(ENDS, "a@hold.example", "b@x.example", "c@return.example");
    planned(site, "hold; + log@x.example for a@hold.example c@return.example: ;"
                  " ! notify sender alice@example.org about a@hold.example;"
                  " ! return alice@example.org about c@return.example");
    ck_assert_str_eq(site->plan->reply_text, "Wait. (a@hold.example)");
    site_free(site);
}
END_TEST

START_TEST(nothing_is_held_beside_what_must_be_encrypted)
{
    struct site *site = SITE(ENDS, "a@hold.example", "b@encrypted.example");
    planned(site, "tempfail");
    ck_assert_str_eq(site->plan->reply_status, "4.3.5");
    site_free(site);
}
END_TEST

START_TEST(a_refused_message_is_told_of_by_alerts_alone)
{
    struct site *site =
        SITE(ENDS, "a@refuse.example", "b@discard.example", "c@hold.example", "d@return.example");
    planned(
        site,
        "refuse; ! alert a@x.example about a@refuse.example; ! alert a@x.example about b@discard.example");
    site_free(site);
}
END_TEST

START_TEST(a_deferred_message_sends_nothing)
{
    struct site *site = SITE(ENDS, "a@return.example", "b@discard.example", "c@encrypted.example");
    site->facts.rcpts[2].encrypt[METHOD_SMIME].usable = ANSWER_UNKNOWN;
    planned(site, "tempfail");
    site_free(site);
}
END_TEST

/* ---- notices ---- */

START_TEST(a_notice_speaks_of_all_recipients_that_its_rule_matched)
{
    struct site *site =
        SITE("rule \"a\"\n  alert x@x.example\n  continue\n"
             "rule \"b\"\n  when to b.example\n  alert x@x.example\n  alert x@x.example \"more\"\n"
             "rule \"c\"\n  notify sender\n",
             "k@a.example", "k@b.example", "l@a.example");
    planned(site, "serve; k@a.example k@b.example l@a.example: ;"
                  " ! alert x@x.example about k@a.example k@b.example l@a.example;"
                  " ! notify sender alice@example.org about k@a.example l@a.example;"
                  " ! alert x@x.example about k@b.example; ! alert x@x.example about k@b.example");
    ck_assert_str_eq(site->plan->notices[0].rule, "a");
    ck_assert_str_eq(site->plan->notices[2].rule, "b");
    ck_assert_uint_eq(site->plan->notices[2].nlines, 0);
    ck_assert_str_eq(site->plan->notices[3].lines[0], "more");
    site_free(site);
}
END_TEST

START_TEST(an_alert_that_a_rule_gives_twice_is_one)
{
    struct site *site = SITE("rule \"a\"\n  alert x@x.example\n  alert x@x.example\n", "k@a.example");
    planned(site, "serve; k@a.example: ; ! alert x@x.example about k@a.example");
    site_free(site);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/plan_extras");
    TCase *t = tcase_create("plan_extras");
    tcase_add_test(t, recipients_with_the_same_further_copy_share_it);
    tcase_add_test(t, ciphertext_for_others_holds_the_keys_of_all_on_whose_account_it_is);
    tcase_add_test(t, a_copy_made_before_encryption_claims_no_protection);
    tcase_add_test(t, ciphertext_of_a_hidden_recipient_never_shares_a_further_copy);
    tcase_add_test(t, a_hidden_recipient_of_readable_mail_shares_the_further_copy);
    tcase_add_test(t, a_redirected_copy_is_never_in_place_and_groups_by_its_address);
    tcase_add_test(t, redirected_mail_is_treated_for_its_recipient);
    tcase_add_test(t, opened_further_copies_say_so);
    tcase_add_test(t, further_copies_count_among_those_that_are_too_many);
    tcase_add_test(t, too_many_further_copies_of_different_views_are_closed_instead);
    tcase_add_loop_test(t, who_gets_the_very_same_as_a_recipient_gets_no_further_copy, 0,
                        SEAL_COUNT(to_recipient));
    tcase_add_test(t, return_takes_out_its_own_and_one_report_speaks_of_all);
    tcase_add_test(t, when_nobody_is_served_copies_and_notices_go_out_all_the_same);
    tcase_add_test(t, one_held_recipient_holds_the_message_and_what_tells_of_it_goes_out);
    tcase_add_test(t, nothing_is_held_beside_what_must_be_encrypted);
    tcase_add_test(t, a_refused_message_is_told_of_by_alerts_alone);
    tcase_add_test(t, a_deferred_message_sends_nothing);
    tcase_add_test(t, a_notice_speaks_of_all_recipients_that_its_rule_matched);
    tcase_add_test(t, an_alert_that_a_rule_gives_twice_is_one);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
