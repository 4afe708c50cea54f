#include "fixture.h"
#include "support/check.h"

static struct user_record user(const char *addr, const char **more, size_t nmore)
{
    return (struct user_record){
        .addr = addr, .name = "Al", .enabled = true, .more = more, .nmore = nmore, .created = 9};
}

static enum find find(const char *addr, struct user_record *out)
{
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    return store_find_user(read, addr, out, &err);
}

START_TEST(a_user_is_found_by_each_address)
{
    const char *more[] = {"al@b.example", "alice@c.example"};
    struct user_record in = user("alice@b.example", more, 2), out;
    static const char *const addrs[] = {"alice@b.example", "al@b.example", "alice@c.example"};
    ck_ok(store_put_user(fixture_store, &in, &err));
    for (size_t i = 0; i < SEAL_COUNT(addrs); i++) {
        ck_assert_int_eq(find(addrs[i], &out), FIND_FOUND);
        ck_assert_str_eq(out.addr, "alice@b.example");
        ck_assert_str_eq(out.name, "Al");
        ck_assert(out.enabled);
        ck_assert_uint_eq(out.nmore, 2);
    }
    ck_assert_int_eq(find("lice@b.example", &out), FIND_ABSENT);
    ck_assert_int_eq(find("", &out), FIND_ABSENT);
}
END_TEST

START_TEST(an_address_that_was_taken_away_finds_nobody)
{
    const char *more[] = {"al@b.example"};
    struct user_record in = user("alice@b.example", more, 1), out;
    ck_ok(store_put_user(fixture_store, &in, &err));
    in.nmore = 0;
    in.enabled = false;
    ck_ok(store_put_user(fixture_store, &in, &err));
    ck_assert_int_eq(find("al@b.example", &out), FIND_ABSENT);
    ck_assert_int_eq(find("alice@b.example", &out), FIND_FOUND);
    ck_assert(!out.enabled);
}
END_TEST

START_TEST(an_address_belongs_to_one_user_only)
{
    const char *more[] = {"al@b.example"}, *other[] = {"alice@b.example"};
    struct user_record alice = user("alice@b.example", more, 1), al = user("al@b.example", NULL, 0),
                       bob = user("bob@b.example", more, 1), eve = user("eve@b.example", other, 1), out;
    ck_ok(store_put_user(fixture_store, &alice, &err));
    ck_ok(store_put_user(fixture_store, &alice, &err));
    ck_fails(store_put_user(fixture_store, &al, &err), ERR_EXISTS);
    ck_fails(store_put_user(fixture_store, &bob, &err), ERR_EXISTS);
    ck_fails(store_put_user(fixture_store, &eve, &err), ERR_EXISTS);
    ck_assert_int_eq(find("bob@b.example", &out), FIND_ABSENT);
}
END_TEST

START_TEST(users_are_listed_by_address)
{
    struct user_record b = user("b@b.example", NULL, 0), a = user("a@b.example", NULL, 0), *users;
    size_t n;
    ck_ok(store_put_user(fixture_store, &b, &err));
    ck_ok(store_put_user(fixture_store, &a, &err));
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    ck_ok(store_users(read, &users, &n, &err));
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(users[0].addr, "a@b.example");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store/users");
    TCase *tcase = tcase_create("users");
    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_add_test(tcase, a_user_is_found_by_each_address);
    tcase_add_test(tcase, an_address_that_was_taken_away_finds_nobody);
    tcase_add_test(tcase, an_address_belongs_to_one_user_only);
    tcase_add_test(tcase, users_are_listed_by_address);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
