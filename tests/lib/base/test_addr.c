#include "base/addr.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

START_TEST(one_mailbox_has_one_form)
{
    static const struct {
        const char *given, *canonical, *exact;
    } cases[] = {
        {"a@b.example", "a@b.example", "a@b.example"},
        {"<a@b.example>", "a@b.example", "a@b.example"},
        {"  <A.B@B.Example>\r\n", "a.b@b.example", "A.B@b.example"},
        {"<a@b.example.>", "a@b.example", "a@b.example"},
        {"<\"a\"@b.example>", "a@b.example", "a@b.example"},
        {"<\"a\\b\"@b.example>", "ab@b.example", "ab@b.example"},
        {"<\"a b\"@b.example>", "\"a b\"@b.example", "\"a b\"@b.example"},
        {"<\"a@b\"@c.example>", "\"a@b\"@c.example", "\"a@b\"@c.example"},
        {"<\"a\\\"b\"@c.example>", "\"a\\\"b\"@c.example", "\"a\\\"b\"@c.example"},
        {"<\"\"@c.example>", "\"\"@c.example", "\"\"@c.example"},
        {"<a.@b.example>", "\"a.\"@b.example", "\"a.\"@b.example"},
        {"<\"a.\"@b.example>", "\"a.\"@b.example", "\"a.\"@b.example"},
        {"<a..b@c.example>", "\"a..b\"@c.example", "\"a..b\"@c.example"},
        {"<@relay.example,@r2.example:a@b.example>", "a@b.example", "a@b.example"},
        {"<a@[127.0.0.1]>", "a@[127.0.0.1]", "a@[127.0.0.1]"},
        {"<a@[IPv6:2001:DB8::1]>", "a@[ipv6:2001:db8::1]", "a@[ipv6:2001:db8::1]"},
        {"<J\xc3\x9cRGEN@\xc3\xbc.example>", "j\xc3\x9crgen@\xc3\xbc.example",
         "J\xc3\x9cRGEN@\xc3\xbc.example"},
        {"<A@XN--TDA.example>", "a@xn--tda.example", "A@xn--tda.example"},
        {"<*)(mail=*@b.example>", NULL, NULL},
        {"<\"*)(mail=*\"@b.example>", "\"*)(mail=*\"@b.example", "\"*)(mail=*\"@b.example"},
        {"<a|b;$`@b.example>", NULL, NULL},
        {"<a|b$`@b.example>", "a|b$`@b.example", "a|b$`@b.example"},
        {"<-rf@b.example>", "-rf@b.example", "-rf@b.example"},
        {"<>", "", ""},
        {"", "", ""},
        {" < > ", "", ""},
    };
    for (size_t i = 0; i < SEAL_COUNT(cases); i++) {
        struct err err = ERR_INIT;
        char out[ADDR_MAX + 1];
        if (cases[i].canonical == NULL) {
            ck_fails(addr_canonical(span_of(cases[i].given), out, &err), ERR_SYNTAX);
            continue;
        }
        ck_ok(addr_canonical(span_of(cases[i].given), out, &err));
        ck_assert_str_eq(out, cases[i].canonical);
        ck_ok(addr_exact(span_of(cases[i].given), out, &err));
        ck_assert_str_eq(out, cases[i].exact);
    }
}
END_TEST

START_TEST(canonical_form_of_the_canonical_form_is_itself)
{
    static const char *const cases[] = {"a@b.example", "\"a b\"@b.example", "\"a\\\"\\\\b\"@c.example",
                                        "\".\"@b.example", "a@[127.0.0.1]"};
    for (size_t i = 0; i < SEAL_COUNT(cases); i++) {
        struct err err = ERR_INIT;
        char out[ADDR_MAX + 1];
        ck_ok(addr_canonical(span_of(cases[i]), out, &err));
        ck_assert_str_eq(out, cases[i]);
    }
}
END_TEST

START_TEST(what_is_no_address_is_refused_and_leaves_nothing)
{
    static const struct span cases[] = {
        SPAN_LIT("postmaster"),
        SPAN_LIT("<a@>"),
        SPAN_LIT("<@b.example>"),
        SPAN_LIT("<a@.>"),
        SPAN_LIT("<a@.b.example>"),
        SPAN_LIT("<a@b..example>"),
        SPAN_LIT("<a@b.example..>"),
        SPAN_LIT("<a@b@c.example>"),
        SPAN_LIT("<a@b,c@d.example>"),
        SPAN_LIT("<a@b.example>, <c@d.example>"),
        SPAN_LIT("<a b@c.example>"),
        SPAN_LIT("<a@b c.example>"),
        SPAN_LIT("<a@b.example\0>"),
        SPAN_LIT("<a\0b@c.example>"),
        SPAN_LIT("<a@b.example\0.evil.example>"),
        SPAN_LIT("<a\r\nb@c.example>"),
        SPAN_LIT("<\"a\r\n\"@c.example>"),
        SPAN_LIT("<a@b\r\n.example>"),
        SPAN_LIT("<\"a@b.example>"),
        SPAN_LIT("<\"a\\"),
        SPAN_LIT("<\"a\"b@c.example>"),
        SPAN_LIT("<\"a\">"),
        SPAN_LIT("<a(comment)@b.example>"),
        SPAN_LIT("<a@b(comment).example>"),
        SPAN_LIT("<a@b.example"),
        SPAN_LIT("a@b.example>"),
        SPAN_LIT("<a\x7f@b.example>"),
        SPAN_LIT("<group:a@b.example;>"),
    };
    for (size_t i = 0; i < SEAL_COUNT(cases); i++) {
        struct err err = ERR_INIT;
        char out[ADDR_MAX + 1] = "before";
        ck_assert_msg(addr_canonical(cases[i], out, &err) < 0, "%s: taken as %s", cases[i].ptr, out);
        ck_assert_int_eq(err.code, ERR_SYNTAX);
        ck_assert_str_eq(out, "");
    }
}
END_TEST

