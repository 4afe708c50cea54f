#include "fixture.h"
#include "store/kv.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

static const char *groups[] = {"dn cn=staff,dc=example", "cn guests"};
static const char *attributes[] = {"employeeType"};
static const char *values[] = {"employeeType boss of all", "employeeType x"};

static struct remembered record_of(const char *addr, int64_t asked)
{
    return (struct remembered){.addr = addr,
                               .source = "here",
                               .found = true,
                               .groups = groups,
                               .ngroups = 2,
                               .member_of = groups,
                               .nmember_of = 1,
                               .attributes = attributes,
                               .nattributes = 1,
                               .values = values,
                               .nvalues = 2,
                               .asked = asked,
                               .expires = asked + 100};
}

static void put(const char *addr, int64_t asked)
{
    struct remembered record = record_of(addr, asked);
    ck_ok(store_put_remembered(fixture_store, &record, 1, asked, &err));
}

static enum find find(const char *addr, struct remembered *out)
{
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    struct err ignored = ERR_INIT;
    return store_find_remembered(read, addr, out, &ignored);
}

static size_t records(void)
{
    struct store_health health;
    ck_ok(store_check(fixture_store, &health, &err));
    return health.records;
}

START_TEST(what_is_remembered_is_found_as_it_was)
{
    struct remembered found;
    ck_assert_int_eq(find("a@b.example", &found), FIND_ABSENT);
    put("a@b.example", 1000);
    ck_assert_int_eq(find("a@b.example", &found), FIND_FOUND);
    ck_assert_str_eq(found.addr, "a@b.example");
    ck_assert_str_eq(found.source, "here");
    ck_assert(found.found);
    ck_assert_uint_eq(found.ngroups, 2);
    ck_assert_str_eq(found.groups[1], groups[1]);
    ck_assert_uint_eq(found.nmember_of, 1);
    ck_assert_str_eq(found.member_of[0], groups[0]);
    ck_assert_str_eq(found.attributes[0], attributes[0]);
    ck_assert_uint_eq(found.nvalues, 2);
    ck_assert_str_eq(found.values[0], values[0]);
    ck_assert_int_eq(found.asked, 1000);
}
END_TEST

START_TEST(the_newest_answer_takes_the_place_of_the_one_before)
{
    struct remembered found;
    put("a@b.example", 1000);
    put("a@b.example", 1050);
    put("c@b.example", 1120); /* when the first would have expired */
    ck_assert_int_eq(find("a@b.example", &found), FIND_FOUND);
    ck_assert_int_eq(found.asked, 1050);
    ck_assert_uint_eq(records(), 2);
}
END_TEST

START_TEST(expired_answers_go_and_nothing_else_does)
{
    struct remembered found;
    for (int i = 0; i < 10; i++) {
        char addr[16];
        snprintf(addr, sizeof addr, "%d@b.example", i);
        put(addr, 1000 + i);
    }
    put("last@b.example", 1108); /* 0 to 8 are over */
    ck_assert_uint_eq(records(), 7);
    put("last@b.example", 1108);
    put("last@b.example", 1108);
    ck_assert_uint_eq(records(), 2);
    ck_assert_int_eq(find("9@b.example", &found), FIND_FOUND);
}
END_TEST

START_TEST(an_answer_that_cannot_be_read_is_replaced)
{
    struct remembered found;
    struct remembered record = record_of("a@b.example", 1000);
    record.source = "breaks here";
    ck_ok(store_put_remembered(fixture_store, &record, 1, 1000, &err));
    put("c@b.example", 1000);
    fixture_break("breaks her");
    fixture_reopen();
    ck_assert_int_eq(find("a@b.example", &found), FIND_FAILED);
    ck_assert_int_eq(find("c@b.example", &found), FIND_FOUND);
    put("a@b.example", 1001);
    ck_assert_int_eq(find("a@b.example", &found), FIND_FOUND);
}
END_TEST

START_TEST(an_answer_is_no_new_generation)
{
    uint64_t generation = store_generation(fixture_store, &err);
    put("a@b.example", 1000);
    ck_assert_uint_eq(store_generation(fixture_store, &err), generation);
}
END_TEST

/* So many at once, number by number. */
static void put_many(const char *domain, int n, int64_t asked)
{
    static struct remembered many[9000];
    for (int i = 0; i < n; i++)
        many[i] = record_of(arena_printf(fixture_arena, "%d@%s", i, domain), asked);
    ck_ok(store_put_remembered(fixture_store, many, (size_t)n, asked, &err));
}

static void ck_has_room(void)
{
    struct store_health health;
    ck_ok(store_check(fixture_store, &health, &err));
    ck_assert_uint_lt(health.used, health.map_size * 3 / 4);
}

/* Anybody can write to addresses that are not there. */
START_TEST(answers_never_fill_the_store_and_are_kept_again_when_others_are_over)
{
    struct remembered found;
    store_close(&fixture_store);
    ck_ok(store_open_sized(fixture_dir, STORE_READ_WRITE, (size_t)4 << 20, &fixture_store, &err));
    put_many("b.example", 9000, 1000);
    ck_has_room();
    ck_assert_int_eq(find("0@b.example", &found), FIND_FOUND);
    ck_assert_int_eq(find("8999@b.example", &found), FIND_ABSENT);
    put_many("c.example", 400, 2000);
    ck_has_room();
    ck_assert_int_eq(find("0@b.example", &found), FIND_ABSENT);
    ck_assert_int_eq(find("399@c.example", &found), FIND_FOUND);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store/remembered");
    TCase *tcase = tcase_create("remembered");
    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_add_test(tcase, what_is_remembered_is_found_as_it_was);
    tcase_add_test(tcase, the_newest_answer_takes_the_place_of_the_one_before);
    tcase_add_test(tcase, expired_answers_go_and_nothing_else_does);
    tcase_add_test(tcase, an_answer_that_cannot_be_read_is_replaced);
    tcase_add_test(tcase, an_answer_is_no_new_generation);
    tcase_add_test(tcase, answers_never_fill_the_store_and_are_kept_again_when_others_are_over);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
