/* Tests of policy/expect.c, parse_expect.c and virtual.c: tables of expectations. */
#include "policy/expect.h"

#include "base/io.h"
#include "support/check.h"

#include <string.h>

static const char policy_text[] =
    "our domains example.org\n"
    "keyword plain subject \"[plain]\"\n"
    "group Board is directory \"cn=board,dc=example\"\n"
    "group Friends is file \"/friends\"\n"
    "rule \"plain\"\n  when outbound, keyword plain\n  pass\n"
    "rule \"alarm\"\n  when outbound, attachment name *.exe\n"
    "  alert admin@example.org\n  refuse \"No programs.\"\n"
    "rule \"board\"\n  when outbound, from group Board\n  sign\n  encrypt, else return\n"
    "rule \"friends\"\n  when outbound, to group Friends\n  copy to archive@example.org\n"
    "  continue\n"
    "rule \"bring\"\n  when inbound, subject contains [key]\n  harvest\n  detach keys\n"
    "rule \"office\"\n  when inbound, client 192.0.2.0/24, tls, login\n  discard\n"
    "rule \"lead\"\n  when inbound, to attribute title is lead, size over 1M\n  hold\n"
    "rule \"good\"\n  when inbound, verified\n  decrypt\n  harvest\n  tag opened \"[o]\" signed \"[s]\"\n"
    "rule \"autocrypt\"\n  when outbound, subject contains [autocrypt]\n  add autocrypt mutual\n  continue\n"
    "rule \"keys\"\n  when outbound, subject contains [keys]\n  attach keys\n"
    "rule \"new\"\n  when outbound, subject contains [new]\n  generate key\n  sign\n"
    "rule \"out\"\n  when outbound\n  sign if possible\n  encrypt if possible\n"
    "rule \"in\"\n  when inbound\n  decrypt\n"
    "rule \"scanner\"\n  when internal, client 10.0.0.9\n  hold\n"
    "rule \"port\"\n  when internal, listener 2525\n  discard\n"
    "rule \"inside\"\n  when internal, priority high\n  add header X-Urgent \"yes\"\n"
    "rule \"else\"\n  when internal\n  pass\n";

static struct arena *arena;
static struct settings *settings;
static struct policy *policy;

static void setup(void)
{
    struct err err = ERR_INIT;
    const struct policy_file files[] = {{"/friends", span_of("*.friend.example\n")}};
    arena = arena_new(ARENA_MAX_DEFAULT);
    ck_ok(settings_parse(arena, "s", span_of("hostname = mx.example.org\ntrusted-networks = 10.0.0.0/8\n"),
                         &settings, &err));
    ck_ok(policy_parse("p", span_of(policy_text), files, 1, &policy, &err));
}

static void teardown(void)
{
    policy_free(&policy);
    arena_free(&arena);
}

#define OUT    "test \"t\"\n  from alice@example.org\n  to kurt@bank.example\n"
#define IN     "test \"t\"\n  from kurt@bank.example\n  to alice@example.org\n"
#define INSIDE "test \"t\"\n  from bob@example.org\n  to alice@example.org\n"
#define FAIL   "error: t:4:10: test \"t\", kurt@bank.example: expected "

