#include "base/secret.h"
#include "support/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test-secret-XXXXXX";
static char path[64];

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/key", dir);
}

static void teardown(void)
{
    unlink(path);
    rmdir(dir);
}

static void write_key(const char *text, mode_t mode)
{
    FILE *f = fopen(path, "we");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
    ck_assert_int_eq(chmod(path, mode), 0);
}

START_TEST(copy_holds_the_bytes)
{
    struct err err = ERR_INIT;
    struct secret secret;
    ck_ok(secret_copy(&secret, "0123456789", 10, &err));
    ck_assert_uint_eq(secret.len, 10);
    ck_assert_mem_eq(secret.ptr, "0123456789", 10);
    secret_fini(&secret);
    ck_assert_ptr_null(secret.ptr);
    ck_assert_uint_eq(secret.len, 0);
    secret_fini(&secret);
}
END_TEST

START_TEST(empty_secret_is_allowed)
{
    struct err err = ERR_INIT;
    struct secret secret;
    ck_ok(secret_copy(&secret, NULL, 0, &err));
    ck_assert_ptr_nonnull(secret.ptr);
    ck_assert_uint_eq(secret.len, 0);
    secret_fini(&secret);
}
END_TEST

START_TEST(a_page_of_bytes_fits)
{
    struct err err = ERR_INIT;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t n = page - 1; n <= page + 1; n++) {
        struct secret secret;
        ck_ok(secret_init(&secret, n, &err));
        memset(secret.ptr, 1, n);
        ck_assert_uint_ge(secret.size, n);
        secret_fini(&secret);
    }
}
END_TEST

/* What /proc says of the mapping that holds p: "dd" is MADV_DONTDUMP. */
static bool mapping_has(const void *p, const char *flag)
{
    FILE *f = fopen("/proc/self/smaps", "re");
    char line[1024];
    bool inside = false, found = false;
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = (unsigned long)p >= from && (unsigned long)p < to;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            found = strstr(line, flag) != NULL;
    }
    ck_assert_ptr_nonnull(f);
    fclose(f);
    return found;
}

START_TEST(memory_of_a_secret_is_used_again_wiped_and_out_of_core_dumps)
{
    struct err err = ERR_INIT;
    struct secret one, two;
    static const unsigned char zero[4000];
    ck_ok(secret_init(&one, sizeof zero, &err));
    const unsigned char *page = one.ptr;
    memset(one.ptr, 0xa5, one.len);
    secret_fini(&one);
    ck_ok(secret_init(&two, sizeof zero, &err));
    ck_assert_ptr_eq(two.ptr, page);
    ck_assert_mem_eq(two.ptr, zero, sizeof zero);
    ck_assert(mapping_has(two.ptr, " dd"));
    secret_fini(&two);
}
END_TEST

START_TEST(more_than_the_maximum_is_refused)
{
    struct err err = ERR_INIT;
    struct secret secret;
    ck_fails(secret_init(&secret, SECRET_MAX + 1, &err), ERR_LIMIT);
    ck_assert_ptr_null(secret.ptr);
    secret_fini(&secret);
}
END_TEST

START_TEST(memory_stays_out_of_core_dumps)
{
    struct err err = ERR_INIT;
    struct secret secret;
    ck_ok(secret_copy(&secret, "k", 1, &err));
    ck_assert(mapping_has(secret.ptr, " dd"));
    ck_assert(!mapping_has(&secret, " dd"));
    secret_fini(&secret);
}
END_TEST

START_TEST(file_of_the_owner_alone_is_read_whole)
{
    struct err err = ERR_INIT;
    struct secret secret;
    write_key("the master key", 0600);
    ck_ok(secret_read_file(&secret, path, SECRET_OWNER_ONLY, &err));
    ck_assert_uint_eq(secret.len, 14);
    ck_assert_mem_eq(secret.ptr, "the master key", 14);
    secret_fini(&secret);
}
END_TEST

START_TEST(file_that_others_can_reach_is_refused)
{
    static const struct {
        mode_t mode;
        enum secret_mode allowed;
        bool good;
    } cases[] = {
        {0600, SECRET_OWNER_ONLY, true},      {0400, SECRET_OWNER_ONLY, true},
        {0640, SECRET_OWNER_ONLY, false},     {0604, SECRET_OWNER_ONLY, false},
        {0620, SECRET_OWNER_ONLY, false},     {0602, SECRET_OWNER_ONLY, false},
        {0640, SECRET_GROUP_MAY_READ, true},  {0440, SECRET_GROUP_MAY_READ, true},
        {0660, SECRET_GROUP_MAY_READ, false}, {0644, SECRET_GROUP_MAY_READ, false},
    };
    for (size_t i = 0; i < SEAL_COUNT(cases); i++) {
        struct err err = ERR_INIT;
        struct secret secret;
        write_key("key", cases[i].mode);
        int result = secret_read_file(&secret, path, cases[i].allowed, &err);
        ck_assert_msg((result == 0) == cases[i].good, "mode %o: %s", (unsigned)cases[i].mode, err.msg);
        ck_assert_int_eq(err.code, cases[i].good ? ERR_NONE : ERR_CONFIG);
        secret_fini(&secret);
        unlink(path);
    }
}
END_TEST

/* systemd's ACL for the service's user shows as the group's bits: 0440. */
START_TEST(credential_of_systemd_may_show_the_group_a_read_bit)
{
    static const struct {
        const char *path;
        enum secret_mode mode;
    } cases[] = {
        {"/run/credentials/sealmilter.service/master.key", SECRET_GROUP_MAY_READ},
        {"/var/lib/sealmilter/master.key", SECRET_OWNER_ONLY},
        {"/run/credentials-of-mine/master.key", SECRET_OWNER_ONLY},
        {"/run/credentials/../../etc/master.key", SECRET_OWNER_ONLY},
        {"run/credentials/master.key", SECRET_OWNER_ONLY},
        {"", SECRET_OWNER_ONLY},
    };
    for (size_t i = 0; i < SEAL_COUNT(cases); i++)
        ck_assert_msg(secret_mode_of(cases[i].path) == cases[i].mode, "%s", cases[i].path);
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    struct err err = ERR_INIT;
    struct secret secret;
    ck_fails(secret_read_file(&secret, path, SECRET_OWNER_ONLY, &err), ERR_CONFIG);
    ck_fails(secret_read_file(&secret, dir, SECRET_OWNER_ONLY, &err), ERR_CONFIG);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_fails(secret_read_file(&secret, path, SECRET_OWNER_ONLY, &err), ERR_CONFIG);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("base/secret");
    TCase *tc = tcase_create("secret");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, copy_holds_the_bytes);
    tcase_add_test(tc, empty_secret_is_allowed);
    tcase_add_test(tc, a_page_of_bytes_fits);
    tcase_add_test(tc, memory_of_a_secret_is_used_again_wiped_and_out_of_core_dumps);
    tcase_add_test(tc, more_than_the_maximum_is_refused);
    tcase_add_test(tc, memory_stays_out_of_core_dumps);
    tcase_add_test(tc, file_of_the_owner_alone_is_read_whole);
    tcase_add_test(tc, file_that_others_can_reach_is_refused);
    tcase_add_test(tc, credential_of_systemd_may_show_the_group_a_read_bit);
    tcase_add_test(tc, what_is_no_file_is_refused);
    suite_add_tcase(suite, tc);
    return suite;
}

TEST_MAIN(make_suite)
