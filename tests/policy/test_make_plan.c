#include "site.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

#define POLICY                                                                                               \
    "rule \"passed\"\n  when to pass.example\n  pass\n"                                                      \
    "rule \"refused\"\n  when to refuse.example\n  refuse \"Not there.\"\n"                                  \
    "rule \"also refused\"\n  when to no.example\n  refuse \"Nor there.\"\n"                                 \
    "rule \"bank\"\n  when to bank.example\n  sign\n  encrypt, else refuse \"Encrypted only.\"\n"            \
    "rule \"rest\"\n  sign if possible\n  encrypt if possible\n"

static void planned(struct site *site, const char *expected)
{
    site_plan(site);
    ck_assert_str_eq(site_plan_text(site), expected);
}

START_TEST(equal_treatment_is_one_copy_and_passing_stays_in_place)
{
    struct site *site = site_new(POLICY);
    site_rcpt(site, "a@bank.example", DIRECTION_OUTBOUND);
    site_rcpt(site, "b@bank.example", DIRECTION_OUTBOUND);
    site_rcpt_of_kind(site, "c@other.example", DIRECTION_OUTBOUND, NULL);
    site_rcpt(site, "d@pass.example", DIRECTION_OUTBOUND);
    site_rcpt(site, "e@other.example", DIRECTION_OUTBOUND);
    planned(site, "serve; d@pass.example: ;"
                  " a@bank.example b@bank.example e@other.example: sign smime, encrypt smime aes256-cbc rsa;"
                  " c@other.example: sign smime");
    ck_assert(site->plan->copies[0].in_place);
    ck_assert(!site->plan->copies[1].in_place);
    ck_assert(site->plan->copies[1].protect);
    ck_assert(!site->plan->copies[2].protect);
    site_free(site);
}
END_TEST

START_TEST(without_a_passed_group_the_largest_stays_in_place_else_the_first)
{
    struct site *site = site_new(POLICY);
    site_rcpt_of_kind(site, "a@other.example", DIRECTION_OUTBOUND, NULL);
    site_rcpt(site, "b@other.example", DIRECTION_OUTBOUND);
    planned(site,
            "serve; a@other.example: sign smime; b@other.example: sign smime, encrypt smime aes256-cbc rsa");
    site_rcpt(site, "c@other.example", DIRECTION_OUTBOUND);
    planned(site, "serve; b@other.example c@other.example: sign smime, encrypt smime aes256-cbc rsa;"
                  " a@other.example: sign smime");
    ck_assert(site->plan->copies[0].in_place);
    site_free(site);
}
END_TEST

START_TEST(rsa_and_ec_and_ciphers_never_share_an_envelope)
{
    struct site *site = site_new(POLICY);
    site_rcpt_of_kind(site, "a@x.example", DIRECTION_OUTBOUND, "rsa");
    site_rcpt_of_kind(site, "b@x.example", DIRECTION_OUTBOUND, "ec");
    site_rcpt_of_kind(site, "c@x.example", DIRECTION_OUTBOUND, "rsa")->encrypt[METHOD_SMIME].cipher =
        "aes256-gcm";
    planned(site, "serve; a@x.example: sign smime, encrypt smime aes256-cbc rsa;"
                  " b@x.example: sign smime, encrypt smime aes256-cbc ec;"
                  " c@x.example: sign smime, encrypt smime aes256-gcm rsa");
    site_free(site);
}
END_TEST

START_TEST(an_envelope_holds_each_recipients_key_once)
{
    struct site *site = site_new(POLICY);
    site_rcpt(site, "a@x.example", DIRECTION_OUTBOUND);
    struct rcpt_facts *same = site_rcpt(site, "b@x.example", DIRECTION_OUTBOUND);
    site_rcpt(site, "c@x.example", DIRECTION_OUTBOUND);
    site_key(&same->encrypt[METHOD_SMIME], 1, "rsa");
    const struct op *op = &site_plan(site)->copies[0].ops[1];
    ck_assert_int_eq(op->kind, OP_ENCRYPT);
    ck_assert_uint_eq(op->nkeys, 2);
    ck_assert_int_eq(op->keys[0], 1);
    ck_assert_int_eq(op->keys[1], 3);
    ck_assert_str_eq(op->fp[1], "k3");
    ck_assert_uint_eq(site->decisions[0].ops[1].nkeys, 1);
    site_free(site);
}
END_TEST