/* What runs without a word: facts, and what the policy makes of them. */
static const char *const true_tables[] = {
    "",
    "# nothing\n",
    OUT,
    OUT "  expect rule \"out\", sign smime, not encrypt, not pass\n",
    OUT "  possible smime\n  expect sign, encrypt smime\n",
    OUT "  possible smime or openpgp\n  expect encrypt\n",
    OUT "  unknown possible smime\n  expect defer\n",
    OUT "  not registered sender\n  expect rule out, pass\n",
    OUT "  unknown registered sender\n  expect defer\n",
    OUT "  not key\n  expect pass\n",
    OUT "  key openpgp\n  expect sign smime\n",
    OUT "  not key, key openpgp\n  expect sign openpgp, not sign smime\n",
    OUT "  not key, key openpgp, subject \"[keys]\"\n  expect attach keys openpgp, not attach keys smime\n",
    OUT "  key smime or openpgp, subject \"[keys]\"\n  expect attach keys smime, attach keys openpgp, attach "
        "keys\n",
    OUT "  subject \"[keys]\"\n  expect attach keys smime, not attach keys openpgp\n",
    OUT "  key openpgp, subject \"[autocrypt]\"\n  expect add autocrypt, not pass\n",
    OUT "  key openpgp, header Autocrypt is x, subject \"[autocrypt]\"\n  expect not add autocrypt\n",
    OUT "  key openpgp, automatic, subject \"[autocrypt]\"\n  expect not add autocrypt\n",
    OUT "  unknown key openpgp, subject \"[autocrypt]\"\n  expect defer\n",
    OUT "  not registered sender, key openpgp, subject \"[autocrypt]\"\n  expect not add autocrypt\n",
    OUT "  key openpgp\n  expect not add autocrypt\n",
    OUT "  subject \"[autocrypt]\"\n  expect not add autocrypt, not add header Autocrypt\n",
    OUT "  subject \"[new]\"\n  expect not generate key, sign\n",
    OUT
    "  not key, subject \"[new]\"\n  expect generate key, generate key smime, not generate key openpgp, sign "
    "smime\n",
    OUT "  not key, not registered sender, subject \"[new]\"\n  expect not generate key, pass\n",
    OUT "  not key, login somebody, subject \"[new]\"\n  expect not generate key, refuse\n",
    OUT "  login somebody\n  expect pass\n", /* who may not sign for alice */
    OUT "  subject \"[plain] hello\"\n  expect rule plain, pass\n",
    OUT "  keyword plain\n  expect rule plain\n",
    OUT "  header Subject is \"hi [PLAIN]\"\n  expect rule plain\n",
    OUT "  client 10.1.2.3\n  subject \"[plain]\"\n  expect rule plain\n",
    OUT "  attachment name run.exe type application/octet-stream\n  expect refuse \"No programs.\", alert "
        "admin@example.org\n",
    OUT "  attachment name run.txt\n  expect not refuse\n",
    OUT "  from group Board\n  expect rule board, return\n",
    OUT "  from group Board, possible smime\n  expect sign, encrypt\n",
    OUT "  not from group Board\n  expect rule out\n",
    OUT "  unknown from group Board\n  expect defer\n",
    "test \"f\"\n  from alice@example.org\n  to x@a.friend.example\n  expect rule friends, rule out, copy to "
    "archive@example.org\n",
    "test \"two\"\n  from alice@example.org\n  to a@far.example, possible smime\n  to b@far.example\n  "
    "expect sign\n"
    "  expect a@far.example encrypt\n  expect b@far.example not encrypt\n",
    IN "  expect rule in, pass\n",
    IN "  attachment type application/pgp-keys, subject \"[key]\"\n  expect harvest, detach keys, not pass\n",
    IN "  attachment type application/pgp-keys, subject \"[key]\", signed\n  expect not detach keys\n",
    IN "  attachment type application/pdf, subject \"[key]\"\n  expect not detach keys\n",
    IN "  attachment type application/pgp-keys, subject \"[key]\", not registered recipient\n"
       "  expect not harvest, not detach keys\n",
    IN "  signed\n  expect rule good, harvest, tag \"[s]\"\n",
    IN "  verified\n  expect rule good, harvest\n",
    IN "  signed, verified bad\n  expect rule in, not harvest\n",
    IN "  encrypted\n  expect rule in, decrypt\n",
    IN "  encrypted, verified\n  expect rule good, decrypt, harvest\n",
    IN "  encrypted, not opened\n  expect rule in, not decrypt\n",
    IN "  encrypted, not registered recipient\n  expect not decrypt\n",
    IN "  encrypted with openpgp\n  expect not decrypt\n",
    IN "  size 2M, to attribute title is lead or member\n  expect hold\n",
    IN "  size 2M, not to attribute title\n  expect not hold\n",
    IN "  size 100, to attribute title is lead\n  expect rule in\n",
    INSIDE "  expect rule \"else\", pass\n", /* without a client it is in no network */
    INSIDE "  client 10.0.0.9\n  expect rule scanner, hold\n",
    INSIDE "  client 10.0.0.8\n  expect rule \"else\"\n",
    INSIDE "  unknown client 10.0.0.9\n  expect defer\n",
    INSIDE "  client 10.0.0.8, unknown listener 2525\n  expect defer\n",
    INSIDE "  client 10.0.0.8, listener 192.0.2.1:2525\n  expect rule port, discard\n",
    INSIDE "  internal, priority high\n  expect add header X-Urgent\n",
    "test \"forged\"\n  from bob@example.org\n  client 192.0.2.1\n  to alice@example.org\n  inbound\n  "
    "expect rule in\n",
    "test \"local\"\n  from x@far.example, local\n  to alice@example.org\n  internal\n  expect rule "
    "\"else\"\n",
    "test \"listener\"\n  from x@far.example\n  listener 192.0.2.1:25\n  to alice@example.org\n  expect rule "
    "in\n",
    "test \"null\"\n  from x@far.example\n  sender \"\"\n  to alice@example.org\n  automatic\n  expect rule "
    "in\n",
    "test \"submitted\"\n  from x@far.example\n  to y@far.example\n  outbound\n  expect rule out\n",
};

