#include "base/buf.h"
#include "base/io.h"
#include "support/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test-io-XXXXXX";
static char path[64];

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/file", dir);
}

static void teardown(void)
{
    unlink(path);
    ck_assert_msg(rmdir(dir) == 0, "something was left in the folder");
}

START_TEST(written_file_is_read_back)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf buf = BUF_INIT(100);
    ck_ok(io_write_file(path, SPAN_LIT("a\0b"), 0640, &err));
    ck_ok(io_read_file(path, &buf, &err));
    ck_assert(span_eq(buf_span(&buf), SPAN_LIT("a\0b")));
}
END_TEST

START_TEST(new_file_has_the_mode_that_was_asked_for_whatever_the_umask)
{
    struct err err = ERR_INIT;
    static const mode_t modes[] = {0600, 0640, 0644};
    for (size_t i = 0; i < SEAL_COUNT(modes); i++) {
        struct stat st;
        umask(i % 2 == 0 ? 0 : 077);
        ck_ok(io_write_file(path, SPAN_LIT("x"), modes[i], &err));
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, modes[i]);
    }
}
END_TEST

START_TEST(read_stops_at_the_buffers_maximum)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf buf = BUF_INIT(3);
    ck_ok(io_write_file(path, SPAN_LIT("four"), 0600, &err));
    ck_fails(io_read_file(path, &buf, &err), ERR_LIMIT);
    buf_clear(&buf);
    ck_fails(io_read_file("/dev/zero", &buf, &err), ERR_LIMIT);
}
END_TEST

START_TEST(absent_and_unreadable_are_told_apart)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(buf_fini) struct buf buf = BUF_INIT(100);
    ck_fails(io_read_file(path, &buf, &err), ERR_ABSENT);
    ck_fails(io_read_file(dir, &buf, &err), ERR_IO);
}
END_TEST

START_TEST(early_end_is_an_error)
{
    struct err err = ERR_INIT;
    char bytes[10];
    ck_ok(io_write_file(path, SPAN_LIT("12345"), 0600, &err));
    SEAL_CLEANUP(mem_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_ok(io_read_full(fd, bytes, 3, &err));
    ck_fails(io_read_full(fd, bytes, 3, &err), ERR_IO);
}
END_TEST

START_TEST(full_disk_has_a_code_of_its_own)
{
    struct err err = ERR_INIT;
    SEAL_CLEANUP(mem_close) int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_fails(io_write_full(fd, "x", 1, &err), ERR_DISK_FULL);
}
END_TEST

/* The n-th step fails, for all n: the old file or the new one is there, and nothing beside it. */
START_TEST(failed_write_leaves_the_old_file)
{
    struct err err = ERR_INIT;
    ck_ok(io_write_file(path, SPAN_LIT("old"), 0600, &err));
    unsigned n = 0;
    int failed;
    do {
        SEAL_CLEANUP(buf_fini) struct buf buf = BUF_INIT(100);
        io_fault_at(++n, ENOSPC);
        failed = io_write_file(path, SPAN_LIT("new"), 0600, &err);
        io_fault_at(0, 0);
        ck_assert_int_eq(err.code, failed ? ERR_DISK_FULL : ERR_NONE);
        err_clear(&err);
        ck_ok(io_read_file(path, &buf, &err));
        ck_assert_str_eq(buf_str(&buf), failed ? "old" : "new");
    } while (failed);
    ck_assert_uint_gt(n, 1);
}
END_TEST

START_TEST(fault_hits_the_nth_point_once)
{
    io_fault_at(3, EIO);
    ck_assert_int_eq(io_point("a"), 0);
    ck_assert_int_eq(io_point("b"), 0);
    ck_assert_int_eq(io_point("c"), EIO);
    ck_assert_int_eq(io_point("d"), 0);
    ck_assert_uint_eq(io_fault_count(), 4);
    io_fault_at(0, EIO);
    ck_assert_int_eq(io_point("e"), 0);
}
END_TEST

START_TEST(too_long_a_path_is_refused)
{
    struct err err = ERR_INIT;
    char longer[5000];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    ck_fails(io_write_file(longer, SPAN_LIT("x"), 0600, &err), ERR_LIMIT);
}
END_TEST

START_TEST(tree_is_removed_and_what_a_link_leads_to_stays)
{
    struct err err = ERR_INIT;
    struct stat st;
    char tree[64], below[80], file[96], link[96];
    snprintf(tree, sizeof tree, "%s/tree", dir);
    snprintf(below, sizeof below, "%s/below", tree);
    snprintf(file, sizeof file, "%s/file", below);
    snprintf(link, sizeof link, "%s/link", below);
    ck_assert_int_eq(mkdir(tree, 0700), 0);
    ck_assert_int_eq(mkdir(below, 0700), 0);
    ck_ok(io_write_file(path, SPAN_LIT("x"), 0600, &err));
    ck_ok(io_write_file(file, SPAN_LIT("x"), 0600, &err));
    ck_assert_int_eq(symlink(path, link), 0);
    io_remove_tree(tree);
    ck_assert_int_eq(stat(tree, &st), -1);
    ck_assert_int_eq(stat(path, &st), 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("base/io");
    TCase *tc = tcase_create("io");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, written_file_is_read_back);
    tcase_add_test(tc, new_file_has_the_mode_that_was_asked_for_whatever_the_umask);
    tcase_add_test(tc, read_stops_at_the_buffers_maximum);
    tcase_add_test(tc, absent_and_unreadable_are_told_apart);
    tcase_add_test(tc, early_end_is_an_error);
    tcase_add_test(tc, full_disk_has_a_code_of_its_own);
    tcase_add_test(tc, failed_write_leaves_the_old_file);
    tcase_add_test(tc, fault_hits_the_nth_point_once);
    tcase_add_test(tc, too_long_a_path_is_refused);
    tcase_add_test(tc, tree_is_removed_and_what_a_link_leads_to_stays);
    suite_add_tcase(suite, tc);
    return suite;
}

TEST_MAIN(make_suite)
