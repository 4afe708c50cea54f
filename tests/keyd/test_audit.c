/* test_audit - nothing that was done is missing, whoever is slow or dies; what a worker may have forged does no harm. */
#include "keyd/audit.h"

#include "support/check.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 20000

static struct audit_entry entry_of(const char *event, const char *addr)
{
    struct audit_entry entry;
    audit_begin(&entry, event, 42, 7);
    snprintf(entry.fpr, sizeof entry.fpr, "0123456789abcdef");
    snprintf(entry.addr, sizeof entry.addr, "%s", addr);
    return entry;
}

static struct audit *audit;

static void setup(void)
{
    struct err err = ERR_INIT;
    audit = audit_new(&err);
    ck_assert_msg(audit != NULL, "%s", err.msg);
}

START_TEST(entry_is_read_as_it_was_written)
{
    struct audit_entry in = entry_of("sign", "a@b.example"), out;
    in.code = ERR_BUSY;
    snprintf(in.why, sizeof in.why, "over its rate");
    ck_assert(!audit_take(audit, &out));
    audit_add(audit, &in);
    ck_assert(audit_take(audit, &out));
    ck_assert_str_eq(out.event, "sign");
    ck_assert_str_eq(out.fpr, in.fpr);
    ck_assert_str_eq(out.addr, in.addr);
    ck_assert_str_eq(out.why, in.why);
    ck_assert(out.code == ERR_BUSY && out.pid == 42 && out.uid == 7);
    ck_assert(!audit_take(audit, &out));
}
END_TEST

START_TEST(reader_is_woken_by_the_first_entry_after_it_fell_asleep)
{
    struct audit_entry entry = entry_of("sign", "");
    struct pollfd wait = {audit_fd(audit), POLLIN, 0};
    ck_assert(audit_sleep(audit));
    ck_assert_int_eq(poll(&wait, 1, 0), 0);
    audit_add(audit, &entry);
    ck_assert_int_eq(poll(&wait, 1, 0), 1);
    audit_woken(audit);
    audit_add(audit, &entry);
    ck_assert_int_eq(poll(&wait, 1, 0), 0); /* it looks by itself */
    ck_assert(!audit_sleep(audit));         /* and must not sleep over what is there */
}
END_TEST

/* A writer that is faster than we read waits for us; one that is killed leaves behind what it wrote. */
START_TEST(nothing_is_lost_when_there_is_more_than_fits_and_the_writer_is_killed)
{
    struct audit_entry out;
    int ready[2];
    ck_assert_int_eq(pipe(ready), 0);
    pid_t writer = fork();
    if (writer == 0) {
        for (int i = 0; i < MANY; i++) {
            char addr[16];
            snprintf(addr, sizeof addr, "%d", i);
            struct audit_entry entry = entry_of("sign", addr);
            audit_add(audit, &entry);
        }
        (void)!write(ready[1], "x", 1);
        for (;;)
            pause();
    }
    int n = 0;
    struct pollfd done = {ready[0], POLLIN, 0};
    while (poll(&done, 1, 0) == 0)
        for (; audit_take(audit, &out); n++)
            ck_assert_int_eq(strtol(out.addr, NULL, 10), n);
    kill(writer, SIGKILL);
    waitpid(writer, NULL, 0);
    for (; audit_take(audit, &out); n++)
        ck_assert_int_eq(strtol(out.addr, NULL, 10), n);
    ck_assert_int_eq(n, MANY);
}
END_TEST

START_TEST(entry_of_a_worker_that_was_taken_over_ends_and_has_a_known_code)
{
    struct audit_entry in = entry_of("sign", "a@b.example"), out;
    in.code = (enum err_code)4711;
    audit_add(audit, &in);
    ck_assert(audit_take(audit, &out));
    ck_assert_int_eq(out.code, ERR_BUG);
    ck_assert_uint_lt(strlen(out.addr), sizeof out.addr);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("keyd/audit");
    TCase *tc = tcase_create("audit");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, entry_is_read_as_it_was_written);
    tcase_add_test(tc, reader_is_woken_by_the_first_entry_after_it_fell_asleep);
    tcase_add_test(tc, nothing_is_lost_when_there_is_more_than_fits_and_the_writer_is_killed);
    tcase_add_test(tc, entry_of_a_worker_that_was_taken_over_ends_and_has_a_known_code);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
