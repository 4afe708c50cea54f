/* cmd_cert - certificates of correspondents and users. */
#include "cli/certbook.h"

#include "base/io.h"
#include "base/json.h"

#include <limits.h>
#include <string.h>

/* ---- import ---- */

struct file {
    const char *path;
    struct buf bytes;
};

static int put_cert(struct cli *cli, const struct imported *file, struct cert *cert, const char *for_addr,
                    struct err *err)
{
    const struct cert_info *info = cert_info(cert);
    struct cert_record record = certbook_record(cli, cert, CERT_IMPORTED);
    const char *trust;
    if (!info->supported || (info->usage & (CERT_SIGN | CERT_ENCRYPT)) == 0)
        return err_set(err, ERR_KEY_UNUSABLE, "certificate %.16s (%s): %s", info->fingerprint, info->subject,
                       info->supported ? "not made for e-mail" : "a kind of key that is not supported");
    if (for_addr != NULL) {
        record.trust = TRUST_TRUSTED;
        record.pinned = true;
        if (certbook_add_address(cli, &record, for_addr, err) < 0)
            return -1;
    }
    if (trust_record(cli, file, cert, &record, &trust, err) < 0)
        return -1;
    if (record.naddrs == 0)
        return err_set(err, ERR_KEY_UNUSABLE,
                       "certificate %.16s (%s) names no address; give it one: --for ADDR", info->fingerprint,
                       info->subject);
    if (store_put_cert(cli->store, &record, err) < 0)
        return -1;
    buf_printf(&cli->out, "certificate %.16s of %s: %s\n", record.fingerprint,
               cli_join(cli, record.addrs, record.naddrs), trust);
    if (record.trust == TRUST_UNTRUSTED)
        buf_printf(&cli->out,
                   "next: sealadm ca add FILE --trust, with its authority; or sealadm cert trust %.16s\n",
                   record.fingerprint);
    return 0;
}

static size_t count_others(const struct imported *file)
{
    size_t n = 0;
    for (size_t i = 0; i < file->ncerts; i++)
        n += (cert_info(file->certs[i])->usage & CERT_CA) == 0;
    return n;
}

static int put_certs(struct cli *cli, const struct imported *file, const char *for_addr, struct err *err)
{
    if (file->pkcs8.len > 0)
        return err_set(err, ERR_UNSUPPORTED, "holds a private key; use sealadm key import");
    size_t n = count_others(file);
    if (n == 0)
        return err_set(err, ERR_KEY_UNUSABLE, "holds only certification authorities; use sealadm ca add");
    if (n > 1 && for_addr != NULL)
        return err_set(err, ERR_AMBIGUOUS, "holds %zu certificates; with --for a file holds one", n);
    if (trust_learn(cli, file, err) < 0)
        return -1;
    for (size_t i = 0; i < file->ncerts; i++)
        if ((cert_info(file->certs[i])->usage & CERT_CA) == 0 &&
            put_cert(cli, file, file->certs[i], for_addr, err) < 0)
            return -1;
    return 0;
}

static int import_file(struct cli *cli, const struct file *file, const char *for_addr, struct err *err)
{
    SEAL_CLEANUP(imported_fini) struct imported imported = {.ncerts = 0};
    if (import_bytes(buf_span(&file->bytes), NULL, &imported, err) == 0 &&
        put_certs(cli, &imported, for_addr, err) == 0)
        return 0;
    if (err->code == ERR_PASSPHRASE)
        return err_wrap(err, "%s: for a file with a private key use sealadm key import", file->path);
    return err_wrap(err, "%s", file->path);
}

/* A file that is wrong does not keep the others out. */
static int import_files(struct cli *cli, const struct file *files, size_t n, const char *for_addr,
                        struct err *err)
{
    size_t failed = 0;
    for (size_t i = 0; i < n; i++) {
        struct err one = ERR_INIT;
        if (import_file(cli, &files[i], for_addr, &one) == 0)
            continue;
        if (n == 1 || err_class(one.code) != ERR_CLASS_PERMANENT)
            return err_set(err, one.code, "%s", one.msg);
        buf_printf(&cli->out, "not imported: %s\n", one.msg);
        failed++;
    }
    return failed == 0 ? 0 : err_set(err, ERR_SYNTAX, "%zu of %zu files not imported, see above", failed, n);
}

