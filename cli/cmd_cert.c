/* cmd_cert - certificates and OpenPGP keys of correspondents and users: listed, shown, trusted, given out, forgotten. */
#include "cli/certbook.h"
#include "cli/pgpbook.h"
#include "openpgp/certify.h"

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

struct found {
    struct cert_record *certs;
    size_t ncerts;
    struct pgp_record *keys;
    size_t nkeys;
};

static int print_json(struct cli *cli, const struct found *found, struct err *err)
{
    struct json json = JSON_INIT(&cli->out);
    json_object_begin(&json, NULL);
    json_array_begin(&json, "certificates");
    for (size_t i = 0; i < found->ncerts; i++)
        if (write_json(cli, &json, &found->certs[i], err) < 0)
            return -1;
    json_array_end(&json);
    json_array_begin(&json, "openpgp_keys");
    for (size_t i = 0; i < found->nkeys; i++)
        if (pgpbook_write_json(cli, &json, &found->keys[i], err) < 0)
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

static int find_all(struct cli *cli, struct found *out, struct err *err)
{
    return store_certs(cli->read, &out->certs, &out->ncerts, err) < 0 ||
                   store_pgps(cli->read, &out->keys, &out->nkeys, err) < 0
               ? -1
               : 0;
}

static int find_of(struct cli *cli, const char *addr, struct found *out, struct err *err)
{
    return store_certs_of(cli->read, addr, &out->certs, &out->ncerts, err) < 0 ||
                   store_pgp_of(cli->read, addr, &out->keys, &out->nkeys, err) < 0
               ? -1
               : 0;
}

int cmd_cert_list(struct cli *cli, int argc, char **argv, struct err *err)
{
    const struct cli_option options[] = {CLI_JSON_OPTION(cli)};
    const char *addr = NULL;
    struct found found;
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 0, 1, err) < 0 ||
        (argc == 1 && cli_address_or_domain(cli, argv[0], &addr, err) < 0) ||
        cli_open_store(cli, CLI_DROP, err) < 0 ||
        (addr == NULL ? find_all(cli, &found, err) : find_of(cli, addr, &found, err)) < 0)
        return -1;
    if (cli->json)
        return print_json(cli, &found, err);
    for (size_t i = 0; i < found.ncerts; i++)
        print_line(cli, &found.certs[i]);
    for (size_t i = 0; i < found.nkeys; i++)
        pgpbook_print_line(cli, &found.keys[i]);
    return 0;
}

/* ---- one of them ---- */

/* A command's only operand is a fingerprint; the store is open then. kind_out: STORE_CERT or STORE_PGP. */
static int find_operand(struct cli *cli, const struct cli_option *options, size_t noptions, int argc,
                        char **argv, enum store_kind *kind_out, char fingerprint[HASH_HEX_SIZE],
                        struct err *err)
{
    if (cli_operands(cli, options, noptions, &argc, argv, 1, 1, err) < 0 ||
        cli_open_store(cli, CLI_DROP, err) < 0)
        return -1;
    return certbook_find_either(cli, STORE_CERT, argv[0], kind_out, fingerprint, err);
}

static const char *describe(struct cli *cli, enum store_kind kind, const char *fingerprint)
{
    return kind == STORE_CERT ? arena_printf(cli->arena, "certificate %.16s", fingerprint)
                              : arena_printf(cli->arena, "OpenPGP key %s", fingerprint);
}

static int show_cert(struct cli *cli, const char *fingerprint, struct err *err)
{
    struct cert_record record;
    struct cert *cert = NULL;
    if (certbook_get(cli, fingerprint, &record, &cert, err) < 0)
        return -1;
    cert_print(cert, &cli->out);
    buf_printf(&cli->out, "used for: %s\ntrust: %s\nsource: %s\nseen: %s to %s\n",
               cli_join(cli, record.addrs, record.naddrs), trust_text(&record),
               cert_source_name(record.source), cli_date(cli, record.first_seen),
               cli_date(cli, record.last_seen));
    cert_free(&cert);
    return 0;
}

int cmd_cert_show(struct cli *cli, int argc, char **argv, struct err *err)
{
    const struct cli_option options[] = {CLI_JSON_OPTION(cli)};
    char fingerprint[HASH_HEX_SIZE];
    enum store_kind kind;
    struct cert_record cert;
    struct pgp_record key;
    if (find_operand(cli, options, SEAL_COUNT(options), argc, argv, &kind, fingerprint, err) < 0 ||
        (kind == STORE_CERT ? store_find_cert(cli->read, fingerprint, &cert, err)
                            : store_find_pgp(cli->read, fingerprint, &key, err)) != FIND_FOUND)
        return -1;
    const struct found found = {
        .certs = &cert, .ncerts = kind == STORE_CERT, .keys = &key, .nkeys = kind == STORE_PGP};
    if (cli->json)
        return print_json(cli, &found, err);
    if (kind == STORE_CERT)
        return show_cert(cli, fingerprint, err);
    pgpbook_print(cli, &key);
    return 0;
}

static int set_trust(struct cli *cli, int argc, char **argv, enum trust trust, struct err *err)
{
    char fingerprint[HASH_HEX_SIZE];
    enum store_kind kind;
    if (find_operand(cli, NULL, 0, argc, argv, &kind, fingerprint, err) < 0 ||
        (kind == STORE_CERT ? store_set_trust(cli->store, fingerprint, trust, err)
                            : store_set_pgp_trust(cli->store, fingerprint, trust, err)) < 0)
        return -1;
    buf_printf(&cli->out, "%s is %s by hand\n", describe(cli, kind, fingerprint), trust_name(trust));
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

static int export_cert(struct cli *cli, const char *fingerprint, struct err *err)
{
    struct cert_record record;
    struct cert *cert = NULL;
    if (certbook_get(cli, fingerprint, &record, &cert, err) < 0)
        return -1;
    int status = export_pem(cert, &cli->out, err);
    cert_free(&cert);
    return status;
}

int cmd_cert_export(struct cli *cli, int argc, char **argv, struct err *err)
{
    char fingerprint[HASH_HEX_SIZE];
    enum store_kind kind;
    struct pgp_record key;
    if (find_operand(cli, NULL, 0, argc, argv, &kind, fingerprint, err) < 0)
        return -1;
    if (kind == STORE_CERT)
        return export_cert(cli, fingerprint, err);
    if (store_find_pgp(cli->read, fingerprint, &key, err) != FIND_FOUND)
        return -1;
    SEAL_CLEANUP(buf_fini) struct buf whole = BUF_INIT(PGP_KEY_SIZE_MAX + CERTIFIED_MAX);
    pgp_certified_join(key.key, key.certified, &whole);
    if (buf_check(&whole, err) < 0)
        return -1;
    return pgpbook_add_armor(cli, buf_span(&whole), ARMOR_PUBLIC, &cli->out, err);
}

int cmd_cert_delete(struct cli *cli, int argc, char **argv, struct err *err)
{
    char fingerprint[HASH_HEX_SIZE];
    enum store_kind kind;
    if (find_operand(cli, NULL, 0, argc, argv, &kind, fingerprint, err) < 0 ||
        (kind == STORE_CERT ? store_delete_cert(cli->store, fingerprint, err)
                            : store_delete_pgp(cli->store, fingerprint, err)) < 0)
        return -1;
    buf_printf(&cli->out, "%s is deleted\n", describe(cli, kind, fingerprint));
    return 0;
}
