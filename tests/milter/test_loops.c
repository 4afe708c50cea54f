/* test_loops - our own connections are known, and nobody else's. */
#include "milter/loops.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

static struct loops *loops;
static const struct wire_name here = {"127.0.0.1", 40000};

static void set_up(void)
{
    loops = loops_new();
}

static void tear_down(void)
{
    loops_free(&loops);
}

START_TEST(open_connection_without_a_name_is_known_by_address_and_port)
{
    struct err err = ERR_INIT;
    size_t slot;
    ck_ok(loops_add(loops, &here, "s1.gw.example", &slot, &err));
    ck_assert(loops_is_ours(loops, "127.0.0.1", 40000, ""));
    ck_assert(loops_is_ours(loops, "127.0.0.1", 40000, NULL));
    ck_assert(!loops_is_ours(loops, "127.0.0.1", 40001, ""));
    ck_assert(!loops_is_ours(loops, "192.0.2.1", 40000, ""));
    ck_assert(!loops_is_ours(loops, NULL, 40000, NULL));
    loops_end(loops, slot);
    ck_assert(!loops_is_ours(loops, "127.0.0.1", 40000, ""));
}
END_TEST

START_TEST(client_at_another_listener_with_the_same_port_is_not_ours)
{
    struct err err = ERR_INIT;
    size_t slot;
    ck_ok(loops_add(loops, &here, "s1.gw.example", &slot, &err));
    ck_assert(!loops_is_ours(loops, "127.0.0.1", 40000, "client.example"));
}
END_TEST

START_TEST(name_is_known_also_after_the_end)
{
    struct err err = ERR_INIT;
    size_t slot;
    ck_assert(!loops_is_ours(loops, "192.0.2.1", 25, ""));
    ck_ok(loops_add(loops, &here, "s1.gw.example", &slot, &err));
    loops_end(loops, slot);
    ck_assert(loops_is_ours(loops, "192.0.2.1", 25, "S1.gw.example"));
    ck_assert(!loops_is_ours(loops, "192.0.2.1", 25, "s2.gw.example"));
    ck_assert(!loops_is_ours(loops, "192.0.2.1", 25, NULL));
    ck_assert(!loops_is_ours(loops, "192.0.2.1", 0, ""));
}
END_TEST

START_TEST(open_connections_are_never_forgotten)
{
    struct err err = ERR_INIT;
    size_t first, slot;
    ck_ok(loops_add(loops, &here, "s1.gw.example", &first, &err));
    const struct wire_name other = {"127.0.0.1", 40001};
    for (size_t i = 0; i < 2 * LOOPS_MAX; i++) {
        ck_ok(loops_add(loops, &other, "s2.gw.example", &slot, &err));
        ck_assert_uint_ne(slot, first);
        loops_end(loops, slot);
    }
    ck_assert(loops_is_ours(loops, "127.0.0.1", 40000, NULL));
}
END_TEST

START_TEST(too_many_connections_wait)
{
    struct err err = ERR_INIT;
    size_t slot;
    for (size_t i = 0; i < LOOPS_MAX; i++)
        ck_ok(loops_add(loops, &here, "s1.gw.example", &slot, &err));
    ck_fails(loops_add(loops, &here, "s1.gw.example", &slot, &err), ERR_BUSY);
}
END_TEST

START_TEST(names_differ_and_fit_a_host_name)
{
    struct err err = ERR_INIT;
    char a[LOOPS_NAME_MAX], b[LOOPS_NAME_MAX];
    ck_ok(loops_make_name("gw.example", a, &err));
    ck_ok(loops_make_name("gw.example", b, &err));
    ck_assert_str_ne(a, b);
    ck_assert_uint_eq(strlen(a), 1 + 32 + strlen(".gw.example"));
    ck_assert_uint_eq(strspn(a + 1, "0123456789abcdef"), 32);
    char hostname[300];
    snprintf(hostname, sizeof hostname, "%0250d", 0);
    ck_fails(loops_make_name(hostname, a, &err), ERR_CONFIG);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("milter/loops");
    TCase *tc = tcase_create("loops");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, open_connection_without_a_name_is_known_by_address_and_port);
    tcase_add_test(tc, client_at_another_listener_with_the_same_port_is_not_ours);
    tcase_add_test(tc, name_is_known_also_after_the_end);
    tcase_add_test(tc, open_connections_are_never_forgotten);
    tcase_add_test(tc, too_many_connections_wait);
    tcase_add_test(tc, names_differ_and_fit_a_host_name);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
