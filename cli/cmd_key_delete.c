/* cmd_key_delete - a private key that is to be here no more. */
#include "cli/certbook.h"
#include "cli/own_pgp.h"

/* The own CA's key has no owner: without it no user gets a certificate. uri_out: where a token has it still; NULL: nowhere. */
static int delete_x509(struct cli *cli, const char *fingerprint, const char **uri_out, struct err *err)
{
    struct key_record key;
    if (store_find_key(cli->read, fingerprint, &key, err) != FIND_FOUND)
        return -1;
    if (*key.owner == '\0')
        return err_set(err, ERR_POLICY, "the key of the own CA stays");
    *uri_out = key.uri;
    return store_delete_key(cli->store, fingerprint, err);
}

int cmd_key_delete(struct cli *cli, int argc, char **argv, struct err *err)
{
    bool force = false;
    const struct cli_option options[] = {{.name = "--force", .flag = &force}};
    char fingerprint[HASH_HEX_SIZE];
    const char *uri = NULL;
    enum store_kind kind;
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 1, 1, err) < 0 ||
        cli_open_store(cli, CLI_DROP, err) < 0 ||
        certbook_find_either(cli, STORE_KEY, argv[0], &kind, fingerprint, err) < 0)
        return -1;
    if (!force)
        return err_set(err, ERR_POLICY,
                       "old mail to %.16s could not be opened any more; export the key, or give --force",
                       fingerprint);
    if ((kind == STORE_KEY ? delete_x509(cli, fingerprint, &uri, err)
                           : own_pgp_delete(cli, fingerprint, err)) < 0)
        return -1;
    buf_printf(&cli->out,
               "key %s is deleted\nnext: sealadm cert delete %.16s, or others go on encrypting to it\n",
               fingerprint, fingerprint);
    if (uri != NULL)
        buf_printf(&cli->out, "      the token keeps the key until its own tool destroys it: %s\n",
                   cli_clean(cli, uri));
    return 0;
}
