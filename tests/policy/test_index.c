#include "site.h"
#include "support/check.h"

#include "policy/index.h"

#include <stdio.h>
#include <string.h>

static const char *const patterns[] = {
    "kurt@bank.example",
    "bank.example",
    "*.bank.example",
    "sales-*@bank.example",
    "*@bank.example",
    "*@*.bank.example",
    "kurt@*.bank.example",
    "kurt@*",
    "*",
    "*.example",
    "b?nk.example",
    "*bank.example",
    "\"k u\"@bank.example",
    "k?rt@bank.example",
    "example",
    "kurt@a.*.example",
    "*@*",
    "bank.exam*",
};
static const char *const addresses[] = {
    "kurt@bank.example",       "sales-2@bank.example", "kurt@a.bank.example",   "kurt@a.b.bank.example",
    "\"k u\"@bank.example",    "kurt@example",         "kurt@other.test",       "",
    "\"x@bank.example\"@test", "kurt@notbank.example", "kurt@bank.example.org", "Kurt@Bank.Example",
};

static bool finds(const struct patterns *p, const char *addr, unsigned number)
{
    struct patterns_found found;
    patterns_find(p, addr, &found);
    for (size_t i = 0; i < found.n; i++)
        for (const struct posting *at = found.lists[i]; at != NULL; at = at->next)
            if (at->number == number)
                return true;
    return false;
}

START_TEST(what_fits_is_always_a_candidate)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct patterns *p = patterns_new(arena, SEAL_COUNT(patterns));
    for (unsigned i = 0; i < SEAL_COUNT(patterns); i++)
        patterns_add(p, patterns[i], i);
    for (size_t a = 0; a < SEAL_COUNT(addresses); a++)
        for (unsigned i = 0; i < SEAL_COUNT(patterns); i++)
            ck_assert_msg(!addr_matches(addresses[a], patterns[i]) || finds(p, addresses[a], i),
                          "%s is not found for %s", patterns[i], addresses[a]);
}
END_TEST

START_TEST(what_has_a_key_is_no_candidate_for_other_addresses)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct patterns *p = patterns_new(arena, 4);
    patterns_add(p, "kurt@bank.example", 0);
    patterns_add(p, "bank.example", 1);
    patterns_add(p, "*.bank.example", 2);
    patterns_add(p, "sales-*@bank.example", 3);
    ck_assert(!finds(p, "anna@bank.example", 0));
    ck_assert(!finds(p, "kurt@a.bank.example", 1));
    ck_assert(!finds(p, "kurt@bank.example", 2));
    ck_assert(!finds(p, "kurt@bank.test", 3));
    ck_assert(finds(p, "anna@bank.example", 3)); /* found by its domain, to be judged */
}
END_TEST

/* "1 3 4 ": the rules that are looked at. */
static const char *candidates(struct site *site, const char *from, const char *to)
{
    SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(1000);
    struct index_walk walk;
    index_begin(site->policy->index, from, to, &walk);
    for (size_t i = index_next(&walk, 0); i != SIZE_MAX; i = index_next(&walk, i + 1))
        buf_printf(&out, "%s ", site->policy->rules[i].name);
    return arena_strdup(site->arena, buf_str(&out));
}

START_TEST(candidates_come_in_the_order_of_the_rules_and_once)
{
    struct site *site =
        site_new("rule \"1\"\n when to bank.example\n pass\n"
                 "rule \"2\"\n when to other.example\n pass\n"
                 "rule \"3\"\n when outbound\n pass\n"
                 "rule \"4\"\n when to kurt@bank.example or bank.example or k*@bank.example\n pass\n"
                 "rule \"5\"\n when not to bank.example\n pass\n"
                 "rule \"6\"\n when from alice@example.org\n pass\n"
                 "rule \"7\"\n when to kurt@* or other.example\n pass\n"
                 "rule \"8\"\n pass\n");
    ck_assert_str_eq(candidates(site, "alice@example.org", "kurt@bank.example"), "1 3 4 5 6 7 8 ");
    ck_assert_str_eq(candidates(site, "bob@example.org", "anna@other.example"), "2 3 5 7 8 ");
    ck_assert_str_eq(candidates(site, "", "x@third.example"), "3 5 7 8 ");
    site_free(site);
}
END_TEST