START_TEST(hidden_recipients_of_ciphertext_get_copies_of_their_own)
{
    struct site *site = site_new(POLICY);
    site_rcpt(site, "a@x.example", DIRECTION_OUTBOUND);
    site_rcpt(site, "b@x.example", DIRECTION_OUTBOUND);
    site_rcpt(site, "h1@x.example", DIRECTION_OUTBOUND)->hidden = true;
    site_rcpt(site, "h2@x.example", DIRECTION_OUTBOUND)->hidden = true;
    const char *own = "serve; a@x.example b@x.example: sign smime, encrypt smime aes256-cbc rsa;"
                      " h1@x.example: sign smime, encrypt smime aes256-cbc rsa;"
                      " h2@x.example: sign smime, encrypt smime aes256-cbc rsa";
    planned(site, own);
    ck_assert_ptr_null(site->plan->note);
    site->settings->max_hidden = 2;
    planned(site, own);
    site->settings->max_hidden = 1;
    planned(site, "serve; a@x.example b@x.example: sign smime, encrypt smime aes256-cbc rsa;"
                  " h1@x.example h2@x.example: sign smime, encrypt smime aes256-cbc rsa");
    ck_assert_ptr_nonnull(site->plan->note);
    site_free(site);
}
END_TEST

START_TEST(a_hidden_recipient_who_is_named_twice_gets_one_copy)
{
    struct site *site = site_new(POLICY);
    site_rcpt(site, "a@x.example", DIRECTION_OUTBOUND);
    site_rcpt(site, "h@x.example", DIRECTION_OUTBOUND)->hidden = true;
    site_rcpt(site, "h@x.example", DIRECTION_OUTBOUND)->hidden = true;
    planned(site, "serve; h@x.example h@x.example: sign smime, encrypt smime aes256-cbc rsa;"
                  " a@x.example: sign smime, encrypt smime aes256-cbc rsa");
    site_free(site);
}
END_TEST

START_TEST(a_hidden_recipient_of_readable_mail_needs_no_copy_of_his_own)
{
    struct site *site = site_new(POLICY);
    site_rcpt_of_kind(site, "a@x.example", DIRECTION_OUTBOUND, NULL);
    site_rcpt_of_kind(site, "h@x.example", DIRECTION_OUTBOUND, NULL)->hidden = true;
    planned(site, "serve; a@x.example h@x.example: sign smime");
    site_free(site);
}
END_TEST

START_TEST(opened_copies_go_only_to_those_whose_view_they_are)
{
    struct site *site = site_new("rule \"in\"\n  decrypt\n  tag\n");
    site_rcpt(site, "a@example.org", DIRECTION_INBOUND)->view = 1;
    site_rcpt(site, "b@example.org", DIRECTION_INBOUND);
    site_rcpt(site, "c@example.org", DIRECTION_INBOUND)->view = 1;
    site_arrives(site, METHOD_NONE, METHOD_SMIME);
    planned(site, "serve; a@example.org c@example.org: hygiene, open view 1, tag \"[secure] [signed OK]\", "
                  "status view 1;"
                  " b@example.org: hygiene, status view 0");
    ck_assert(site->plan->copies[0].opened);
    ck_assert(!site->plan->copies[1].opened);
    site_free(site);
}
END_TEST

START_TEST(one_refusal_refuses_all_and_names_who_is_meant)
{
    struct site *site = site_new(POLICY);
    site_rcpt(site, "a@x.example", DIRECTION_OUTBOUND);
    site_rcpt(site, "b@refuse.example", DIRECTION_OUTBOUND);
    site_rcpt(site, "c@no.example", DIRECTION_OUTBOUND);
    site_rcpt(site, "d@refuse.example", DIRECTION_OUTBOUND);
    site_rcpt(site, "e@x.example", DIRECTION_OUTBOUND)->encrypt[METHOD_SMIME].usable = ANSWER_UNKNOWN;
    planned(site, "refuse");
    ck_assert_str_eq(site->plan->reply_status, "5.7.1");
    ck_assert_str_eq(site->plan->reply_text,
                     "Not there. (b@refuse.example, d@refuse.example); Nor there. (c@no.example)");
    site_free(site);
}
END_TEST

