/*
 * cmd_init - folders, master key, store and own CA. What is there already is left as it is, and said.
 *
 * The master key is made before the store: a store without its master key has lost its private keys, and a new key would hide that.
 * The own CA has an RSA-3072 key and SHA-256: gpgsm, NSS and Outlook all verify that; NSS of 2023 and older Outlooks know less of
 * elliptic curves.
 */
#include "cli/keys.h"
#include "cli/own_pgp.h"
#include "cli/secrets.h"

#include "base/io.h"
#include "smime/ca.h"
#include "token/soft.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CA_BITS 3072

struct owner {
    uid_t uid;
    gid_t gid;
    uid_t key_uid; /* of the master key: sealkeyd's */
    gid_t key_gid;
};

/* ---- who and where ---- */

/* Who is not root starts sealkeyd as who he is. */
static int find_owner(const struct settings *settings, struct owner *out, struct err *err)
{
    if (cli_find_user(settings->user, &out->uid, &out->gid, err) < 0)
        return -1;
    if (geteuid() != 0 && geteuid() != out->uid)
        return err_set(err, ERR_CONFIG, "run it as root or as user %s", settings->user);
    out->key_uid = out->uid;
    out->key_gid = out->gid;
    if (geteuid() != 0 || *settings->keys.user == '\0')
        return 0;
    return cli_find_user(settings->keys.user, &out->key_uid, &out->key_gid, err);
}

/* Another user than the folder's owner comes to the master key in it by its name. */
static mode_t state_mode(const struct owner *owner)
{
    return owner->key_uid == owner->uid ? 0700 : 0711;
}

static int check_folder(const char *path, const struct owner *owner, struct err *err)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return err_set(err, ERR_CONFIG, "%s: there is something else than a folder", path);
    if (st.st_uid != owner->uid)
        return err_set(err, ERR_CONFIG, "%s belongs to user id %u instead of %u: chown it", path,
                       (unsigned)st.st_uid, (unsigned)owner->uid);
    return 0;
}

static void say(struct cli *cli, const char *done, const char *what, const char *path)
{
    buf_printf(&cli->out, "%-5s  %s %s\n", done, what, path);
}