START_TEST(a_rule_is_filed_under_the_condition_that_tells_it_best)
{
    struct site *site = site_new("rule \"1\"\n when from a@example.org, to domain bank.example\n pass\n"
                                 "rule \"2\"\n when from b@example.org, to domain bank.example\n pass\n"
                                 "rule \"3\"\n when from c@example.org, to domain bank.example\n pass\n"
                                 "rule \"4\"\n when from c@example.org, to domain other.example\n pass\n");
    ck_assert_str_eq(candidates(site, "b@example.org", "kurt@bank.example"), "2 ");
    ck_assert_str_eq(candidates(site, "c@example.org", "kurt@bank.example"), "3 ");
    ck_assert_str_eq(candidates(site, "x@example.org", "kurt@other.example"), "4 ");
    site_free(site);
}
END_TEST

START_TEST(of_ten_thousand_rules_those_for_the_recipient_are_looked_at)
{
    SEAL_CLEANUP(buf_fini) struct buf policy = BUF_INIT(4u << 20);
    for (unsigned i = 0; i < 10000; i++)
        buf_printf(&policy, "rule \"%u\"\n when outbound, from example.org, to domain d%u.example\n pass\n",
                   i, i);
    buf_add_str(&policy, "rule \"rest\"\n pass\n");
    struct site *site = site_new(buf_str(&policy));
    ck_assert_str_eq(candidates(site, "alice@example.org", "kurt@d7777.example"), "7777 rest ");
    site_free(site);
}
END_TEST

START_TEST(a_condition_with_many_values_holds_as_one_with_few)
{
    SEAL_CLEANUP(buf_fini) struct buf policy = BUF_INIT(1u << 20);
    buf_add_str(&policy, "rule \"many\"\n when outbound, to kurt@*.bank.example");
    for (unsigned i = 0; i < 100; i++)
        buf_printf(&policy, " or u%u@a.example or d%u.example or *.w%u.example", i, i, i);
    buf_add_str(&policy, "\n pass\nrule \"rest\"\n sign\n");
    struct site *site = site_new(buf_str(&policy));
    static const char *const in[] = {"u99@a.example", "x@d50.example", "x@y.z.w0.example",
                                     "kurt@x.bank.example"};
    static const char *const out[] = {"u100@a.example", "x@a.d50.example", "x@w0.example",
                                      "anna@x.bank.example", ""};
    const struct condition *many = &site->policy->rules[0].conditions[1];
    ck_assert_ptr_nonnull(many->hashed);
    for (size_t i = 0; i < SEAL_COUNT(in); i++)
        ck_assert_msg(address_list_has(many->hashed, in[i]), "%s", in[i]);
    for (size_t i = 0; i < SEAL_COUNT(out); i++)
        ck_assert_msg(!address_list_has(many->hashed, out[i]), "%s", out[i]);
    site_free(site);
}
END_TEST

/* The longest address that there can be has the most domains above it. */
START_TEST(the_deepest_domain_is_looked_up)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    char addr[ADDR_MAX + 1] = "a@";
    while (strlen(addr) + 3 < ADDR_MAX)
        strcat(addr, "x.");
    strcat(addr, "x");
    struct patterns *p = patterns_new(arena, ADDR_MAX);
    unsigned n = 0;
    for (const char *dot = strchr(addr, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
        patterns_add(p, arena_printf(arena, "*%s", dot), n++);
    struct patterns_found found;
    patterns_find(p, addr, &found);
    ck_assert_uint_eq(found.n, n);
    ck_assert_uint_gt(n, 100);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy/index");
    TCase *t = tcase_create("index");
    tcase_add_test(t, what_fits_is_always_a_candidate);
    tcase_add_test(t, what_has_a_key_is_no_candidate_for_other_addresses);
    tcase_add_test(t, candidates_come_in_the_order_of_the_rules_and_once);
    tcase_add_test(t, a_rule_is_filed_under_the_condition_that_tells_it_best);
    tcase_add_test(t, of_ten_thousand_rules_those_for_the_recipient_are_looked_at);
    tcase_add_test(t, a_condition_with_many_values_holds_as_one_with_few);
    tcase_add_test(t, the_deepest_domain_is_looked_up);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
