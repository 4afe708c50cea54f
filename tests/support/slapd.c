/* slapd - OpenLDAP's server, for tests. */
#include "support/slapd.h"

#include "base/io.h"
#include "support/check.h"
#include "support/port.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LISTENS_WITHIN_MS 20000

extern char **environ;

int64_t slapd_clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const char *path_of(const struct slapd *slapd, const char *name)
{
    static _Thread_local char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", slapd->dir, name);
    return path;
}

const char *slapd_file(struct slapd *slapd, const char *name, const char *text)
{
    struct err err = ERR_INIT;
    ck_ok(io_write_file(path_of(slapd, name), span_of(text), 0600, &err));
    return path_of(slapd, name);
}

void slapd_entity(struct slapd *slapd, const char *name, const struct pki_entity *entity)
{
    char file[64];
    snprintf(file, sizeof file, "%s.pem", name);
    BIO *bio = BIO_new_file(path_of(slapd, file), "w");
    ck_assert(bio != NULL && PEM_write_bio_X509(bio, entity->x509) == 1);
    BIO_free(bio);
    snprintf(file, sizeof file, "%s.key", name);
    bio = BIO_new_file(path_of(slapd, file), "w");
    ck_assert(bio != NULL && PEM_write_bio_PrivateKey(bio, entity->pkey, NULL, NULL, 0, NULL, NULL) == 1);
    BIO_free(bio);
    ck_assert_int_eq(chmod(path_of(slapd, file), 0600), 0);
}

/* ---- configuration and data ---- */

static void write_conf(struct slapd *slapd, const struct slapd_spec *spec)
{
    SEAL_CLEANUP(buf_fini) struct buf conf = BUF_INIT(1u << 16);
    buf_add_str(&conf, "include /etc/ldap/schema/core.schema\ninclude /etc/ldap/schema/cosine.schema\n"
                       "include /etc/ldap/schema/inetorgperson.schema\n"
                       "modulepath /usr/lib/ldap\nmoduleload back_mdb\nmoduleload memberof\n");
    if (spec->cert != NULL) {
        slapd_entity(slapd, "server", spec->cert);
        slapd_entity(slapd, "ca", spec->ca);
        buf_printf(&conf,
                   "TLSCACertificateFile %s/ca.pem\nTLSCertificateFile %s/server.pem\n"
                   "TLSCertificateKeyFile %s/server.key\nTLSVerifyClient try\n",
                   slapd->dir, slapd->dir, slapd->dir);
    }
    buf_printf(&conf,
               "%s\ndatabase mdb\nmaxsize 100000000\nsuffix dc=example\nrootdn cn=root,dc=example\n"
               "dbnosync\ndirectory %s/db\n%s\n",
               spec->global != NULL ? spec->global : "", slapd->dir,
               spec->database != NULL ? spec->database : "");
    slapd_file(slapd, "conf", buf_str(&conf));
}