START_TEST(what_is_so_is_found_so)
{
    struct err err = ERR_INIT;
    struct expect_table table;
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    size_t failed = 99;
    ck_ok(expect_parse("t", span_of(true_tables[_i]), policy, settings, arena, &table, &err));
    ck_ok(expect_run(&table, policy, settings, &out, &failed, &err));
    ck_assert_str_eq(buf_str(&out), "");
    ck_assert_uint_eq(failed, 0);
}
END_TEST

static const struct {
    const char *table;
    size_t failed;
    const char *says;
} false_tables[] = {
    {OUT "  expect encrypt smime\n", 1,
     FAIL "encrypt smime, found serve; rules: \"out\"; operations: sign smime\n"},
    {OUT "  expect rule \"plain\"\n", 1,
     FAIL "rule \"plain\", found serve; rules: \"out\"; operations: sign smime\n"},
    {OUT "  expect not sign\n", 1, FAIL "not sign, found serve; rules: \"out\"; operations: sign smime\n"},
    {OUT "  expect sign, pass, refuse, discard\n", 3, NULL},
    {OUT "  expect copy to archive@example.org, redirect to a@b.example, notify sender, alert a@b.example, "
         "tag, harvest\n",
     6, NULL},
    {OUT "  to b@far.example, possible smime\n  expect not encrypt\n", 1,
     "error: t:5:10: test \"t\", b@far.example: expected not encrypt, found "},
};

START_TEST(what_is_not_so_is_told_with_its_place)
{
    struct err err = ERR_INIT;
    struct expect_table table;
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1u << 20);
    size_t failed = 99;
    ck_ok(expect_parse("t", span_of(false_tables[_i].table), policy, settings, arena, &table, &err));
    ck_ok(expect_run(&table, policy, settings, &out, &failed, &err));
    ck_assert_uint_eq(failed, false_tables[_i].failed);
    if (false_tables[_i].says != NULL)
        ck_assert_msg(strncmp(buf_str(&out), false_tables[_i].says, strlen(false_tables[_i].says)) == 0, "%s",
                      buf_str(&out));
}
END_TEST

