/* test_client - the injection client against a scripted server. */
#include "smtp/client.h"
#include "support/check.h"
#include "support/fake_smtp.h"
#include "support/port.h"

#include "base/io.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const struct wire_conf patient = {.timeout = 20, .clock_ms = clock_ms};
static const struct wire_conf hasty = {.timeout = 1, .clock_ms = clock_ms};

static const struct smtp_rcpt alice = {.path = "<alice@example.org>"};
static const struct smtp_mail plain = {
    .sender = "<bob@example.net>",
    .rcpts = &alice,
    .nrcpts = 1,
    .message = {"Subject: x\r\n\r\nbody\r\n", 20},
};

/* Connect, greet, send, close. */
static int deliver(struct fake_smtp *server, const struct wire_conf *conf, const struct smtp_mail *mail,
                   struct err *err)
{
    struct smtp *smtp = NULL;
    int result = -1;
    if (smtp_connect(fake_smtp_target(server), conf, &smtp, err) == 0 &&
        smtp_hello(smtp, "s1.gw.example", err) == 0)
        result = smtp_send(smtp, mail, err);
    smtp_close(&smtp);
    fake_smtp_join(server);
    return result;
}

START_TEST(message_arrives_byte_for_byte)
{
    struct err err = ERR_INIT;
    struct fake_smtp *server = fake_smtp_start(NULL, 0);
    ck_ok(deliver(server, &patient, &plain, &err));
    ck_assert_uint_eq(fake_smtp_count(server), 1);
    const struct fake_mail *got = fake_smtp_mail(server, 0);
    ck_assert_str_eq(got->mail, "MAIL FROM:<bob@example.net> SIZE=20");
    ck_assert_uint_eq(got->nrcpts, 1);
    ck_assert_str_eq(got->rcpts[0], "RCPT TO:<alice@example.org>");
    ck_assert(span_eq(buf_span(&got->data), plain.message));
    ck_assert_ptr_nonnull(strstr(fake_smtp_said(server), "QUIT"));
    fake_smtp_stop(&server);
}
END_TEST

START_TEST(parameters_travel_with_the_message)
{
    struct err err = ERR_INIT;
    struct fake_smtp *server = fake_smtp_start(NULL, 0);
    const struct smtp_rcpt rcpts[] = {
        {.path = "<a@example.org>", .notify = "NEVER"},
        {.path = "<\xc3\xa4@example.org>", .notify = "SUCCESS,DELAY", .orcpt = "rfc822;x+2By@example.org"},
    };
    struct smtp_mail mail = plain;
    mail.rcpts = rcpts;
    mail.nrcpts = 2;
    mail.ret = "HDRS";
    mail.envid = "id+2B1";
    mail.body = "8BITMIME";
    mail.smtputf8 = true;
    ck_ok(deliver(server, &patient, &mail, &err));
    const struct fake_mail *got = fake_smtp_mail(server, 0);
    ck_assert_str_eq(got->mail,
                     "MAIL FROM:<bob@example.net> SIZE=20 BODY=8BITMIME RET=HDRS ENVID=id+2B1 SMTPUTF8");
    ck_assert_str_eq(got->rcpts[0], "RCPT TO:<a@example.org> NOTIFY=NEVER");
    ck_assert_str_eq(got->rcpts[1],
                     "RCPT TO:<\xc3\xa4@example.org> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x+2By@example.org");
    fake_smtp_stop(&server);
}
END_TEST

static const struct fake_rule bare_ehlo[] = {{"EHLO", 0, "250 fake\r\n"}};

START_TEST(parameters_not_offered_stay_at_home)
{
    struct err err = ERR_INIT;
    struct fake_smtp *server = fake_smtp_start(bare_ehlo, 1);
    const struct smtp_rcpt rcpt = {.path = "<a@example.org>", .notify = "NEVER", .orcpt = "rfc822;a@b"};
    struct smtp_mail mail = plain;
    mail.rcpts = &rcpt;
    mail.ret = "FULL";
    mail.envid = "1";
    mail.body = "8BITMIME";
    ck_ok(deliver(server, &patient, &mail, &err));
    ck_assert_str_eq(fake_smtp_mail(server, 0)->mail, "MAIL FROM:<bob@example.net>");
    ck_assert_str_eq(fake_smtp_mail(server, 0)->rcpts[0], "RCPT TO:<a@example.org>");
    fake_smtp_stop(&server);
}
END_TEST

