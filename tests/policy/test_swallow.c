/* How many rules are compared to find those that can never match, counted: time depends on the machine. */
#include "policy/swallow.h"

#include "support/check.h"

#include <stdio.h>
#include <string.h>

#define RULES 3000
#define SHARE 50

static struct policy *policy;
static struct swallow *swallow;
static size_t compared, cost, ncut, nfound;

static void tear_down(void)
{
    swallow_free(&swallow);
    policy_free(&policy);
}

/* '#' stands for the number, which grows. */
static void add_rule(struct buf *out, const char *conditions, unsigned number)
{
    buf_printf(out, "rule \"r%u\"\n  when outbound, ", number);
    for (const char *c = conditions; *c != '\0'; c++)
        if (*c == '#')
            buf_printf(out, "%u", number);
        else
            buf_add_char(out, *c);
    buf_add_str(out, "\n  sign\n");
}

static void parse(struct buf *text)
{
    struct err err = ERR_INIT;
    ck_ok(policy_parse("p", buf_span(text), NULL, 0, &policy, &err));
}

/* One after the other, as policy_check() does it. */
static void compare_all(size_t list_max)
{
    compared = cost = ncut = nfound = 0;
    swallow = swallow_new(list_max);
    for (size_t i = 0; i < policy->nrules; i++) {
        struct swallow_search search;
        nfound += swallow_find(swallow, &policy->rules[i], &search) != NULL;
        compared += search.compared;
        cost += search.cost;
        ncut += search.cut;
        swallow_add(swallow, &policy->rules[i], i);
    }
}

static void compare_rules(const char *conditions)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(16u << 20);
    for (unsigned i = 1; i <= RULES; i++)
        add_rule(&text, conditions, i);
    parse(&text);
    compare_all(SHARE);
}

static const char *const apart[] = {"to d#.example", "from u#@a.example, to bank.example",
                                    "to bank.example, header X is v#", "to group G#, size under #K"};

START_TEST(rules_for_different_mail_are_hardly_compared)
{
    compare_rules(apart[_i]);
    ck_assert_uint_le(compared, RULES);
    ck_assert_uint_eq(ncut, 0);
    ck_assert_uint_eq(nfound, 0);
}
END_TEST

static const char *const crowded[] = {"from alice@example.org, size under #K", "size under #K",
                                      "not to u#@a.example", "from alice@example.org, not to u#@a.example"};

START_TEST(rules_for_the_same_mail_are_compared_with_their_share)
{
    compare_rules(crowded[_i]);
    ck_assert_uint_le(compared, (size_t)RULES * SHARE);
    ck_assert_uint_eq(ncut, RULES - SHARE - 1);
    ck_assert_uint_eq(nfound, 0);
}
END_TEST

START_TEST(without_a_limit_all_of_them_are_compared)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20);
    for (unsigned i = 1; i <= 300; i++)
        add_rule(&text, crowded[0], i);
    parse(&text);
    compare_all(SIZE_MAX);
    ck_assert_uint_eq(compared, 300 * 299 / 2);
    ck_assert_uint_eq(ncut, 0);
}
END_TEST

/* In the other list, and at the beginning of the long one. */
START_TEST(general_rules_in_front_are_found_whatever_the_share)
{
    static const char *const general[] = {"size over 5M", "from alice@example.org, size over 5M"};
    for (size_t i = 0; i < SEAL_COUNT(general); i++) {
        SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20);
        add_rule(&text, general[i], 0);
        for (unsigned k = 1; k <= 300; k++)
            add_rule(&text, crowded[0], k);
        add_rule(&text, "from alice@example.org, size over 6M", 301);
        parse(&text);
        compare_all(SHARE);
        ck_assert_uint_eq(nfound, 1);
        tear_down();
    }
}
END_TEST

static void add_listing_rules(struct buf *out, unsigned nrules, unsigned nvalues)
{
    for (unsigned i = 1; i <= nrules; i++) {
        buf_printf(out, "rule \"r%u\"\n  when outbound, size under %uK, from u0@a.example", i, i);
        for (unsigned k = 1; k < nvalues; k++)
            buf_printf(out, " or u%u@a.example", k);
        buf_add_str(out, "\n  sign\n");
    }
}

/* Each counts as 251: nine are within the share. */
START_TEST(rules_with_long_lists_are_compared_with_fewer)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(16u << 20);
    add_listing_rules(&text, 100, 1000);
    parse(&text);
    compare_all(2500);
    ck_assert_uint_eq(compared, 45 + 90 * 9);
    ck_assert_uint_eq(cost, 251 * compared);
    ck_assert_uint_eq(ncut, 90);
    ck_assert_uint_eq(nfound, 0);
}
END_TEST

START_TEST(check_says_which_rules_were_not_compared_with_all)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(16u << 20), out = BUF_INIT(1u << 20);
    buf_add_str(&text, "our domains a.example\n");
    for (unsigned i = 1; i <= 10000; i++)
        add_rule(&text, crowded[0], i);
    buf_add_str(&text, "rule \"all\"\n  pass\n");
    parse(&text);
    ck_assert_uint_eq(policy_check(policy, &out), 0);
    ck_assert_str_eq(buf_str(&out), "warning: p:602: rule \"r201\": 9800 rules from here on were not "
                                    "compared with all of the many earlier "
                                    "ones for the same mail: whether they can ever match is not known\n");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/swallow");
    TCase *t = tcase_create("swallow");
    tcase_add_checked_fixture(t, NULL, tear_down);
    tcase_add_loop_test(t, rules_for_different_mail_are_hardly_compared, 0, SEAL_COUNT(apart));
    tcase_add_loop_test(t, rules_for_the_same_mail_are_compared_with_their_share, 0, SEAL_COUNT(crowded));
    tcase_add_test(t, without_a_limit_all_of_them_are_compared);
    tcase_add_test(t, general_rules_in_front_are_found_whatever_the_share);
    tcase_add_test(t, rules_with_long_lists_are_compared_with_fewer);
    tcase_add_test(t, check_says_which_rules_were_not_compared_with_all);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
