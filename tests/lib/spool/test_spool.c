#include "base/io.h"
#include "spool/spool.h"
#include "support/check.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/test-spool-XXXXXX";
static struct spool_conf conf;
static struct err err;

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(dir));
    conf = (struct spool_conf){.dir = dir, .mem_max = 100, .size_max = 10000};
    err_clear(&err);
}

static unsigned open_descriptors(void)
{
    DIR *fds = opendir("/proc/self/fd");
    unsigned n = 0;
    ck_assert_ptr_nonnull(fds);
    while (readdir(fds) != NULL)
        n++;
    closedir(fds);
    return n;
}

static void teardown(void)
{
    ck_assert_msg(rmdir(dir) == 0, "a spool left a file behind");
}

/* A spool of n bytes, written in pieces of this size; byte k is (char)k. */
static struct spool *filled(size_t n, size_t piece)
{
    struct spool *spool = spool_new(&conf);
    for (size_t k = 0; k < n;) {
        char bytes[10000];
        size_t now = piece < n - k ? piece : n - k;
        for (size_t i = 0; i < now; i++)
            bytes[i] = (char)(k + i);
        ck_ok(spool_write(spool, bytes, now, &err));
        k += now;
    }
    ck_assert_uint_eq(spool_size(spool), n);
    ck_ok(spool_seal(spool, &err));
    return spool;
}

START_TEST(bytes_come_back_whatever_the_size_and_the_pieces)
{
    static const size_t sizes[] = {0, 1, 99, 100, 101, 200, 4096, 9999, 10000};
    static const size_t pieces[] = {1, 7, 100, 101, 10000};
    for (size_t i = 0; i < SEAL_COUNT(sizes); i++) {
        for (size_t j = 0; j < SEAL_COUNT(pieces); j++) {
            struct spool *spool = filled(sizes[i], pieces[j]);
            struct span all = spool_all(spool);
            ck_assert_uint_eq(all.len, sizes[i]);
            for (size_t k = 0; k < all.len; k++)
                ck_assert_int_eq(all.ptr[k], (char)k);
            spool_free(&spool);
            ck_assert_ptr_null(spool);
        }
    }
}
END_TEST

START_TEST(window_is_cut_to_what_there_is)
{
    struct spool *spool = filled(300, 300);
    ck_assert_uint_eq(spool_window(spool, 290, 100).len, 10);
    ck_assert_int_eq(spool_window(spool, 290, 100).ptr[0], (char)290);
    ck_assert_uint_eq(spool_window(spool, 300, 1).len, 0);
    ck_assert_uint_eq(spool_window(spool, SIZE_MAX, SIZE_MAX).len, 0);
    spool_free(&spool);
    spool = filled(0, 1);
    ck_assert_ptr_nonnull(spool_all(spool).ptr);
    ck_assert_uint_eq(spool_window(spool, 0, 9).len, 0);
    spool_free(&spool);
}
END_TEST

START_TEST(file_is_used_above_the_memory_limit_only_and_has_no_name)
{
    unsigned before = open_descriptors();
    struct spool *spool = spool_new(&conf);
    char bytes[100] = {0};
    ck_ok(spool_write(spool, bytes, 100, &err));
    ck_assert_uint_eq(open_descriptors(), before);
    ck_ok(spool_write(spool, bytes, 1, &err));
    ck_assert_uint_eq(open_descriptors(), before + 1);
    ck_assert_int_eq(rmdir(dir), 0); /* nothing in it */
    spool_free(&spool);
    ck_assert_uint_eq(open_descriptors(), before);
    ck_assert_ptr_nonnull(mkdtemp(strcpy(dir, "/tmp/test-spool-XXXXXX")));
}
END_TEST

START_TEST(limit_is_reached_exactly_and_never_passed)
{
    struct spool *spool = spool_new(&conf);
    char bytes[10000] = {0};
    ck_ok(spool_write(spool, bytes, 9999, &err));
    ck_ok(spool_write(spool, bytes, 1, &err));
    ck_fails(spool_write(spool, bytes, 1, &err), ERR_LIMIT);
    spool_free(&spool);
    spool = spool_new(&conf);
    ck_fails(spool_write(spool, bytes, SIZE_MAX, &err), ERR_LIMIT);
    spool_free(&spool);
}
END_TEST