START_TEST(needed_extension_that_is_not_offered_stops_everything)
{
    struct err err = ERR_INIT;
    struct fake_smtp *server = fake_smtp_start(bare_ehlo, 1);
    struct smtp_mail mail = plain;
    mail.smtputf8 = _i == 0;
    mail.requiretls = _i == 1;
    mail.headers_only_required = _i == 2;
    ck_fails(deliver(server, &patient, &mail, &err), ERR_PEER_PERM);
    ck_assert_ptr_null(strstr(fake_smtp_said(server), "MAIL"));
    fake_smtp_stop(&server);
}
END_TEST

START_TEST(message_above_offered_size_is_not_sent)
{
    static const struct fake_rule rules[] = {{"EHLO", 0, "250-fake\r\n250 SIZE 19\r\n"}};
    struct err err = ERR_INIT;
    struct fake_smtp *server = fake_smtp_start(rules, 1);
    ck_fails(deliver(server, &patient, &plain, &err), ERR_TOO_BIG);
    ck_assert_ptr_null(strstr(fake_smtp_said(server), "MAIL"));
    fake_smtp_stop(&server);
}
END_TEST

static const struct {
    struct fake_rule rule;
    enum err_code code;
} refusals[] = {
    {{"greeting", 0, "554 no\r\n"}, ERR_PEER_PERM},
    {{"greeting", 0, "421 busy\r\n"}, ERR_PEER_TEMP},
    {{"greeting", 0, NULL}, ERR_PEER_TEMP},
    {{"EHLO", 0, "502 what\r\n"}, ERR_PEER_PERM},
    {{"EHLO", 0, NULL}, ERR_PEER_TEMP},
    {{"MAIL", 0, "451 later\r\n"}, ERR_PEER_TEMP},
    {{"MAIL", 0, "550-no\r\n550 no\r\n"}, ERR_PEER_PERM},
    {{"MAIL", 0, NULL}, ERR_PEER_TEMP},
    {{"RCPT", 0, "450 later\r\n"}, ERR_PEER_TEMP},
    {{"RCPT", 0, "550 unknown\r\n"}, ERR_PEER_PERM},
    {{"RCPT", 0, NULL}, ERR_PEER_TEMP},
    {{"DATA", 0, "451 later\r\n"}, ERR_PEER_TEMP},
    {{"DATA", 0, "250 not what we wait for\r\n"}, ERR_PEER_TEMP},
    {{"DATA", 0, NULL}, ERR_PEER_TEMP},
    {{"end", 0, "452 full\r\n"}, ERR_PEER_TEMP},
    {{"end", 0, "552 too big\r\n"}, ERR_PEER_PERM},
    {{"end", 0, "354 what\r\n"}, ERR_PEER_TEMP},
    {{"end", 0, NULL}, ERR_PEER_TEMP},
    {{"MAIL", 0, "garbage\r\n"}, ERR_PEER_TEMP},
    {{"MAIL", 0, "25\r\n"}, ERR_PEER_TEMP},
    {{"MAIL", 0, "250-one\r\n550 two\r\n"}, ERR_PEER_TEMP},
    {{"MAIL", 0, "999 high\r\n"}, ERR_PEER_TEMP},
};

START_TEST(every_refusal_is_told_apart)
{
    struct err err = ERR_INIT;
    struct fake_smtp *server = fake_smtp_start(&refusals[_i].rule, 1);
    ck_fails(deliver(server, &patient, &plain, &err), refusals[_i].code);
    fake_smtp_stop(&server);
}
END_TEST

START_TEST(second_recipient_refused_means_no_data)
{
    static const struct fake_rule rules[] = {{"RCPT", 2, "550 unknown\r\n"}};
    const struct smtp_rcpt rcpts[] = {{.path = "<a@b>"}, {.path = "<c@d>"}, {.path = "<e@f>"}};
    struct err err = ERR_INIT;
    struct fake_smtp *server = fake_smtp_start(rules, 1);
    struct smtp_mail mail = plain;
    mail.rcpts = rcpts;
    mail.nrcpts = 3;
    ck_assert_int_eq(deliver(server, &patient, &mail, &err), -1);
    ck_assert_int_eq(err.code, ERR_PEER_PERM);
    ck_assert_ptr_nonnull(strstr(err.msg, "<c@d>"));
    ck_assert_ptr_null(strstr(fake_smtp_said(server), "DATA"));
    fake_smtp_stop(&server);
}
END_TEST

