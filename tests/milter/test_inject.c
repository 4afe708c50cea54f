/* test_inject - who else gets mail because of a message: copies for others, redirected ones, reports, acknowledgements, alerts. */
#include "milter/inject.h"
#include "support/check.h"
#include "support/rig.h"

#include <stdio.h>
#include <string.h>

static const char policy[] = "our domains our.example\n"
                             "rule \"closed\"\n"
                             "    when outbound, to domain closed.example\n"
                             "    return \"This company is closed.\"\n"
                             "rule \"nowhere\"\n"
                             "    when outbound, to domain nowhere.example\n"
                             "    discard\n"
                             "rule \"odd\"\n"
                             "    when outbound, to domain odd.example\n"
                             "    copy to archive@our.example\n"
                             "    hold \"to be looked at\"\n"
                             "rule \"archive\"\n"
                             "    when outbound, to domain kept.example\n"
                             "    copy to archive@our.example\n"
                             "    sign\n"
                             "    forward to boss@our.example\n"
                             "rule \"moved\"\n"
                             "    when outbound, to domain moved.example\n"
                             "    redirect to new@there.example\n"
                             "rule \"noted\"\n"
                             "    when outbound, to domain noted.example\n"
                             "    notify sender\n"
                             "rule \"watched\"\n"
                             "    when outbound, to domain watched.example\n"
                             "    alert guard@our.example or night@our.example\n"
                             "rule \"forbidden\"\n"
                             "    when outbound, to domain forbidden.example\n"
                             "    alert guard@our.example or night@our.example\n"
                             "    notify sender\n"
                             "    refuse \"No.\"\n"
                             "rule \"out\"\n"
                             "    when outbound\n"
                             "    pass\n"
                             "rule \"in\"\n"
                             "    when inbound\n"
                             "    alert guard@our.example\n"
                             "rule \"house\"\n"
                             "    when internal\n"
                             "    pass\n";

#define LETTER(id, more)                                                                                     \
    "From: Alice <alice@our.example>\nTo: x@closed.example\nSubject: Hi\nMessage-Id: <" id "@client>\n" more \
    "\nThe token is ORCHID.\n"
static const char letter[] = LETTER("1", "");

#define ALICE .from = "<alice@our.example>", .login = "alice@our.example"

static struct rig *rig;

static void start(const struct fake_rule *rules, size_t n)
{
    rig = rig_new(policy, rules, n);
    site_user(rig->site, "alice@our.example", PKI_P256);
}

static void set_up(void)
{
    start(NULL, 0);
}

static void tear_down(void)
{
    rig_free(&rig);
}

/* The i-th (from 0) injected message that went to this path; NULL: there are fewer. */
static const struct fake_mail *to(const char *path, size_t i)
{
    for (size_t k = 0; k < rig_count(rig); k++) {
        const struct fake_mail *mail = fake_smtp_mail(rig->listener, k);
        if (rig_has(mail->rcpts[0], path) && i-- == 0)
            return mail;
    }
    return NULL;
}

static size_t times(const char *path)
{
    size_t n = 0;
    while (to(path, n) != NULL)
        n++;
    return n;
}

static const char *data(const struct fake_mail *mail)
{
    ck_assert_ptr_nonnull(mail);
    return buf_str(&mail->data);
}

/* What was sent has been read: from now on another listener. */
static void next_listener(void)
{
    fake_smtp_stop(&rig->listener);
    rig->listener = fake_smtp_start(NULL, 0);
    rig->site->settings->inject = arena_strdup(rig->site->arena, fake_smtp_target(rig->listener));
}

/* ---- return, discard, hold ---- */

