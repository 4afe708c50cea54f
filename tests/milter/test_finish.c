/* test_finish - end of message on a whole site: what is injected, what is asked of the MTA, in which order, and what a retry does. */
#include "milter/finish.h"
#include "support/check.h"
#include "support/rig.h"
#include "support/rules.h"

#include "base/io.h"
#include "milter/clock.h"
#include "milter/journal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char policy[] =
    OUR_DOMAIN "rule \"bank\"\n"
               "    when outbound, to domain bank.example\n"
               "    encrypt with smime, else refuse \"No certificate is known.\"\n" OUT_IF_POSSIBLE
                   IN_OPENED_AND_HARVESTED HOUSE_PASSES;

static const char letter[] =
    "Received: from x\n\tby y\nFrom: Alice <alice@our.example>\nTo: bob@their.example,\n"
    " carol@their.example, dave@our.example\nSubject: Hi\nMessage-Id: <1@client>\n"
    "Date: Thu, 01 Jan 2026 00:00:00 +0000\nX-Last: yes\n\nThe token is ORCHID.\n";

#define ALICE .from = "<alice@our.example>", .login = "alice@our.example"
#define THREE .to = {"<bob@their.example>", "<carol@their.example>", "<dave@our.example>"}

static struct rig *rig;

static void start(const struct fake_rule *rules, size_t n)
{
    rig = rig_new(policy, rules, n);
    site_user(rig->site, "alice@our.example", PKI_P256);
    site_partner(rig->site, "bob@their.example", PKI_P256);
}

static void set_up(void)
{
    start(NULL, 0);
}

static void tear_down(void)
{
    rig_free(&rig);
}

static const char *edits_asked(void)
{
    return buf_str(&rig->mta->log);
}

static const struct fake_mail *injected(size_t i)
{
    fake_smtp_join(rig->listener);
    return fake_smtp_mail(rig->listener, i);
}

/* ---- in place ---- */