int cmd_cert_import(struct cli *cli, int argc, char **argv, struct err *err)
{
    const char *option = NULL, *for_addr = NULL;
    const struct cli_option options[] = {{.name = "--for", .value = &option}};
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 1, INT_MAX, err) < 0 ||
        (option != NULL && cli_address_or_domain(cli, option, &for_addr, err) < 0))
        return -1;
    size_t n = (size_t)argc;
    struct file *files = arena_array(cli->arena, n, sizeof *files);
    int status = 0;
    for (size_t i = 0; i < n && status == 0; i++) {
        files[i] = (struct file){.path = argv[i], .bytes = BUF_INIT(IMPORT_MAX)};
        status = io_read_file(argv[i], &files[i].bytes, err);
    }
    if (status == 0)
        status = cli_open_store(cli, CLI_DROP, err);
    if (status == 0)
        status = import_files(cli, files, n, for_addr, err);
    for (size_t i = 0; i < n; i++)
        buf_fini(&files[i].bytes);
    return status;
}

/* ---- list and show ---- */

static int write_json(struct cli *cli, struct json *json, const struct cert_record *record, struct err *err)
{
    struct cert *cert = NULL;
    if (cert_parse(record->der, &cert, err) < 0)
        return err_wrap(err, "certificate %.16s", record->fingerprint);
    const struct cert_info *info = cert_info(cert);
    enum find key = certbook_has_key(cli, record->fingerprint, err);
    json_object_begin(json, NULL);
    json_string(json, "fingerprint", record->fingerprint);
    json_array_begin(json, "addresses");
    for (size_t i = 0; i < record->naddrs; i++)
        json_string(json, NULL, record->addrs[i]);
    json_array_end(json);
    json_string(json, "subject", info->subject);
    json_string(json, "issuer", info->issuer);
    json_string(json, "serial", info->serial);
    json_string(json, "not_before", cli_time(cli, record->not_before));
    json_string(json, "not_after", cli_time(cli, record->not_after));
    json_string(json, "key", certbook_key_text(cli, info));
    json_bool(json, "may_sign", (record->usage & CERT_SIGN) != 0);
    json_bool(json, "may_encrypt", (record->usage & CERT_ENCRYPT) != 0);
    json_string(json, "trust", trust_name(record->trust));
    json_bool(json, "by_hand", record->pinned);
    json_bool(json, "chain_ok", record->chain_ok);
    json_string(json, "source", cert_source_name(record->source));
    json_bool(json, "private_key", key == FIND_FOUND);
    json_string(json, "first_seen", cli_time(cli, record->first_seen));
    json_string(json, "last_seen", cli_time(cli, record->last_seen));
    json_object_end(json);
    cert_free(&cert);
    return key == FIND_FAILED ? -1 : 0;
}

static int print_json(struct cli *cli, const struct cert_record *records, size_t n, struct err *err)
{
    struct json json = JSON_INIT(&cli->out);
    json_object_begin(&json, NULL);
    json_array_begin(&json, "certificates");
    for (size_t i = 0; i < n; i++)
        if (write_json(cli, &json, &records[i], err) < 0)
            return -1;
    json_array_end(&json);
    json_object_end(&json);
    return 0;
}

static const char *trust_text(const struct cert_record *record)
{
    if (record->trust == TRUST_TRUSTED)
        return record->pinned ? "trusted by hand" : "trusted by chain";
    return trust_name(record->trust);
}

static void print_line(struct cli *cli, const struct cert_record *record)
{
    buf_printf(&cli->out, "%.16s  %-16s  until %s%s  %s %-4u  %s\n", record->fingerprint, trust_text(record),
               cli_date(cli, record->not_after), record->not_after < cli->now ? " (expired)" : "",
               record->key_kind, record->key_bits, cli_join(cli, record->addrs, record->naddrs));
}

