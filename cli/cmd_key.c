/* cmd_key - private keys: from files of others, listed, back into files. */
#include "cli/keys.h"
#include "cli/secrets.h"

#include "base/io.h"
#include "base/json.h"
#include "token/soft.h"

#include <string.h>
#include <unistd.h>

#define P12_MAX (16u << 20)

/* ---- import ---- */

static int choose_owner(struct cli *cli, const struct cert_record *record, const char *asked,
                        const char **out, struct err *err)
{
    struct key_record known;
    switch (store_find_key(cli->read, record->fingerprint, &known, err)) {
    case FIND_FAILED:
        return -1;
    case FIND_FOUND:
        if (asked != NULL && strcmp(asked, known.owner) != 0)
            return err_set(err, ERR_EXISTS, "the key is here already and belongs to %s", known.owner);
        *out = known.owner;
        return 0;
    case FIND_ABSENT:
        break;
    }
    *out = asked != NULL ? asked : record->naddrs == 1 ? record->addrs[0] : NULL;
    if (*out != NULL)
        return 0;
    if (record->naddrs == 0)
        return err_set(err, ERR_USAGE, "the certificate names no address; say whose it is: --user ADDR");
    return err_set(err, ERR_USAGE,
                   "the certificate names several addresses; say whose it is: --user, one of %s",
                   cli_join(cli, record->addrs, record->naddrs));
}

static void say_warnings(struct cli *cli, const struct cert *cert, const char *owner)
{
    if (*owner != '@' && !cert_has_address(cert, owner, ADDR_CASE_FOLD))
        buf_printf(&cli->out, "warning: the certificate does not hold %s: it opens mail but signs nothing\n",
                   owner);
    if (cert_info(cert)->not_after < cli->now)
        buf_printf(&cli->out, "warning: the certificate has expired: it opens old mail only\n");
}

static int put_imported(struct cli *cli, const struct imported *file, const char *asked, struct err *err)
{
    const char *owner, *trust;
    if (file->pkcs8.len == 0)
        return err_set(err, ERR_ABSENT, "holds no private key; for certificates use sealadm cert import");
    if (file->ncerts == 0)
        return err_set(err, ERR_ABSENT, "holds no certificate; put the key's certificate into the same file");
    struct cert *cert = file->certs[0];
    if ((cert_info(cert)->usage & CERT_CA) != 0)
        return err_set(err, ERR_UNSUPPORTED,
                       "holds the key of a certification authority, which is nobody's to use");
    struct cert_record record = certbook_record(cli, cert, CERT_IMPORTED);
    if (choose_owner(cli, &record, asked, &owner, err) < 0 || trust_learn(cli, file, err) < 0 ||
        trust_record(cli, file, cert, &record, &trust, err) < 0 ||
        store_put_cert(cli->store, &record, err) < 0 || keys_put(cli, owner, cert, &file->pkcs8, err) < 0)
        return -1;
    keys_say(cli, cert, &record, owner, trust);
    say_warnings(cli, cert, owner);
    return keys_say_next(cli, owner, err);
}

/* With the passphrase from a file; else without, and then with one from the terminal. */
static int read_key(const struct secret *bytes, const struct secret *passphrase, struct imported *out,
                    struct err *err)
{
    struct span span = {(const char *)bytes->ptr, bytes->len};
    if (passphrase->len > 0)
        return import_bytes(span, passphrase, out, err);
    if (import_bytes(span, NULL, out, err) == 0)
        return 0;
    if (err->code != ERR_PASSPHRASE)
        return -1;
    err_clear(err);
    SEAL_CLEANUP(secret_fini) struct secret typed = {.ptr = NULL};
    return secrets_ask("Passphrase of the file: ", ASK_ONCE, &typed, err) < 0
               ? -1
               : import_bytes(span, &typed, out, err);
}

int cmd_key_import(struct cli *cli, int argc, char **argv, struct err *err)
{
    const char *user = NULL, *passphrase_file = NULL, *owner = NULL;
    const struct cli_option options[] = {{.name = "--user", .value = &user},
                                         {.name = "--passphrase-file", .value = &passphrase_file}};
    SEAL_CLEANUP(secret_fini) struct secret bytes = {.ptr = NULL};
    SEAL_CLEANUP(secret_fini) struct secret passphrase = {.ptr = NULL};
    SEAL_CLEANUP(imported_fini) struct imported imported = {.ncerts = 0};
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 1, 1, err) < 0 ||
        (user != NULL && cli_address_or_domain(cli, user, &owner, err) < 0) ||
        (passphrase_file != NULL && secrets_read_passphrase(passphrase_file, &passphrase, err) < 0) ||
        secrets_read_file(argv[0], &bytes, err) < 0 || cli_open_store(cli, CLI_DROP, err) < 0)
        return -1;
    if (read_key(&bytes, &passphrase, &imported, err) < 0 || put_imported(cli, &imported, owner, err) < 0)
        return err_wrap(err, "%s", argv[0]);
    return 0;
}

/* ---- list ---- */