START_TEST(pass_asks_nothing_of_the_mta)
{
    rig_send(rig, &(struct rig_mail){ALICE, .to = {"<dave@our.example>"}, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert_str_eq(edits_asked(), "");
    fake_smtp_join(rig->listener);
    ck_assert_uint_eq(fake_smtp_connections(rig->listener), 0);
}
END_TEST

START_TEST(one_recipient_is_served_in_place)
{
    for (enum fake_kind kind = FAKE_POSTFIX; kind <= FAKE_SENDMAIL; kind++) {
        rig_send(rig, &(struct rig_mail){ALICE, .to = {"<bob@their.example>"}, .text = letter, .kind = kind});
        ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
        const char *message = rig_delivered(rig);
        ck_assert(rig_has(message, "smime-type=enveloped-data"));
        ck_assert(!rig_has(message, "ORCHID"));
        ck_assert(rig_has(message, "Received: from x\r\n\tby y\r\nFrom: Alice"));
        ck_assert_uint_eq(rig->mta->ngone, 0);
    }
    fake_smtp_join(rig->listener);
    ck_assert_uint_eq(fake_smtp_connections(rig->listener), 0);
}
END_TEST

START_TEST(edits_deliver_what_the_gate_made)
{
    static const struct site_mail same = {.from = "alice@our.example",
                                          .login = "alice@our.example",
                                          .to = {"carol@their.example"},
                                          .client = "192.0.2.1",
                                          .text = letter};
    for (enum fake_kind kind = FAKE_POSTFIX; kind <= FAKE_SENDMAIL; kind++) {
        rig_send(rig,
                 &(struct rig_mail){ALICE, .to = {"<carol@their.example>"}, .text = letter, .kind = kind});
        const char *message = rig_delivered(rig);
        ck_assert_int_eq(site_run(rig->site, &same), 0);
        struct span made = site_copy(rig->site, 0);
        size_t header = span_find(made, "boundary", 8, 0);
        ck_assert_uint_ne(header, SIZE_MAX);
        ck_assert(span_eq(span_sub(span_of(message), 0, header), span_sub(made, 0, header)));
    }
}
END_TEST

/* ---- copies ---- */

START_TEST(three_treatments_are_one_in_place_and_two_injected)
{
    rig_send(rig, &(struct rig_mail){ALICE, THREE, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert_str_eq(rig_delivered(rig), site_crlf(rig->site, letter).ptr); /* dave: pass */
    ck_assert_str_eq(edits_asked(), "delete recipient\ndelete recipient\n");
    ck_assert(fake_mta_removed(rig->mta, "<bob@their.example>"));
    ck_assert(fake_mta_removed(rig->mta, "<carol@their.example>"));
    ck_assert_uint_eq(rig_count(rig), 2);
    ck_assert_uint_eq(fake_smtp_connections(rig->listener), 1);
    ck_assert_uint_eq(rig_times(rig, "<bob@their.example>"), 1);
    ck_assert_uint_eq(rig_times(rig, "<carol@their.example>"), 1);
    for (size_t i = 0; i < 2; i++) {
        const struct fake_mail *mail = injected(i);
        ck_assert_uint_eq(mail->nrcpts, 1);
        ck_assert_int_eq(rig_has(buf_str(&mail->data), "ORCHID"), rig_has(mail->rcpts[0], "carol"));
    }
}
END_TEST

START_TEST(recipient_given_with_a_source_route_leaves_nothing_in_place)
{
    rig_send(rig,
             &(struct rig_mail){ALICE, .to = {"<@relay.example:bob@their.example>", "<dave@our.example>"},
                                .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_DISCARD);
    ck_assert_uint_eq(rig_count(rig), 2);
    for (size_t i = 0; i < 2; i++) {
        const struct fake_mail *mail = injected(i);
        ck_assert_uint_eq(mail->nrcpts, 1);
        ck_assert_int_eq(rig_has(buf_str(&mail->data), "ORCHID"), rig_has(mail->rcpts[0], "dave"));
    }
}
END_TEST

START_TEST(source_route_of_the_one_who_stays_changes_nothing)
{
    rig_send(rig,
             &(struct rig_mail){ALICE, .to = {"<bob@their.example>", "<@relay.example:dave@our.example>"},
                                .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert(fake_mta_removed(rig->mta, "<bob@their.example>"));
    ck_assert_uint_eq(rig->mta->ngone, 1);
}
END_TEST

START_TEST(route_in_a_local_part_of_ours_is_refused_when_submitted)
{
    static const char *const routes[] = {"<bob%their.example@our.example>", "<their.example!bob@our.example>",
                                         "<\"bob@their.example\"@our.example>", "<bob%their.example>"};
    for (size_t i = 0; i < SEAL_COUNT(routes); i++) {
        rig_send(rig, &(struct rig_mail){ALICE, .to = {routes[i]}, .text = letter});
        ck_assert_int_eq(rig->verdict, VERDICT_REJECT);
        rig_send(rig, &(struct rig_mail){.from = "<bob@their.example>", .to = {routes[i]}, .text = letter});
        ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    }
    rig_send(rig, &(struct rig_mail){ALICE, .to = {"<50%off@shop.example>"}, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
}
END_TEST

START_TEST(copies_keep_the_parameters_of_the_original)
{
    static const char *const mail_args[] = {"SIZE=1", "BODY=8BITMIME", "RET=FULL", "ENVID=e+2B1", NULL};
    static const char *const rcpt_args[] = {"NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;x@y.example", NULL};
    rig_send(rig, &(struct rig_mail){ALICE, THREE, .text = letter, .mail_args = mail_args,
                                     .rcpt_args = rcpt_args});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    for (size_t i = 0; i < 2; i++) {
        ck_assert(rig_has(injected(i)->mail, "MAIL FROM:<alice@our.example> SIZE="));
        ck_assert(rig_has(injected(i)->mail, " BODY=8BITMIME RET=FULL ENVID=e+2B1"));
        ck_assert(rig_has(injected(i)->rcpts[0], "> NOTIFY=FAILURE,DELAY ORCPT=rfc822;x@y.example"));
    }
}
END_TEST

START_TEST(eight_bit_copies_are_declared)
{
    static const char text[] =
        "From: alice@our.example\nTo: x@their.example\nMessage-Id: <1@c>\n\n\xc3\xa4\n";
    rig_send(rig, &(struct rig_mail){ALICE, THREE, .text = text});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    fake_smtp_join(rig->listener);
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(rig_has(injected(i)->mail, "BODY=8BITMIME"),
                         rig_has(buf_str(&injected(i)->data), "\xc3\xa4"));
}
END_TEST

START_TEST(without_a_listener_a_message_that_must_be_split_waits)
{
    rig_free(&rig);
    rig = rig_new_with(policy, "inject = \"\"\n");
    site_user(rig->site, "alice@our.example", PKI_P256);
    site_partner(rig->site, "bob@their.example", PKI_P256);
    rig_send(rig, &(struct rig_mail){ALICE, THREE, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_TEMPFAIL);
    ck_assert_str_eq(edits_asked(), "");
    ck_assert_str_eq(rig->mta->reply, "451 4.3.5 Server configuration problem");
}
END_TEST

static const struct {
    struct fake_rule rule;
    const char *reply;
} refusals[] = {
    {{"EHLO", 0, "421 busy\r\n"}, "451 4.4.0 "},
    {{"MAIL", 0, "550 no\r\n"}, "451 4.3.5 "},
    {{"RCPT", 0, "450 later\r\n"}, "451 4.4.0 "},
    {{"RCPT", 2, "550 unknown\r\n"}, "451 4.3.5 "},
    {{"DATA", 0, NULL}, "451 4.4.0 "},
    {{"end", 1, "452 full\r\n"}, "451 4.4.0 "},
    {{"end", 2, "554 no\r\n"}, "451 4.3.5 "},
    {{"end", 2, NULL}, "451 4.4.0 "},
};

START_TEST(refused_injection_defers_for_all_and_touches_nothing)
{
    tear_down();
    start(&refusals[_i].rule, 1);
    rig_send(rig, &(struct rig_mail){ALICE, THREE, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_TEMPFAIL);
    ck_assert_str_eq(edits_asked(), "");
    ck_assert_msg(strncmp(rig->mta->reply, refusals[_i].reply, 10) == 0, "%s", rig->mta->reply);
}
END_TEST

START_TEST(copy_above_the_listeners_limit_is_refused_before_anything_is_sent)
{
    static const struct fake_rule small = {"EHLO", 0, "250-x\r\n250 SIZE 1000\r\n"};
    tear_down();
    start(&small, 1);
    rig_send(rig, &(struct rig_mail){ALICE, THREE, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_REJECT);
    ck_assert_str_eq(edits_asked(), "");
    ck_assert_int_eq(strncmp(rig->mta->reply, "552 5.3.4 ", 10), 0);
    fake_smtp_join(rig->listener);
    ck_assert(!rig_has(fake_smtp_said(rig->listener), "MAIL"));
}
END_TEST

START_TEST(recipient_that_stays_under_the_same_spelling_is_not_removed)
{
    rig_send(rig, &(struct rig_mail){
                      ALICE, .to = {"<dave@our.example>", "<bob@their.example>", "<dave@our.example>"},
                      .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert(!fake_mta_removed(rig->mta, "<dave@our.example>"));
    ck_assert(fake_mta_removed(rig->mta, "<bob@their.example>"));
}
END_TEST

/* ---- retries ---- */

START_TEST(retry_sends_nothing_twice)
{
    rig_send(rig, &(struct rig_mail){ALICE, THREE, .text = letter, .fail_at = 2});
    ck_assert_int_eq(rig->verdict, VERDICT_TEMPFAIL);
    rig_send(rig, &(struct rig_mail){ALICE, THREE, .text = letter, .queue_id = "Q2"});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert_uint_eq(rig->mta->ngone, 2);
    ck_assert_uint_eq(rig_count(rig), 2);
}
END_TEST

START_TEST(retry_after_a_copy_failed_sends_the_rest_only)
{
    static const struct fake_rule second = {"end", 2, "451 later\r\n"};
    tear_down();
    start(&second, 1);
    rig_send(rig, &(struct rig_mail){ALICE, THREE, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_TEMPFAIL);
    rig_send(rig, &(struct rig_mail){ALICE, THREE, .text = letter, .queue_id = "Q2"});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    fake_smtp_join(rig->listener);
    ck_assert_uint_eq(rig_times(rig, "<bob@their.example>"), 1);
    ck_assert_uint_eq(rig_times(rig, "<carol@their.example>"), 1);
}
END_TEST

START_TEST(retry_with_other_groups_serves_nobody_twice)
{
    rig_send(rig, &(struct rig_mail){ALICE, THREE, .text = letter, .fail_at = 1});
    ck_assert_int_eq(rig->verdict, VERDICT_TEMPFAIL);
    rig_send(rig, &(struct rig_mail){ALICE, .to = {"<bob@their.example>"}, .text = letter, .queue_id = "Q2"});
    ck_assert_int_eq(rig->verdict, VERDICT_DISCARD); /* bob would be in place now, and was served */
    ck_assert_str_eq(edits_asked(), "");
    rig_send(rig, &(struct rig_mail){ALICE, .to = {"<carol@their.example>", "<eve@their.example>"},
                                     .text = letter, .queue_id = "Q3"});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert(fake_mta_removed(rig->mta, "<carol@their.example>"));
    ck_assert(!fake_mta_removed(rig->mta, "<eve@their.example>"));
    ck_assert_uint_eq(rig_count(rig), 2);
}
END_TEST

START_TEST(another_message_is_no_retry)
{
    static const char other[] =
        "From: alice@our.example\nTo: bob@their.example\nMessage-Id: <2@client>\n"
        "Date: Thu, 01 Jan 2026 00:00:00 +0000\nX-Last: yes\n\nThe token is ORCHID.\n";
    rig_send(rig, &(struct rig_mail){ALICE, THREE, .text = letter});
    rig_send(rig, &(struct rig_mail){ALICE, THREE, .text = other, .queue_id = "Q2"});
    ck_assert_uint_eq(rig_count(rig), 4);
}
END_TEST

/* How often the message with this id went to this path by injection. */
static size_t times_injected(unsigned id, const char *path)
{
    char field[64];
    size_t times = 0;
    snprintf(field, sizeof field, "Message-Id: <%u@client>", id);
    for (size_t i = 0; i < fake_smtp_count(rig->listener); i++) {
        const struct fake_mail *mail = fake_smtp_mail(rig->listener, i);
        times += rig_has(buf_str(&mail->data), field) && rig_has(mail->rcpts[0], path);
    }
    return times;
}

/* Whatever fails, at whatever point: nobody is served in clear, nobody twice, nobody never. */
START_TEST(any_failing_step_is_healed_by_a_retry)
{
    unsigned n = 0;
    for (bool clean = false; !clean;) {
        char text[400];
        snprintf(text, sizeof text,
                 "From: alice@our.example\nTo: bob@their.example\nMessage-Id: <%u@client>\n\nORCHID\n", ++n);
        io_fault_at(n, 5);
        rig_send(rig, &(struct rig_mail){ALICE, THREE, .text = text});
        clean = io_fault_count() < n;
        io_fault_at(0, 0);
        if (rig->verdict == VERDICT_TEMPFAIL)
            rig_send(rig, &(struct rig_mail){ALICE, THREE, .text = text, .queue_id = "Q2"});
        ck_assert_msg(rig->verdict == VERDICT_ACCEPT, "point %u: %s", n, verdict_name(rig->verdict));
        ck_assert(fake_mta_removed(rig->mta, "<bob@their.example>") &&
                  fake_mta_removed(rig->mta, "<carol@their.example>"));
    }
    ck_assert_uint_gt(n, 8);
    fake_smtp_join(rig->listener);
    for (unsigned i = 1; i <= n; i++) {
        ck_assert_msg(times_injected(i, "bob@") == 1, "point %u: bob", i);
        ck_assert_msg(times_injected(i, "carol@") == 1, "point %u: carol", i);
    }
}
END_TEST

START_TEST(any_edit_that_the_mta_does_not_take_defers)
{
    unsigned n = 0;
    do {
        rig_send(rig,
                 &(struct rig_mail){ALICE, .to = {"<bob@their.example>"}, .text = letter, .fail_at = ++n});
        ck_assert_int_eq(rig->verdict, rig->mta->calls < n ? VERDICT_ACCEPT : VERDICT_TEMPFAIL);
    } while (rig->verdict == VERDICT_TEMPFAIL);
    ck_assert_uint_gt(n, 3);
}
END_TEST

/* ---- refusals ---- */

START_TEST(refusal_of_policy_names_the_recipient_and_sends_nothing)
{
    rig_send(rig,
             &(struct rig_mail){ALICE, .to = {"<bob@their.example>", "<x@bank.example>"}, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_REJECT);
    ck_assert_str_eq(edits_asked(), "");
    ck_assert(rig_has(rig->mta->reply, "x@bank.example"));
    ck_assert(rig_has(rig->mta->reply, "No certificate is known."));
    fake_smtp_join(rig->listener);
    ck_assert_uint_eq(fake_smtp_connections(rig->listener), 0);
}
END_TEST

START_TEST(too_many_messages_at_once_wait)
{
    rig->daemon.working = rig->site->settings->workers_max;
    rig_send(rig, &(struct rig_mail){ALICE, .to = {"<dave@our.example>"}, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_TEMPFAIL);
    ck_assert_int_eq(strncmp(rig->mta->reply, "451 4.3.2 ", 10), 0);
    rig->daemon.working = 0;
    rig_send(rig, &(struct rig_mail){ALICE, .to = {"<dave@our.example>"}, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert_uint_eq(rig->daemon.working, 0);
}
END_TEST

START_TEST(daemon_about_to_stop_takes_no_more)
{
    ck_assert(daemon_stop(&rig->daemon, 1));
    rig_send(rig, &(struct rig_mail){ALICE, .to = {"<dave@our.example>"}, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_TEMPFAIL);
}
END_TEST

/* ---- inbound ---- */

static struct span enveloped_for_dave(void)
{
    struct pki_entity *dave = site_user(rig->site, "dave@our.example", PKI_P256);
    struct span entity = site_crlf(rig->site, "Content-Type: text/plain\n\nThe token is ORCHID.\n");
    return site_enveloped(rig->site,
                          "From: bob@their.example\nTo: dave@our.example\nSubject: Hi\nMessage-Id: <3@c>\n",
                          entity, dave);
}

START_TEST(opened_message_does_not_bounce_whole)
{
    static const char *const mail_args[] = {"RET=FULL", "ENVID=7", NULL};
    rig_send(rig, &(struct rig_mail){.from = "<Bob@their.example>",
                                     .to = {"<dave@our.example>"},
                                     .bytes = enveloped_for_dave(),
                                     .mail_args = mail_args});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert(rig_has(rig_delivered(rig), "ORCHID"));
    ck_assert_str_eq(rig->mta->sender, "<Bob@their.example>");
    ck_assert_str_eq(rig->mta->sender_args, "RET=HDRS ENVID=7");
}
END_TEST

START_TEST(opened_message_of_the_null_sender_keeps_it)
{
    rig_send(rig,
             &(struct rig_mail){.from = "<>", .to = {"<dave@our.example>"}, .bytes = enveloped_for_dave()});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert(rig_has(rig_delivered(rig), "ORCHID"));
    ck_assert_ptr_null(rig->mta->sender);
}
END_TEST

START_TEST(message_that_is_not_opened_keeps_its_sender)
{
    rig_send(rig,
             &(struct rig_mail){.from = "<bob@their.example>", .to = {"<x@our.example>"}, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert_ptr_null(rig->mta->sender);
}
END_TEST

/* Injection takes longer than none; nothing is injected here, and might have been. */
START_TEST(time_does_not_tell_that_a_message_was_split)
{
    struct span closed = enveloped_for_dave();
    int64_t start = clock_ms();
    rig_send(rig, &(struct rig_mail){.from = "<bob@their.example>",
                                     .to = {"<dave@our.example>", "<Dave@our.example>"},
                                     .bytes = closed});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert_int_ge(clock_ms() - start, 250);
    fake_smtp_join(rig->listener);
    ck_assert_uint_eq(fake_smtp_connections(rig->listener), 0);
}
END_TEST

START_TEST(opened_copy_is_injected_headers_only)
{
    struct span message = enveloped_for_dave();
    rig_send(rig, &(struct rig_mail){.from = "<bob@their.example>",
                                     .to = {"<x@our.example>", "<y@our.example>", "<dave@our.example>"},
                                     .bytes = message});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    ck_assert(!rig_has(rig_delivered(rig), "ORCHID"));
    ck_assert(rig_has(buf_str(&injected(0)->data), "ORCHID"));
    ck_assert(rig_has(injected(0)->mail, " RET=HDRS"));
}
END_TEST

START_TEST(listener_without_dsn_gets_no_opened_copy)
{
    static const struct fake_rule bare = {"EHLO", 0, "250 x\r\n"};
    tear_down();
    start(&bare, 1);
    rig_send(rig, &(struct rig_mail){.from = "<bob@their.example>",
                                     .to = {"<x@our.example>", "<y@our.example>", "<dave@our.example>"},
                                     .bytes = enveloped_for_dave()});
    ck_assert_int_eq(rig->verdict, VERDICT_TEMPFAIL);
    ck_assert_uint_eq(rig_count(rig), 0);
}
END_TEST

START_TEST(signers_certificate_is_kept_after_the_verdict)
{
    struct err err = ERR_INIT;
    struct pki_entity *eve = pki_leaf(rig->site->pki, rig->site->root,
                                      &(struct pki_spec){.email = "eve@their.example", .type = PKI_P256});
    site_user(rig->site, "dave@our.example", PKI_P256);
    SEAL_CLEANUP(buf_fini) struct buf headers = BUF_INIT(1u << 20);
    char date[64];
    time_t now = time(NULL);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", gmtime(&now));
    buf_printf(
        &headers,
        "From: eve@their.example\r\nTo: dave@our.example\r\nSubject: Hi\r\nDate: %s\r\nMIME-Version: 1.0\r\n",
        date);
    buf_add_span(&headers, site_signed_entity(rig->site, "Content-Type: text/plain\n\nHi\n", eve, now));
    rig_send(rig, &(struct rig_mail){.from = "<eve@their.example>",
                                     .to = {"<dave@our.example>"},
                                     .bytes = buf_span(&headers)});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    struct store_read *read = NULL;
    struct cert_record record;
    ck_ok(store_read_begin(rig->site->store, rig->site->arena, &read, &err));
    ck_assert_int_eq(store_find_cert(read, cert_info(eve->cert)->fingerprint, &record, &err), FIND_FOUND);
    ck_assert_int_eq(record.source, CERT_HARVESTED);
    ck_assert_int_eq(record.trust, TRUST_TRUSTED);
    store_read_end(&read);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("milter/finish");
    TCase *tc = tcase_create("finish");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, pass_asks_nothing_of_the_mta);
    tcase_add_test(tc, one_recipient_is_served_in_place);
    tcase_add_test(tc, edits_deliver_what_the_gate_made);
    tcase_add_test(tc, three_treatments_are_one_in_place_and_two_injected);
    tcase_add_test(tc, recipient_given_with_a_source_route_leaves_nothing_in_place);
    tcase_add_test(tc, source_route_of_the_one_who_stays_changes_nothing);
    tcase_add_test(tc, route_in_a_local_part_of_ours_is_refused_when_submitted);
    tcase_add_test(tc, copies_keep_the_parameters_of_the_original);
    tcase_add_test(tc, eight_bit_copies_are_declared);
    tcase_add_test(tc, without_a_listener_a_message_that_must_be_split_waits);
    tcase_add_loop_test(tc, refused_injection_defers_for_all_and_touches_nothing, 0, SEAL_COUNT(refusals));
    tcase_add_test(tc, copy_above_the_listeners_limit_is_refused_before_anything_is_sent);
    tcase_add_test(tc, recipient_that_stays_under_the_same_spelling_is_not_removed);
    tcase_add_test(tc, retry_sends_nothing_twice);
    tcase_add_test(tc, retry_after_a_copy_failed_sends_the_rest_only);
    tcase_add_test(tc, retry_with_other_groups_serves_nobody_twice);
    tcase_add_test(tc, another_message_is_no_retry);
    tcase_add_test(tc, any_failing_step_is_healed_by_a_retry);
    tcase_add_test(tc, any_edit_that_the_mta_does_not_take_defers);
    tcase_add_test(tc, refusal_of_policy_names_the_recipient_and_sends_nothing);
    tcase_add_test(tc, too_many_messages_at_once_wait);
    tcase_add_test(tc, daemon_about_to_stop_takes_no_more);
    tcase_add_test(tc, opened_message_does_not_bounce_whole);
    tcase_add_test(tc, opened_message_of_the_null_sender_keeps_it);
    tcase_add_test(tc, message_that_is_not_opened_keeps_its_sender);
    tcase_add_test(tc, time_does_not_tell_that_a_message_was_split);
    tcase_add_test(tc, opened_copy_is_injected_headers_only);
    tcase_add_test(tc, listener_without_dsn_gets_no_opened_copy);
    tcase_add_test(tc, signers_certificate_is_kept_after_the_verdict);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
