/* cmd_key_export - private keys into files: PKCS#12 with certificate and chain, or OpenPGP. */
#include "cli/keys.h"
#include "cli/own_pgp.h"
#include "cli/secrets.h"

#include "token/soft.h"

#include <unistd.h>

#define EXPORT_MAX (16u << 20)

static int unwrap(struct cli *cli, const char *fingerprint, struct secret *pkcs8_out, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret master = {.ptr = NULL};
    struct key_record key;
    if (store_find_key(cli->read, fingerprint, &key, err) != FIND_FOUND)
        return -1;
    if (*key.owner == '\0')
        return err_set(err, ERR_POLICY, "the key of the own CA leaves the store only by sealadm backup");
    if (key.uri != NULL)
        return err_set(err, ERR_UNSUPPORTED, "key %.16s is on a token and does not leave it", fingerprint);
    if (secrets_read_master(cli, &master, err) < 0)
        return -1;
    return soft_unwrap(&master, key.owner, key.public_key, key.wrapped, pkcs8_out, err);
}

static int write_p12(struct cli *cli, const char *fingerprint, const struct secret *pkcs8,
                     const struct secret *passphrase, struct buf *out, struct err *err)
{
    struct cert_record record;
    struct cert *cert = NULL;
    struct anchors *anchors = NULL;
    SEAL_CLEANUP(chain_result_fini) struct chain_result chain = {.answer = CHAIN_UNTRUSTED};
    int status = certbook_get(cli, fingerprint, &record, &cert, err) < 0 ||
                         trust_anchors(cli, &anchors, err) < 0 ||
                         trust_chain(cli, anchors, cert, NULL, 0, &chain, err) < 0
                     ? -1
                     : 0;
    if (status == 0)
        status = export_p12(pkcs8, cert, chain.path + 1, chain.npath == 0 ? 0 : chain.npath - 1, passphrase,
                            out, err);
    anchors_free(&anchors);
    cert_free(&cert);
    return status;
}

static int deliver(struct cli *cli, const struct buf *file, const char *path, const char *fingerprint,
                   struct err *err)
{
    if (cli_deliver(cli, file, path, 0600, err) < 0)
        return -1;
    if (path != NULL)
        buf_printf(&cli->out, "key %.16s is in %s\n", fingerprint, path);
    return 0;
}

static int ask_if_empty(struct secret *passphrase, struct err *err)
{
    return passphrase->len > 0 ? 0 : secrets_ask("New passphrase for the file: ", ASK_TWICE, passphrase, err);
}

/* What the passphrase protects is read first: nobody is asked for one in vain. */
static int export_x509(struct cli *cli, const char *fingerprint, struct secret *passphrase, struct buf *out,
                       struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret pkcs8 = {.ptr = NULL};
    if (unwrap(cli, fingerprint, &pkcs8, err) < 0 || ask_if_empty(passphrase, err) < 0)
        return -1;
    return write_p12(cli, fingerprint, &pkcs8, passphrase, out, err);
}

static int export_openpgp(struct cli *cli, const char *fingerprint, struct secret *passphrase,
                          struct buf *out, struct err *err)
{
    if (ask_if_empty(passphrase, err) < 0)
        return -1;
    return own_pgp_export(cli, fingerprint, passphrase, out, err);
}

int cmd_key_export(struct cli *cli, int argc, char **argv, struct err *err)
{
    const char *passphrase_file = NULL, *out = NULL;
    const struct cli_option options[] = {{.name = "--passphrase-file", .value = &passphrase_file},
                                         {.name = "--out", .value = &out}};
    SEAL_CLEANUP(secret_fini) struct secret passphrase = {.ptr = NULL};
    SEAL_CLEANUP(buf_fini) struct buf file = BUF_INIT(EXPORT_MAX);
    char fingerprint[HASH_HEX_SIZE];
    enum store_kind kind;
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 1, 1, err) < 0)
        return -1;
    if (out == NULL && isatty(STDOUT_FILENO))
        return err_set(err, ERR_USAGE, "a private key is not for a terminal; give --out FILE");
    if ((passphrase_file != NULL && secrets_read_passphrase(passphrase_file, &passphrase, err) < 0) ||
        secrets_open_store(cli, out == NULL ? CLI_DROP : CLI_LEND, err) < 0 ||
        certbook_find_either(cli, STORE_KEY, argv[0], &kind, fingerprint, err) < 0 ||
        (kind == STORE_KEY ? export_x509(cli, fingerprint, &passphrase, &file, err)
                           : export_openpgp(cli, fingerprint, &passphrase, &file, err)) < 0)
        return -1;
    return deliver(cli, &file, out, fingerprint, err);
}
