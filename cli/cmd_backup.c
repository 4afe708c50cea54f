/*
 * cmd_backup - the store into a file, and back.
 *
 * The master key is never in a backup: what lies beside the data unprotected protects nothing.
 */
#include "cli/cli.h"
#include "cli/own_pgp.h"
#include "cli/secrets.h"

#include "base/io.h"
#include "token/soft.h"
#include "token/wrap_origin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK_SECONDS_MAX 600

int cmd_backup(struct cli *cli, int argc, char **argv, struct err *err)
{
    if (cli_operands(cli, NULL, 0, &argc, argv, 1, 1, err) < 0 || cli_open_store(cli, CLI_LEND, err) < 0)
        return -1;
    store_read_end(&cli->read);
    if (cli_be_caller(err) < 0 || store_backup(cli->store, argv[0], err) < 0)
        return -1;
    buf_printf(
        &cli->out,
        "the store is in %s\nnext: the master key %s is not in it; keep a copy of it in another place\n",
        argv[0], cli->settings->master_key);
    return 0;
}

/* ---- restore ---- */

/* A folder of its own beside the store, with the backup in it under the store's name. */
struct trial {
    char dir[4096], file[4200], lock[4300];
};

static int trial_init(struct trial *trial, const char *state_dir, struct err *err)
{
    if (snprintf(trial->dir, sizeof trial->dir, "%s/restore.XXXXXX", state_dir) >= (int)sizeof trial->dir)
        return err_set(err, ERR_LIMIT, "path too long: %s", state_dir);
    if (mkdtemp(trial->dir) == NULL) {
        int failed = err_set(err, ERR_IO, "%s: %s", trial->dir, strerror(errno));
        *trial->dir = '\0';
        return failed;
    }
    snprintf(trial->file, sizeof trial->file, "%s/" STORE_FILE, trial->dir);
    snprintf(trial->lock, sizeof trial->lock, "%s-lock", trial->file);
    return 0;
}

static void trial_fini(struct trial *trial)
{
    if (*trial->dir == '\0')
        return;
    unlink(trial->file);
    unlink(trial->lock);
    rmdir(trial->dir);
}

static int copy(int from, const char *path, struct err *err)
{
    char chunk[65536];
    SEAL_CLEANUP(mem_close) int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to < 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    for (;;) {
        ssize_t n = read(from, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? 0 : err_set(err, ERR_IO, "read: %s", strerror(errno));
        if (io_write_full(to, chunk, (size_t)n, err) < 0)
            return -1;
    }
}

static int check_key(const struct secret *master, const struct key_record *key, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret pkcs8 = {.ptr = NULL};
    struct span record;
    if (key->wrapped.ptr[0] == WRAP_ORIGIN_VERSION)
        return wrap_origin_open(master, key->owner, key->public_key, key->wrapped, &record, err);
    return soft_unwrap(master, key->owner, key->public_key, key->wrapped, &pkcs8, err);
}

/* One key tells: the same master key wraps all, or proves that a token's key did. */
static int check_master(struct cli *cli, struct store_read *read, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret master = {.ptr = NULL};
    struct key_record *keys;
    size_t n, i = 0;
    if (store_keys(read, &keys, &n, err) < 0)
        return -1;
    while (i < n && keys[i].wrapped.len == 0)
        i++;
    if (i == n)
        return 0;
    if (secrets_read_master(cli, &master, err) < 0)
        return -1;
    if (check_key(&master, &keys[i], err) == 0)
        return 0;
    err_clear(err);
    return err_set(err, ERR_CONFIG,
                   "the master key %s is not the one of this backup: put that one in its place first",
                   cli->settings->master_key);
}

struct verdict {
    struct err err;
    size_t records;
};

static void check_backup(struct cli *cli, const char *dir, struct verdict *out)
{
    struct store *store = NULL;
    struct store_read *read = NULL;
    struct store_health health;
    if (store_open(dir, STORE_READ_WRITE, &store, &out->err) == 0 &&
        store_check(store, &health, &out->err) == 0 &&
        store_read_begin(store, cli->arena, &read, &out->err) == 0 && check_master(cli, read, &out->err) == 0)
        out->records = health.records;
    store_read_end(&read);
    store_close(&store);
}

static void answer(struct cli *cli, const char *dir, int out)
{
    struct verdict verdict = {.err = ERR_INIT};
    struct err lost = ERR_INIT;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDERR_FILENO);
    alarm(CHECK_SECONDS_MAX);
    check_backup(cli, dir, &verdict);
    _exit(io_write_full(out, &verdict, sizeof verdict, &lost) < 0);
}

/* In a child: LMDB trusts its pages, and a damaged one can end the process that reads it. */
static int check_apart(struct cli *cli, const char *dir, size_t *records_out, struct err *err)
{
    struct verdict verdict = {.err = ERR_INIT};
    struct err none = ERR_INIT;
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0)
        answer(cli, dir, fds[1]);
    close(fds[1]);
    bool answered = io_read_full(fds[0], &verdict, sizeof verdict, &none) == 0;
    close(fds[0]);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    *records_out = verdict.records;
    if (!answered)
        return err_set(err, ERR_STORE_DAMAGED, "it cannot be read: %s",
                       pid < 0 ? "no child process" : "it is damaged");
    return err_is_set(&verdict.err) ? err_set(err, verdict.err.code, "%s", verdict.err.msg) : 0;
}

static int say_missing(struct cli *cli, struct err *err)
{
    struct pgp_own_record *owns;
    size_t n, missing = 0;
    if (cli_open_store(cli, CLI_DROP, err) < 0 || store_pgp_owns(cli->read, &owns, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        missing += own_pgp_is_missing(cli->settings, &owns[i]);
    if (missing > 0)
        buf_printf(&cli->out, "next: sealadm init, which gives %zu OpenPGP secret keys back to the agent\n",
                   missing);
    return 0;
}

static int restore(struct cli *cli, int fd, const char *path, struct err *err)
{
    SEAL_CLEANUP(trial_fini) struct trial trial = {.dir = ""};
    size_t records;
    if (trial_init(&trial, cli->settings->state_dir, err) < 0)
        return -1;
    if (copy(fd, trial.file, err) < 0 || check_apart(cli, trial.dir, &records, err) < 0)
        return err_wrap(err, "%s", path);
    if (store_restore(cli->settings->state_dir, trial.file, err) < 0)
        return -1;
    buf_printf(&cli->out, "the store is restored from %s: %zu records, and the master key fits\n", path,
               records);
    return say_missing(cli, err);
}

/* O_NONBLOCK: a FIFO is refused, not waited for. */
static int open_file(const char *path, int *fd_out, struct err *err)
{
    struct stat st;
    *fd_out = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd_out < 0 || fstat(*fd_out, &st) < 0)
        return err_set(err, errno == ENOENT ? ERR_ABSENT : ERR_IO, "%s: %s", path, strerror(errno));
    return S_ISREG(st.st_mode) ? 0 : err_set(err, ERR_IO, "%s: not a regular file", path);
}

int cmd_restore(struct cli *cli, int argc, char **argv, struct err *err)
{
    SEAL_CLEANUP(mem_close) int fd = -1;
    if (cli_operands(cli, NULL, 0, &argc, argv, 1, 1, err) < 0 || open_file(argv[0], &fd, err) < 0)
        return -1;
    secrets_keep_master(cli);
    if (cli_be_owner(cli, CLI_DROP, err) < 0)
        return -1;
    return restore(cli, fd, argv[0], err);
}
