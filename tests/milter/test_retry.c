/* test_retry - who else gets mail because of a message, when a step fails and the client comes again: each of them once, and nothing lost. */
#include "support/check.h"
#include "support/rig.h"

#include "base/io.h"
#include "milter/clock.h"

#include <stdio.h>
#include <string.h>

static const char policy[] = "our domains our.example\n"
                             "rule \"closed\"\n"
                             "    when outbound, to domain closed.example\n"
                             "    return \"This company is closed.\"\n"
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
                             "    alert guard@our.example or night@our.example subject \"About {subject}\"\n"
                             "rule \"odd\"\n"
                             "    when outbound, to domain odd.example\n"
                             "    copy to archive@our.example\n"
                             "    alert guard@our.example subject \"About {subject}\"\n"
                             "    hold\n"
                             "rule \"forbidden\"\n"
                             "    when outbound, to domain forbidden.example\n"
                             "    alert guard@our.example subject \"About {subject}\"\n"
                             "    refuse \"No.\"\n"
                             "rule \"all\"\n"
                             "    pass\n";

static const char letter[] = "From: Alice <alice@our.example>\nTo: x@closed.example\nSubject: Hi\n"
                             "Message-Id: <1@client>\n\nThe token is ORCHID.\n";

#define ALICE .from = "<alice@our.example>", .login = "alice@our.example"
#define ALL_KINDS                                                                                            \
    .to = {"<x@watched.example>", "<x@moved.example>", "<x@kept.example>", "<x@closed.example>",             \
           "<x@noted.example>"}

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

static const char *data(const struct fake_mail *mail)
{
    return buf_str(&mail->data);
}

/* ---- whatever fails of ours ---- */

/* The message of this number, by its Message-ID or its Subject. */
static size_t times_of(unsigned id, const char *path, const char *needle)
{
    char name[64];
    size_t n = 0;
    snprintf(name, sizeof name, "<%u@client>", id);
    for (size_t i = 0; i < rig_count(rig); i++) {
        const struct fake_mail *mail = fake_smtp_mail(rig->listener, i);
        n += rig_has(mail->rcpts[0], path) && rig_has(data(mail), name) && rig_has(data(mail), needle);
    }
    return n;
}

/* A message for each point of its way, where a step fails; then again, when it was deferred. Returns how many there are. */
static unsigned fail_at_each_point(struct rig_mail mail, enum verdict wanted)
{
    unsigned n = 0;
    rig->site->settings->notice_rate = 100000;
    for (bool clean = false; !clean;) {
        n++;
        mail.text = arena_printf(
            rig->site->arena,
            "From: alice@our.example\nSubject: <%u@client>\nMessage-Id: <%u@client>\n\nORCHID\n", n, n);
        mail.queue_id = "Q1";
        io_fault_at(n, 5);
        rig_send(rig, &mail);
        clean = io_fault_count() < n;
        io_fault_at(0, 0);
        mail.queue_id = "Q2";
        if (rig->verdict == VERDICT_TEMPFAIL)
            rig_send(rig, &mail);
        ck_assert_msg(rig->verdict == wanted, "point %u: %s", n, verdict_name(rig->verdict));
    }
    ck_assert_uint_gt(n, 12);
    return n;
}

START_TEST(any_failing_step_is_healed_by_a_retry_that_repeats_nothing)
{
    unsigned n = fail_at_each_point((struct rig_mail){ALICE, ALL_KINDS}, VERDICT_ACCEPT);
    for (unsigned i = 1; i <= n; i++) {
        ck_assert_msg(times_of(i, "new@", "ORCHID") == 1, "point %u: redirected", i);
        ck_assert_msg(times_of(i, "archive@", "ORCHID") == 1, "point %u: copy", i);
        ck_assert_msg(times_of(i, "boss@", "ORCHID") == 1, "point %u: forwarded", i);
        ck_assert_msg(times_of(i, "alice@", "delivery-status") == 1, "point %u: report", i);
        ck_assert_msg(times_of(i, "alice@", "was accepted") == 1, "point %u: answer", i);
        ck_assert_msg(times_of(i, "guard@", "About") == 1, "point %u: alert", i);
        ck_assert_msg(times_of(i, "night@", "About") == 1, "point %u: second alert", i);
    }
}
END_TEST

