/*
 * cmd_key_move - a key of the store becomes a token's alone: of one that takes it in, or has got a copy in its own way.
 *
 * The token has it, and has signed with it and opened something, before the store forgets it: whoever was interrupted calls again.
 */
#include "cli/certbook.h"
#include "cli/tokens.h"

#include "smime/cert.h"
#include "token/key_try.h"
#include "token/remote.h"
#include "token/wrap.h"

#include <string.h>

#define PUBLIC_MAX 8192

static int take_in(const struct key_record *key, const char *uri, struct holder *sealkeyd, struct buf *public,
                   struct buf *wrapped, struct err *err)
{
    const struct sealed_key sealed = {key->owner, key->public_key, key->wrapped};
    if (remote_import(sealkeyd, &sealed, uri, public, wrapped, err) == 0)
        return 0;
    return err->code == ERR_UNSUPPORTED
               ? err_wrap(
                     err,
                     "put the key on the token with the token's own tool, after sealadm key export %.16s",
                     key->fingerprint)
               : -1;
}

/* The token says of which public key it has the private one; what an interrupted command left there is completed. */
static int seal(const struct key_record *key, const char *uri, struct holder *sealkeyd, struct buf *wrapped,
                struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf public = BUF_INIT(PUBLIC_MAX);
    struct err absent = ERR_INIT;
    if (remote_seal(sealkeyd, key->owner, key->public_key, uri, &public, wrapped, &absent) == 0)
        return span_eq(buf_span(&public), key->public_key)
                   ? 0
                   : err_set(err, ERR_KEY_UNUSABLE, "%s is another key", uri);
    if (absent.code != ERR_ABSENT && absent.code != ERR_KEY_UNUSABLE)
        return err_set(err, absent.code, "%s", absent.msg);
    return take_in(key, uri, sealkeyd, &public, wrapped, err);
}

/* What the token's key cannot open is lost with the store's. The signing was tried when the token's was found, or put there. */
static int try_opening(struct cli *cli, const struct key_record *key, struct span wrapped,
                       struct holder *sealkeyd, struct err *err)
{
    SEAL_CLEANUP(key_free) struct key *there = NULL;
    const struct sealed_key sealed = {key->owner, key->public_key, wrapped};
    struct cert_record cert;
    enum find found = store_find_cert(cli->read, key->fingerprint, &cert, err);
    if (found == FIND_FAILED)
        return -1;
    if (found == FIND_FOUND && (cert.usage & CERT_ENCRYPT) == 0)
        return 0;
    if (holder_open_key(sealkeyd, &sealed, key->owner, &there, err) < 0)
        return -1;
    if (key_try_open(there, err) == 0)
        return 0;
    return err->code == ERR_UNSUPPORTED ? err_wrap(err, "it opens no mail there, and stays in the store")
                                        : -1;
}

/* On the token and tried there; the store is as it was. */
static int prepare(struct cli *cli, struct key_record *key, const char *uri, struct holder *sealkeyd,
                   struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf wrapped = BUF_INIT(WRAP_MAX);
    if (seal(key, uri, sealkeyd, &wrapped, err) < 0 ||
        try_opening(cli, key, buf_span(&wrapped), sealkeyd, err) < 0)
        return -1;
    key->wrapped = (struct span){arena_memdup(cli->arena, wrapped.ptr, wrapped.len), wrapped.len};
    key->uri = uri;
    return arena_check(cli->arena, err);
}

/* A key has as many records as certificates, and is in the store until none holds it. */
static int find_soft(struct cli *cli, const struct key_record *named, struct key_record **out, size_t *n_out,
                     struct err *err)
{
    struct key_record *keys;
    size_t n;
    *n_out = 0;
    if (*named->owner == '\0')
        return err_set(err, ERR_UNSUPPORTED, "the key of the own CA stays in the store");
    if (store_keys(cli->read, &keys, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (keys[i].uri == NULL && *keys[i].owner != '\0' && span_eq(keys[i].public_key, named->public_key))
            keys[(*n_out)++] = keys[i];
    *out = keys;
    return *n_out > 0 ? 0
                      : err_set(err, ERR_EXISTS, "key %.16s is on a token already: %s", named->fingerprint,
                                named->uri);
}

static void say_moved(struct cli *cli, const struct key_record *keys, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(&cli->out, "key %.16s of %s is used on the token now, and is in the store no more: %s\n",
                   keys[i].fingerprint, keys[i].owner, keys[i].uri);
    buf_add_str(
        &cli->out,
        "next: sealadm backup; then destroy the backups of before, and what the key was exported to; after\n"
        "      sealadm key rewrap nothing opens what such a backup has of it\n");
}

static int move(struct cli *cli, const char *beginning, const char *uri, struct holder *sealkeyd,
                struct err *err)
{
    char fingerprint[HASH_HEX_SIZE];
    struct key_record named, *keys;
    size_t n;
    if (certbook_find(cli, STORE_KEY, beginning, fingerprint, err) < 0 ||
        store_find_key(cli->read, fingerprint, &named, err) != FIND_FOUND ||
        find_soft(cli, &named, &keys, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (prepare(cli, &keys[i], uri, sealkeyd, err) < 0)
            return -1;
    if (store_put_keys(cli->store, keys, n, err) < 0)
        return -1;
    say_moved(cli, keys, n);
    return 0;
}

int cmd_key_move(struct cli *cli, int argc, char **argv, struct err *err)
{
    const char *uri = NULL;
    const struct cli_option options[] = {{.name = "--token", .value = &uri}};
    SEAL_CLEANUP(holder_free) struct holder *sealkeyd = NULL;
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 1, 1, err) < 0)
        return -1;
    if (uri == NULL)
        return err_set(err, ERR_USAGE, "wants --token URI, what the key is called there");
    if (tokens_check(uri, err) < 0 || tokens_connect(cli, &sealkeyd, err) < 0 ||
        cli_open_store(cli, CLI_DROP, err) < 0)
        return -1;
    return move(cli, argv[0], uri, sealkeyd, err);
}