START_TEST(a_reply_stays_short_however_many_are_refused)
{
    struct site *site = site_new(POLICY);
    for (int i = 0; i < 500; i++) {
        char addr[60];
        snprintf(addr, sizeof addr, "recipient-number-%d@refuse.example", i);
        site_rcpt(site, addr, DIRECTION_OUTBOUND);
    }
    site_plan(site);
    ck_assert_uint_le(strlen(site->plan->reply_text), 500);
    ck_assert_ptr_nonnull(strstr(site->plan->reply_text, " more)"));
    site_free(site);
}
END_TEST

START_TEST(one_deferral_defers_all)
{
    struct site *site = site_new(POLICY);
    site_rcpt(site, "a@x.example", DIRECTION_OUTBOUND);
    site_rcpt(site, "b@x.example", DIRECTION_OUTBOUND)->encrypt[METHOD_SMIME].usable = ANSWER_UNKNOWN;
    planned(site, "tempfail");
    ck_assert_str_eq(site->plan->reply_status, "4.3.0");
    ck_assert_ptr_nonnull(strstr(site->plan->reply_text, "(b@x.example)"));
    ck_assert_ptr_null(strstr(site->plan->reply_text, "a@x.example"));
    site_free(site);
}
END_TEST

START_TEST(more_copies_than_allowed_defer_with_4_5_3)
{
    struct site *site = site_new(POLICY);
    site->settings->max_copies = 3;
    site->settings->max_hidden = 5;
    for (int i = 0; i < 3; i++) {
        char addr[60];
        snprintf(addr, sizeof addr, "h%d@x.example", i);
        site_rcpt(site, addr, DIRECTION_OUTBOUND)->hidden = true;
    }
    ck_assert_int_eq(site_plan(site)->disposition, DISPOSITION_SERVE);
    site_rcpt(site, "h3@x.example", DIRECTION_OUTBOUND)->hidden = true;
    planned(site, "tempfail");
    ck_assert_str_eq(site->plan->reply_status, "4.5.3");
    site_free(site);
}
END_TEST

/* R17: else the sender could count who was able to open his message. */
START_TEST(too_many_different_views_are_served_closed_instead_of_deferred)
{
    struct site *site = site_new("rule \"in\"\n  decrypt\n  encrypt\n  tag\n");
    site->settings->max_copies = 1;
    site_rcpt(site, "a@example.org", DIRECTION_INBOUND)->view = 1;
    site_rcpt(site, "b@example.org", DIRECTION_INBOUND);
    site_arrives(site, METHOD_NONE, METHOD_SMIME);
    planned(site, "serve; a@example.org b@example.org: hygiene");
    ck_assert(!site->plan->copies[0].opened);
    ck_assert_ptr_nonnull(site->plan->note);
    site_free(site);
}
END_TEST

START_TEST(recipients_for_whom_opening_failed_alike_share_a_copy)
{
    struct site *site = site_new("rule \"in\"\n  decrypt\n  tag\n");
    site_arrives(site, METHOD_NONE, METHOD_SMIME);
    site->facts.nviews = 4;
    for (size_t v = 1; v < 4; v++) {
        site->views[v] =
            (struct view){.decryption = DECRYPTION_FAILED, .decryption_why = "failed", .opened = -1};
        site_rcpt(site,
                  v == 1   ? "a@example.org"
                  : v == 2 ? "b@example.org"
                           : "c@example.org",
                  DIRECTION_INBOUND)
            ->view = v;
    }
    planned(site, "serve; a@example.org b@example.org c@example.org: hygiene, status view 1");
    site->views[3].decryption_why = "another reason";
    planned(
        site,
        "serve; a@example.org b@example.org: hygiene, status view 1; c@example.org: hygiene, status view 3");
    site_free(site);
}
END_TEST

