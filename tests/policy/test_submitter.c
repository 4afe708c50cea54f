/* Tests of policy/submitter.c: who hands a message in, and in whose name that one may sign (R49). */
#include "policy/submitter.h"
#include "support/check.h"

#include <string.h>

static const char settings_text[] = "state = /tmp\nspool = /tmp\nhostname = gw.our.example\n"
                                    "trusted-networks = 10.0.0.0/8, 2001:db8::/32\n"
                                    "submission-listeners = 587, smtps, 192.0.2.9:2525\n"
                                    "inbound-listeners = 10025, filtered\n";

static const char policy_text[] = "our domains our.example\n"
                                  "login sales   may sign for sales@our.example, *@shop.our.example\n"
                                  "tls \"CN=billing\"   may sign for invoices@our.example\n"
                                  "network 10.1.0.0/16   may sign for scanner@our.example\n"
                                  "local   may sign for root@our.example\n"
                                  "any login   may sign for news@our.example\n"
                                  "rule \"all\"\n    when outbound or inbound or internal\n    sign\n";

static struct arena *arena;
static struct settings *settings;
static struct policy *policy;

static void setup(void)
{
    struct err err = ERR_INIT;
    arena = arena_new(ARENA_MAX_DEFAULT);
    ck_ok(settings_parse(arena, "test.conf", span_of(settings_text), &settings, &err));
    ck_ok(policy_parse("policy", span_of(policy_text), NULL, 0, &policy, &err));
}

static void teardown(void)
{
    policy_free(&policy);
    arena_free(&arena);
}

static const struct {
    const char *name;
    struct envelope env;
    enum submitter submitter;
} clients[] = {
    {"a stranger", {.client_addr = "192.0.2.1", .listener_port = 25}, SUBMITTER_NONE},
    {"nothing is known", {.client_addr = NULL}, SUBMITTER_NONE},
    {"a login", {.client_addr = "192.0.2.1", .login = "alice"}, SUBMITTER_LOGIN},
    {"sendmail(1)", {.client_addr = "127.0.0.1", .local = true}, SUBMITTER_LOCAL},
    {"a trusted network", {.client_addr = "10.2.3.4"}, SUBMITTER_NETWORK},
    {"a trusted network of IPv6", {.client_addr = "2001:db8:1::7"}, SUBMITTER_NETWORK},
    {"the host itself, over SMTP", {.client_addr = "127.0.0.1", .client_port = 4711}, SUBMITTER_NONE},
    {"an address that only begins so", {.client_addr = "10.2.3.4.5"}, SUBMITTER_NONE},
    {"a submission port", {.client_addr = "192.0.2.1", .listener_port = 587}, SUBMITTER_NETWORK},
    {"a submission listener by name",
     {.client_addr = "192.0.2.1", .listener_name = "smtps"},
     SUBMITTER_NETWORK},
    {"a submission listener by address",
     {.client_addr = "192.0.2.1", .listener_addr = "192.0.2.9", .listener_port = 2525},
     SUBMITTER_NETWORK},
    {"its port at another address",
     {.client_addr = "192.0.2.1", .listener_addr = "192.0.2.8", .listener_port = 2525},
     SUBMITTER_NONE},
    {"a content filter's way back", {.client_addr = "10.2.3.4", .listener_port = 10025}, SUBMITTER_NONE},
    {"a content filter's way back, by name",
     {.client_addr = "10.2.3.4", .listener_name = "filtered"},
     SUBMITTER_NONE},
    {"a content filter that passes a login on",
     {.client_addr = "10.2.3.4", .listener_port = 10025, .login = "alice"},
     SUBMITTER_NONE},
    {"a certificate that policy names",
     {.client_addr = "192.0.2.1", .tls_subject = "CN=billing"},
     SUBMITTER_TLS},
    {"a certificate of a partner's MTA",
     {.client_addr = "192.0.2.1", .tls_subject = "CN=mx.their.example"},
     SUBMITTER_NONE},
    {"a certificate that only begins so",
     {.client_addr = "192.0.2.1", .tls_subject = "CN=billing,O=x"},
     SUBMITTER_NONE},
};

START_TEST(submitter_is_told_by_what_a_sender_cannot_forge)
{
    enum submitter got = submitter_of(settings, policy, &clients[_i].env);
    ck_assert_msg(got == clients[_i].submitter, "%s: %s", clients[_i].name, submitter_name(got));
}
END_TEST

static const struct {
    const char *name;
    struct envelope env;
    const char *from;
    bool may;
} signers[] = {
    {"a login for its own address", {.login = "alice@our.example"}, "alice@our.example", true},
    {"a login in other case", {.login = "Alice@Our.Example"}, "alice@our.example", true},
    {"a login for a colleague", {.login = "mallory@our.example"}, "alice@our.example", false},
    {"a login without domain for the address that it might be",
     {.login = "alice"},
     "alice@our.example",
     false},
    {"a login that is listed", {.login = "sales"}, "sales@our.example", true},
    {"a login that is listed for a domain", {.login = "sales"}, "anna@shop.our.example", true},
    {"a listed login for another domain", {.login = "sales"}, "anna@our.example", false},
    {"a login in other case than listed", {.login = "SALES"}, "sales@our.example", false},
    {"any login", {.login = "mallory"}, "news@our.example", true},
    {"a login for what a network may",
     {.login = "mallory", .client_addr = "10.1.2.3"},
     "scanner@our.example",
     false},
    {"a certificate that is listed", {.tls_subject = "CN=billing"}, "invoices@our.example", true},
    {"a listed certificate for another", {.tls_subject = "CN=billing"}, "alice@our.example", false},
    {"a network that is listed", {.client_addr = "10.1.2.3"}, "scanner@our.example", true},
    {"another trusted network", {.client_addr = "10.2.2.3"}, "scanner@our.example", false},
    {"a listed network for another", {.client_addr = "10.1.2.3"}, "alice@our.example", false},
    {"the local machine, as listed", {.local = true}, "root@our.example", true},
    {"the local machine for anybody else", {.local = true}, "director@our.example", false},
    {"the local machine for what any login may", {.local = true}, "news@our.example", false},
    {"a stranger", {.client_addr = "192.0.2.1"}, "news@our.example", false},
    {"a stranger who says to be the local machine",
     {.client_addr = "192.0.2.1", .helo = "localhost"},
     "root@our.example",
     false},
    {"no From that counts", {.login = "alice@our.example"}, NULL, false},
};

START_TEST(nobody_signs_but_for_whom_he_may)
{
    const struct facts facts = {.from = signers[_i].from,
                                .submitter = submitter_of(settings, policy, &signers[_i].env)};
    ck_assert_msg(submitter_may_sign(policy, &facts, &signers[_i].env) == signers[_i].may, "%s",
                  signers[_i].name);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/submitter");
    TCase *t = tcase_create("submitter");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, submitter_is_told_by_what_a_sender_cannot_forge, 0, (int)SEAL_COUNT(clients));
    tcase_add_loop_test(t, nobody_signs_but_for_whom_he_may, 0, (int)SEAL_COUNT(signers));
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