static const struct {
    const char *table, *message;
} wrong_tables[] = {
    {"tset \"x\"\n", "t:1:1: found 'tset', expected test"},
    {"  to a@b.example\n", "t:1:3: found 'to', expected test \"NAME\" before indented lines"},
    {"test x\n", "t:1:6: found 'x', expected the test's name in quotes"},
    {"test \"x\"\n", "t:1:1: test \"x\" has no 'to'"},
    {"test \"x\"\n  to a@b.example\n", "t:1:1: test \"x\" has no 'from'"},
    {"test \"x\"\n  possible smime\n",
     "t:2:3: 'possible': expected 'to' before what is possible for a recipient"},
    {"test \"x\"\n  from a@b.example or b@b.example\n",
     "t:2:3: 'from': a message has one From address, and each recipient a 'to' of its own: no wildcards, no "
     "domains"},
    {OUT "  keywrod plain\n", "t:4:3: found 'keywrod', expected a condition; did you mean 'keyword'?"},
    {OUT "  not signed\n",
     "t:4:7: 'signed': what is not stated is not so: 'not' and 'unknown' stand before registered, "
     "possible, group, attribute, opened and key, and 'unknown' before client and listener"},
    {OUT "  not client 10.0.0.9\n",
     "t:4:7: 'client': what is not stated is not so: 'not' and 'unknown' stand before registered, "
     "possible, group, attribute, opened and key, and 'unknown' before client and listener"},
    {OUT "  from group Bord\n", "t:4:3: 'from': no rule of the policy asks for this group"},
    {OUT "  to group Friends\n", "t:4:3: 'to': the group is a file: the address tells who is in it"},
    {OUT "  inbound\n",
     "t:1:1: test \"t\" is stated to be otherwise, but for kurt@bank.example it is transit"},
    {OUT "  expect encript\n",
     "t:4:10: found 'encript', expected rule, pass, sign, encrypt, decrypt, harvest, tag, "
     "refuse, return, discard, hold, defer, copy, forward, redirect, add, replace, delete, "
     "attach, detach, generate, notify or alert; did you mean 'encrypt'?"},
    {OUT "  expect rule \"bord\"\n", "t:4:15: the policy has no rule \"bord\""},
    {OUT "  expect x@far.example pass\n", "t:4:10: x@far.example is no recipient of this test"},
    {OUT "  expect pass\n  signed\n",
     "t:5:3: found a fact behind 'expect', expected it before the first one"},
    {OUT "  size big\n", "t:4:8: found 'big', expected a size such as 512K, 10M or 1G"},
};

START_TEST(a_mistake_in_a_table_is_told_with_its_place)
{
    struct err err = ERR_INIT;
    struct expect_table table;
    ck_assert_int_eq(
        expect_parse("t", span_of(wrong_tables[_i].table), policy, settings, arena, &table, &err), -1);
    ck_assert_str_eq(err.msg, wrong_tables[_i].message);
    ck_assert_int_eq(err.code, ERR_CONFIG);
}
END_TEST

START_TEST(the_table_in_the_manual_holds)
{
    static const char rules[] =
        "our domains example.org\n"
        "rule \"the bank\"\n  when outbound, to bank.example\n  sign\n  encrypt\n"
        "rule \"the rest, out\"\n  when outbound\n  sign if possible\n  encrypt if possible\n"
        "rule \"in\"\n  when inbound\n  decrypt\n  harvest\n  tag\n"
        "rule \"inside\"\n  when internal\n  pass\n";
    struct err err = ERR_INIT;
    struct expect_table table;
    struct policy *of_manual = NULL;
    size_t failed;
    SEAL_CLEANUP(buf_fini) struct buf manual = BUF_INIT(1u << 20), out = BUF_INIT(1u << 20);
    ck_ok(io_read_file(TESTS_DIR "/../policy/seal-policy.5", &manual, &err));
    char *begin = strstr(manual.ptr, "\ntest \""), *end = begin == NULL ? NULL : strstr(begin, "\n.Ed");
    ck_assert_ptr_nonnull(end);
    ck_ok(policy_parse("p", span_of(rules), NULL, 0, &of_manual, &err));
    ck_ok(expect_parse("t", (struct span){begin, (size_t)(end - begin) + 1}, of_manual, settings, arena,
                       &table, &err));
    ck_assert_uint_eq(table.n, 3);
    ck_ok(expect_run(&table, of_manual, settings, &out, &failed, &err));
    ck_assert_str_eq(buf_str(&out), "");
    policy_free(&of_manual);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/expect");
    TCase *t = tcase_create("expect");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, what_is_so_is_found_so, 0, SEAL_COUNT(true_tables));
    tcase_add_loop_test(t, what_is_not_so_is_told_with_its_place, 0, SEAL_COUNT(false_tables));
    tcase_add_loop_test(t, a_mistake_in_a_table_is_told_with_its_place, 0, SEAL_COUNT(wrong_tables));
    tcase_add_test(t, the_table_in_the_manual_holds);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
