#include "conf/number.h"

#include "support/check.h"

START_TEST(numbers_are_read_and_printed_with_their_suffix)
{
    static const struct {
        const char *text;
        enum number_unit unit;
        uint64_t number;
        const char *printed;
    } cases[] = {
        {"0", NUMBER_SIZE, 0, "0"},
        {"1024", NUMBER_SIZE, 1024, "1K"},
        {"10m", NUMBER_SIZE, 10u << 20, "10M"},
        {"1G", NUMBER_SIZE, 1u << 30, "1G"},
        {"1025", NUMBER_SIZE, 1025, "1025"},
        {"60", NUMBER_TIME, 60, "1m"},
        {"90s", NUMBER_TIME, 90, "90s"},
        {"2h", NUMBER_TIME, 7200, "2h"},
        {"1d", NUMBER_TIME, 86400, "1d"},
        {"60", NUMBER_PLAIN, 60, "60"},
    };
    for (size_t i = 0; i < SEAL_COUNT(cases); i++) {
        SEAL_CLEANUP(buf_fini) struct buf out = BUF_INIT(100);
        uint64_t number;
        ck_assert(number_parse(cases[i].text, cases[i].unit, &number));
        ck_assert_uint_eq(number, cases[i].number);
        number_print(number, cases[i].unit, &out);
        ck_assert_str_eq(buf_str(&out), cases[i].printed);
    }
}
END_TEST

START_TEST(what_is_no_number_is_refused)
{
    static const struct {
        const char *text;
        enum number_unit unit;
    } cases[] = {
        {"", NUMBER_SIZE},
        {"K", NUMBER_SIZE},
        {"-1", NUMBER_SIZE},
        {"+1", NUMBER_SIZE},
        {" 1", NUMBER_SIZE},
        {"1KB", NUMBER_SIZE},
        {"1s", NUMBER_SIZE},
        {"1K", NUMBER_TIME},
        {"1K", NUMBER_PLAIN},
        {"1.5M", NUMBER_SIZE},
        {"0x10", NUMBER_PLAIN},
        {"18446744073709551616", NUMBER_PLAIN},
        {"18446744073709551615K", NUMBER_SIZE},
    };
    uint64_t number;
    for (size_t i = 0; i < SEAL_COUNT(cases); i++)
        ck_assert_msg(!number_parse(cases[i].text, cases[i].unit, &number), "%s", cases[i].text);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/conf/number");
    TCase *t = tcase_create("number");
    tcase_add_test(t, numbers_are_read_and_printed_with_their_suffix);
    tcase_add_test(t, what_is_no_number_is_refused);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
