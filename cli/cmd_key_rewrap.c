/*
 * cmd_key_rewrap - a new master key, and everything in the store wrapped under it.
 *
 * The new key is in a file beside the old one before the store changes, and takes its name after that: whoever was killed in between calls
 * again, and goes on where he was. What is wrapped under the new key already stays.
 */
#include "cli/master_file.h"
#include "cli/secrets.h"
#include "cli/token_master.h"

#include "token/remote.h"
#include "token/wrap_origin.h"

#include <string.h>
#include <unistd.h>

#define RELOAD_MS 30000

struct change {
    struct master_file file;
    struct token_master token; /* when it is set, all is wrapped under it from now on */
};

static void change_fini(struct change *change)
{
    token_master_fini(&change->token);
    master_file_fini(&change->file);
}

/* Who else than us may own the master key: whom sealadm init gave it. */
static int find_key_owner(const struct settings *settings, uid_t *out, struct err *err)
{
    gid_t unused;
    *out = geteuid();
    if (*out != 0)
        return 0;
    return cli_find_user(*settings->keys.user != '\0' ? settings->keys.user : settings->user, out, &unused,
                         err);
}

/* The old key goes when the store is done: sealkeyd, which has none to start with, is not wanted for the rest. */
static bool is_wrapped(const struct change *change)
{
    return change->file.old_key.len == 0;
}

/* As root; the daemon's user owns neither of the keys. */
static int prepare(struct cli *cli, struct change *change, struct err *err)
{
    const char *path = cli->settings->master_key;
    uid_t owner;
    if (secret_mode_of(path) == SECRET_GROUP_MAY_READ)
        return err_set(
            err, ERR_UNSUPPORTED,
            "%s is a credential of systemd: name the file that it is made of as master-key, rewrap, and "
            "make the credential anew",
            path);
    if (find_key_owner(cli->settings, &owner, err) < 0 ||
        master_file_open(&change->file, path, arena_printf(cli->arena, "%s.new", path), owner, err) < 0)
        return -1;
    return is_wrapped(change) ? 0 : token_master_find(cli, &change->token, err);
}

static int seal(const struct change *change, const char *owner, struct span subject,
                const struct secret *inside, struct buf *out, struct err *err)
{
    if (change->token.sealkeyd == NULL)
        return wrap_seal(&change->file.new_key, owner, subject, inside, out, err);
    return token_master_seal(&change->token, &change->file.new_key, owner, subject, inside, out, err);
}

/* What only the token opens stays as it is; that it is ours is proven anew. Under another key of a token it would stay, too. */
static int prove_again(const struct change *change, const char *owner, struct span subject,
                       struct span wrapped, struct buf *out, struct err *err)
{
    struct err not_old = ERR_INIT;
    struct span record;
    if (change->token.sealkeyd == NULL)
        return err_set(err, ERR_UNSUPPORTED, "only a token opens it, and none is set (master-key-token =)");
    if (wrap_origin_open(&change->file.old_key, owner, subject, wrapped, &record, &not_old) < 0 &&
        wrap_origin_open(&change->file.new_key, owner, subject, wrapped, &record, err) < 0)
        return -1;
    if (token_master_check(&change->token, record, err) < 0)
        return -1;
    return wrap_origin_seal(&change->file.new_key, owner, subject, record, out, err);
}

static int rewrap(void *arg, const char *owner, struct span subject, struct span wrapped, struct buf *out,
                  struct err *err)
{
    const struct change *change = arg;
    struct err not_old = ERR_INIT;
    SEAL_CLEANUP(secret_fini) struct secret inside = {.ptr = NULL};
    if (master_file_check_kept(&change->file, err) < 0)
        return -1;
    if (wrapped.len > 0 && wrapped.ptr[0] == WRAP_ORIGIN_VERSION)
        return prove_again(change, owner, subject, wrapped, out, err);
    if (wrap_open(&change->file.old_key, owner, subject, wrapped, &inside, &not_old) < 0 &&
        wrap_open(&change->file.new_key, owner, subject, wrapped, &inside, err) < 0)
        return -1;
    return seal(change, owner, subject, &inside, out, err);
}

/* What is left to do when this fails is an administrator's: the new wrapping stays. */
static void tell_sealkeyd(struct cli *cli)
{
    SEAL_CLEANUP(holder_free) struct holder *sealkeyd = NULL;
    struct err err = ERR_INIT;
    if (remote_new(cli->settings->keys.socket, RELOAD_MS, &sealkeyd, &err) == 0 &&
        remote_reload(sealkeyd, &err) == 0)
        buf_add_str(&cli->out, "sealkeyd has read it\nnext: ");
    else
        buf_printf(
            &cli->out,
            "warning: sealkeyd could not be told: %s\n"
            "next: if it runs, systemctl reload sealkeyd, or send it SIGHUP (until then it opens none of\n"
            "      them, and mail that needs a key is deferred);\n      ",
            err.msg);
}

static int wrap_all(struct cli *cli, struct change *change, struct err *err)
{
    size_t n = 0;
    char name[WRAPPED_NAME_SIZE];
    if (is_wrapped(change)) {
        buf_printf(&cli->out, "all was wrapped before; %s is the new master key\n", change->file.path);
        return 0;
    }
    wrap_name(&change->file.new_key, name);
    if (secrets_open_store(cli, CLI_LEND, err) < 0 ||
        store_rewrap(cli->store, (struct span){name, sizeof name}, rewrap, change, &n, err) < 0)
        return -1;
    buf_printf(&cli->out, "%zu private keys and passphrases are wrapped under %s; %s is a new master key\n",
               n, change->token.sealkeyd != NULL ? "the token's key" : "a new master key", change->file.path);
    return cli_be_caller(err);
}

int cmd_key_rewrap(struct cli *cli, int argc, char **argv, struct err *err)
{
    SEAL_CLEANUP(change_fini) struct change change = {.file = {.old_fd = -1, .new_fd = -1}};
    if (cli_operands(cli, NULL, 0, &argc, argv, 0, 0, err) < 0 || prepare(cli, &change, err) < 0 ||
        wrap_all(cli, &change, err) < 0 || master_file_replace(&change.file, err) < 0)
        return -1;
    tell_sealkeyd(cli);
    buf_add_str(&cli->out,
                "keep a copy of the new master key; sealadm backup; then destroy the backups of before and\n"
                "      the copies of the old master key, which open each other\n");
    return 0;
}
