#include "fixture.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>

#define NAME      SPAN_LIT("new name")
#define UNDER_NEW SPAN_LIT("\1new name and a key")
#define UNDER_OLD SPAN_LIT("\1old name and a key")

static struct pgp_own_record own;

static void setup(void)
{
    fixture_setup();
    struct pgp_record pgp = fixture_pgp("aa", "a@b.example");
    for (int i = 0; i < 100; i++) {
        char beginning[16];
        snprintf(beginning, sizeof beginning, "%06d", i);
        struct key_record key = fixture_key(beginning, i == 0 ? "" : "a@b.example");
        key.wrapped = span_of(arena_strdup(fixture_arena, beginning));
        ck_ok(store_put_key(fixture_store, &key, &err));
    }
    own = (struct pgp_own_record){
        .fingerprint = pgp.fingerprint, .owner = "a@b.example", .wrapped = SPAN_LIT("passphrase")};
    ck_ok(store_put_pgp(fixture_store, &pgp, SPAN_LIT(""), &err));
    ck_ok(store_put_pgp_own(fixture_store, &own, &err));
}

struct calls {
    unsigned n, fail_at; /* 0: never */
};

/* "NEW", owner and what it was. */
static int rewrap(void *arg, const char *owner, struct span subject, struct span wrapped, struct buf *out,
                  struct err *e)
{
    struct calls *calls = arg;
    ck_assert_uint_gt(subject.len, 0);
    if (++calls->n == calls->fail_at)
        return err_set(e, ERR_CRYPTO, "it does not fit");
    buf_printf(out, "NEW %s ", owner);
    buf_add_span(out, wrapped);
    return 0;
}

static size_t count_new(void)
{
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    struct key_record *keys;
    struct pgp_own_record *owns;
    size_t nkeys, nowns, n = 0;
    ck_ok(store_keys(read, &keys, &nkeys, &err));
    ck_ok(store_pgp_owns(read, &owns, &nowns, &err));
    ck_assert_uint_eq(nkeys + nowns, 101);
    for (size_t i = 0; i < nkeys; i++) {
        const char *expected = arena_printf(fixture_arena, "NEW %s %.6s", keys[i].owner, keys[i].fingerprint);
        n += span_is(keys[i].wrapped, expected);
    }
    return n + span_is(owns[0].wrapped, "NEW a@b.example passphrase");
}

START_TEST(every_key_and_passphrase_is_wrapped_anew)
{
    struct calls calls = {.n = 0};
    size_t n;
    uint64_t before = store_generation(fixture_store, &err);
    ck_ok(store_rewrap(fixture_store, NAME, rewrap, &calls, &n, &err));
    ck_assert_uint_eq(n, 101);
    ck_assert_uint_eq(count_new(), 101);
    ck_assert_uint_gt(store_generation(fixture_store, &err), before);
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    struct key_record *keys;
    ck_ok(store_keys_of(read, "a@b.example", &keys, &n, &err));
    ck_assert_uint_eq(n, 99);
}
END_TEST

static const unsigned failing[] = {1, 50, 101};

START_TEST(one_that_fails_leaves_all_as_they_were)
{
    struct calls calls = {.fail_at = failing[_i]};
    size_t n;
    ck_fails(store_rewrap(fixture_store, NAME, rewrap, &calls, &n, &err), ERR_CRYPTO);
    ck_assert_uint_eq(count_new(), 0);
}
END_TEST

START_TEST(nothing_under_another_master_key_is_stored_after_it)
{
    struct calls calls = {.n = 0};
    size_t n;
    struct key_record key = fixture_key("new", "a@b.example");
    key.wrapped = own.wrapped = UNDER_OLD;
    ck_ok(store_put_key(fixture_store, &key, &err));
    ck_ok(store_put_pgp_own(fixture_store, &own, &err));
    ck_ok(store_rewrap(fixture_store, NAME, rewrap, &calls, &n, &err));
    ck_fails(store_put_key(fixture_store, &key, &err), ERR_BUSY);
    ck_fails(store_put_pgp_own(fixture_store, &own, &err), ERR_BUSY);
    key.wrapped = own.wrapped = SPAN_LIT("\1new");
    ck_fails(store_put_key(fixture_store, &key, &err), ERR_BUSY);
    key.wrapped = own.wrapped = UNDER_NEW;
    ck_ok(store_put_key(fixture_store, &key, &err));
    ck_ok(store_put_pgp_own(fixture_store, &own, &err));
}
END_TEST

START_TEST(several_keys_are_stored_together_or_not_at_all)
{
    struct calls calls = {.n = 0};
    size_t n;
    struct key_record keys[] = {fixture_key("new1", "a@b.example"), fixture_key("new2", "a@b.example")},
                      found;
    ck_ok(store_rewrap(fixture_store, NAME, rewrap, &calls, &n, &err));
    keys[0].wrapped = UNDER_NEW;
    keys[1].wrapped = UNDER_OLD;
    ck_fails(store_put_keys(fixture_store, keys, 2, &err), ERR_BUSY);
    {
        SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
        ck_assert_int_eq(store_find_key(read, keys[0].fingerprint, &found, &err), FIND_ABSENT);
    }
    keys[1].wrapped = UNDER_NEW;
    ck_ok(store_put_keys(fixture_store, keys, 2, &err));
    SEAL_CLEANUP(store_read_end) struct store_read *read = fixture_read();
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(store_find_key(read, keys[i].fingerprint, &found, &err), FIND_FOUND);
}
END_TEST

START_TEST(one_that_fails_lets_the_old_master_key_be)
{
    struct calls calls = {.fail_at = 101};
    size_t n;
    struct key_record key = fixture_key("new", "a@b.example");
    key.wrapped = UNDER_OLD;
    ck_fails(store_rewrap(fixture_store, NAME, rewrap, &calls, &n, &err), ERR_CRYPTO);
    ck_ok(store_put_key(fixture_store, &key, &err));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store/rewrap");
    TCase *tcase = tcase_create("rewrap");
    tcase_add_checked_fixture(tcase, setup, fixture_teardown);
    tcase_add_test(tcase, every_key_and_passphrase_is_wrapped_anew);
    tcase_add_loop_test(tcase, one_that_fails_leaves_all_as_they_were, 0, (int)SEAL_COUNT(failing));
    tcase_add_test(tcase, nothing_under_another_master_key_is_stored_after_it);
    tcase_add_test(tcase, several_keys_are_stored_together_or_not_at_all);
    tcase_add_test(tcase, one_that_fails_lets_the_old_master_key_be);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(make_suite)