/* Where nothing is delivered, or not for now. */
static const struct {
    struct rig_mail mail;
    enum verdict verdict;
    size_t copies, reports, alerts;
} ends[] = {
    {{ALICE, .to = {"<x@closed.example>", "<y@closed.example>"}}, VERDICT_DISCARD, 0, 1, 0},
    {{ALICE, .to = {"<x@odd.example>", "<x@closed.example>"}}, VERDICT_HOLD, 1, 1, 1},
};

START_TEST(any_failing_step_before_another_end_is_healed_too)
{
    unsigned n = fail_at_each_point(ends[_i].mail, ends[_i].verdict);
    for (unsigned i = 1; i <= n; i++) {
        ck_assert_msg(times_of(i, "archive@", "ORCHID") == ends[_i].copies, "point %u: copy", i);
        ck_assert_msg(times_of(i, "alice@", "delivery-status") == ends[_i].reports, "point %u: report", i);
        ck_assert_msg(times_of(i, "guard@", "About") == ends[_i].alerts, "point %u: alert", i);
    }
}
END_TEST

/* Nobody comes again for an alert whose message is refused. */
START_TEST(whatever_fails_a_refusal_gives_at_most_one_alert)
{
    unsigned alerted = 0;
    unsigned n = fail_at_each_point(
        (struct rig_mail){ALICE, .to = {"<x@forbidden.example>", "<x@closed.example>"}}, VERDICT_REJECT);
    for (unsigned i = 1; i <= n; i++) {
        ck_assert_uint_le(times_of(i, "guard@", "About"), 1);
        alerted += (unsigned)times_of(i, "guard@", "About");
    }
    ck_assert_uint_gt(alerted, 3);
    ck_assert_uint_eq(rig_count(rig), alerted);
}
END_TEST

/* ---- whatever the listener does to one of the pieces ---- */

#define PIECES 8
static char names[PIECES][120];

static void name_piece(const struct fake_mail *mail, char out[120])
{
    snprintf(out, 120, "%s%s", mail->rcpts[0], rig_has(data(mail), "delivery-status") ? " report" : "");
}

static size_t times_named(const char *name)
{
    char other[120];
    size_t n = 0;
    for (size_t i = 0; i < rig_count(rig); i++) {
        name_piece(fake_smtp_mail(rig->listener, i), other);
        n += strcmp(other, name) == 0;
    }
    return n;
}

/* In the order in which they go out. */
static void learn_names(void)
{
    rig_send(rig, &(struct rig_mail){ALICE, ALL_KINDS, .text = letter});
    ck_assert_uint_eq(rig_count(rig), PIECES);
    for (size_t i = 0; i < PIECES; i++)
        name_piece(fake_smtp_mail(rig->listener, i), names[i]);
    for (size_t i = 0; i < PIECES; i++)
        ck_assert_uint_eq(times_named(names[i]), 1);
    tear_down();
}

static bool is_droppable(const char *name)
{
    return rig_has(name, "guard@") || rig_has(name, "night@") ||
           strcmp(name, "RCPT TO:<alice@our.example>") == 0;
}

/* How often the piece that failed is out in the end; all others once. */
static void check_pieces(size_t failed, size_t wanted)
{
    for (size_t i = 0; i < PIECES; i++)
        ck_assert_msg(times_named(names[i]) == (i == failed ? wanted : 1), "%s failed: %s went out %zu times",
                      names[failed], names[i], times_named(names[i]));
}

static void send_twice(void)
{
    rig_send(rig, &(struct rig_mail){ALICE, ALL_KINDS, .text = letter});
    ck_assert_int_eq(rig->verdict, VERDICT_TEMPFAIL);
    ck_assert_uint_eq(rig->mta->ngone, 0);
    rig_send(rig, &(struct rig_mail){ALICE, ALL_KINDS, .text = letter, .queue_id = "Q2"});
    ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
}

/* Behind the end of the data nobody can tell whether a listener that hangs up has taken the message (RFC 1047). */
static void check_failure(const char *command, const char *answer, size_t piece)
{
    const struct fake_rule rule = {command, (unsigned)piece + 1, answer};
    bool dropped = answer != NULL && answer[0] == '5' && is_droppable(names[piece]);
    bool in_doubt = answer == NULL && strcmp(command, "end") == 0;
    start(&rule, 1);
    if (dropped) {
        rig_send(rig, &(struct rig_mail){ALICE, ALL_KINDS, .text = letter});
        ck_assert_int_eq(rig->verdict, VERDICT_ACCEPT);
    } else {
        send_twice();
    }
    check_pieces(piece, dropped ? 0 : in_doubt ? 2 : 1);
    tear_down();
}

