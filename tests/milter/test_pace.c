/* Test names are claims. */
#include "milter/pace.h"

#include "support/check.h"

START_TEST(short_work_of_any_length_is_answered_at_one_moment)
{
    for (int64_t ms = 0; ms < 20; ms++)
        ck_assert_int_eq(pace_answer(1003, 1003 + ms, 4000, PACE_WHOLE), 1023);
    ck_assert_int_eq(pace_answer(1003, 1023, 4000, PACE_WHOLE), 1043);
    ck_assert_int_eq(pace_answer(1003, 1042, 4000, PACE_WHOLE), 1043);
}
END_TEST

START_TEST(moments_of_a_large_message_are_further_apart)
{
    ck_assert_int_eq(pace_answer(0, 5, (1u << 20) - 1, PACE_WHOLE), 20);
    ck_assert_int_eq(pace_answer(0, 5, 1u << 20, PACE_WHOLE), 40);
    ck_assert_int_eq(pace_answer(0, 39, 1u << 20, PACE_WHOLE), 40);
    ck_assert_int_eq(pace_answer(0, 130, 10u << 20, PACE_WHOLE), 220);
}
END_TEST

/* Two small messages, or four, over an injection listener or none. */
START_TEST(what_is_injected_is_not_seen_in_the_time)
{
    for (int64_t ms = 0; ms < 250; ms++)
        ck_assert_int_eq(pace_answer(7, 7 + ms, 4000, PACE_SPLIT), 257);
    ck_assert_int_eq(pace_answer(0, 250, 4000, PACE_SPLIT), 500);
    ck_assert_int_eq(pace_answer(0, 10, 1u << 20, PACE_SPLIT), 500);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("milter/pace");
    TCase *tc = tcase_create("pace");
    tcase_add_test(tc, short_work_of_any_length_is_answered_at_one_moment);
    tcase_add_test(tc, moments_of_a_large_message_are_further_apart);
    tcase_add_test(tc, what_is_injected_is_not_seen_in_the_time);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