/* Every length of either half, quoted or not, around the limits: refused or whole, never cut, never outside of out. */
START_TEST(no_length_is_cut_or_overruns)
{
    char text[2000];
    for (size_t local = 1; local < 700; local += local < 300 || local > 340 ? 13 : 1) {
        for (size_t domain = 1; domain < 700; domain += domain < 300 || domain > 340 ? 17 : 1) {
            for (int quoted = 0; quoted < 2; quoted++) {
                int n = snprintf(text, sizeof text, quoted ? "<\"%0*d \"@%0*d>" : "<%0*d@%0*d>", (int)local,
                                 1, (int)domain, 1);
                struct err err = ERR_INIT;
                struct { /* so that an overrun is seen */
                    char out[ADDR_MAX + 1];
                    char guard;
                } s = {.guard = 'g'};
                int result = addr_canonical((struct span){text, (size_t)n}, s.out, &err);
                ck_assert_int_eq(s.guard, 'g');
                ck_assert_int_eq(err.code, result == 0 ? ERR_NONE : ERR_LIMIT);
                if (result == 0)
                    ck_assert_uint_eq(strlen(s.out), (size_t)n - 2);
                if ((size_t)n - 2 > ADDR_MAX)
                    ck_assert_int_eq(result, -1);
            }
        }
    }
}
END_TEST

START_TEST(domain_is_what_stands_behind_the_last_at)
{
    ck_assert_str_eq(addr_domain("a@b.example"), "b.example");
    ck_assert_str_eq(addr_domain("\"a@x\"@b.example"), "b.example");
    ck_assert_str_eq(addr_domain(""), "");
}
END_TEST

START_TEST(patterns_match_addresses_domains_and_wildcards)
{
    static const struct {
        const char *addr, *pattern;
        bool matches;
    } cases[] = {
        {"a@b.example", "a@b.example", true},
        {"a@b.example", "a@b.exampl", false},
        {"a@b.example", "b.example", true},
        {"a@b.example", "example", false},
        {"a@xb.example", "b.example", false},
        {"a@b.example", "*.example", true},
        {"a@b.example", "*.b.example", false},
        {"a@c.b.example", "*.b.example", true},
        {"a@d.c.b.example", "*.b.example", true},
        {"a@xb.example", "*.b.example", false},
        {"sales-1@b.example", "sales-*@b.example", true},
        {"sales@b.example", "sales-*@b.example", false},
        {"a@b.example", "?@b.example", true},
        {"ab@b.example", "?@b.example", false},
        {"\"x@b.example\"@evil.example", "*@b.example", false},
        {"a@b.example.evil.example", "*@b.example", false},
        {"a@b.example.evil.example", "b.example", false},
        {"a@b.example", "*", true},
        {"a@b.example", "", false},
        {"", "*", false},
        {"", "*@*", false},
        {"", "", false},
    };
    for (size_t i = 0; i < SEAL_COUNT(cases); i++)
        ck_assert_msg(addr_matches(cases[i].addr, cases[i].pattern) == cases[i].matches, "%s ~ %s",
                      cases[i].addr, cases[i].pattern);
}
END_TEST

/* With backtracking over every star this would not end within the test's minute. */
START_TEST(no_pattern_is_slow)
{
    char addr[ADDR_MAX + 1];
    memset(addr, 'a', 300);
    strcpy(addr + 300, "@b.example");
    ck_assert(!addr_matches(addr, "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*ab@b.example"));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("base/addr");
    TCase *tc = tcase_create("addr");
    tcase_add_test(tc, one_mailbox_has_one_form);
    tcase_add_test(tc, canonical_form_of_the_canonical_form_is_itself);
    tcase_add_test(tc, what_is_no_address_is_refused_and_leaves_nothing);
    tcase_add_test(tc, no_length_is_cut_or_overruns);
    tcase_add_test(tc, domain_is_what_stands_behind_the_last_at);
    tcase_add_test(tc, patterns_match_addresses_domains_and_wildcards);
    tcase_add_test(tc, no_pattern_is_slow);
    suite_add_tcase(suite, tc);
    return suite;
}

TEST_MAIN(make_suite)