static pid_t spawn(const struct slapd *slapd, char **words)
{
    pid_t pid;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, path_of(slapd, "said"), O_WRONLY | O_CREAT | O_APPEND,
                                     0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    ck_assert_msg(posix_spawn(&pid, words[0], &actions, NULL, words, environ) == 0, "cannot run %s",
                  words[0]);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

static void print_said(const struct slapd *slapd)
{
    SEAL_CLEANUP(buf_fini) struct buf said = BUF_INIT(1u << 20);
    struct err err = ERR_INIT;
    if (io_read_file(path_of(slapd, "said"), &said, &err) == 0)
        fprintf(stderr, "%s\n", buf_str(&said));
}

static void add_data(struct slapd *slapd, const char *ldif)
{
    char conf[PATH_MAX], data[PATH_MAX];
    snprintf(conf, sizeof conf, "%s/conf", slapd->dir);
    snprintf(data, sizeof data, "%s", slapd_file(slapd, "ldif", ldif));
    char *words[] = {
        (char[]){"/usr/sbin/slapadd"}, (char[]){"-q"}, (char[]){"-f"}, conf, (char[]){"-l"}, data, NULL};
    int status = -1;
    ck_assert_int_gt(waitpid(spawn(slapd, words), &status, 0), 0);
    if (status != 0)
        print_said(slapd);
    ck_assert_msg(status == 0, "slapadd fails");
}

/* ---- running ---- */

static bool listens(unsigned port)
{
    const struct sockaddr_in addr = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    SEAL_CLEANUP(mem_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(fd, (const struct sockaddr *)&addr, sizeof addr) == 0;
}

void slapd_start(struct slapd *slapd)
{
    char conf[PATH_MAX], urls[PATH_MAX + 256];
    snprintf(conf, sizeof conf, "%s/conf", slapd->dir);
    snprintf(urls, sizeof urls, "%s %s %s", slapd->uri, slapd->ldaps, slapd->ldapi);
    char *words[] = {(char[]){"/usr/sbin/slapd"},
                     (char[]){"-d"},
                     (char[]){"0"},
                     (char[]){"-f"},
                     conf,
                     (char[]){"-h"},
                     urls,
                     NULL};
    slapd->pid = spawn(slapd, words);
    for (unsigned ms = 0; !listens(slapd->port); ms += 10) {
        int status;
        bool ended = waitpid(slapd->pid, &status, WNOHANG) != 0;
        if (ended || ms > LISTENS_WITHIN_MS)
            print_said(slapd);
        ck_assert_msg(!ended && ms <= LISTENS_WITHIN_MS, "slapd does not listen");
        poll(NULL, 0, 10);
    }
}

void slapd_stop(struct slapd *slapd)
{
    if (slapd->pid == 0)
        return;
    kill(slapd->pid, SIGKILL);
    ck_assert_int_eq(waitpid(slapd->pid, NULL, 0), slapd->pid);
    slapd->pid = 0;
}

void slapd_hang(struct slapd *slapd)
{
    int status;
    ck_assert_int_eq(kill(slapd->pid, SIGSTOP), 0);
    ck_assert_int_eq(waitpid(slapd->pid, &status, WUNTRACED), slapd->pid);
}

void slapd_go_on(struct slapd *slapd)
{
    ck_assert_int_eq(kill(slapd->pid, SIGCONT), 0);
}

/* slash-free spelling of the socket's path */
static void name_socket(struct slapd *slapd)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(PATH_MAX);
    buf_add_str(&text, "ldapi://");
    for (const char *p = path_of(slapd, "ldapi"); *p != '\0'; p++) {
        if (*p == '/')
            buf_add_str(&text, "%2F");
        else
            buf_add_char(&text, *p);
    }
    snprintf(slapd->ldapi, sizeof slapd->ldapi, "%s", buf_str(&text));
}

struct slapd *slapd_new(const struct slapd_spec *spec)
{
    struct slapd *slapd = xcalloc(1, sizeof *slapd);
    snprintf(slapd->dir, sizeof slapd->dir, "/tmp/seal-slapd-XXXXXX");
    ck_assert(mkdtemp(slapd->dir) != NULL);
    ck_assert_int_eq(mkdir(path_of(slapd, "db"), 0700), 0);
    slapd->port = port_take();
    snprintf(slapd->uri, sizeof slapd->uri, "ldap://127.0.0.1:%u", slapd->port);
    if (spec->cert != NULL)
        snprintf(slapd->ldaps, sizeof slapd->ldaps, "ldaps://127.0.0.1:%u", port_take());
    snprintf(slapd->ca, sizeof slapd->ca, "%s/ca.pem", slapd->dir);
    name_socket(slapd);
    write_conf(slapd, spec);
    add_data(slapd, spec->ldif);
    slapd_start(slapd);
    return slapd;
}

void slapd_free(struct slapd **slapd)
{
    if (*slapd == NULL)
        return;
    slapd_stop(*slapd);
    io_remove_tree((*slapd)->dir);
    free(*slapd);
    *slapd = NULL;
}
