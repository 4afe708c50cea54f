/* homes - what gpg finds on disk: little, and only for one operation. */
#include "openpgp/homes.h"

#include "base/io.h"
#include "openpgp/limit.h"
#include "openpgp/socketdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX        "pgp-"
#define GPG_MEMORY    (1ull << 30)
#define GPG_FILE      (64ull << 20)
#define KEYS_AT_ONCE  100 /* the time that gpg takes for them grows with their square: half a second */
#define REDIRECT_NAME "S.gpg-agent"
#define REDIRECT      "%Assuan%\nsocket="

/*
 * Algorithms are set and not left to preferences: a recipient's may name SHA-1 or 3DES. random_seed would be waited for (250 ms) by
 * each gpg but the first.
 */
static const char settings[] = "batch\n"
                               "no-tty\n"
                               "no-greeting\n"
                               "no-autostart\n"
                               "no-random-seed-file\n"
                               "no-auto-key-locate\n"
                               "no-auto-check-trustdb\n"
                               "trust-model always\n"
                               "disable-dirmngr\n"
                               "no-encrypt-to\n"
                               "no-comments\n"
                               "no-emit-version\n"
                               "utf8-strings\n"
                               "display-charset utf-8\n"
                               "pinentry-mode loopback\n"
                               "cipher-algo AES256\n"
                               "cert-digest-algo SHA512\n"
                               "compress-algo none\n"
                               "s2k-count 65536\n";

/* ---- files ---- */

static int write_failed(const char *path, int code, struct err *err)
{
    bool full = code == ENOSPC || code == EDQUOT;
    return err_set(err, full ? ERR_DISK_FULL : ERR_IO, "%s: %s", path, strerror(code));
}

int home_write(const struct home *home, const char *name, const struct span *pieces, size_t n,
               struct err *err)
{
    char path[HOME_DIR_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", home->dir, name);
    int fault = io_point("pgp-home");
    SEAL_CLEANUP(mem_close)
    int fd = fault != 0 ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return write_failed(path, fault != 0 ? fault : errno, err);
    for (size_t i = 0; i < n; i++)
        if (io_write_full(fd, pieces[i].ptr, pieces[i].len, err) < 0)
            return err_wrap(err, "%s", path);
    return 0;
}

int home_settle(struct home *home, const char *signer, const char *digest, struct err *err)
{
    if (home->settled && strcmp(home->signer, signer) == 0)
        return 0;
    home->settled = false;
    const struct span pieces[] = {SPAN_LIT(settings),         SPAN_LIT("local-user "), span_of(signer),
                                  SPAN_LIT("\ndigest-algo "), span_of(digest),         SPAN_LIT("\n")};
    if (home_write(home, "gpg.conf", pieces, signer[0] == '\0' ? 1 : SEAL_COUNT(pieces), err) < 0)
        return -1;
    snprintf(home->signer, sizeof home->signer, "%s", signer);
    home->settled = true;
    return 0;
}

int home_point(const struct home *home, const char *socket, struct err *err)
{
    const struct span redirect[] = {SPAN_LIT(REDIRECT), span_of(socket), SPAN_LIT("\n")};
    return home_write(home, REDIRECT_NAME, redirect, SEAL_COUNT(redirect), err);
}

bool home_points(const struct home *home, const char *socket)
{
    char path[HOME_DIR_MAX + 32], wanted[sizeof REDIRECT + AGENT_HOME_MAX + 32], found[sizeof wanted];
    int n = snprintf(wanted, sizeof wanted, "%s%s\n", REDIRECT, socket);
    snprintf(path, sizeof path, "%s/" REDIRECT_NAME, home->dir);
    SEAL_CLEANUP(mem_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && read(fd, found, sizeof found) == n && memcmp(found, wanted, (size_t)n) == 0;
}

void home_sweep(struct home *home)
{
    DIR *dir = opendir(home->dir);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        char path[HOME_DIR_MAX + 300];
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, REDIRECT_NAME) == 0 ||
            strcmp(name, "gpg.conf") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", home->dir, name);
        io_remove_tree(path);
    }
    if (dir != NULL)
        closedir(dir);
}

/* ---- a home ---- */

static int gpgme_failed(gpgme_error_t code, const char *what, struct err *err)
{
    char text[128];
    gpgme_strerror_r(code, text, sizeof text);
    return err_set(err, ERR_IO, "%s: %s", what, text);
}

static int make_context(const struct pgp_engine *engine, struct home *home, struct err *err)
{
    gpgme_error_t code = gpgme_new(&home->ctx);
    if (code == 0)
        code = gpgme_ctx_set_engine_info(home->ctx, GPGME_PROTOCOL_OpenPGP, engine->program, home->dir);
    if (code == 0)
        code = gpgme_set_pinentry_mode(home->ctx, GPGME_PINENTRY_MODE_LOOPBACK);
    if (code == 0)
        code = gpgme_set_ctx_flag(home->ctx, "full-status", "1");
    return code == 0 ? 0 : gpgme_failed(code, "GPGME", err);
}

static void home_free(struct home *home)
{
    if (home->ctx != NULL)
        gpgme_release(home->ctx);
    io_remove_tree(home->dir);
    socketdir_forget(home->dir);
    free(home);
}

static int home_new(const struct pgp_engine *engine, unsigned number, struct home **out, struct err *err)
{
    struct home *home = xcalloc(1, sizeof *home);
    int n = snprintf(home->dir, sizeof home->dir, "%s/%u", engine->dir, number);
    int rc = 0;
    if (n >= (int)sizeof home->dir || (mkdir(home->dir, 0700) < 0 && errno != EEXIST))
        rc = write_failed(home->dir, errno, err);
    if (rc == 0)
        rc = home_point(home, engine->agent.socket, err);
    if (rc == 0)
        rc = make_context(engine, home, err);
    if (rc < 0) {
        home_free(home);
        return -1;
    }
    *out = home;
    return 0;
}