START_TEST(answer_without_end_is_limited)
{
    struct err err = ERR_INIT;
    char endless[2 * WIRE_LINE_MAX];
    memset(endless, 'x', sizeof endless - 1);
    memcpy(endless, "250-", 4);
    endless[sizeof endless - 1] = '\0';
    const struct fake_rule rules[] = {{"EHLO", 0, endless}};
    struct fake_smtp *server = fake_smtp_start(rules, 1);
    ck_fails(deliver(server, &patient, &plain, &err), ERR_PEER_TEMP);
    fake_smtp_stop(&server);
}
END_TEST

START_TEST(answer_with_too_many_lines_is_limited)
{
    struct err err = ERR_INIT;
    char *endless = xcalloc(200, 10);
    for (size_t i = 0; i < 199; i++)
        strcat(endless, "250-x\r\n");
    const struct fake_rule rules[] = {{"EHLO", 0, endless}};
    struct fake_smtp *server = fake_smtp_start(rules, 1);
    ck_fails(deliver(server, &patient, &plain, &err), ERR_PEER_TEMP);
    fake_smtp_stop(&server);
    free(endless);
}
END_TEST

START_TEST(silent_server_is_given_up)
{
    static const struct fake_rule rules[] = {{"MAIL", 0, ""}};
    struct err err = ERR_INIT;
    struct fake_smtp *server = fake_smtp_start(rules, 1);
    ck_fails(deliver(server, &hasty, &plain, &err), ERR_PEER_TEMP);
    fake_smtp_stop(&server);
}
END_TEST

static struct fake_smtp *trickling; /* NULL: time stands still */
static int64_t ticks;

/* With each look at the clock a tenth of a second has passed, and one octet has come. */
static int64_t trickling_clock_ms(void)
{
    if (trickling != NULL) {
        fake_smtp_trickle(trickling, '5');
        ticks++;
    }
    return 100 * ticks;
}

START_TEST(server_that_trickles_is_waited_for_no_longer_than_a_silent_one)
{
    static const struct fake_rule rules[] = {{"EHLO", 0, "2"}};
    const struct wire_conf conf = {.timeout = 5, .clock_ms = trickling_clock_ms};
    struct err err = ERR_INIT;
    struct smtp *smtp = NULL;
    struct fake_smtp *server = fake_smtp_start(rules, 1);
    ck_ok(smtp_connect(fake_smtp_target(server), &conf, &smtp, &err));
    trickling = server;
    ticks = 0;
    ck_assert_int_eq(smtp_hello(smtp, "s1.gw.example", &err), -1);
    trickling = NULL;
    ck_assert_str_eq(err.msg, "EHLO: no answer within 5 seconds");
    ck_assert_int_ge(ticks, 50);
    ck_assert_int_lt(ticks, 70);
    smtp_close(&smtp);
    fake_smtp_stop(&server);
}
END_TEST

START_TEST(nobody_listening_is_temporary)
{
    struct err err = ERR_INIT;
    char target[32];
    struct smtp *smtp = NULL;
    snprintf(target, sizeof target, "127.0.0.1:%u", port_take());
    ck_fails(smtp_connect(target, &patient, &smtp, &err), ERR_PEER_TEMP);
}
END_TEST

START_TEST(target_without_port_is_a_configuration_error)
{
    static const char *const targets[] = {"localhost", ":25", "localhost:", "localhost:smtp", "[]:25"};
    struct err err = ERR_INIT;
    struct smtp *smtp = NULL;
    for (size_t i = 0; i < SEAL_COUNT(targets); i++)
        ck_fails(smtp_connect(targets[i], &patient, &smtp, &err), ERR_CONFIG);
}
END_TEST