static int make_folder(struct cli *cli, const char *what, const char *path, mode_t mode,
                       const struct owner *owner, struct err *err)
{
    if (mkdir(path, 0700) < 0) {
        if (errno != EEXIST)
            return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
        say(cli, "there", what, path);
        return 0;
    }
    if (chown(path, owner->uid, owner->gid) < 0 || chmod(path, mode) < 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    say(cli, "made", what, path);
    return 0;
}

/* A folder that systemd or the daemon's start may make as well: only where its parent is there. */
static int make_run_folder(struct cli *cli, const char *what, const char *path, mode_t mode,
                           const struct owner *owner, struct err *err)
{
    const char *parent = dirname(arena_strdup(cli->arena, path));
    if (access(parent, F_OK) == 0)
        return make_folder(cli, what, path, mode, owner, err);
    say(cli, "later", what, path);
    return 0;
}

static int make_folders(struct cli *cli, const struct owner *owner, struct err *err)
{
    const struct settings *settings = cli->settings;
    if (make_folder(cli, "state folder", settings->state_dir, state_mode(owner), owner, err) < 0 ||
        check_folder(settings->state_dir, owner, err) < 0)
        return -1;
    if (*settings->openpgp.gpg != '\0' &&
        make_folder(cli, "OpenPGP folder", settings->openpgp.home, 0700, owner, err) < 0)
        return -1;
    const char *path = strchr(settings->socket, ':') + 1;
    if (strncmp(settings->socket, "unix:", 5) == 0 &&
        make_run_folder(cli, "socket folder", dirname(arena_strdup(cli->arena, path)), 0755, owner, err) < 0)
        return -1;
    return make_run_folder(cli, "spool folder", settings->spool_dir, 0700, owner, err);
}

/* ---- master key ---- */

static int write_master(int fd, const struct owner *owner, const char *path, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret master = {.ptr = NULL};
    if (soft_master_generate(&master, err) < 0 || io_write_full(fd, master.ptr, master.len, err) < 0)
        return -1;
    if (fchown(fd, owner->key_uid, owner->key_gid) < 0 || fsync(fd) < 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    return 0;
}

static int make_master(struct cli *cli, const struct owner *owner, struct err *err)
{
    const char *path = cli->settings->master_key;
    const char *store = arena_printf(cli->arena, "%s/" STORE_FILE, cli->settings->state_dir);
    if (access(path, F_OK) < 0 && access(store, F_OK) == 0)
        return err_set(
            err, ERR_CONFIG,
            "there is a store but no master key %s: put the key back from where a copy is kept (or move %s "
            "away and lose its private keys)",
            path, store);
    SEAL_CLEANUP(mem_close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST) {
        say(cli, "there", "master key", path);
        return 0;
    }
    if (fd < 0)
        return err_set(err, ERR_IO, "master key %s: %s", path, strerror(errno));
    if (write_master(fd, owner, path, err) < 0) {
        unlink(path);
        return -1;
    }
    say(cli, "made", "master key", path);
    buf_add_str(&cli->out,
                "       keep a copy of it apart from every backup: without it the private keys are lost\n");
    return 0;
}

/* ---- store and own CA ---- */

static int open_store(struct cli *cli, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret master = {.ptr = NULL};
    const char *path = arena_printf(cli->arena, "%s/" STORE_FILE, cli->settings->state_dir);
    bool there = access(path, F_OK) == 0;
    if (secrets_read_master(cli, &master, err) < 0 ||
        store_open(cli->settings->state_dir, STORE_CREATE, &cli->store, err) < 0)
        return -1;
    say(cli, there ? "there" : "made", "store", path);
    return store_read_begin(cli->store, cli->arena, &cli->read, err);
}

/* Before anything can be asked, sealkeyd too: under the file's master key, until sealadm key rewrap. */
static int put_ca(struct cli *cli, const struct cert *cert, const struct secret *pkcs8, struct err *err)
{
    const struct ca_record record = {
        .fingerprint = cert_info(cert)->fingerprint, .der = cert_der(cert), .trusted = true, .own = true};
    const struct token_master none = {.sealkeyd = NULL};
    if (keys_put(cli, &none, "", cert, pkcs8, err) < 0)
        return -1;
    return store_put_ca(cli->store, &record, err);
}

/* sealkeyd, which asks the token, does not start without the master key that was made just now. */
static void say_token(struct cli *cli)
{
    if (*cli->settings->keys.master_token != '\0')
        buf_add_str(&cli->out,
                    "next: start sealkeyd, then sealadm key rewrap: until then the key of the own CA is\n"
                    "      wrapped under the file alone, not for the token (master-key-token)\n");
}

static int make_ca(struct cli *cli, const char *organisation, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret pkcs8 = {.ptr = NULL};
    struct ca_record *records;
    size_t n;
    if (store_cas(cli->read, &records, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (records[i].own) {
            say(cli, "there", "own CA", arena_printf(cli->arena, "%.16s", records[i].fingerprint));
            return 0;
        }
    }
    struct cert *cert = NULL;
    if (soft_generate(KEY_RSA, CA_BITS, &pkcs8, err) < 0 ||
        ca_create(organisation, &pkcs8, cli->now, &cert, err) < 0)
        return -1;
    int status = put_ca(cli, cert, &pkcs8, err);
    if (status == 0) {
        say(cli, "made", "own CA",
            arena_printf(cli->arena, "%.16s (%s), valid until %s", cert_info(cert)->fingerprint,
                         cert_info(cert)->subject, cli_date(cli, cert_info(cert)->not_after)));
        say_token(cli);
    }
    cert_free(&cert);
    return status;
}

/* ---- OpenPGP ---- */

static int bring_back(struct cli *cli, struct err *err)
{
    size_t n;
    if (own_pgp_restore(cli, &n, err) < 0)
        return -1;
    if (n > 0)
        say(cli, "made", "OpenPGP secret keys from the store:", arena_printf(cli->arena, "%zu", n));
    return 0;
}

/* ---- the command ---- */

static void say_policy(struct cli *cli)
{
    const char *path = cli->settings->policy_file;
    if (access(path, F_OK) < 0 && errno == ENOENT)
        buf_printf(&cli->out, "next: write the policy %s (seal-policy(5)), then sealadm policy load\n", path);
    else
        buf_printf(&cli->out, "next: sealadm policy load, which reads %s\n", path);
}

static int say_next(struct cli *cli, struct err *err)
{
    struct user_record *users;
    struct policy_record policy;
    size_t n;
    if (store_users(cli->read, &users, &n, err) < 0)
        return -1;
    if (n == 0)
        buf_add_str(&cli->out,
                    "next: sealadm user add ADDR; then sealadm key generate ADDR, or key import FILE\n");
    switch (store_find_policy(cli->read, 0, &policy, err)) {
    case FIND_FOUND:
        return 0;
    case FIND_ABSENT:
        say_policy(cli);
        return 0;
    case FIND_FAILED:
        break;
    }
    return -1;
}

static int become_owner(struct cli *cli, const struct owner *owner, struct err *err)
{
    secrets_keep_master(cli);
    return cli_become(owner->uid, owner->gid, CLI_DROP, err);
}

int cmd_init(struct cli *cli, int argc, char **argv, struct err *err)
{
    const char *organisation = cli->settings->hostname;
    const struct cli_option options[] = {{.name = "--organisation", .value = &organisation}};
    struct owner owner;
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 0, 0, err) < 0 ||
        cli_name(organisation, err) < 0 || find_owner(cli->settings, &owner, err) < 0 ||
        make_folders(cli, &owner, err) < 0 || make_master(cli, &owner, err) < 0 ||
        become_owner(cli, &owner, err) < 0 || open_store(cli, err) < 0 ||
        make_ca(cli, organisation, err) < 0 || bring_back(cli, err) < 0)
        return -1;
    return say_next(cli, err);
}
