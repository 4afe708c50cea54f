/* test_log - values of strangers in log lines. */
#include "log/log.h"
#include "support/check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *value, *line;
} values[] = {
    {"plain", "k=plain"},
    {"a@b.example", "k=a@b.example"},
    {"", "k=\"\""},
    {"two words", "k=\"two words\""},
    {"say \"hi\"\\", "k=\"say \\\"hi\\\"\\\\\""},
    {"a=b", "k=\"a=b\""},
    {"x\nqid=FORGED event=message", "k=\"x?qid=FORGED event=message\""},
    {"\x1b[2Jgone", "k=?[2Jgone"},
    {"\xc3\xa4", "k=\"\xc3\xa4\""},
    {"gpj\xe2\x80\xae.exe", "k=gpj.exe"},
    {"\xff", "k=?"},
    {NULL, ""},
};

START_TEST(value_cannot_forge_a_line_or_a_key)
{
    struct buf line = BUF_INIT(4096);
    log_add_pair(&line, "k", values[_i].value);
    ck_assert_str_eq(buf_str(&line), values[_i].line);
    buf_fini(&line);
}
END_TEST

START_TEST(long_value_is_cut)
{
    char text[5000];
    struct buf line = BUF_INIT(8000);
    snprintf(text, sizeof text, "%04900d", 0);
    log_add_pair(&line, "k", text);
    ck_assert_uint_le(line.len, 1010);
    buf_fini(&line);
}
END_TEST

/* What is written to standard error while call runs. */
static const char *captured(void (*call)(void), char *out, size_t size)
{
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    int before = dup(STDERR_FILENO);
    dup2(fds[1], STDERR_FILENO);
    call();
    dup2(before, STDERR_FILENO);
    close(fds[1]);
    close(before);
    ssize_t n = read(fds[0], out, size - 1);
    out[n > 0 ? n : 0] = '\0';
    close(fds[0]);
    return out;
}

static void log_two_levels(void)
{
    log_open(LOG_TO_STDERR, LEVEL_WARNING);
    log_event(LEVEL_INFO, "Q1", "quiet", NULL);
    log_event(LEVEL_ERROR, "Q2", "loud", "a", "1", "left-out", NULL, "b", "x y", NULL);
}

START_TEST(line_begins_with_qid_and_quiet_levels_are_silent)
{
    char text[1000];
    ck_assert_str_eq(captured(log_two_levels, text, sizeof text), "qid=Q2 event=loud a=1 b=\"x y\"\n");
}
END_TEST

static void log_a_config_error(void)
{
    struct err err = ERR_INIT;
    log_open(LOG_TO_STDERR, LEVEL_ERROR);
    err_set(&err, ERR_PEER_TEMP, "quiet");
    log_error("Q1", "failed", &err);
    err_clear(&err);
    err_set(&err, ERR_CONFIG, "no such place");
    log_error(NULL, "failed", &err);
}

START_TEST(configuration_errors_are_loud)
{
    char text[1000];
    ck_assert_str_eq(captured(log_a_config_error, text, sizeof text),
                     "event=failed error=config why=\"no such place\"\n");
}
END_TEST

static void log_held_lines(void)
{
    log_open(LOG_TO_STDERR, LEVEL_INFO);
    log_hold();
    log_event(LEVEL_INFO, NULL, "one", NULL);
    log_event(LEVEL_INFO, NULL, "two", NULL);
    (void)!write(STDERR_FILENO, "before\n", 7);
    log_release();
    log_event(LEVEL_INFO, NULL, "three", NULL);
}

START_TEST(held_lines_are_written_when_they_are_released)
{
    char text[1000];
    ck_assert_str_eq(captured(log_held_lines, text, sizeof text),
                     "before\nevent=one\nevent=two\nevent=three\n");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lib/log/log");
    TCase *tc = tcase_create("log");
    tcase_add_loop_test(tc, value_cannot_forge_a_line_or_a_key, 0, SEAL_COUNT(values));
    tcase_add_test(tc, long_value_is_cut);
    tcase_add_test(tc, line_begins_with_qid_and_quiet_levels_are_silent);
    tcase_add_test(tc, configuration_errors_are_loud);
    tcase_add_test(tc, held_lines_are_written_when_they_are_released);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
