#include "base/arena.h"
#include "support/check.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>

static struct arena *arena;

static void setup(void)
{
    arena = arena_new(1u << 20);
}

static void teardown(void)
{
    arena_free(&arena);
    ck_assert_ptr_null(arena);
    arena_free(&arena);
}

START_TEST(memory_is_zeroed_aligned_and_apart)
{
    char *before[64];
    for (size_t i = 0; i < 64; i++) {
        size_t n = i * 97;
        before[i] = arena_alloc(arena, n);
        ck_assert_uint_eq((uintptr_t)before[i] % 16, 0);
        for (size_t k = 0; k < n; k++)
            ck_assert_int_eq(before[i][k], 0);
        memset(before[i], (int)i, n);
    }
    for (size_t i = 0; i < 64; i++)
        for (size_t k = 0; k < i * 97; k++)
            ck_assert_int_eq(before[i][k], (char)i);
}
END_TEST

START_TEST(copies_are_equal_and_own_memory)
{
    char text[] = "abc";
    char *dup = arena_strdup(arena, text);
    char *span = arena_spandup(arena, (struct span){text, 2});
    char *mem = arena_memdup(arena, text, sizeof text);
    text[0] = 'z';
    ck_assert_str_eq(dup, "abc");
    ck_assert_str_eq(span, "ab");
    ck_assert_str_eq(mem, "abc");
    ck_assert_ptr_null(arena_strdup(arena, NULL));
    ck_assert_str_eq(arena_spandup(arena, (struct span){NULL, 0}), "");
    ck_assert_ptr_nonnull(arena_memdup(arena, NULL, 0));
}
END_TEST

START_TEST(printf_makes_text_of_any_length)
{
    ck_assert_str_eq(arena_printf(arena, "%d-%s", 5, "x"), "5-x");
    char *longer = arena_printf(arena, "%0*d", 20000, 7);
    ck_assert_uint_eq(strlen(longer), 20000);
    ck_assert_int_eq(longer[19999], '7');
}
END_TEST

START_TEST(grown_array_keeps_its_elements)
{
    unsigned *array = NULL;
    size_t n = 0, cap = 0;
    for (; n < 1000; n++) {
        array = arena_grow(arena, array, n, &cap, sizeof *array);
        ck_assert_uint_gt(cap, n);
        array[n] = (unsigned)n;
    }
    for (size_t i = 0; i < n; i++)
        ck_assert_uint_eq(array[i], i);
}
END_TEST

START_TEST(more_than_the_maximum_is_noticed_and_exactly_it_is_not)
{
    struct err err = ERR_INIT;
    struct arena *small = arena_new(64);
    (void)arena_alloc(small, 64);
    ck_ok(arena_check(small, &err));
    char *p = arena_alloc(small, 1);
    *p = 1; /* is there all the same */
    ck_fails(arena_check(small, &err), ERR_LIMIT);
    arena_free(&small);
}
END_TEST

START_TEST(more_may_be_allowed_on_top_of_what_was_taken)
{
    struct err err = ERR_INIT;
    struct arena *small = arena_new(64);
    (void)arena_alloc(small, 48);
    arena_allow_more(small, 32);
    (void)arena_alloc(small, 32);
    ck_ok(arena_check(small, &err));
    (void)arena_alloc(small, 1);
    ck_fails(arena_check(small, &err), ERR_LIMIT);
    arena_free(&small);
}
END_TEST

START_TEST(product_that_overflows_aborts)
{
    (void)arena_array(arena, SIZE_MAX / 2, 3);
}
END_TEST

START_TEST(size_that_would_wrap_aborts)
{
    (void)arena_alloc(arena, SIZE_MAX - 3);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("base/arena");
    TCase *tc = tcase_create("arena");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, memory_is_zeroed_aligned_and_apart);
    tcase_add_test(tc, copies_are_equal_and_own_memory);
    tcase_add_test(tc, printf_makes_text_of_any_length);
    tcase_add_test(tc, grown_array_keeps_its_elements);
    tcase_add_test(tc, more_than_the_maximum_is_noticed_and_exactly_it_is_not);
    tcase_add_test(tc, more_may_be_allowed_on_top_of_what_was_taken);
    tcase_add_test_raise_signal(tc, product_that_overflows_aborts, SIGABRT);
    tcase_add_test_raise_signal(tc, size_that_would_wrap_aborts, SIGABRT);
    suite_add_tcase(suite, tc);
    return suite;
}

TEST_MAIN(make_suite)