/* ---- who has which ---- */

static struct home *pop(struct pgp_engine *engine)
{
    struct home *home = engine->idle;
    engine->idle = home->next;
    return home;
}

/* An idle one in *out, or NULL and leave to make the one of this number. */
static int reserve(struct pgp_engine *engine, struct home **out, unsigned *number_out, struct err *err)
{
    int64_t deadline = engine->clock_ms() + (int64_t)engine->timeout * 1000;
    const struct timespec until = {.tv_sec = deadline / 1000, .tv_nsec = (long)(deadline % 1000) * 1000000};
    int waited = 0;
    pthread_mutex_lock(&engine->mutex);
    while (engine->idle == NULL && engine->made >= engine->processes && waited == 0)
        waited = pthread_cond_timedwait(&engine->given, &engine->mutex, &until);
    *out = engine->idle != NULL ? pop(engine) : NULL;
    bool make = *out == NULL && engine->made < engine->processes;
    if (make) {
        engine->made++;
        *number_out = ++engine->named;
    }
    pthread_mutex_unlock(&engine->mutex);
    if (*out == NULL && !make)
        return err_set(err, ERR_BUSY, "all %u gpg processes were busy for %u seconds", engine->processes,
                       engine->timeout);
    return 0;
}

static void give_up(struct pgp_engine *engine)
{
    pthread_mutex_lock(&engine->mutex);
    engine->made--;
    pthread_cond_signal(&engine->given);
    pthread_mutex_unlock(&engine->mutex);
}

int homes_take(struct pgp_engine *engine, struct home **out, struct err *err)
{
    unsigned number = 0;
    if (reserve(engine, out, &number, err) < 0)
        return -1;
    if (*out != NULL || home_new(engine, number, out, err) == 0)
        return 0;
    give_up(engine);
    return -1;
}

void homes_give(struct pgp_engine *engine, struct home *home)
{
    pthread_mutex_lock(&engine->mutex);
    home->next = engine->idle;
    engine->idle = home;
    pthread_cond_signal(&engine->given);
    pthread_mutex_unlock(&engine->mutex);
}

/* ---- the folder ---- */

static int lock_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
        mem_close(&fd);
    return fd;
}

/* A killed process could not remove its folder. */
static void remove_stale(const char *scratch)
{
    DIR *dir = opendir(scratch);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        char path[HOME_DIR_MAX + 300];
        if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", scratch, entry->d_name);
        SEAL_CLEANUP(mem_close) int fd = lock_folder(path);
        if (fd >= 0)
            io_remove_tree(path);
    }
    if (dir != NULL)
        closedir(dir);
}

/* It has its final name only when it is locked: nobody takes it for a stale one. */
static int make_folder(struct pgp_engine *engine, const char *scratch, struct err *err)
{
    char fresh[HOME_DIR_MAX];
    if (snprintf(fresh, sizeof fresh, "%s/.pgp-XXXXXX", scratch) >= (int)sizeof fresh - 32)
        return err_set(err, ERR_CONFIG, "%s: name is too long", scratch);
    if (mkdtemp(fresh) == NULL)
        return write_failed(scratch, errno, err);
    engine->lock = lock_folder(fresh);
    snprintf(engine->dir, sizeof engine->dir, "%s/%s", scratch, fresh + strlen(scratch) + 2);
    if (engine->lock >= 0 && rename(fresh, engine->dir) == 0)
        return 0;
    int code = errno;
    rmdir(fresh);
    engine->dir[0] = '\0';
    return write_failed(scratch, code, err);
}

static int make_program(struct pgp_engine *engine, const struct pgp_engine_conf *conf, struct err *err)
{
    char path[HOME_DIR_MAX + 32], limits[LIMIT_FILE_MAX];
    int n = snprintf(limits, sizeof limits, "%s\n%u\n%llu\n%llu\n", conf->gpg, conf->timeout, GPG_MEMORY,
                     GPG_FILE);
    if (n >= (int)sizeof limits || strchr(conf->gpg, '\n') != NULL)
        return err_set(err, ERR_CONFIG, "%s: not a path of gpg", conf->gpg);
    snprintf(engine->program, sizeof engine->program, "%.180s/gpg", engine->dir);
    snprintf(path, sizeof path, "%s.limits", engine->program);
    if (symlink(conf->limiter, engine->program) < 0)
        return write_failed(engine->program, errno, err);
    return io_write_file(path, (struct span){limits, (size_t)n}, 0600, err);
}

int homes_open(struct pgp_engine *engine, const struct pgp_engine_conf *conf, struct err *err)
{
    pthread_condattr_t attr;
    engine->processes = conf->processes;
    engine->timeout = conf->timeout;
    engine->keys_at_once = KEYS_AT_ONCE;
    engine->clock_ms = conf->clock_ms;
    if (pthread_mutex_init(&engine->mutex, NULL) != 0 || pthread_condattr_init(&attr) != 0 ||
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) != 0 ||
        pthread_cond_init(&engine->given, &attr) != 0)
        abort();
    pthread_condattr_destroy(&attr);
    remove_stale(conf->scratch);
    if (make_folder(engine, conf->scratch, err) < 0)
        return -1;
    return make_program(engine, conf, err);
}

void homes_close(struct pgp_engine *engine)
{
    while (engine->idle != NULL)
        home_free(pop(engine));
    if (engine->dir[0] != '\0')
        io_remove_tree(engine->dir);
    mem_close(&engine->lock);
    pthread_cond_destroy(&engine->given);
    pthread_mutex_destroy(&engine->mutex);
}
