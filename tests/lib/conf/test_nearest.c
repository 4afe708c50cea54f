#include "conf/nearest.h"

#include "base/mem.h"
#include "support/check.h"

START_TEST(distance_counts_letters_added_dropped_changed_and_swapped)
{
    static const struct {
        const char *a, *b;
        size_t distance;
    } cases[] = {{"sign", "sign", 0},  {"sing", "sign", 1},      {"sin", "sign", 1},
                 {"signs", "sign", 1}, {"sIGN", "sign", 0},      {"song", "sign", 2},
                 {"", "abc", 3},       {"abc", "", 3},           {"encrypt", "decrypt", 2},
                 {"ca", "abc", 3},     {"encyrpt", "encrypt", 1}};
    for (size_t i = 0; i < SEAL_COUNT(cases); i++)
        ck_assert_uint_eq(nearest_distance(cases[i].a, cases[i].b), cases[i].distance);
}
END_TEST

START_TEST(only_what_is_near_is_suggested)
{
    static const char *const known[] = {"pass", "sign", "encrypt", "decrypt", "tag"};
    ck_assert_str_eq(nearest_word("sing", known, SEAL_COUNT(known)), "sign");
    ck_assert_str_eq(nearest_word("encript", known, SEAL_COUNT(known)), "encrypt");
    ck_assert_str_eq(nearest_word("decript", known, SEAL_COUNT(known)), "decrypt");
    ck_assert_ptr_null(nearest_word("frobnicate", known, SEAL_COUNT(known)));
    ck_assert_ptr_null(
        nearest_word("a-word-that-is-longer-than-any-known-word-can-be", known, SEAL_COUNT(known)));
    ck_assert_ptr_null(nearest_word("sign", known, 0));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/conf/nearest");
    TCase *t = tcase_create("nearest");
    tcase_add_test(t, distance_counts_letters_added_dropped_changed_and_swapped);
    tcase_add_test(t, only_what_is_near_is_suggested);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
