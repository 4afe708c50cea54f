/* test_start - which libcrypto is refused; the spool folder. */
#include "milter/start.h"
#include "support/check.h"

#include "base/hash.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION(major, minor, patch) (((major) << 28) | ((minor) << 20) | ((patch) << 4))

static const struct {
    unsigned long version;
    bool good;
} versions[] = {
    {VERSION(1ul, 1ul, 1ul), false}, {VERSION(3ul, 0ul, 0ul), false}, {VERSION(3ul, 0ul, 21ul), false},
    {VERSION(3ul, 0ul, 22ul), true}, {VERSION(3ul, 1ul, 9ul), false}, {VERSION(3ul, 2ul, 30ul), false},
    {VERSION(3ul, 5ul, 0ul), true},  {VERSION(4ul, 0ul, 0ul), true},  {VERSION(3ul, 0ul, 300ul), true},
};

START_TEST(libcrypto_with_known_holes_is_refused)
{
    struct err err = ERR_INIT;
    struct settings settings = {.allow_old_libcrypto = false};
    if (versions[_i].good)
        ck_ok(start_check_libcrypto(versions[_i].version, &settings, &err));
    else
        ck_fails(start_check_libcrypto(versions[_i].version, &settings, &err), ERR_CONFIG);
    settings.allow_old_libcrypto = true;
    ck_ok(start_check_libcrypto(versions[_i].version, &settings, &err));
}
END_TEST

START_TEST(version_of_the_loaded_library_is_read)
{
    ck_assert_uint_ge(hash_library_version(), VERSION(3ul, 0ul, 0ul));
}
END_TEST

START_TEST(spool_folder_is_made_for_us_alone)
{
    struct err err = ERR_INIT;
    char dir[] = "/tmp/seal-start-XXXXXX";
    char path[64];
    struct stat st;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/spool", dir);
    const struct settings settings = {.spool_dir = path};
    ck_ok(start_spool_folder(&settings, &err));
    ck_ok(start_spool_folder(&settings, &err));
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0700);
    rmdir(path);
    const struct settings nowhere = {.spool_dir = "/nowhere/spool"};
    ck_fails(start_spool_folder(&nowhere, &err), ERR_IO);
    rmdir(dir);
}
END_TEST

START_TEST(user_that_is_not_there_or_root_is_refused)
{
    struct err err = ERR_INIT;
    const struct settings nobody = {.user = "no-such-user-here"};
    const struct settings root = {.user = "root"};
    if (geteuid() != 0)
        return;
    ck_fails(start_drop_privileges(&nobody, &err), ERR_CONFIG);
    ck_fails(start_drop_privileges(&root, &err), ERR_CONFIG);
}
END_TEST

START_TEST(root_becomes_the_user_for_good)
{
    struct err err = ERR_INIT;
    const struct settings settings = {.user = "nobody"};
    if (geteuid() != 0)
        return;
    ck_ok(start_drop_privileges(&settings, &err));
    struct rlimit files;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
    ck_assert_uint_eq(files.rlim_cur, files.rlim_max);
    ck_assert_uint_ne(getuid(), 0);
    ck_assert_uint_ne(getegid(), 0);
    ck_assert_int_lt(setuid(0), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("milter/start");
    TCase *tc = tcase_create("start");
    tcase_add_loop_test(tc, libcrypto_with_known_holes_is_refused, 0, SEAL_COUNT(versions));
    tcase_add_test(tc, version_of_the_loaded_library_is_read);
    tcase_add_test(tc, spool_folder_is_made_for_us_alone);
    tcase_add_test(tc, user_that_is_not_there_or_root_is_refused);
    tcase_add_test(tc, root_becomes_the_user_for_good);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
