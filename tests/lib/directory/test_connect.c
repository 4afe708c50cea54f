#include "directory/directory.h"

#include "asking.h"
#include "support/check.h"
#include "support/people.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char ldif[] = PEOPLE_BASE PEOPLE_PERSON("alice", "alice@our.example", "") PEOPLE_GROUP(
    "team", PEOPLE_MEMBER("alice")) "dn: cn=gate,dc=example\nobjectClass: organizationalRole\nobjectClass: "
                                    "simpleSecurityObject\ncn: gate\n"
                                    "userPassword: geheim\n\n";

/* Only who has proved who he is may read. */
static const char closed[] = "access to attrs=userPassword by anonymous auth\n"
                             "access to * by dn.exact=cn=gate,dc=example read\n"
                             "  by dn.exact=cn=client read\n"
                             "  by dn.regex=gidnumber=.*,cn=peercred,cn=external,cn=auth read by * none\n";

static struct pki *pki;
static struct pki_entity *root, *stranger;
static struct slapd *slapd, *second;

static struct pki_entity *server_cert(const struct pki_entity *issuer, const char *san, int64_t not_after)
{
    return pki_leaf(
        pki, issuer,
        &(struct pki_spec){.name = "server", .san = san, .eku = "serverAuth", .not_after = not_after});
}

static void setup(void)
{
    pki = pki_new();
    root = pki_root(pki, &(struct pki_spec){.name = "Directory Root"});
    stranger = pki_root(pki, &(struct pki_spec){.name = "Another Root"});
}

static void teardown(void)
{
    asking_close();
    slapd_free(&slapd);
    slapd_free(&second);
    pki_free(&pki);
}

static struct slapd *start_tls(const struct pki_entity *cert, const char *database)
{
    return slapd_new(&(struct slapd_spec){.ldif = ldif, .cert = cert, .ca = root, .database = database});
}

static void ck_is_asked(void)
{
    ck_assert_int_eq(asking_group("alice@our.example", "team"), ANSWER_YES);
}

/* The error says why. */
static void ck_is_not_asked(const char *why)
{
    ck_assert_ptr_null(asking(&(struct asked){.addrs = {"alice@our.example"}, .groups = {"team"}}));
    ck_assert_msg(strstr(asking_err.msg, why) != NULL, "%s", asking_err.msg);
}

/* ---- TLS ---- */

START_TEST(tls_is_spoken_with_a_server_that_the_ca_vouches_for)
{
    slapd = start_tls(server_cert(root, "IP:127.0.0.1", 0), NULL);
    asking_open("directory = %s\ndirectory-ca-file = %s\n", slapd->ldaps, slapd->ca);
    ck_is_asked();
    asking_open("directory = ldap://127.0.0.1:%u\ndirectory-ca-file = %s\n", slapd->port, slapd->ca);
    ck_is_asked();
    struct err err = ERR_INIT;
    ck_ok(directory_check(asking_directory, 0, &err));
}
END_TEST

START_TEST(a_wrong_certificate_is_no_server)
{
    static const struct {
        const char *san;
        bool ours, expired;
    } wrong[] = {
        {"IP:127.0.0.1", false, false}, {"DNS:elsewhere.example", true, false}, {"IP:127.0.0.1", true, true}};
    slapd = start_tls(server_cert(wrong[_i].ours ? root : stranger, wrong[_i].san,
                                  wrong[_i].expired ? PKI_NOW - PKI_DAY : 0),
                      NULL);
    asking_open("directory = %s\ndirectory-ca-file = %s\n", slapd->ldaps, slapd->ca);
    ck_is_not_asked("TLS");
    asking_open("directory = ldap://127.0.0.1:%u\ndirectory-ca-file = %s\n", slapd->port, slapd->ca);
    ck_is_not_asked("TLS");
}
END_TEST

START_TEST(a_server_without_starttls_is_not_asked)
{
    slapd = slapd_new(&(struct slapd_spec){.ldif = ldif});
    asking_open("directory = %s\n", slapd->uri);
    ck_is_not_asked("StartTLS");
}
END_TEST

