/* test_fence - what is fenced off is closed under every name, and its neighbours are open. */
#include "keyd/fence.h"

#include "base/io.h"
#include "support/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[32];
static const char *const folders[] = {"state", "state/home", "beside"};
static const char *const files[] = {"state/key", "state/pin", "state/home/secret", "beside/file", "file"};

static const char *in(const char *name)
{
    static char paths[4][80];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, 80, "%s/%s", dir, name);
    return path;
}

static void setup(void)
{
    struct err err = ERR_INIT;
    strcpy(dir, "/tmp/fence-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    for (size_t i = 0; i < SEAL_COUNT(folders); i++)
        ck_assert_int_eq(mkdir(in(folders[i]), 0700), 0);
    for (size_t i = 0; i < SEAL_COUNT(files); i++)
        ck_ok(io_write_file(in(files[i]), SPAN_LIT("x"), 0600, &err));
}

static void teardown(void)
{
    unlink(in("beside/later"));
    unlink(in("later"));
    unlink(in("beside/missing/home/secret"));
    rmdir(in("beside/missing/home"));
    rmdir(in("beside/missing"));
    for (size_t i = 0; i < SEAL_COUNT(files); i++)
        unlink(in(files[i]));
    for (size_t i = SEAL_COUNT(folders); i-- > 0;)
        rmdir(in(folders[i]));
    rmdir(dir);
}

/* Behind a fence around these, in a process of its own: the line of what went wrong; -1: this kernel has none. */
static int behind(const char *const *off, size_t noff, int (*attempt)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct err err = ERR_INIT;
        const char *const but[] = {in("state/pin")};
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (fence_close(off, noff, but, 1, &err) < 0)
            _exit(err.code == ERR_UNSUPPORTED ? 0 : 255);
        _exit(attempt());
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256;
}

#define CLOSED(name, flags)                                                                                  \
    do {                                                                                                     \
        if (open(name, (flags) | O_CLOEXEC, 0600) >= 0 || errno != EACCES)                                   \
            return __LINE__ % 255;                                                                           \
    } while (0)

#define OPEN(name, flags)                                                                                    \
    do {                                                                                                     \
        if (open(name, (flags) | O_CLOEXEC, 0600) < 0)                                                       \
            return __LINE__ % 255;                                                                           \
    } while (0)

static int look_at_files(void)
{
    CLOSED(in("state/key"), O_RDONLY);
    CLOSED(in("state/key"), O_WRONLY);
    CLOSED(in("state/home/secret"), O_RDONLY);
    CLOSED(in("state/absent"), O_RDWR | O_CREAT);
    OPEN(in("state/pin"), O_RDONLY);
    OPEN(in("beside/file"), O_RDWR);
    OPEN(in("beside/later"), O_RDWR | O_CREAT);
    OPEN(in("file"), O_RDWR);
    CLOSED(in("later"), O_RDWR | O_CREAT);
    OPEN("/etc/passwd", O_RDONLY);
    OPEN("/dev/null", O_RDWR);
    OPEN("/proc/self/status", O_RDONLY);
    return 0;
}

START_TEST(folder_is_closed_and_what_is_beside_it_open)
{
    const char *const off[] = {in("state")};
    ck_assert_int_eq(behind(off, 1, look_at_files), 0);
}
END_TEST

START_TEST(files_are_closed_one_by_one_also_before_they_are_there)
{
    const char *const off[] = {in("state/key"), in("state/absent"), in("state/home")};
    ck_assert_int_eq(behind(off, 3, look_at_files), 0);
}
END_TEST

static int make_what_is_missing(void)
{
    if (mkdir(in("beside/missing"), 0700) < 0 || mkdir(in("beside/missing/home"), 0700) < 0)
        return __LINE__ % 255;
    CLOSED(in("beside/missing/home/secret"), O_RDWR | O_CREAT);
    OPEN(in("beside/file"), O_RDWR);
    return 0;
}

START_TEST(what_is_not_there_is_closed_whatever_is_missing_above_it)
{
    const char *const off[] = {in("beside/missing/home")};
    ck_assert_int_eq(behind(off, 1, make_what_is_missing), 0);
}
END_TEST

static int use_other_names(void)
{
    char path[100];
    snprintf(path, sizeof path, "/proc/self/root%s", in("state/key"));
    CLOSED(path, O_RDONLY);
    if (link(in("state/key"), in("beside/later")) == 0 || rename(in("state/key"), in("beside/later")) == 0 ||
        rename(in("state"), in("beside/later")) == 0)
        return __LINE__ % 255;
    if (truncate(in("state/key"), 0) == 0)
        return __LINE__ % 255;
    return 0;
}

START_TEST(another_name_opens_it_no_more)
{
    const char *const off[] = {in("state")};
    ck_assert_int_eq(behind(off, 1, use_other_names), 0);
}
END_TEST

START_TEST(name_by_a_link_closes_what_it_leads_to)
{
    ck_assert_int_eq(symlink(in("state"), in("later")), 0);
    const char *const off[] = {in("later/key"), in("later/home"), in("later/absent")};
    ck_assert_int_eq(behind(off, 3, use_other_names), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("keyd/fence");
    TCase *tc = tcase_create("fence");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, folder_is_closed_and_what_is_beside_it_open);
    tcase_add_test(tc, files_are_closed_one_by_one_also_before_they_are_there);
    tcase_add_test(tc, what_is_not_there_is_closed_whatever_is_missing_above_it);
    tcase_add_test(tc, another_name_opens_it_no_more);
    tcase_add_test(tc, name_by_a_link_closes_what_it_leads_to);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