START_TEST(injected_commands_never_reach_the_wire)
{
    static const char bad[] = "<a@b>\r\nRCPT TO:<victim@example.org>";
    const struct smtp_rcpt bad_path = {.path = bad};
    const struct smtp_rcpt bad_notify = {.path = "<a@b>", .notify = "NEVER\r\nDATA"};
    const struct smtp_rcpt bad_orcpt = {.path = "<a@b>", .orcpt = "rfc822;a ENVID=1"};
    struct smtp_mail mails[] = {plain, plain, plain, plain, plain, plain, plain};
    mails[0].sender = bad;
    mails[1].ret = "FULL\r\nDATA";
    mails[2].envid = "1 SMTPUTF8";
    mails[3].body = "7BIT RET=FULL";
    mails[4].rcpts = &bad_path;
    mails[5].rcpts = &bad_notify;
    mails[6].rcpts = &bad_orcpt;
    struct err err = ERR_INIT;
    struct fake_smtp *server = fake_smtp_start(NULL, 0);
    ck_fails(deliver(server, &patient, &mails[_i], &err), ERR_SYNTAX);
    ck_assert_ptr_null(strstr(fake_smtp_said(server), "MAIL"));
    fake_smtp_stop(&server);
}
END_TEST

START_TEST(non_ascii_address_needs_smtputf8)
{
    const struct smtp_rcpt rcpt = {.path = "<\xc3\xa4@b>"};
    struct err err = ERR_INIT;
    struct fake_smtp *server = fake_smtp_start(NULL, 0);
    struct smtp_mail mail = plain;
    mail.rcpts = &rcpt;
    ck_fails(deliver(server, &patient, &mail, &err), ERR_SYNTAX);
    fake_smtp_stop(&server);
}
END_TEST

static const struct {
    const char *message;
    const char *arrives;
} bodies[] = {
    {"\r\n", "\r\n"},
    {"a: b\r\n\r\n.\r\n..\r\n.x\r\n", "a: b\r\n\r\n.\r\n..\r\n.x\r\n"},
    {".first\r\n", ".first\r\n"},
    {"no end", "no end\r\n"},
    {"a\nb\n", "a\r\nb\r\n"},
    {"a\r\n\n.\n\r\n", "a\r\n\r\n.\r\n\r\n"},
    {"a\n.\r\nMAIL FROM:<x@y>\r\n", "a\r\n.\r\nMAIL FROM:<x@y>\r\n"},
    {"a\r.\rb\r\n", "a . b\r\n"},
    {"a\r\r\n.\r\r\n", "a \r\n. \r\n"},
    {"a\r\n.\r", "a\r\n. \r\n"},
    {"a\r", "a \r\n"},
    {".", ".\r\n"},
};

START_TEST(no_line_ends_the_data_early)
{
    struct err err = ERR_INIT;
    struct fake_smtp *server = fake_smtp_start(NULL, 0);
    struct smtp_mail mail = plain;
    mail.message = span_of(bodies[_i].message);
    ck_ok(deliver(server, &patient, &mail, &err));
    ck_assert_str_eq(buf_str(&fake_smtp_mail(server, 0)->data), bodies[_i].arrives);
    ck_assert_uint_eq(fake_smtp_count(server), 1);
    fake_smtp_stop(&server);
}
END_TEST

START_TEST(large_message_with_dots_everywhere_arrives)
{
    struct err err = ERR_INIT;
    struct buf text = BUF_INIT(1u << 23);
    for (unsigned i = 0; i < 60000; i++)
        buf_printf(&text, "%s%0*u\r\n", i % 3 == 0 ? "." : "", (int)(i % 60) + 1, i);
    struct fake_smtp *server = fake_smtp_start(NULL, 0);
    struct smtp_mail mail = plain;
    mail.message = buf_span(&text);
    ck_ok(deliver(server, &patient, &mail, &err));
    ck_assert(span_eq(buf_span(&fake_smtp_mail(server, 0)->data), buf_span(&text)));
    fake_smtp_stop(&server);
    buf_fini(&text);
}
END_TEST

