#include "base/buf.h"
#include "support/check.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>

START_TEST(appends_follow_each_other)
{
    struct err err = ERR_INIT;
    struct buf buf = BUF_INIT(100);
    buf_add(&buf, "a\0b", 3);
    buf_add_span(&buf, SPAN_LIT("cd"));
    buf_add_str(&buf, "ef");
    buf_add_char(&buf, 'g');
    buf_printf(&buf, "%03d", 7);
    ck_ok(buf_check(&buf, &err));
    ck_assert_uint_eq(buf.len, 11);
    ck_assert_mem_eq(buf.ptr, "a\0bcdefg007", 12);
    buf_fini(&buf);
}
END_TEST

START_TEST(empty_buffer_is_an_empty_string)
{
    struct buf buf = BUF_INIT(10);
    ck_assert_str_eq(buf_str(&buf), "");
    ck_assert_uint_eq(buf_span(&buf).len, 0);
    ck_assert_ptr_nonnull(buf_span(&buf).ptr);
    buf_add(&buf, NULL, 0);
    buf_add_span(&buf, (struct span){NULL, 0});
    ck_assert_str_eq(buf_str(&buf), "");
    char *taken = buf_take(&buf);
    ck_assert_str_eq(taken, "");
    free(taken);
    taken = buf_take(&buf);
    ck_assert_str_eq(taken, "");
    free(taken);
}
END_TEST

START_TEST(maximum_is_reached_exactly_and_never_passed)
{
    struct err err = ERR_INIT;
    struct buf buf = BUF_INIT(1000);
    for (int i = 0; i < 1000; i++)
        buf_add_char(&buf, 'x');
    ck_ok(buf_check(&buf, &err));
    buf_add_char(&buf, 'x');
    ck_assert_uint_eq(buf.len, 1000);
    ck_fails(buf_check(&buf, &err), ERR_LIMIT);
    buf_fini(&buf);
}
END_TEST

START_TEST(failure_is_sticky_so_that_no_hole_appears)
{
    struct err err = ERR_INIT;
    struct buf buf = BUF_INIT(4);
    buf_add_str(&buf, "abc");
    buf_add_str(&buf, "too long");
    buf_add_str(&buf, "d");
    ck_assert_str_eq(buf_str(&buf), "abc");
    ck_fails(buf_check(&buf, &err), ERR_LIMIT);
    ck_fails(buf_check(&buf, &err), ERR_LIMIT);
    buf_clear(&buf);
    buf_add_str(&buf, "d");
    ck_ok(buf_check(&buf, &err));
    ck_assert_str_eq(buf_str(&buf), "d");
    buf_fini(&buf);
    ck_ok(buf_check(&buf, &err));
}
END_TEST

START_TEST(printf_over_the_maximum_fails_whole)
{
    struct err err = ERR_INIT;
    struct buf buf = BUF_INIT(5);
    buf_printf(&buf, "%s", "sixsix");
    ck_assert_uint_eq(buf.len, 0);
    ck_fails(buf_check(&buf, &err), ERR_LIMIT);
    buf_fini(&buf);
}
END_TEST

START_TEST(reserved_room_counts_once_committed_and_ends_in_nul)
{
    struct err err = ERR_INIT;
    struct buf buf = BUF_INIT(300);
    buf_add_str(&buf, "head ");
    char *room = buf_reserve(&buf, 200);
    ck_assert_ptr_nonnull(room);
    memset(room, 'r', 200);
    buf_commit(&buf, 3);
    ck_assert_str_eq(buf_str(&buf), "head rrr");
    ck_assert_ptr_null(buf_reserve(&buf, 293));
    ck_fails(buf_check(&buf, &err), ERR_LIMIT);
    buf_fini(&buf);
}
END_TEST

START_TEST(commit_of_more_than_was_reserved_aborts)
{
    struct buf buf = BUF_INIT(1000);
    (void)buf_reserve(&buf, 10);
    buf_commit(&buf, 999);
}
END_TEST

START_TEST(no_size_wraps_around)
{
    struct err err = ERR_INIT;
    struct buf buf = BUF_INIT(SIZE_MAX);
    buf_add_char(&buf, 'x');
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 2, PTRDIFF_MAX};
    for (size_t i = 0; i < SEAL_COUNT(sizes); i++) {
        ck_assert_ptr_null(buf_reserve(&buf, sizes[i]));
        ck_fails(buf_check(&buf, &err), ERR_LIMIT);
        buf_clear(&buf);
        buf_add_char(&buf, 'x');
    }
    buf_fini(&buf);
}
END_TEST

START_TEST(taken_memory_leaves_an_empty_buffer)
{
    struct buf buf = BUF_INIT(10);
    buf_add_str(&buf, "abc");
    char *taken = buf_take(&buf);
    ck_assert_str_eq(taken, "abc");
    ck_assert_str_eq(buf_str(&buf), "");
    buf_add_str(&buf, "d");
    ck_assert_str_eq(buf_str(&buf), "d");
    free(taken);
    buf_fini(&buf);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("base/buf");
    TCase *tc = tcase_create("buf");
    tcase_add_test(tc, appends_follow_each_other);
    tcase_add_test(tc, empty_buffer_is_an_empty_string);
    tcase_add_test(tc, maximum_is_reached_exactly_and_never_passed);
    tcase_add_test(tc, failure_is_sticky_so_that_no_hole_appears);
    tcase_add_test(tc, printf_over_the_maximum_fails_whole);
    tcase_add_test(tc, reserved_room_counts_once_committed_and_ends_in_nul);
    tcase_add_test_raise_signal(tc, commit_of_more_than_was_reserved_aborts, SIGABRT);
    tcase_add_test(tc, no_size_wraps_around);
    tcase_add_test(tc, taken_memory_leaves_an_empty_buffer);
    suite_add_tcase(suite, tc);
    return suite;
}

TEST_MAIN(make_suite)