START_TEST(whichever_piece_fails_the_others_go_out_once)
{
    static const char *const commands[] = {"MAIL", "RCPT", "DATA", "end"};
    static const char *const answers[] = {"451 later\r\n", "554 no\r\n", NULL};
    learn_names();
    for (size_t i = 0; i < SEAL_COUNT(answers); i++)
        for (size_t piece = 0; piece < PIECES; piece++)
            check_failure(commands[_i], answers[i], piece);
    start(NULL, 0);
}
END_TEST

/* Every other one: a copy for a recipient, one for another, the report, an alert. */
START_TEST(listener_that_hangs_at_a_piece_holds_nothing_up_for_longer_than_its_time)
{
    size_t piece = 2 * (size_t)_i;
    const struct fake_rule mute = {"DATA", (unsigned)piece + 1, ""};
    learn_names();
    start(&mute, 1);
    rig->site->settings->inject_timeout = 2;
    int64_t before = clock_ms();
    send_twice();
    ck_assert_int_lt(clock_ms() - before, 15000);
    check_pieces(piece, 1);
}
END_TEST

/* A rate of one an hour, used up by none of the tries that failed. */
START_TEST(notice_that_waits_for_the_listener_is_not_counted)
{
    static const struct fake_rule busy[] = {
        {"RCPT TO:<guard@our.example>", 1, "450 later\r\n"},
        {"RCPT TO:<guard@our.example>", 1, "450 later\r\n"},
        {"EHLO", 3, "421 later\r\n"},
    };
    tear_down();
    start(busy, SEAL_COUNT(busy));
    rig->site->settings->notice_rate = 1;
    const struct rig_mail mail = {ALICE, .to = {"<x@watched.example>"}, .text = letter};
    for (int try = 0; try < 3; try++)
        ck_assert_int_eq(rig_send(rig, &mail), VERDICT_TEMPFAIL);
    ck_assert_int_eq(rig_send(rig, &mail), VERDICT_ACCEPT);
    ck_assert_uint_eq(rig_count(rig), 2);
    ck_assert_uint_eq(rig_times(rig, "<guard@our.example>"), 1);
    ck_assert_uint_eq(rig_times(rig, "<night@our.example>"), 1);
}
END_TEST

/* The MTA gives it to whoever is still in it when it is released. */
START_TEST(who_was_served_before_is_not_in_what_is_held)
{
    static const char holds[] = "our domains our.example\nrule \"all\"\n    hold \"to be looked at\"\n";
    const struct rig_mail both = {ALICE, .to = {"<x@moved.example>", "<bob@there.example>"}, .text = letter};
    const struct rig_mail one = {ALICE, .to = {"<x@moved.example>"}, .text = letter};
    struct rig_mail first = both;
    first.fail_at = 1;
    ck_assert_int_eq(rig_send(rig, &first), VERDICT_TEMPFAIL);
    site_policy(rig->site, holds);
    ck_assert_int_eq(rig_send(rig, &both), VERDICT_HOLD);
    ck_assert(fake_mta_removed(rig->mta, "<x@moved.example>"));
    ck_assert_uint_eq(rig->mta->ngone, 1);
    ck_assert_int_eq(rig_send(rig, &one), VERDICT_DISCARD);
    ck_assert_ptr_null(rig->mta->held);
    ck_assert_uint_eq(rig_count(rig), 1);
    ck_assert_uint_eq(rig_times(rig, "<new@there.example>"), 1);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("milter/retry");
    TCase *tc = tcase_create("retry");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, any_failing_step_is_healed_by_a_retry_that_repeats_nothing);
    tcase_add_loop_test(tc, any_failing_step_before_another_end_is_healed_too, 0, SEAL_COUNT(ends));
    tcase_add_test(tc, whatever_fails_a_refusal_gives_at_most_one_alert);
    tcase_add_loop_test(tc, whichever_piece_fails_the_others_go_out_once, 0, 4);
    tcase_add_loop_test(tc, listener_that_hangs_at_a_piece_holds_nothing_up_for_longer_than_its_time, 0,
                        PIECES / 2);
    tcase_add_test(tc, notice_that_waits_for_the_listener_is_not_counted);
    tcase_add_test(tc, who_was_served_before_is_not_in_what_is_held);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
