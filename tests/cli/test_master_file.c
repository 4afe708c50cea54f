/* test_master_file - each step of the change can be the last one, and what others put in its way is left alone. */
#include "cli/master_file.h"

#include "base/io.h"
#include "support/check.h"
#include "token/soft.h"
#include "token/wrap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[32], path[64], new_path[64], other[64];
static struct secret old_key;
static struct err err;

static void write_key(const char *name, const void *key)
{
    ck_ok(io_write_file(name, (struct span){key, MASTER_KEY_SIZE}, 0600, &err));
}

static void setup(void)
{
    strcpy(dir, "/tmp/master-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/key", dir);
    snprintf(new_path, sizeof new_path, "%s/key.new", dir);
    snprintf(other, sizeof other, "%s/other", dir);
    ck_ok(soft_master_generate(&old_key, &err));
    write_key(path, old_key.ptr);
}

static void teardown(void)
{
    secret_fini(&old_key);
    unlink(path);
    unlink(new_path);
    unlink(other);
    rmdir(dir);
}

static int open_files(struct master_file *file)
{
    return master_file_open(file, path, new_path, geteuid(), &err);
}

static void check_replaced(const struct secret *key)
{
    struct secret now;
    ck_ok(secret_read_file(&now, path, SECRET_OWNER_ONLY, &err));
    ck_assert_uint_eq(now.len, key->len);
    ck_assert_mem_eq(now.ptr, key->ptr, now.len);
    ck_assert_int_ne(access(new_path, F_OK), 0);
    secret_fini(&now);
}

START_TEST(whatever_fails_the_same_new_key_gets_the_name_the_next_time)
{
    struct master_file file;
    struct secret key;
    ck_ok(open_files(&file));
    ck_ok(secret_copy(&key, file.new_key.ptr, file.new_key.len, &err));
    unsigned failed = 0;
    for (;;) {
        io_fault_at(failed + 1, EIO);
        bool done = master_file_replace(&file, &err) == 0;
        io_fault_at(0, 0);
        master_file_fini(&file);
        if (done)
            break;
        failed++;
        err_clear(&err);
        ck_ok(open_files(&file));
        ck_assert_mem_eq(file.new_key.ptr, key.ptr, key.len);
    }
    ck_assert_uint_eq(failed, 2);
    check_replaced(&key);
    secret_fini(&key);
}
END_TEST

START_TEST(old_key_that_was_overwritten_is_none_and_wants_the_new_one)
{
    static const unsigned char nothing[MASTER_KEY_SIZE];
    struct master_file file;
    write_key(path, nothing);
    ck_fails(open_files(&file), ERR_CONFIG);
    master_file_fini(&file);
    write_key(new_path, old_key.ptr);
    ck_ok(open_files(&file));
    ck_assert_uint_eq(file.old_key.len, 0);
    ck_ok(master_file_replace(&file, &err));
    check_replaced(&old_key);
    master_file_fini(&file);
}
END_TEST

START_TEST(new_key_of_zeros_is_made_again)
{
    static const unsigned char nothing[MASTER_KEY_SIZE];
    struct master_file file;
    write_key(new_path, nothing);
    ck_ok(open_files(&file));
    ck_assert_mem_ne(file.new_key.ptr, nothing, MASTER_KEY_SIZE);
    master_file_fini(&file);
}
END_TEST

START_TEST(new_file_that_was_removed_is_there_again)
{
    struct master_file file;
    ck_ok(open_files(&file));
    ck_assert_int_eq(unlink(new_path), 0);
    ck_ok(master_file_replace(&file, &err));
    check_replaced(&file.new_key);
    master_file_fini(&file);
}
END_TEST

START_TEST(new_file_that_was_exchanged_does_not_become_the_master_key)
{
    struct master_file file;
    struct secret now;
    ck_ok(open_files(&file));
    write_key(other, "known to whoever put it into the");
    ck_assert_int_eq(rename(other, new_path), 0);
    ck_fails(master_file_replace(&file, &err), ERR_CONFIG);
    ck_ok(secret_read_file(&now, path, SECRET_OWNER_ONLY, &err));
    ck_assert_mem_eq(now.ptr, old_key.ptr, now.len);
    secret_fini(&now);
    master_file_fini(&file);
}
END_TEST

