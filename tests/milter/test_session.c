/* test_session - what callbacks leave in envelope and spool. */
#include "milter/session.h"
#include "support/check.h"

#include "base/io.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* "name", "value", .., NULL */
static const char *get_macro(void *arg, const char *name)
{
    for (const char *const *pair = arg; *pair != NULL; pair += 2)
        if (strcmp(pair[0], name) == 0)
            return pair[1];
    return NULL;
}

#define MACROS(...)                                                                                          \
    (&(struct macros){.get = get_macro, .arg = (void *)(const char *const[]){__VA_ARGS__, NULL}})
#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct loops *loops;
static struct session_conf conf;
static struct session *session;
static struct err err;

static void set_up(void)
{
    err = (struct err)ERR_INIT;
    loops = loops_new();
    conf = (struct session_conf){.spool = {.dir = "/tmp", .mem_max = 1u << 20, .size_max = 1u << 22},
                                 .hostname = "gw.example",
                                 .loops = loops};
    session = session_new(&conf);
}

static void tear_down(void)
{
    session_free(&session);
    loops_free(&loops);
}

static void connect_from(const char *addr, unsigned port, const struct macros *macros)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, addr, &in.sin_addr) == 1)
        session_connect(session, "client.example", (struct sockaddr *)&in, macros);
    else if (inet_pton(AF_INET6, addr, &in6.sin6_addr) == 1)
        session_connect(session, "client.example", (struct sockaddr *)&in6, macros);
    else
        ck_abort_msg("%s", addr);
}

/* A whole small message after connect. */
static void send_message(void)
{
    session_mail(session, ARGS("<a@b.example>"), MACROS("i", "Q1"));
    session_rcpt(session, ARGS("<c@d.example>"));
    session_header(session, "Subject", " x");
    session_body(session, "body\r\n", 6);
}

START_TEST(spool_is_what_the_client_sent)
{
    connect_from("192.0.2.1", 1234, MACROS("j", "mx.example"));
    session_mail(session, ARGS("<a@b.example>"), MACROS("i", "Q1"));
    session_rcpt(session, ARGS("<c@d.example>"));
    session_header(session, "Subject", " folded\n\tline\n  two");
    session_header(session, "X-No-Blank", "value");
    session_header(session, "X-Empty", "");
    session_header(session, "X-CRLF", " a\r\n b");
    session_body(session, "one\r\n", 5);
    session_body(session, "two\r\n", 5);
    ck_ok(session_end_message(session, MACROS("i", "Q1"), &err));
    ck_assert_uint_eq(session->message->nfields, 4);
    ck_assert(span_is(spool_all(session->message->spool),
                      "Subject: folded\r\n\tline\r\n  two\r\nX-No-Blank:value\r\n"
                      "X-Empty:\r\nX-CRLF: a\r\n b\r\n\r\none\r\ntwo\r\n"));
}
END_TEST

START_TEST(message_without_body_ends_in_an_empty_line)
{
    connect_from("192.0.2.1", 1234, MACROS("j", "mx.example"));
    session_mail(session, ARGS("<>"), MACROS("i", "Q1"));
    session_rcpt(session, ARGS("<c@d.example>"));
    session_header(session, "A", " 1");
    ck_ok(session_end_message(session, MACROS("i", "Q1"), &err));
    ck_assert(span_is(spool_all(session->message->spool), "A: 1\r\n\r\n"));
    ck_assert_str_eq(session->message->env.sender, "");
}
END_TEST

START_TEST(envelope_keeps_parameters_and_spelling)
{
    connect_from("192.0.2.1", 1234, MACROS("j", "mx.example"));
    session_mail(session,
                 ARGS("<Bob@B.Example>", "SIZE=100", "body=8BITMIME", "RET=HDRS", "ENVID=x+2By", "SMTPUTF8"),
                 MACROS("i", "Q1"));
    session_rcpt(session, ARGS("<Alice@D.Example>", "NOTIFY=NEVER", "ORCPT=rfc822;a@b"));
    session_rcpt(session, ARGS("<eve@d.example>"));
    ck_ok(session_end_message(session, MACROS("i", "Q1"), &err));
    const struct envelope *env = &session->message->env;
    ck_assert_str_eq(env->sender_given, "<Bob@B.Example>");
    ck_assert_str_eq(env->sender, "bob@b.example");
    ck_assert_str_eq(env->body, "8BITMIME");
    ck_assert_str_eq(env->ret, "HDRS");
    ck_assert_str_eq(env->envid, "x+2By");
    ck_assert(env->smtputf8 && !env->requiretls);
    ck_assert_uint_eq(env->nrcpts, 2);
    ck_assert_str_eq(env->rcpts[0].given, "<Alice@D.Example>");
    ck_assert_str_eq(env->rcpts[0].addr, "alice@d.example");
    ck_assert_str_eq(env->rcpts[0].notify, "NEVER");
    ck_assert_str_eq(env->rcpts[0].orcpt, "rfc822;a@b");
    ck_assert_ptr_null(env->rcpts[1].notify);
}
END_TEST