static void print_text(struct cli *cli, const struct key_record *key, const struct cert_record *cert)
{
    buf_printf(&cli->out, "%.16s  %s  since %s", key->fingerprint,
               *key->owner == '\0' ? "(own CA)" : key->owner, cli_date(cli, key->created));
    if (cert != NULL)
        buf_printf(&cli->out, "  %s %u  %s  until %s%s", cert->key_kind, cert->key_bits,
                   trust_name(cert->trust), cli_date(cli, cert->not_after),
                   cert->not_after < cli->now ? " (expired)" : "");
    buf_add_char(&cli->out, '\n');
}

static void print_json(struct cli *cli, struct json *json, const struct key_record *key,
                       const struct cert_record *cert)
{
    json_object_begin(json, NULL);
    json_string(json, "fingerprint", key->fingerprint);
    json_string(json, "owner", *key->owner == '\0' ? NULL : key->owner);
    json_string(json, "created", cli_time(cli, key->created));
    json_string(json, "trust", cert == NULL ? NULL : trust_name(cert->trust));
    json_string(json, "not_before", cert == NULL ? NULL : cli_time(cli, cert->not_before));
    json_string(json, "not_after", cert == NULL ? NULL : cli_time(cli, cert->not_after));
    json_object_end(json);
}

/* The own CA has no certificate among the others. */
static int print_key(struct cli *cli, struct json *json, const struct key_record *key, struct err *err)
{
    struct cert_record cert;
    enum find found = store_find_cert(cli->read, key->fingerprint, &cert, err);
    if (found == FIND_FAILED)
        return -1;
    if (cli->json)
        print_json(cli, json, key, found == FIND_FOUND ? &cert : NULL);
    else
        print_text(cli, key, found == FIND_FOUND ? &cert : NULL);
    return 0;
}

int cmd_key_list(struct cli *cli, int argc, char **argv, struct err *err)
{
    const struct cli_option options[] = {CLI_JSON_OPTION(cli)};
    const char *addr = NULL;
    struct key_record *keys;
    size_t n;
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 0, 1, err) < 0 ||
        (argc == 1 && cli_address_or_domain(cli, argv[0], &addr, err) < 0) ||
        cli_open_store(cli, CLI_DROP, err) < 0 ||
        (addr == NULL ? store_keys(cli->read, &keys, &n, err)
                      : store_keys_of(cli->read, addr, &keys, &n, err)) < 0)
        return -1;
    struct json json = JSON_INIT(&cli->out);
    if (cli->json) {
        json_object_begin(&json, NULL);
        json_array_begin(&json, "keys");
    }
    for (size_t i = 0; i < n; i++)
        if (print_key(cli, &json, &keys[i], err) < 0)
            return -1;
    if (cli->json) {
        json_array_end(&json);
        json_object_end(&json);
    }
    return 0;
}

/* ---- export ---- */

static int unwrap(struct cli *cli, const char *beginning, struct secret *pkcs8_out,
                  char fingerprint[HASH_HEX_SIZE], struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret master = {.ptr = NULL};
    struct key_record key;
    if (certbook_find(cli, STORE_KEY, beginning, fingerprint, err) < 0 ||
        store_find_key(cli->read, fingerprint, &key, err) != FIND_FOUND)
        return -1;
    if (*key.owner == '\0')
        return err_set(err, ERR_POLICY, "the key of the own CA leaves the store only by sealadm backup");
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

static int deliver(struct cli *cli, const struct buf *p12, const char *path, const char *fingerprint,
                   struct err *err)
{
    if (path == NULL) {
        buf_add_span(&cli->out, buf_span(p12));
        return 0;
    }
    if (cli_be_caller(err) < 0)
        return -1;
    if (access(path, F_OK) == 0)
        return err_set(err, ERR_EXISTS, "%s is there already", path);
    if (io_write_file(path, buf_span(p12), 0600, err) < 0)
        return -1;
    buf_printf(&cli->out, "key %.16s is in %s\n", fingerprint, path);
    return 0;
}

int cmd_key_export(struct cli *cli, int argc, char **argv, struct err *err)
{
    const char *passphrase_file = NULL, *out = NULL;
    const struct cli_option options[] = {{.name = "--passphrase-file", .value = &passphrase_file},
                                         {.name = "--out", .value = &out}};
    SEAL_CLEANUP(secret_fini) struct secret passphrase = {.ptr = NULL};
    SEAL_CLEANUP(secret_fini) struct secret pkcs8 = {.ptr = NULL};
    SEAL_CLEANUP(buf_fini) struct buf p12 = BUF_INIT(P12_MAX);
    char fingerprint[HASH_HEX_SIZE];
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 1, 1, err) < 0)
        return -1;
    if (out == NULL && isatty(STDOUT_FILENO))
        return err_set(err, ERR_USAGE, "a terminal shows no PKCS#12; give --out FILE");
    if ((passphrase_file != NULL && secrets_read_passphrase(passphrase_file, &passphrase, err) < 0) ||
        cli_open_store(cli, out == NULL ? CLI_DROP : CLI_LEND, err) < 0 ||
        unwrap(cli, argv[0], &pkcs8, fingerprint, err) < 0 ||
        (passphrase.len == 0 &&
         secrets_ask("New passphrase for the file: ", ASK_TWICE, &passphrase, err) < 0) ||
        write_p12(cli, fingerprint, &pkcs8, &passphrase, &p12, err) < 0)
        return -1;
    return deliver(cli, &p12, out, fingerprint, err);
}