START_TEST(failed_spool_can_neither_be_written_nor_sealed)
{
    struct spool *spool = spool_new(&conf);
    char bytes[200] = {0};
    ck_ok(spool_write(spool, bytes, 90, &err));
    io_fault_at(1, EIO);
    ck_fails(spool_write(spool, bytes, 20, &err), ERR_IO);
    io_fault_at(0, 0);
    ck_fails(spool_write(spool, bytes, 1, &err), ERR_BUG);
    ck_fails(spool_seal(spool, &err), ERR_BUG);
    spool_free(&spool);
}
END_TEST

START_TEST(sealed_spool_does_not_change)
{
    struct spool *spool = filled(10, 10);
    ck_fails(spool_write(spool, "x", 1, &err), ERR_BUG);
    ck_fails(spool_seal(spool, &err), ERR_BUG);
    ck_assert_uint_eq(spool_size(spool), 10);
    spool_free(&spool);
}
END_TEST

START_TEST(window_of_an_open_spool_aborts)
{
    struct spool *spool = spool_new(&conf);
    rmdir(dir);
    (void)spool_all(spool);
}
END_TEST

/* Every step fails in turn: an error comes back each time, nothing leaks, nothing is left in the folder. */
START_TEST(any_failing_step_is_reported)
{
    unsigned descriptors = open_descriptors();
    char bytes[500] = {0};
    unsigned n = 0;
    int failed;
    do {
        struct spool *spool = NULL;
        io_fault_at(++n, ENOSPC);
        failed = spool_of(&conf, (struct span){bytes, sizeof bytes}, &spool, &err);
        io_fault_at(0, 0);
        ck_assert_int_eq(err_is_set(&err), failed != 0);
        ck_assert((spool == NULL) == (failed != 0));
        err_clear(&err);
        spool_free(&spool);
        ck_assert_uint_eq(open_descriptors(), descriptors);
    } while (failed);
    ck_assert_uint_ge(n, 4); /* open, write what was in memory, write, seal: some failed */
}
END_TEST

START_TEST(no_room_is_told_from_a_broken_disk)
{
    char bytes[500] = {0};
    struct spool *spool;
    io_fault_at(1, ENOSPC);
    ck_fails(spool_of(&conf, (struct span){bytes, sizeof bytes}, &spool, &err), ERR_DISK_FULL);
    io_fault_at(1, EIO);
    ck_fails(spool_of(&conf, (struct span){bytes, sizeof bytes}, &spool, &err), ERR_IO);
    io_fault_at(0, 0);
}
END_TEST

START_TEST(folder_that_is_not_there_is_an_error)
{
    char bytes[500] = {0};
    struct spool *spool;
    conf.dir = "/tmp/test-spool-absent/none";
    ck_fails(spool_of(&conf, (struct span){bytes, sizeof bytes}, &spool, &err), ERR_IO);
    ck_assert_ptr_null(spool);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("spool/spool");
    TCase *tc = tcase_create("spool");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, bytes_come_back_whatever_the_size_and_the_pieces);
    tcase_add_test(tc, window_is_cut_to_what_there_is);
    tcase_add_test(tc, file_is_used_above_the_memory_limit_only_and_has_no_name);
    tcase_add_test(tc, limit_is_reached_exactly_and_never_passed);
    tcase_add_test(tc, failed_spool_can_neither_be_written_nor_sealed);
    tcase_add_test(tc, sealed_spool_does_not_change);
    tcase_add_test_raise_signal(tc, window_of_an_open_spool_aborts, SIGABRT);
    tcase_add_test(tc, any_failing_step_is_reported);
    tcase_add_test(tc, no_room_is_told_from_a_broken_disk);
    tcase_add_test(tc, folder_that_is_not_there_is_an_error);
    suite_add_tcase(suite, tc);
    return suite;
}

TEST_MAIN(make_suite)