/* Of another's choosing: by a link, or a second name that stays his; or that others read. */
static void check_refused(struct master_file *file)
{
    ck_fails(open_files(file), ERR_CONFIG);
    master_file_fini(file);
}

START_TEST(file_under_another_name_is_not_taken_up)
{
    struct master_file file;
    write_key(other, "known to whoever put it into the");
    ck_assert_int_eq(symlink(other, new_path), 0);
    check_refused(&file);
    ck_assert_int_eq(unlink(new_path), 0);
    ck_assert_int_eq(link(other, new_path), 0);
    check_refused(&file);
    ck_assert_int_eq(unlink(other), 0);
    ck_assert_int_eq(chmod(new_path, 0640), 0);
    check_refused(&file);
    ck_assert_int_eq(unlink(new_path), 0);
    ck_assert_int_eq(mkfifo(new_path, 0600), 0);
    check_refused(&file);
}
END_TEST

START_TEST(old_key_of_another_user_is_not_used)
{
    struct master_file file;
    if (geteuid() != 0)
        return;
    ck_assert_int_eq(chown(path, 65534, 65534), 0);
    check_refused(&file);
    ck_assert_int_ne(access(new_path, F_OK), 0);
}
END_TEST

/* Root was interrupted before sealkeyd's user got it. */
START_TEST(empty_new_file_of_root_is_made_again)
{
    struct master_file file;
    struct stat st;
    if (geteuid() != 0)
        return;
    ck_assert_int_eq(chown(path, 65534, 65534), 0);
    ck_ok(io_write_file(new_path, (struct span){"", 0}, 0600, &err));
    ck_ok(master_file_open(&file, path, new_path, 65534, &err));
    ck_assert_uint_eq(file.new_key.len, MASTER_KEY_SIZE);
    ck_assert_int_eq(stat(new_path, &st), 0);
    ck_assert_uint_eq(st.st_uid, 65534);
    master_file_fini(&file);
    ck_assert_int_eq(chown(new_path, 0, 0), 0);
    ck_fails(master_file_open(&file, path, new_path, 65534, &err), ERR_CONFIG); /* with something in it */
    master_file_fini(&file);
}
END_TEST

/* What the first made is empty until it is written: nothing tells it from what was cut short. */
START_TEST(another_at_work_is_left_alone)
{
    struct master_file file, second;
    struct stat st;
    ck_ok(open_files(&file));
    ck_assert_int_eq(truncate(new_path, 0), 0);
    ck_fails(open_files(&second), ERR_BUSY);
    master_file_fini(&second);
    ck_assert_int_eq(lstat(new_path, &st), 0);
    ck_assert_uint_eq(st.st_ino, file.new.st_ino);
    master_file_fini(&file);
    ck_ok(open_files(&second));
    master_file_fini(&second);
}
END_TEST

START_TEST(new_key_whose_file_was_removed_is_used_for_nothing)
{
    struct master_file file;
    ck_ok(open_files(&file));
    ck_ok(master_file_check_kept(&file, &err));
    master_file_fini(&file);
    ck_ok(open_files(&file)); /* taken up */
    ck_ok(master_file_check_kept(&file, &err));
    ck_assert_int_eq(unlink(new_path), 0);
    ck_fails(master_file_check_kept(&file, &err), ERR_BUSY);
    master_file_fini(&file);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("cli/master_file");
    TCase *tc = tcase_create("files");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, whatever_fails_the_same_new_key_gets_the_name_the_next_time);
    tcase_add_test(tc, old_key_that_was_overwritten_is_none_and_wants_the_new_one);
    tcase_add_test(tc, new_key_of_zeros_is_made_again);
    tcase_add_test(tc, new_file_that_was_removed_is_there_again);
    tcase_add_test(tc, new_file_that_was_exchanged_does_not_become_the_master_key);
    tcase_add_test(tc, file_under_another_name_is_not_taken_up);
    tcase_add_test(tc, old_key_of_another_user_is_not_used);
    tcase_add_test(tc, empty_new_file_of_root_is_made_again);
    tcase_add_test(tc, another_at_work_is_left_alone);
    tcase_add_test(tc, new_key_whose_file_was_removed_is_used_for_nothing);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
