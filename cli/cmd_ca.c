/* cmd_ca - certification authorities: anchors, which are trusted, and intermediates, which are only known. */
#include "cli/certbook.h"

#include "base/io.h"
#include "base/json.h"

#include <string.h>

static enum find find_ca(struct cli *cli, const char *fingerprint, struct ca_record *out, struct err *err)
{
    struct ca_record *records;
    size_t n;
    if (store_cas(cli->read, &records, &n, err) < 0)
        return FIND_FAILED;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(records[i].fingerprint, fingerprint) == 0) {
            *out = records[i];
            return FIND_FOUND;
        }
    }
    return FIND_ABSENT;
}

/* ---- add ---- */

enum role {
    ROLE_KNOWN,
    ROLE_ANCHOR
};

static int add(struct cli *cli, const struct cert *cert, enum role role, struct err *err)
{
    const struct cert_info *info = cert_info(cert);
    struct ca_record record = {.fingerprint = info->fingerprint, .der = cert_der(cert)};
    if (find_ca(cli, info->fingerprint, &record, err) == FIND_FAILED)
        return -1;
    record.trusted |= role == ROLE_ANCHOR;
    if (store_put_ca(cli->store, &record, err) < 0)
        return -1;
    buf_printf(&cli->out, "authority %.16s (%s): %s\n", info->fingerprint, info->subject,
               record.trusted ? "trusted" : "known, not trusted");
    if (!record.trusted && info->self_signed)
        buf_printf(&cli->out, "next: a root does nothing until it is trusted: sealadm ca add FILE --trust\n");
    return 0;
}

static int check_all(const struct imported *file, struct err *err)
{
    if (file->pkcs8.len > 0)
        return err_set(err, ERR_UNSUPPORTED, "holds a private key, which has no place here; take it out");
    for (size_t i = 0; i < file->ncerts; i++) {
        const struct cert_info *info = cert_info(file->certs[i]);
        if ((info->usage & CERT_CA) == 0)
            return err_set(err, ERR_KEY_UNUSABLE,
                           "certificate %.16s (%s) is no certification authority; use sealadm cert import",
                           info->fingerprint, info->subject);
    }
    return 0;
}

int cmd_ca_add(struct cli *cli, int argc, char **argv, struct err *err)
{
    bool trust = false;
    const struct cli_option options[] = {{.name = "--trust", .flag = &trust}};
    SEAL_CLEANUP(buf_fini) struct buf bytes = BUF_INIT(IMPORT_MAX);
    SEAL_CLEANUP(imported_fini) struct imported imported = {.ncerts = 0};
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 1, 1, err) < 0 ||
        io_read_file(argv[0], &bytes, err) < 0 || cli_open_store(cli, CLI_DROP, err) < 0)
        return -1;
    if (import_bytes(buf_span(&bytes), NULL, &imported, err) < 0 || check_all(&imported, err) < 0)
        return err_wrap(err, "%s", argv[0]);
    for (size_t i = 0; i < imported.ncerts; i++)
        if (add(cli, imported.certs[i], trust ? ROLE_ANCHOR : ROLE_KNOWN, err) < 0)
            return -1;
    return trust_all(cli, err);
}

/* ---- list ---- */

static const char *word_for(const struct ca_record *record)
{
    return record->own ? "own" : record->trusted ? "trusted" : "known";
}

static void print_text(struct cli *cli, const struct ca_record *record, const struct cert_info *info)
{
    buf_printf(&cli->out, "%.16s  %-7s  until %s%s  %s\n", record->fingerprint, word_for(record),
               cli_date(cli, info->not_after), info->not_after < cli->now ? " (expired)" : "", info->subject);
}

static void print_json(struct cli *cli, struct json *json, const struct ca_record *record,
                       const struct cert_info *info)
{
    json_object_begin(json, NULL);
    json_string(json, "fingerprint", record->fingerprint);
    json_string(json, "subject", info->subject);
    json_string(json, "issuer", info->issuer);
    json_string(json, "not_before", cli_time(cli, info->not_before));
    json_string(json, "not_after", cli_time(cli, info->not_after));
    json_bool(json, "trusted", record->trusted);
    json_bool(json, "own", record->own);
    json_object_end(json);
}

static int print_all(struct cli *cli, struct json *json, const struct ca_record *records, size_t n,
                     struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        struct cert *cert = NULL;
        if (cert_parse(records[i].der, &cert, err) < 0)
            return err_wrap(err, "authority %.16s", records[i].fingerprint);
        if (cli->json)
            print_json(cli, json, &records[i], cert_info(cert));
        else
            print_text(cli, &records[i], cert_info(cert));
        cert_free(&cert);
    }
    return 0;
}

int cmd_ca_list(struct cli *cli, int argc, char **argv, struct err *err)
{
    const struct cli_option options[] = {CLI_JSON_OPTION(cli)};
    struct ca_record *records;
    size_t n;
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 0, 0, err) < 0 ||
        cli_open_store(cli, CLI_DROP, err) < 0 || store_cas(cli->read, &records, &n, err) < 0)
        return -1;
    struct json json = JSON_INIT(&cli->out);
    if (!cli->json)
        return print_all(cli, &json, records, n, err);
    json_object_begin(&json, NULL);
    json_array_begin(&json, "authorities");
    int status = print_all(cli, &json, records, n, err);
    json_array_end(&json);
    json_object_end(&json);
    return status;
}

/* ---- export, remove ---- */

/* A command's only operand is a fingerprint; the store is open then. */
static int open_ca(struct cli *cli, int argc, char **argv, struct ca_record *out, struct err *err)
{
    char fingerprint[HASH_HEX_SIZE];
    if (cli_operands(cli, NULL, 0, &argc, argv, 1, 1, err) < 0 || cli_open_store(cli, CLI_DROP, err) < 0 ||
        certbook_find(cli, STORE_CA, argv[0], fingerprint, err) < 0 ||
        find_ca(cli, fingerprint, out, err) != FIND_FOUND)
        return -1;
    return 0;
}

int cmd_ca_export(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct ca_record record;
    struct cert *cert = NULL;
    if (open_ca(cli, argc, argv, &record, err) < 0 || cert_parse(record.der, &cert, err) < 0)
        return -1;
    int status = export_pem(cert, &cli->out, err);
    cert_free(&cert);
    return status;
}

int cmd_ca_remove(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct ca_record record;
    if (open_ca(cli, argc, argv, &record, err) < 0)
        return -1;
    if (record.own)
        return err_set(err, ERR_POLICY,
                       "%.16s is the own CA, which issued certificates of our users: it stays",
                       record.fingerprint);
    if (store_delete_ca(cli->store, record.fingerprint, err) < 0)
        return -1;
    buf_printf(&cli->out, "authority %.16s is removed\n", record.fingerprint);
    return trust_all(cli, err);
}