START_TEST(a_ca_file_that_is_not_there_is_told)
{
    slapd = start_tls(server_cert(root, "IP:127.0.0.1", 0), NULL);
    asking_open("directory = %s\ndirectory-ca-file = /no/such/file\n", slapd->ldaps);
    ck_is_not_asked("/no/such/file");
}
END_TEST

/* ---- who we are ---- */

START_TEST(a_password_is_read_from_a_file_that_nobody_else_may_read)
{
    slapd = slapd_new(&(struct slapd_spec){.ldif = ldif, .database = closed});
    static const char settings[] = "directory = %s\ndirectory-starttls = no\n"
                                   "directory-bind-dn = cn=gate,dc=example\ndirectory-password-file = %s\n";
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s", slapd_file(slapd, "password", "geheim\n"));
    asking_open(settings, slapd->uri, file);
    ck_is_asked();
    ck_assert_int_eq(chmod(file, 0644), 0);
    asking_open(settings, slapd->uri, file);
    ck_is_not_asked(file);
    slapd_file(slapd, "password", "falsch\n");
    ck_is_not_asked("Invalid credentials");
    slapd_file(slapd, "password", "\n");
    ck_is_not_asked("found no password");
    slapd_file(slapd, "password", "geheim");
    ck_is_asked();
}
END_TEST

START_TEST(anonymous_gets_what_the_server_gives)
{
    slapd = slapd_new(&(struct slapd_spec){.ldif = ldif, .database = closed});
    asking_open("directory = %s\ndirectory-starttls = no\n", slapd->uri);
    ck_assert_ptr_null(asking(&(struct asked){.addrs = {"alice@our.example"}, .groups = {"team"}}));
}
END_TEST

START_TEST(external_is_our_user_or_our_certificate)
{
    slapd = start_tls(server_cert(root, "IP:127.0.0.1", 0), closed);
    slapd_entity(
        slapd, "client",
        pki_leaf(pki, root, &(struct pki_spec){.name = "client", .eku = "clientAuth", .san = "none"}));
    asking_open("directory = %s\ndirectory-sasl-external = yes\n", slapd->ldapi);
    ck_is_asked();
    asking_open("directory = %s\ndirectory-ca-file = %s\ndirectory-sasl-external = yes\n"
                "directory-cert = %s/client.pem\ndirectory-key = %s/client.key\n",
                slapd->ldaps, slapd->ca, slapd->dir, slapd->dir);
    ck_is_asked();
    asking_open("directory = %s\ndirectory-ca-file = %s\ndirectory-sasl-external = yes\n", slapd->ldaps,
                slapd->ca);
    ck_is_not_asked("bind");
}
END_TEST

/* ---- several servers ---- */

START_TEST(the_next_server_answers_for_a_dead_one)
{
    slapd = slapd_new(&(struct slapd_spec){.ldif = ldif});
    second = slapd_new(&(struct slapd_spec){.ldif = ldif});
    asking_open("directory = %s %s\ndirectory-starttls = no\n", slapd->uri, second->uri);
    ck_is_asked();
    slapd_stop(slapd);
    ck_is_asked();
    slapd_stop(second);
    ck_is_not_asked("Connection refused");
    slapd_start(slapd);
    ck_is_asked();
}
END_TEST

/* It costs its share of one question's time, two seconds, and no other question any: ten of them would take twenty. */
START_TEST(a_hanging_server_is_left_alone_for_a_while)
{
    slapd = slapd_new(&(struct slapd_spec){.ldif = ldif});
    second = slapd_new(&(struct slapd_spec){.ldif = ldif});
    asking_open("directory = %s %s\ndirectory-starttls = no\ndirectory-timeout = 4s\n", slapd->uri,
                second->uri);
    ck_is_asked();
    slapd_hang(slapd);
    int64_t start = slapd_clock_ms();
    ck_is_asked();
    ck_assert_int_ge(slapd_clock_ms() - start, 1900);
    start = slapd_clock_ms();
    for (int i = 0; i < 10; i++)
        ck_is_asked();
    ck_assert_int_lt(slapd_clock_ms() - start, 10000);
    slapd_go_on(slapd);
}
END_TEST