START_TEST(returned_recipient_leaves_and_the_sender_gets_a_report)
{
    rig_send(rig,
             &(struct rig_mail){ALICE, .to = {"<x@closed.example>", "<bob@there.example>"}, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert(fake_mta_removed(rig->mta, "<x@closed.example>"));
    ck_assert(!fake_mta_removed(rig->mta, "<bob@there.example>"));
    ck_assert_uint_eq(rig_count(rig), 1);
    const struct fake_mail *report = to("<alice@our.example>", 0);
    ck_assert(rig_has(data(report), "report-type=delivery-status"));
    ck_assert(rig_has(data(report), "Final-Recipient: rfc822; x@closed.example\r\nAction: failed\r\n"));
    ck_assert(rig_has(data(report), "Diagnostic-Code: x-local; This company is closed.\r\n"));
    ck_assert(rig_has(data(report), "In-Reply-To: <1@client>\r\n"));
    ck_assert(!rig_has(data(report), "ORCHID"));
    ck_assert(!rig_has(data(report), "bob@there.example"));
    ck_assert_int_eq(strncmp(report->mail, "MAIL FROM:<> ", 13), 0);
    ck_assert(!rig_has(report->mail, "RET="));
}
END_TEST

START_TEST(message_that_is_returned_for_all_is_discarded_after_the_report)
{
    rig_send(rig,
             &(struct rig_mail){ALICE, .to = {"<x@closed.example>", "<y@closed.example>"}, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_DISCARD);
    ck_assert_uint_eq(rig_count(rig), 1);
    ck_assert(rig_has(data(to("<alice@our.example>", 0)), "Final-Recipient: rfc822; y@closed.example\r\n"));
}
END_TEST

static const struct {
    const char *from, *notify;
    size_t reports;
} wishes[] = {
    {"<alice@our.example>", "NOTIFY=NEVER", 0},    {"<alice@our.example>", "NOTIFY=SUCCESS,DELAY", 0},
    {"<alice@our.example>", "NOTIFY=failure", 1},  {"<alice@our.example>", "NOTIFY=DELAY,FAILURE", 1},
    {"<alice@our.example>", "NOTIFY=FAILURES", 0}, {"<>", NULL, 0},
};

START_TEST(report_goes_only_to_who_wants_it)
{
    const char *const args[] = {wishes[_i].notify, NULL};
    rig_send(rig, &(struct rig_mail){.from = wishes[_i].from,
                                     .login = "alice@our.example",
                                     .to = {"<x@closed.example>"},
                                     .text = letter,
                                     .rcpt_args = args});
    ck_assert_int_eq(rig->verdict, VERDICT_DISCARD);
    ck_assert_uint_eq(rig_count(rig), wishes[_i].reports);
}
END_TEST

START_TEST(discarded_message_tells_nobody)
{
    rig_send(rig, &(struct rig_mail){ALICE, .to = {"<x@nowhere.example>"}, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_DISCARD);
    ck_assert_uint_eq(fake_smtp_connections(rig->listener), 0);
}
END_TEST

START_TEST(held_message_keeps_only_whom_policy_left_in)
{
    rig_send(rig, &(struct rig_mail){ALICE,
                                     .to = {"<x@odd.example>", "<x@nowhere.example>", "<x@closed.example>",
                                            "<bob@there.example>"},
                                     .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_HOLD);
    ck_assert_uint_eq(rig->mta->ngone, 2);
    ck_assert(fake_mta_removed(rig->mta, "<x@nowhere.example>"));
    ck_assert(fake_mta_removed(rig->mta, "<x@closed.example>"));
    ck_assert_str_eq(rig->mta->held, "to be looked at (x@odd.example)");
    ck_assert_uint_eq(rig_count(rig), 2);
    ck_assert(rig_has(data(to("<archive@our.example>", 0)), "ORCHID"));
    ck_assert_uint_eq(times("<alice@our.example>"), 1);
}
END_TEST

/* The MTA would keep him, and one day let go in clear what he was not to get. */
START_TEST(message_is_not_held_for_a_recipient_who_cannot_be_taken_out)
{
    rig_send(rig, &(struct rig_mail){ALICE, .to = {"<x@odd.example>", "<@relay.example:x@closed.example>"},
                                     .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_REJECT);
    ck_assert_ptr_null(rig->mta->held);
    ck_assert_uint_eq(rig_count(rig), 0);
    next_listener();
    rig_send(rig, &(struct rig_mail){ALICE, .to = {"<@relay.example:x@odd.example>"}, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_HOLD);
}
END_TEST

/* ---- copies for others ---- */

START_TEST(copy_is_what_the_steps_above_made_and_forwarding_what_all_made)
{
    static const char *const mail_args[] = {"RET=FULL", "ENVID=e", NULL};
    static const char *const rcpt_args[] = {"NOTIFY=SUCCESS", "ORCPT=rfc822;x@y.example", NULL};
    rig_send(rig, &(struct rig_mail){ALICE, .to = {"<x@kept.example>"}, .text = letter,
                                     .mail_args = mail_args, .rcpt_args = rcpt_args});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert(rig_has(rig_delivered(rig), "multipart/signed"));
    ck_assert_uint_eq(rig->mta->ngone, 0);
    ck_assert_uint_eq(rig_count(rig), 2);
    ck_assert(!rig_has(data(to("<archive@our.example>", 0)), "multipart/signed"));
    ck_assert(rig_has(data(to("<boss@our.example>", 0)), "multipart/signed"));
    for (size_t i = 0; i < 2; i++) {
        const struct fake_mail *mail = fake_smtp_mail(rig->listener, i);
        ck_assert_int_eq(strncmp(mail->mail, "MAIL FROM:<> ", 13), 0);
        ck_assert(!rig_has(mail->mail, "ENVID"));
        ck_assert(!rig_has(mail->rcpts[0], "NOTIFY") && !rig_has(mail->rcpts[0], "ORCPT"));
    }
}
END_TEST

START_TEST(redirected_copy_keeps_sender_and_parameters)
{
    static const char *const rcpt_args[] = {"NOTIFY=SUCCESS", "ORCPT=rfc822;x@y.example", NULL};
    rig_send(rig, &(struct rig_mail){ALICE, .to = {"<x@moved.example>", "<y@moved.example>"}, .text = letter,
                                     .rcpt_args = rcpt_args});
    ck_assert_int_eq(rig->verdict, VERDICT_DISCARD);
    ck_assert_uint_eq(rig_count(rig), 1);
    const struct fake_mail *mail = to("<new@there.example>", 0);
    ck_assert_int_eq(strncmp(mail->mail, "MAIL FROM:<alice@our.example> ", 30), 0);
    ck_assert_uint_eq(mail->nrcpts, 1);
    ck_assert(rig_has(mail->rcpts[0], "NOTIFY=SUCCESS ORCPT=rfc822;x@y.example"));
    ck_assert(rig_has(data(mail), "ORCHID"));
}
END_TEST

START_TEST(redirected_recipient_leaves_the_others_in_place)
{
    rig_send(rig,
             &(struct rig_mail){ALICE, .to = {"<x@moved.example>", "<bob@there.example>"}, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert(fake_mta_removed(rig->mta, "<x@moved.example>"));
    ck_assert_uint_eq(rig->mta->ngone, 1);
    ck_assert_uint_eq(times("<new@there.example>"), 1);
}
END_TEST

/* ---- acknowledgements and alerts ---- */

START_TEST(sender_is_answered_once)
{
    rig_send(rig,
             &(struct rig_mail){ALICE, .to = {"<x@noted.example>", "<y@noted.example>"}, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert_uint_eq(rig_count(rig), 1);
    const char *answer = data(to("<alice@our.example>", 0));
    ck_assert(rig_has(answer, "Auto-Submitted: auto-replied\r\n"));
    ck_assert(rig_has(answer, "x@noted.example, y@noted.example"));
    ck_assert(!rig_has(answer, "ORCHID"));
}
END_TEST

/* RFC 3834 2. */
static const struct {
    const char *from, *text;
} machines[] = {
    {"<>", LETTER("1", "")},
    {"<alice@our.example>", LETTER("1", "Auto-Submitted: auto-replied\n")},
    {"<alice@our.example>", LETTER("1", "List-Id: <a.b>\n")},
    {"<alice@our.example>", LETTER("1", "Precedence: bulk\n")},
    {"<owner-a@our.example>", LETTER("1", "")},
    {"<a-request@our.example>", LETTER("1", "")},
    {"<MAILER-DAEMON@our.example>", LETTER("1", "")},
};

START_TEST(machine_is_not_answered)
{
    rig_send(rig, &(struct rig_mail){.from = machines[_i].from,
                                     .login = "alice@our.example",
                                     .to = {"<x@noted.example>"},
                                     .text = machines[_i].text});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert_uint_eq(rig_count(rig), 0);
}
END_TEST

START_TEST(refused_message_gives_alerts_alone_and_once)
{
    for (int try = 0; try < 2; try++) {
        rig_send(rig, &(struct rig_mail){
                          ALICE, .to = {"<x@forbidden.example>", "<x@closed.example>", "<x@kept.example>"},
                          .text = letter, .queue_id = try == 0 ? "Q1" : "Q2"});
        ck_assert_int_eq(rig->verdict, VERDICT_REJECT);
    }
    ck_assert_uint_eq(rig_count(rig), 2);
    ck_assert_uint_eq(times("<guard@our.example>"), 1);
    ck_assert_uint_eq(times("<night@our.example>"), 1);
    const char *alert = data(to("<guard@our.example>", 0));
    ck_assert(rig_has(alert, "Auto-Submitted: auto-generated\r\n"));
    ck_assert(rig_has(alert, "Subject: Alert of the mail gateway: forbidden\r\n"));
    ck_assert(!rig_has(alert, "In-Reply-To"));
}
END_TEST

START_TEST(refusal_stands_whatever_becomes_of_its_alerts)
{
    static const struct fake_rule down = {"EHLO", 0, "421 busy\r\n"};
    tear_down();
    start(&down, 1);
    rig_send(rig, &(struct rig_mail){ALICE, .to = {"<x@forbidden.example>"}, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_REJECT);
    ck_assert_int_eq(strncmp(rig->mta->reply, "550 5.7.1 ", 10), 0);
}
END_TEST

START_TEST(alert_that_is_refused_for_good_holds_up_no_mail)
{
    static const struct fake_rule unknown = {"RCPT TO:<guard@our.example>", 0, "550 unknown\r\n"};
    tear_down();
    start(&unknown, 1);
    rig_send(rig,
             &(struct rig_mail){ALICE, .to = {"<x@watched.example>", "<x@moved.example>"}, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert_uint_eq(times("<guard@our.example>"), 0);
    ck_assert_uint_eq(times("<night@our.example>"), 1);
    ck_assert_uint_eq(times("<new@there.example>"), 1);
}
END_TEST

static const struct fake_rule needed[] = {
    {"RCPT TO:<archive@our.example>", 0, "550 unknown\r\n"},
    {"RCPT TO:<alice@our.example>", 0, "550 unknown\r\n"},
    {"RCPT TO:<guard@our.example>", 0, "450 later\r\n"},
    {"RCPT TO:<new@there.example>", 0, "550 no\r\n"},
    {"EHLO", 0, "554 go away\r\n"},
};

START_TEST(what_is_needed_and_cannot_be_sent_defers)
{
    tear_down();
    start(&needed[_i], 1);
    rig_send(rig, &(struct rig_mail){ALICE,
                                     .to = {"<x@watched.example>", "<x@moved.example>", "<x@kept.example>",
                                            "<x@closed.example>"},
                                     .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_TEMPFAIL);
    ck_assert_uint_eq(rig->mta->ngone, 0);
}
END_TEST

START_TEST(notices_above_the_rate_are_dropped_and_mail_goes_on)
{
    rig->site->settings->notice_rate = 2;
    for (unsigned i = 1; i <= 4; i++) {
        rig_send(rig,
                 &(struct rig_mail){
                     ALICE, .to = {"<x@noted.example>", "<x@closed.example>"},
                     .text = arena_printf(rig->site->arena,
                                          "From: alice@our.example\nMessage-Id: <r%u@client>\n\nHi\n", i)});
        ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    }
    size_t reports = 0, answers = 0;
    for (size_t i = 0; i < rig_count(rig); i++) {
        bool report = rig_has(data(fake_smtp_mail(rig->listener, i)), "delivery-status");
        reports += report;
        answers += !report;
    }
    ck_assert_uint_eq(answers, 2);
    ck_assert_uint_eq(reports, 4);
}
END_TEST

/* An alert that comes back, as itself or as what somebody made in its likeness. */
START_TEST(alert_about_an_alert_of_ours_is_never_sent)
{
    rig_send(rig, &(struct rig_mail){ALICE, .to = {"<x@watched.example>"}, .text = letter});
    ck_assert_uint_eq(rig_count(rig), 2);
    struct span alert = span_of(arena_strdup(rig->site->arena, data(to("<guard@our.example>", 0))));
    next_listener();
    rig_send(rig,
             &(struct rig_mail){.from = "<guard@our.example>", .to = {"<dave@our.example>"}, .bytes = alert});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert_uint_eq(rig_count(rig), 0);
    next_listener();
    size_t at = span_find(alert, "<seal.", 6, 0);
    ck_assert_uint_ne(at, SIZE_MAX);
    ((char *)alert.ptr)[at + 6] = alert.ptr[at + 6] == '0' ? '1' : '0';
    rig_send(rig,
             &(struct rig_mail){.from = "<guard@our.example>", .to = {"<dave@our.example>"}, .bytes = alert});
    ck_assert_uint_eq(times("<guard@our.example>"), 1);
}
END_TEST

/* Another gateway alerts somebody here about our alert. */
START_TEST(two_gateways_do_not_alert_each_other_for_ever)
{
    static const char alert[] =
        "From: gate@far.example\nMessage-Id: <2@far>\nAuto-Submitted: auto-generated\n"
        "References: <0@x>\n\t%s\n\nAlert.\n";
    rig_send(rig, &(struct rig_mail){ALICE, .to = {"<x@watched.example>"}, .text = letter});
    struct span first = span_of(data(to("<guard@our.example>", 0)));
    size_t at = span_find(first, "<seal.", 6, 0);
    const char *id =
        arena_spandup(rig->site->arena, span_sub(first, at, span_find(first, ">", 1, at) + 1 - at));
    for (int known = 0; known < 2; known++) {
        next_listener();
        rig_send(rig, &(struct rig_mail){
                          .from = "<>",
                          .to = {"<dave@our.example>"},
                          .text = arena_printf(rig->site->arena, alert, known == 1 ? id : "<1@far>")});
        ck_assert_uint_eq(rig_count(rig), known == 1 ? 0 : 1);
    }
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    next_listener();
    rig_send(rig, &(struct rig_mail){.from = "<eve@far.example>", /* who answers an alert is no machine */
                                     .to = {"<dave@our.example>"},
                                     .text = arena_printf(rig->site->arena, alert, id)});
    ck_assert_uint_eq(times("<guard@our.example>"), 1);
}
END_TEST

START_TEST(alert_about_a_machines_mail_says_what_that_was_about)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 16);
    buf_add_str(&text, "From: gate@far.example\nMessage-Id: <last@far>\nReferences:");
    for (int i = 0; i < 30; i++)
        buf_printf(&text, "\n <%d@far> <not\tone> junk", i);
    buf_add_str(&text, "\n\nAlert.\n");
    rig_send(rig, &(struct rig_mail){.from = "<>", .to = {"<dave@our.example>"}, .text = buf_str(&text)});
    const char *alert = data(to("<guard@our.example>", 0));
    ck_assert(rig_has(alert, "\r\nReferences: <11@far> <12@far>"));
    ck_assert(rig_has(alert, "<29@far> <last@far>\r\n"));
    ck_assert(!rig_has(alert, "one>") && !rig_has(alert, "junk"));
}
END_TEST

START_TEST(id_of_an_acknowledgement_keeps_no_alert_away)
{
    rig_send(rig, &(struct rig_mail){ALICE, .to = {"<x@noted.example>"}, .text = letter});
    struct span answer = span_of(arena_strdup(rig->site->arena, data(to("<alice@our.example>", 0))));
    next_listener();
    rig_send(rig,
             &(struct rig_mail){.from = "<eve@evil.example>", .to = {"<dave@our.example>"}, .bytes = answer});
    ck_assert_uint_eq(times("<guard@our.example>"), 1);
}
END_TEST

START_TEST(without_a_listener_mail_for_others_waits_and_a_refusal_stands)
{
    rig_free(&rig);
    rig = rig_new_with(policy, "inject = \"\"\n");
    site_user(rig->site, "alice@our.example", PKI_P256);
    static const char *const waits[] = {"<x@closed.example>", "<x@odd.example>",   "<x@kept.example>",
                                        "<x@moved.example>",  "<x@noted.example>", "<x@watched.example>"};
    for (size_t i = 0; i < SEAL_COUNT(waits); i++) {
        rig_send(rig, &(struct rig_mail){ALICE, .to = {waits[i]}, .text = letter});
        ck_assert_int_eq(rig->verdict, VERDICT_TEMPFAIL);
        ck_assert_str_eq(rig->mta->reply, "451 4.3.5 Server configuration problem");
    }
    rig_send(rig, &(struct rig_mail){ALICE, .to = {"<x@forbidden.example>"}, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_REJECT);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("milter/inject");
    TCase *tc = tcase_create("inject");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, returned_recipient_leaves_and_the_sender_gets_a_report);
    tcase_add_test(tc, message_that_is_returned_for_all_is_discarded_after_the_report);
    tcase_add_loop_test(tc, report_goes_only_to_who_wants_it, 0, SEAL_COUNT(wishes));
    tcase_add_test(tc, discarded_message_tells_nobody);
    tcase_add_test(tc, held_message_keeps_only_whom_policy_left_in);
    tcase_add_test(tc, message_is_not_held_for_a_recipient_who_cannot_be_taken_out);
    tcase_add_test(tc, copy_is_what_the_steps_above_made_and_forwarding_what_all_made);
    tcase_add_test(tc, redirected_copy_keeps_sender_and_parameters);
    tcase_add_test(tc, redirected_recipient_leaves_the_others_in_place);
    tcase_add_test(tc, sender_is_answered_once);
    tcase_add_loop_test(tc, machine_is_not_answered, 0, SEAL_COUNT(machines));
    tcase_add_test(tc, refused_message_gives_alerts_alone_and_once);
    tcase_add_test(tc, refusal_stands_whatever_becomes_of_its_alerts);
    tcase_add_test(tc, alert_that_is_refused_for_good_holds_up_no_mail);
    tcase_add_loop_test(tc, what_is_needed_and_cannot_be_sent_defers, 0, SEAL_COUNT(needed));
    tcase_add_test(tc, notices_above_the_rate_are_dropped_and_mail_goes_on);
    tcase_add_test(tc, alert_about_an_alert_of_ours_is_never_sent);
    tcase_add_test(tc, two_gateways_do_not_alert_each_other_for_ever);
    tcase_add_test(tc, alert_about_a_machines_mail_says_what_that_was_about);
    tcase_add_test(tc, id_of_an_acknowledgement_keeps_no_alert_away);
    tcase_add_test(tc, without_a_listener_mail_for_others_waits_and_a_refusal_stands);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