START_TEST(thousand_recipients_go_in_batches)
{
    struct err err = ERR_INIT;
    struct smtp_rcpt *rcpts = xcalloc(1000, sizeof *rcpts);
    for (size_t i = 0; i < 1000; i++)
        rcpts[i].path = "<somebody-with-a-long-name@example.org>";
    struct fake_smtp *server = fake_smtp_start(_i == 0 ? NULL : bare_ehlo, _i == 0 ? 0 : 1);
    struct smtp_mail mail = plain;
    mail.rcpts = rcpts;
    mail.nrcpts = 1000;
    ck_ok(deliver(server, &patient, &mail, &err));
    ck_assert_uint_eq(fake_smtp_mail(server, 0)->nrcpts, 1000);
    fake_smtp_stop(&server);
    free(rcpts);
}
END_TEST

START_TEST(one_connection_takes_several_transactions)
{
    struct err err = ERR_INIT;
    struct fake_smtp *server = fake_smtp_start(NULL, 0);
    struct smtp *smtp = NULL;
    ck_ok(smtp_connect(fake_smtp_target(server), &patient, &smtp, &err));
    ck_ok(smtp_hello(smtp, "s1.gw.example", &err));
    for (int i = 0; i < 3; i++)
        ck_ok(smtp_send(smtp, &plain, &err));
    smtp_close(&smtp);
    fake_smtp_join(server);
    ck_assert_uint_eq(fake_smtp_count(server), 3);
    ck_assert_uint_eq(fake_smtp_connections(server), 1);
    fake_smtp_stop(&server);
}
END_TEST

START_TEST(every_step_can_fail)
{
    unsigned n = 1;
    for (;; n++) {
        struct err err = ERR_INIT;
        struct fake_smtp *server = fake_smtp_start(NULL, 0);
        io_fault_at(n, 5);
        int result = deliver(server, &patient, &plain, &err);
        unsigned passed = io_fault_count();
        ck_assert_uint_eq(fake_smtp_count(server), result == 0 ? 1 : 0);
        fake_smtp_stop(&server);
        if (passed < n) {
            ck_assert_int_eq(result, 0);
            break;
        }
        ck_assert_int_eq(result, -1);
        ck_assert_int_eq(err.code, ERR_PEER_TEMP);
    }
    ck_assert_uint_gt(n, 5);
}
END_TEST

START_TEST(local_name_is_what_the_server_sees)
{
    struct err err = ERR_INIT;
    struct fake_smtp *server = fake_smtp_start(NULL, 0);
    struct smtp *smtp = NULL;
    struct wire_name name;
    ck_ok(smtp_connect(fake_smtp_target(server), &patient, &smtp, &err));
    ck_ok(smtp_local_name(smtp, &name, &err));
    ck_assert_str_eq(name.addr, "127.0.0.1");
    ck_assert_uint_gt(name.port, 0);
    smtp_close(&smtp);
    fake_smtp_stop(&server);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/smtp/client");
    TCase *tc = tcase_create("client");
    tcase_add_test(tc, message_arrives_byte_for_byte);
    tcase_add_test(tc, parameters_travel_with_the_message);
    tcase_add_test(tc, parameters_not_offered_stay_at_home);
    tcase_add_loop_test(tc, needed_extension_that_is_not_offered_stops_everything, 0, 3);
    tcase_add_test(tc, message_above_offered_size_is_not_sent);
    tcase_add_loop_test(tc, every_refusal_is_told_apart, 0, SEAL_COUNT(refusals));
    tcase_add_test(tc, second_recipient_refused_means_no_data);
    tcase_add_test(tc, answer_without_end_is_limited);
    tcase_add_test(tc, answer_with_too_many_lines_is_limited);
    tcase_add_test(tc, silent_server_is_given_up);
    tcase_add_test(tc, server_that_trickles_is_waited_for_no_longer_than_a_silent_one);
    tcase_add_test(tc, nobody_listening_is_temporary);
    tcase_add_test(tc, target_without_port_is_a_configuration_error);
    tcase_add_loop_test(tc, injected_commands_never_reach_the_wire, 0, 7);
    tcase_add_test(tc, non_ascii_address_needs_smtputf8);
    tcase_add_loop_test(tc, no_line_ends_the_data_early, 0, SEAL_COUNT(bodies));
    tcase_add_test(tc, large_message_with_dots_everywhere_arrives);
    tcase_add_loop_test(tc, thousand_recipients_go_in_batches, 0, 2);
    tcase_add_test(tc, one_connection_takes_several_transactions);
    tcase_add_test(tc, every_step_can_fail);
    tcase_add_test(tc, local_name_is_what_the_server_sees);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