START_TEST(a_server_that_restarts_loses_no_question)
{
    slapd = slapd_new(&(struct slapd_spec){.ldif = ldif});
    asking_open("directory = %s\ndirectory-starttls = no\n", slapd->uri);
    for (int i = 0; i < 3; i++) {
        ck_is_asked();
        slapd_stop(slapd);
        slapd_start(slapd);
    }
    ck_is_asked();
}
END_TEST

/* ---- time ---- */

/* A server that takes connections and then does what a test wants: says nothing, or one octet after the other of what ends nothing. */
struct mute {
    int fd;
    const char *says;
    size_t len;
    pthread_t thread;
    char uri[64];
};

static void *serve(void *arg)
{
    const struct mute *mute = arg;
    int peer = accept(mute->fd, NULL, NULL);
    for (size_t i = 0; peer >= 0; i++) {
        char c = i < mute->len ? mute->says[i] : '\0';
        struct pollfd gone = {.fd = peer, .events = POLLRDHUP};
        if (mute->len > 0 && send(peer, &c, 1, MSG_NOSIGNAL) < 0)
            break;
        if (poll(&gone, 1, mute->len > 0 ? 20 : -1) != 0)
            break;
    }
    close(peer);
    return NULL;
}

static void mute_start(struct mute *mute, const char *scheme)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof addr;
    mute->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(mute->fd, (const struct sockaddr *)&addr, sizeof addr), 0);
    ck_assert_int_eq(listen(mute->fd, 5), 0);
    ck_assert_int_eq(getsockname(mute->fd, (struct sockaddr *)&addr, &size), 0);
    snprintf(mute->uri, sizeof mute->uri, "%s://127.0.0.1:%u", scheme, ntohs(addr.sin_port));
    ck_assert_int_eq(pthread_create(&mute->thread, NULL, serve, mute), 0);
}

static void mute_stop(struct mute *mute)
{
    shutdown(mute->fd, SHUT_RDWR);
    pthread_join(mute->thread, NULL);
    close(mute->fd);
}

/* Silence, the beginning of a TLS record of 16 KB, of an LDAP message of 1 MB. */
static const struct {
    const char *scheme, *starttls;
    const char *says;
    size_t len;
} mutes[] = {
    {"ldap", "no", NULL, 0},
    {"ldap", "yes", NULL, 0},
    {"ldaps", "no", NULL, 0},
    {"ldaps", "no", "\x16\x03\x03\x40\x00\x02", 6},
    {"ldap", "no", "\x30\x83\x10\x00\x00\x02\x01\x01", 8},
    {"ldap", "yes", "\x30\x83\x10\x00\x00\x02\x01\x01", 8},
};

START_TEST(no_silence_outlasts_the_limit)
{
    struct mute mute = {.says = mutes[_i].says, .len = mutes[_i].len};
    mute_start(&mute, mutes[_i].scheme);
    slapd = start_tls(server_cert(root, "IP:127.0.0.1", 0), NULL);
    asking_open("directory = %s\ndirectory-starttls = %s\ndirectory-ca-file = %s\ndirectory-timeout = 1s\n",
                mute.uri, mutes[_i].starttls, slapd->ca);
    int64_t start = slapd_clock_ms();
    ck_is_not_asked("");
    ck_assert_int_ge(slapd_clock_ms() - start, 900);
    ck_assert_int_lt(slapd_clock_ms() - start, 10000); /* they would go on for minutes */
    directory_free(&asking_directory);
    mute_stop(&mute);
}
END_TEST