START_TEST(address_without_domain_is_of_this_host)
{
    connect_from("192.0.2.1", 1234, MACROS("j", "mx.example"));
    session_mail(session, ARGS("root"), MACROS("i", "Q1"));
    session_rcpt(session, ARGS("<Postmaster>"));
    ck_ok(session_end_message(session, MACROS("i", "Q1"), &err));
    const struct envelope *env = &session->message->env;
    ck_assert_str_eq(env->sender, "root@mx.example");
    ck_assert_str_eq(env->sender_given, "root");
    ck_assert_str_eq(env->rcpts[0].addr, "postmaster@mx.example");
    ck_assert_str_eq(env->rcpts[0].given, "<Postmaster>");
}
END_TEST

START_TEST(macros_are_saved_when_they_exist)
{
    connect_from("192.0.2.1", 1234,
                 MACROS("j", "mx.example", "v", "Postfix 3.7", "{daemon_name}", "sub", "{daemon_addr}",
                        "192.0.2.9", "{daemon_port}", "587"));
    session_mail(
        session, ARGS("<a@b.example>"),
        MACROS("{auth_authen}", "alice", "{tls_version}", "TLSv1.3", "{cert_subject}", "alice's phone"));
    session_rcpt(session, ARGS("<c@d.example>"));
    ck_ok(session_end_message(session, MACROS("i", "Q7"), &err));
    const struct envelope *env = &session->message->env;
    ck_assert_str_eq(env->queue_id, "Q7");
    ck_assert_str_eq(env->login, "alice");
    ck_assert_str_eq(env->tls_version, "TLSv1.3");
    ck_assert_str_eq(env->tls_subject, "alice's phone");
    ck_assert_str_eq(env->listener_name, "sub");
    ck_assert_str_eq(env->listener_addr, "192.0.2.9");
    ck_assert_uint_eq(env->listener_port, 587);
    ck_assert_str_eq(env->mta_host, "mx.example");
    ck_assert_str_eq(env->client_addr, "192.0.2.1");
    ck_assert_uint_eq(env->client_port, 1234);
    ck_assert(!env->local);
}
END_TEST

START_TEST(next_message_does_not_inherit_the_login)
{
    connect_from("192.0.2.1", 1234, MACROS("v", "Postfix 3.7"));
    session_mail(session, ARGS("<a@b.example>"), MACROS("{auth_authen}", "alice", "{cert_subject}", "x"));
    session_reset(session);
    session_mail(session, ARGS("<a@b.example>"), MACROS("i", "Q2"));
    ck_assert_ptr_null(session->message->env.login);
    ck_assert_ptr_null(session->message->env.tls_subject);
}
END_TEST

static const struct {
    const char *version, *verify;
    bool counts;
} certificates[] = {
    {"Postfix 3.7.11", NULL, true}, {"8.17.1", "OK", true},  {"8.17.1", "FAIL", false},
    {"8.17.1", "NO", false},        {"8.17.1", NULL, false}, {"Postfix 3.7.11", "FAIL", false},
};

START_TEST(client_certificate_counts_only_when_the_mta_verified_it)
{
    connect_from("192.0.2.1", 1234, MACROS("v", certificates[_i].version));
    if (certificates[_i].verify != NULL)
        session_mail(session, ARGS("<a@b.example>"),
                     MACROS("{cert_subject}", "/CN=x", "{verify}", certificates[_i].verify));
    else
        session_mail(session, ARGS("<a@b.example>"), MACROS("{cert_subject}", "/CN=x"));
    ck_assert_int_eq(session->message->env.tls_subject != NULL, certificates[_i].counts);
}
END_TEST