START_TEST(an_envelope_for_more_than_1000_is_split)
{
    struct site *site = site_new(POLICY);
    for (int i = 0; i < 2001; i++) {
        char addr[60];
        snprintf(addr, sizeof addr, "r%d@x.example", i);
        site_rcpt(site, addr, DIRECTION_OUTBOUND);
    }
    site_plan(site);
    ck_assert_uint_eq(site->plan->ncopies, 3);
    ck_assert_uint_eq(site->plan->copies[0].nrcpts, 1000);
    ck_assert_uint_eq(site->plan->copies[0].ops[1].nkeys, 1000);
    ck_assert_uint_eq(site->plan->copies[2].nrcpts, 1);
    site_free(site);
}
END_TEST

START_TEST(discard_takes_out_its_own_and_hold_never_what_must_be_protected)
{
    struct err err = ERR_INIT;
    struct site *site = site_new(POLICY);
    site_rcpt(site, "a@x.example", DIRECTION_OUTBOUND);
    site_rcpt(site, "b@pass.example", DIRECTION_OUTBOUND);
    site_decide(site);
    site->decisions[1].disposition = DISPOSITION_DISCARD;
    ck_ok(make_plan(site->settings, &site->facts, site->decisions, site->arena, &site->plan, &err));
    ck_assert_str_eq(site_plan_text(site), "serve; a@x.example: sign smime, encrypt smime aes256-cbc rsa");
    ck_assert_uint_eq(site->plan->ndiscarded, 1);
    ck_assert_uint_eq(site->plan->discarded[0], 1);
    site->decisions[0].disposition = DISPOSITION_DISCARD;
    ck_ok(make_plan(site->settings, &site->facts, site->decisions, site->arena, &site->plan, &err));
    ck_assert_str_eq(site_plan_text(site), "discard");
    site->decisions[0].disposition = DISPOSITION_HOLD;
    ck_ok(make_plan(site->settings, &site->facts, site->decisions, site->arena, &site->plan, &err));
    ck_assert_str_eq(site_plan_text(site), "hold");
    site->decisions[1].protect = true; /* it gets nothing that could be in clear */
    ck_ok(make_plan(site->settings, &site->facts, site->decisions, site->arena, &site->plan, &err));
    ck_assert_str_eq(site_plan_text(site), "hold");
    site->decisions[1].disposition = DISPOSITION_SERVE;
    ck_ok(make_plan(site->settings, &site->facts, site->decisions, site->arena, &site->plan, &err));
    ck_assert_str_eq(site_plan_text(site), "tempfail");
    site->facts.encrypted_by = METHOD_SMIME; /* then it is held as ciphertext */
    ck_ok(make_plan(site->settings, &site->facts, site->decisions, site->arena, &site->plan, &err));
    ck_assert_str_eq(site_plan_text(site), "hold");
    site_free(site);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/make_plan");
    TCase *t = tcase_create("make_plan");
    tcase_add_test(t, equal_treatment_is_one_copy_and_passing_stays_in_place);
    tcase_add_test(t, without_a_passed_group_the_largest_stays_in_place_else_the_first);
    tcase_add_test(t, rsa_and_ec_and_ciphers_never_share_an_envelope);
    tcase_add_test(t, an_envelope_holds_each_recipients_key_once);
    tcase_add_test(t, hidden_recipients_of_ciphertext_get_copies_of_their_own);
    tcase_add_test(t, a_hidden_recipient_who_is_named_twice_gets_one_copy);
    tcase_add_test(t, a_hidden_recipient_of_readable_mail_needs_no_copy_of_his_own);
    tcase_add_test(t, opened_copies_go_only_to_those_whose_view_they_are);
    tcase_add_test(t, one_refusal_refuses_all_and_names_who_is_meant);
    tcase_add_test(t, a_reply_stays_short_however_many_are_refused);
    tcase_add_test(t, one_deferral_defers_all);
    tcase_add_test(t, more_copies_than_allowed_defer_with_4_5_3);
    tcase_add_test(t, too_many_different_views_are_served_closed_instead_of_deferred);
    tcase_add_test(t, recipients_for_whom_opening_failed_alike_share_a_copy);
    tcase_add_test(t, an_envelope_for_more_than_1000_is_split);
    tcase_add_test(t, discard_takes_out_its_own_and_hold_never_what_must_be_protected);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