/* It may send what it likes, and would be given the memory. */
START_TEST(a_message_of_a_gigabyte_is_not_read)
{
    static const char header[] = "\x30\x84\x40\x00\x00\x00\x02\x01\x01";
    struct mute mute = {.says = header, .len = sizeof header - 1};
    mute_start(&mute, "ldap");
    asking_open("directory = %s\ndirectory-starttls = no\ndirectory-timeout = 20s\n", mute.uri);
    int64_t start = slapd_clock_ms();
    ck_is_not_asked("");
    ck_assert_int_lt(slapd_clock_ms() - start, 10000);
    directory_free(&asking_directory);
    mute_stop(&mute);
}
END_TEST

struct worker {
    pthread_t thread;
    int64_t ms;
    bool answered;
};

static void *ask_once(void *arg)
{
    struct worker *worker = arg;
    struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    const char *addr = "alice@our.example", *note;
    const struct directory_group group = {.name = "team"};
    const struct directory_question question = {.addrs = &addr, .naddrs = 1, .groups = &group, .ngroups = 1};
    struct directory_answer *answers = NULL;
    struct err err = ERR_INIT;
    int64_t start = slapd_clock_ms();
    worker->answered = directory_ask(asking_directory, arena, &question, &answers, &note, &err) == 0 &&
                       answers[0].groups[0] == ANSWER_YES;
    worker->ms = slapd_clock_ms() - start;
    arena_free(&arena);
    return NULL;
}

static void ask_with(struct worker *workers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, ask_once, &workers[i]), 0);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(pthread_join(workers[i].thread, NULL), 0);
}

/* Who waited for a connection without a limit would have to wait for eleven others. */
START_TEST(threads_share_connections_and_none_waits_beyond_the_limit)
{
    struct worker workers[24];
    slapd = slapd_new(&(struct slapd_spec){.ldif = ldif});
    asking_open(
        "directory = %s\ndirectory-starttls = no\ndirectory-timeout = 30s\ndirectory-connections = 2\n",
        slapd->uri);
    ask_with(workers, SEAL_COUNT(workers));
    for (size_t i = 0; i < SEAL_COUNT(workers); i++)
        ck_assert(workers[i].answered);
    asking_open(
        "directory = %s\ndirectory-starttls = no\ndirectory-timeout = 2s\ndirectory-connections = 2\n",
        slapd->uri);
    slapd_hang(slapd);
    ask_with(workers, SEAL_COUNT(workers));
    for (size_t i = 0; i < SEAL_COUNT(workers); i++) {
        ck_assert(!workers[i].answered);
        ck_assert_int_lt(workers[i].ms, 10000);
    }
    slapd_go_on(slapd);
    ck_is_asked();
}
END_TEST

/* With a certificate of ours libldap's context is kept on purpose: nothing frees all of it. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
    return "leak:libgnutls\nleak:ber_memcalloc_x\n";
}

static Suite *suite(void)
{
    Suite *s = suite_create("connect");
    TCase *t = tcase_create("connect");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, tls_is_spoken_with_a_server_that_the_ca_vouches_for);
    tcase_add_loop_test(t, a_wrong_certificate_is_no_server, 0, 3);
    tcase_add_test(t, a_server_without_starttls_is_not_asked);
    tcase_add_test(t, a_ca_file_that_is_not_there_is_told);
    tcase_add_test(t, a_password_is_read_from_a_file_that_nobody_else_may_read);
    tcase_add_test(t, anonymous_gets_what_the_server_gives);
    tcase_add_test(t, external_is_our_user_or_our_certificate);
    tcase_add_test(t, the_next_server_answers_for_a_dead_one);
    tcase_add_test(t, a_hanging_server_is_left_alone_for_a_while);
    tcase_add_test(t, a_server_that_restarts_loses_no_question);
    tcase_add_loop_test(t, no_silence_outlasts_the_limit, 0, SEAL_COUNT(mutes));
    tcase_add_test(t, a_message_of_a_gigabyte_is_not_read);
    tcase_add_test(t, threads_share_connections_and_none_waits_beyond_the_limit);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
