/* Whether one condition leaves anything for another: right, or silent. */
#include "policy/implies.h"

#include "support/check.h"

#include <stdio.h>

static const struct {
    const char *a, *b;
    bool implied; /* wherever a holds, b holds, and policy_check() may say so */
} cases[] = {
    {"from group A", "from group A or B", true},
    {"from group A or B", "from group A", false},
    {"from group A", "to group A or B", false},
    {"not from group A or B", "not from group A", true},
    {"not from group A", "not from group A or B", false},
    {"from file /l/a", "from file /l/b or /l/a", true},
    {"from file /l/a", "from file /l/b", false},
    {"from attribute ou is x", "from attribute OU", true},
    {"from attribute ou", "from attribute ou is x", false},
    {"from attribute ou is x", "from attribute ou is x or y", true},
    {"from attribute ou is x", "from attribute cn", false},
    {"from attribute ou is x", "to attribute ou", false},
    {"from attribute ou is x", "from attribute ou like x", false}, /* true, and not seen */
    {"client 10.0.0.1", "client 10.0.0.1 or 10.0.0.2", true},
    {"client 10.0.0.1", "client name x", false},
    {"client 10.0.0.1 or 10.0.0.2", "client 10.0.0.1", false},
    {"client 10.1.0.0/16 or 2001:db8::1", "client 10.0.0.0/8 or 2001:db8::/32", true},
    {"client 10.0.0.0/8", "client 10.1.0.0/16", false},
    {"client 10.0.0.0/8", "client 10.0.0.0/9 or 10.128.0.0/9", false}, /* true, and not seen */
    {"client 10.0.0.1", "client ::/0", true},
    {"client 0.0.0.0/0", "client ::ffff:0.0.0.0/96", true},
    {"listener 25", "listener 587 or 25", true},
    {"login alice", "login", true},
    {"login", "login alice", false},
    {"login alice", "login alice or bob", true},
    {"not login", "not login alice", true},
    {"tls x", "tls", true},
    {"tls", "tls x", false},
    {"tls", "login", false},
    {"subject contains x", "header Subject", true},
    {"header Subject", "subject contains x", false},
    {"subject contains x", "header subject contains y or x", true},
    {"attachment name *.exe", "attachment", true},
    {"attachment", "attachment name *.exe", false},
    {"attachment type image/*", "attachment", true},
    {"attachment name *.exe type image/*", "attachment name *.exe", true},
    {"attachment name *.exe type image/*", "attachment type image/* or video/*", true},
    {"attachment name *.exe", "attachment name *.exe type image/*", false},
    {"attachment type image/*", "attachment type video/*", false},
    {"attachment name is a", "attachment name contains a", false},
    {"attachment name *.exe type image/*", "attachment name *.scr type image/*", false},
    {"priority high", "priority high or low", true},
    {"priority high or low", "priority high", false},
    {"sensitivity private", "sensitivity personal or private", true},
    {"list", "list or report", true},
    {"list or report", "list", false},
    {"calendar", "tnef", false},
    {"not list or report", "not report", true},
    {"possible smime", "possible smime or openpgp", true},
    {"not possible smime", "not possible smime or openpgp", false},
    {"verified", "verified good or weak", true},
    {"verified good or weak", "verified", false},
    {"verified bad", "not verified", false}, /* true, and not seen */
};

START_TEST(what_one_condition_leaves_for_another_is_never_claimed_wrongly)
{
    static const struct policy_file files[] = {{"/l/a", SPAN_LIT("a.example")},
                                               {"/l/b", SPAN_LIT("b.example")}};
    char text[300];
    struct err err = ERR_INIT;
    struct policy *policy = NULL;
    snprintf(text, sizeof text, "rule \"r\"\n  when %s\n  when %s\n  pass\n", cases[_i].a, cases[_i].b);
    ck_ok(policy_parse("p", span_of(text), files, SEAL_COUNT(files), &policy, &err));
    const struct condition *c = policy->rules[0].conditions;
    ck_assert_msg(condition_implies(&c[0], &c[1]) == cases[_i].implied, "%s", text);
    ck_assert(condition_implies(&c[0], &c[0]) && condition_implies(&c[1], &c[1]));
    policy_free(&policy);
}
END_TEST

#define LONG 2000

static void add_list(struct buf *out, size_t first, long step)
{
    for (size_t i = 0; i < LONG; i++)
        buf_printf(out, "%su%ld@a.example", i == 0 ? "  when from " : " or ", (long)first + step * (long)i);
    buf_add_str(out, "\n");
}

static bool lists_imply(size_t first, long step)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20);
    struct err err = ERR_INIT;
    struct policy *policy = NULL;
    buf_add_str(&text, "rule \"r\"\n");
    add_list(&text, 0, 1);
    add_list(&text, first, step);
    buf_add_str(&text, "  pass\n");
    ck_ok(policy_parse("p", buf_span(&text), NULL, 0, &policy, &err));
    bool implied = condition_implies(&policy->rules[0].conditions[0], &policy->rules[0].conditions[1]);
    policy_free(&policy);
    return implied;
}

START_TEST(long_lists_are_seen_to_be_the_same_in_the_same_order)
{
    ck_assert(lists_imply(0, 1));
    ck_assert(!lists_imply(1, 1));
    ck_assert(!lists_imply(LONG - 1, -1)); /* true, and given up */
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/implies");
    TCase *t = tcase_create("implies");
    tcase_add_loop_test(t, what_one_condition_leaves_for_another_is_never_claimed_wrongly, 0,
                        SEAL_COUNT(cases));
    tcase_add_test(t, long_lists_are_seen_to_be_the_same_in_the_same_order);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