START_TEST(only_a_client_without_port_on_loopback_is_local)
{
    connect_from("127.0.0.1", 0, MACROS("j", "mx"));
    ck_assert(session->client.local);
    connect_from("::1", 0, MACROS("j", "mx"));
    ck_assert(session->client.local);
    connect_from("127.0.0.1", 4711, MACROS("j", "mx"));
    ck_assert(!session->client.local);
    connect_from("192.0.2.1", 0, MACROS("j", "mx"));
    ck_assert(!session->client.local);
    session_connect(session, "localhost", NULL, MACROS("j", "mx"));
    ck_assert(session->client.local);
    session_connect(session, "unknown", NULL, MACROS("j", "mx"));
    ck_assert(!session->client.local);
}
END_TEST

START_TEST(ipv6_addresses_have_no_tag)
{
    connect_from("2001:db8::1", 25, MACROS("{daemon_addr}", "IPv6:2001:db8::2"));
    ck_assert_str_eq(session->client.client_addr, "2001:db8::1");
    ck_assert_str_eq(session->client.listener_addr, "2001:db8::2");
    connect_from("::ffff:192.0.2.1", 25, MACROS("{daemon_addr}", "0.0.0.0", "{if_addr}", "192.0.2.2"));
    ck_assert_str_eq(session->client.client_addr, "192.0.2.1");
    ck_assert_str_eq(session->client.listener_addr, "192.0.2.2");
}
END_TEST

START_TEST(our_own_injection_is_recognised_by_its_connection)
{
    size_t slot;
    const struct wire_name local = {"127.0.0.1", 40000};
    ck_ok(loops_add(loops, &local, "s1.gw.example", &slot, &err));
    connect_from("127.0.0.1", _i == 0 ? 40000 : 40001, MACROS("j", "mx"));
    session_helo(session, _i == 0 ? "" : "s1.gw.example");
    send_message();
    loops_end(loops, slot); /* it gives up while the message is still on its way */
    ck_assert_int_lt(session_end_message(session, MACROS("i", "Q1"), &err), 0);
    ck_assert_int_eq(strncmp(err.msg, "the injection listener", 22), 0);
    ck_assert_uint_eq(session->message->env.nrcpts, 1);
    err_clear(&err);
    send_message();
    ck_fails(session_end_message(session, MACROS("i", "Q2"), &err), ERR_LOOP);
}
END_TEST

START_TEST(replayed_content_is_no_loop)
{
    size_t slot;
    const struct wire_name local = {"127.0.0.1", 40000};
    ck_ok(loops_add(loops, &local, "s1.gw.example", &slot, &err));
    connect_from("192.0.2.1", 40000, MACROS("j", "mx"));
    session_helo(session, "client.example");
    session_mail(session, ARGS("<a@b.example>"), MACROS("i", "Q1"));
    session_rcpt(session, ARGS("<c@d.example>"));
    session_header(session, "Received", " from s1.gw.example (127.0.0.1:40000)");
    session_header(session, "X-Sealmilter-Status", " done");
    ck_ok(session_end_message(session, MACROS("i", "Q1"), &err));
}
END_TEST

START_TEST(new_client_on_the_same_connection_forgets_the_old_one)
{
    connect_from("192.0.2.1", 1234, MACROS("j", "mx", "{daemon_name}", "sub"));
    session_helo(session, "old");
    send_message();
    connect_from("192.0.2.2", 1235, MACROS("j", "mx"));
    ck_assert_ptr_null(session->message);
    ck_assert_ptr_null(session->client.helo);
    ck_assert_ptr_null(session->client.listener_name);
    ck_assert_str_eq(session->client.client_addr, "192.0.2.2");
}
END_TEST

START_TEST(steps_out_of_order_do_no_harm)
{
    session_rcpt(session, ARGS("<c@d.example>"));
    session_header(session, "A", " 1");
    session_body(session, "x", 1);
    session_reset(session);
    ck_fails(session_end_message(session, MACROS("i", "Q1"), &err), ERR_BUG);
    session_mail(session, ARGS("<a@b.example>"), MACROS("i", "Q1"));
    session_body(session, "x", 1);
    ck_fails(session_end_message(session, MACROS("i", "Q1"), &err), ERR_BUG);
    send_message();
    ck_ok(session_end_message(session, MACROS("i", "Q1"), &err));
}
END_TEST

START_TEST(each_message_of_a_connection_is_its_own)
{
    connect_from("192.0.2.1", 1234, MACROS("j", "mx"));
    for (int i = 0; i < 3; i++) {
        send_message();
        ck_ok(session_end_message(session, MACROS("i", "Q1"), &err));
        ck_assert_uint_eq(session->message->env.nrcpts, 1);
        ck_assert(span_is(spool_all(session->message->spool), "Subject: x\r\n\r\nbody\r\n"));
        session_reset(session);
    }
}
END_TEST

