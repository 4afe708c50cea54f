/* test_listen - the socket is given away, and nothing that somebody put in its place. */
#include "support/check.h"

#include "keyd/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char dir[40], path[64], victim[64];
static struct err err;

static int bind_to(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, name, strlen(name));
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void setup(void)
{
    snprintf(dir, sizeof dir, "/tmp/listen-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/sock", dir);
    snprintf(victim, sizeof victim, "%s/victim", dir);
}

static void teardown(void)
{
    unlink(path);
    unlink(victim);
    ck_assert_int_eq(rmdir(dir), 0);
}

/* Root gives to another group; who is not gives to his own. */
static gid_t other_group(void)
{
    return geteuid() == 0 ? 4711 : getegid();
}

static void check_kept(const char *name, const struct stat *before)
{
    struct stat now;
    ck_assert_int_eq(lstat(name, &now), 0);
    ck_assert_uint_eq(now.st_gid, before->st_gid);
    ck_assert_uint_eq(now.st_mode, before->st_mode);
    ck_assert_int_eq(now.st_ctim.tv_sec, before->st_ctim.tv_sec);
    ck_assert_int_eq(now.st_ctim.tv_nsec, before->st_ctim.tv_nsec);
}

START_TEST(socket_gets_its_group)
{
    struct stat st;
    int fd = bind_to(path);
    ck_ok(listen_give(path, (uid_t)-1, other_group(), &err));
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_gid, other_group());
    ck_assert_uint_eq(st.st_uid, geteuid());
    close(fd);
}
END_TEST

START_TEST(link_in_its_place_leads_to_nothing)
{
    struct stat before;
    int fd = bind_to(victim);
    ck_assert_int_eq(lstat(victim, &before), 0);
    ck_assert_int_eq(symlink(victim, path), 0);
    ck_fails(listen_give(path, (uid_t)-1, other_group(), &err), ERR_CONFIG);
    check_kept(victim, &before);
    close(fd);
}
END_TEST

START_TEST(another_name_of_a_socket_is_not_the_socket)
{
    struct stat before;
    int fd = bind_to(victim);
    ck_assert_int_eq(link(victim, path), 0);
    ck_assert_int_eq(lstat(victim, &before), 0);
    ck_fails(listen_give(path, (uid_t)-1, other_group(), &err), ERR_CONFIG);
    check_kept(victim, &before);
    close(fd);
}
END_TEST

START_TEST(file_in_its_place_is_left_alone)
{
    struct stat before;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(lstat(path, &before), 0);
    ck_fails(listen_give(path, (uid_t)-1, other_group(), &err), ERR_CONFIG);
    check_kept(path, &before);
    close(fd);
}
END_TEST

/* What somebody looked at with poll() may be gone when it is taken. */
START_TEST(who_takes_a_connection_that_is_not_there_does_not_wait)
{
    struct settings settings = {.user = "", .keys = {.user = "", .socket = path}};
    int fd = -1;
    bool made = false;
    ck_ok(listen_open(&settings, &fd, &made, &err));
    ck_assert(made);
    ck_assert_int_eq(accept4(fd, NULL, NULL, SOCK_CLOEXEC), -1);
    ck_assert_int_eq(errno, EAGAIN);
    close(fd);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("keyd/listen");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, socket_gets_its_group);
    tcase_add_test(all, link_in_its_place_leads_to_nothing);
    tcase_add_test(all, another_name_of_a_socket_is_not_the_socket);
    tcase_add_test(all, file_in_its_place_is_left_alone);
    tcase_add_test(all, who_takes_a_connection_that_is_not_there_does_not_wait);
    suite_add_tcase(s, all);
    return s;
}

TEST_MAIN(suite)