int cmd_cert_list(struct cli *cli, int argc, char **argv, struct err *err)
{
    const struct cli_option options[] = {CLI_JSON_OPTION(cli)};
    const char *addr = NULL;
    struct cert_record *records;
    size_t n;
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 0, 1, err) < 0 ||
        (argc == 1 && cli_address_or_domain(cli, argv[0], &addr, err) < 0) ||
        cli_open_store(cli, CLI_DROP, err) < 0 ||
        (addr == NULL ? store_certs(cli->read, &records, &n, err)
                      : store_certs_of(cli->read, addr, &records, &n, err)) < 0)
        return -1;
    if (cli->json)
        return print_json(cli, records, n, err);
    for (size_t i = 0; i < n; i++)
        print_line(cli, &records[i]);
    return 0;
}

/* A command's only operand is a fingerprint; the store is open then. */
static int open_cert(struct cli *cli, int argc, char **argv, struct cert_record *record, struct cert **out,
                     struct err *err)
{
    const struct cli_option options[] = {CLI_JSON_OPTION(cli)};
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 1, 1, err) < 0 ||
        cli_open_store(cli, CLI_DROP, err) < 0)
        return -1;
    return certbook_get(cli, argv[0], record, out, err);
}

int cmd_cert_show(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct cert_record record;
    struct cert *cert = NULL;
    if (open_cert(cli, argc, argv, &record, &cert, err) < 0)
        return -1;
    int status = 0;
    if (cli->json) {
        status = print_json(cli, &record, 1, err);
    } else {
        cert_print(cert, &cli->out);
        buf_printf(&cli->out, "used for: %s\ntrust: %s\nsource: %s\nseen: %s to %s\n",
                   cli_join(cli, record.addrs, record.naddrs), trust_text(&record),
                   cert_source_name(record.source), cli_date(cli, record.first_seen),
                   cli_date(cli, record.last_seen));
    }
    cert_free(&cert);
    return status;
}

/* ---- the others ---- */

static int set_trust(struct cli *cli, int argc, char **argv, enum trust trust, struct err *err)
{
    char fingerprint[HASH_HEX_SIZE];
    if (cli_operands(cli, NULL, 0, &argc, argv, 1, 1, err) < 0 || cli_open_store(cli, CLI_DROP, err) < 0 ||
        certbook_find(cli, STORE_CERT, argv[0], fingerprint, err) < 0 ||
        store_set_trust(cli->store, fingerprint, trust, err) < 0)
        return -1;
    buf_printf(&cli->out, "certificate %.16s is %s by hand\n", fingerprint, trust_name(trust));
    return 0;
}

int cmd_cert_trust(struct cli *cli, int argc, char **argv, struct err *err)
{
    return set_trust(cli, argc, argv, TRUST_TRUSTED, err);
}

int cmd_cert_reject(struct cli *cli, int argc, char **argv, struct err *err)
{
    return set_trust(cli, argc, argv, TRUST_REJECTED, err);
}

int cmd_cert_export(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct cert_record record;
    struct cert *cert = NULL;
    if (cli_operands(cli, NULL, 0, &argc, argv, 1, 1, err) < 0 || cli_open_store(cli, CLI_DROP, err) < 0 ||
        certbook_get(cli, argv[0], &record, &cert, err) < 0)
        return -1;
    int status = export_pem(cert, &cli->out, err);
    cert_free(&cert);
    return status;
}

int cmd_cert_delete(struct cli *cli, int argc, char **argv, struct err *err)
{
    char fingerprint[HASH_HEX_SIZE];
    if (cli_operands(cli, NULL, 0, &argc, argv, 1, 1, err) < 0 || cli_open_store(cli, CLI_DROP, err) < 0 ||
        certbook_find(cli, STORE_CERT, argv[0], fingerprint, err) < 0 ||
        store_delete_cert(cli->store, fingerprint, err) < 0)
        return -1;
    buf_printf(&cli->out, "certificate %.16s is deleted\n", fingerprint);
    return 0;
}