START_TEST(too_large_message_is_read_to_its_end_and_fails_there)
{
    static char piece[65535];
    connect_from("192.0.2.1", 1234, MACROS("j", "mx"));
    send_message();
    for (int i = 0; i < 100; i++)
        session_body(session, piece, sizeof piece);
    ck_fails(session_end_message(session, MACROS("i", "Q1"), &err), ERR_LIMIT);
    send_message();
    ck_ok(session_end_message(session, MACROS("i", "Q2"), &err));
}
END_TEST

START_TEST(too_large_header_is_limited)
{
    static char value[70000];
    memset(value, 'x', sizeof value - 1);
    session_mail(session, ARGS("<a@b.example>"), MACROS("i", "Q1"));
    session_rcpt(session, ARGS("<c@d.example>"));
    for (int i = 0; i < 20; i++)
        session_header(session, "A", value);
    session_body(session, "x", 1);
    ck_fails(session_end_message(session, MACROS("i", "Q1"), &err), ERR_LIMIT);
}
END_TEST

START_TEST(unreadable_recipient_fails_the_message)
{
    static const char *const bad[] = {"<a@b,c@d>", "<a@b@c>", "<@>", "<a\x01@b.example>"};
    for (size_t i = 0; i < SEAL_COUNT(bad); i++) {
        session_mail(session, ARGS("<a@b.example>"), MACROS("i", "Q1"));
        session_rcpt(session, ARGS("<c@d.example>"));
        session_rcpt(session, ARGS(bad[i]));
        ck_fails(session_end_message(session, MACROS("i", "Q1"), &err), ERR_SYNTAX);
    }
}
END_TEST

START_TEST(recipients_take_no_more_memory_than_a_message_may)
{
    static char orcpt[8192];
    snprintf(orcpt, sizeof orcpt, "ORCPT=rfc822;%08000d", 1);
    session_mail(session, ARGS("<a@b.example>"), MACROS("i", "Q1"));
    for (int i = 0; i < 9000; i++)
        session_rcpt(session, ARGS("<c@d.example>", orcpt));
    ck_assert_uint_lt(session->message->env.nrcpts, 3000);
    ck_fails(session_end_message(session, MACROS("i", "Q1"), &err), ERR_LIMIT);
}
END_TEST

START_TEST(every_failing_write_fails_the_message_only)
{
    conf.spool.mem_max = 0;
    for (unsigned n = 1; n < 30; n++) {
        io_fault_at(n, ENOSPC);
        send_message();
        int status = session_end_message(session, MACROS("i", "Q1"), &err);
        if (io_fault_count() < n) {
            ck_assert_int_eq(status, 0);
            ck_assert_uint_gt(n, 5);
            io_fault_at(0, 0);
            return;
        }
        ck_assert_int_eq(status, -1);
        ck_assert(err_is_temporary(&err));
        err_clear(&err);
    }
    ck_abort_msg("never without a fault");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("milter/session");
    TCase *tc = tcase_create("session");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, spool_is_what_the_client_sent);
    tcase_add_test(tc, message_without_body_ends_in_an_empty_line);
    tcase_add_test(tc, envelope_keeps_parameters_and_spelling);
    tcase_add_test(tc, address_without_domain_is_of_this_host);
    tcase_add_test(tc, macros_are_saved_when_they_exist);
    tcase_add_test(tc, next_message_does_not_inherit_the_login);
    tcase_add_loop_test(tc, client_certificate_counts_only_when_the_mta_verified_it, 0,
                        SEAL_COUNT(certificates));
    tcase_add_test(tc, only_a_client_without_port_on_loopback_is_local);
    tcase_add_test(tc, ipv6_addresses_have_no_tag);
    tcase_add_loop_test(tc, our_own_injection_is_recognised_by_its_connection, 0, 2);
    tcase_add_test(tc, replayed_content_is_no_loop);
    tcase_add_test(tc, new_client_on_the_same_connection_forgets_the_old_one);
    tcase_add_test(tc, steps_out_of_order_do_no_harm);
    tcase_add_test(tc, each_message_of_a_connection_is_its_own);
    tcase_add_test(tc, too_large_message_is_read_to_its_end_and_fails_there);
    tcase_add_test(tc, too_large_header_is_limited);
    tcase_add_test(tc, unreadable_recipient_fails_the_message);
    tcase_add_test(tc, recipients_take_no_more_memory_than_a_message_may);
    tcase_add_test(tc, every_failing_write_fails_the_message_only);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
