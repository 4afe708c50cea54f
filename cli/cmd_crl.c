/* cmd_crl - certificate revocation lists, as the administrator got them from an authority. */
#include "cli/certbook.h"

#include "base/io.h"
#include "base/json.h"
#include "smime/crl.h"

#include <stdlib.h>
#include <string.h>

#define CLOCK_SKEW 300

/* ---- import ---- */

struct authorities {
    struct cert **certs;
    size_t n;
};

static void authorities_fini(struct authorities *all)
{
    for (size_t i = 0; i < all->n; i++)
        cert_free(&all->certs[i]);
    free(all->certs);
}

static int read_authorities(struct cli *cli, struct authorities *out, struct err *err)
{
    struct ca_record *records;
    size_t n;
    if (store_cas(cli->read, &records, &n, err) < 0)
        return -1;
    out->certs = xcalloc(n + 1, sizeof(struct cert *));
    for (; out->n < n; out->n++)
        if (cert_parse(records[out->n].der, &out->certs[out->n], err) < 0)
            return err_wrap(err, "authority %.16s", records[out->n].fingerprint);
    return 0;
}

static int store_list_of(struct cli *cli, const struct crl_info *info, struct span der, struct err *err)
{
    const struct crl_record record = {.id = info->id,
                                      .fingerprint = info->fingerprint,
                                      .signer = info->signer,
                                      .issuer = info->issuer,
                                      .this_update = info->this_update,
                                      .next_update = info->next_update,
                                      .entries = info->entries,
                                      .imported = cli->now};
    if (info->this_update > cli->now + CLOCK_SKEW)
        return err_set(err, ERR_SYNTAX, "revocation list of the future (%s): compare this host's clock",
                       cli_time(cli, info->this_update));
    if (store_put_crl(cli->store, &record, der, err) < 0)
        return -1;
    buf_printf(&cli->out, "revocation list %.16s (%s): %u certificates, next update %s%s\n", info->id,
               info->issuer, info->entries, cli_time(cli, info->next_update),
               info->next_update <= cli->now ? " (outdated)" : "");
    return 0;
}

static int import_one(struct cli *cli, const struct authorities *all, struct span der, struct err *err)
{
    char signer[HASH_HEX_SIZE];
    struct crl *crl = NULL;
    if (crl_find_signer(der, all->certs, all->n, signer, err) < 0 || crl_parse(der, signer, &crl, err) < 0)
        return -1;
    int status = store_list_of(cli, crl_info(crl), der, err);
    crl_free(&crl);
    return status;
}

static int import_file(struct cli *cli, const struct authorities *all, struct span bytes, struct err *err)
{
    SEAL_CLEANUP(crl_file_fini) struct crl_file file = {.n = 0};
    if (crl_file_read(bytes, &file, err) < 0)
        return -1;
    for (size_t i = 0; i < file.n; i++)
        if (import_one(cli, all, buf_span(&file.lists[i]), err) < 0)
            return -1;
    return 0;
}

/* Files are read before we become somebody who perhaps may not. */
static int import_files(struct cli *cli, struct buf *files, char **names, size_t n, struct err *err)
{
    SEAL_CLEANUP(authorities_fini) struct authorities all = {.n = 0};
    for (size_t i = 0; i < n; i++) {
        files[i] = (struct buf)BUF_INIT(CRL_FILE_MAX);
        if (io_read_file(names[i], &files[i], err) < 0)
            return -1;
    }
    if (cli_open_store(cli, CLI_DROP, err) < 0 || read_authorities(cli, &all, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (import_file(cli, &all, buf_span(&files[i]), err) < 0)
            return err_wrap(err, "%s", names[i]);
    return trust_all(cli, err);
}

int cmd_crl_import(struct cli *cli, int argc, char **argv, struct err *err)
{
    if (cli_operands(cli, NULL, 0, &argc, argv, 1, CRL_FILE_LISTS, err) < 0)
        return -1;
    struct buf *files = xcalloc((size_t)argc, sizeof *files);
    int status = import_files(cli, files, argv, (size_t)argc, err);
    for (int i = 0; i < argc; i++)
        buf_fini(&files[i]);
    free(files);
    return status;
}

/* ---- list ---- */

static void print_text(struct cli *cli, const struct crl_record *record)
{
    buf_printf(&cli->out, "%.16s  %7u  next update %s%s  %s\n", record->id, record->entries,
               cli_time(cli, record->next_update), record->next_update <= cli->now ? " (outdated)" : "",
               cli_clean(cli, record->issuer));
}

static void print_json(struct cli *cli, struct json *json, const struct crl_record *record)
{
    json_object_begin(json, NULL);
    json_string(json, "id", record->id);
    json_string(json, "fingerprint", record->fingerprint);
    json_string(json, "issuer", record->issuer);
    json_string(json, "this_update", cli_time(cli, record->this_update));
    json_string(json, "next_update", cli_time(cli, record->next_update));
    json_bool(json, "outdated", record->next_update <= cli->now);
    json_int(json, "certificates", record->entries);
    json_int(json, "octets", record->size);
    json_string(json, "imported", cli_time(cli, record->imported));
    json_object_end(json);
}

int cmd_crl_list(struct cli *cli, int argc, char **argv, struct err *err)
{
    const struct cli_option options[] = {CLI_JSON_OPTION(cli)};
    struct crl_record *records;
    size_t n;
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 0, 0, err) < 0 ||
        cli_open_store(cli, CLI_DROP, err) < 0 || store_crls(cli->read, &records, &n, err) < 0)
        return -1;
    for (size_t i = 0; !cli->json && i < n; i++)
        print_text(cli, &records[i]);
    if (!cli->json)
        return 0;
    struct json json = JSON_INIT(&cli->out);
    json_object_begin(&json, NULL);
    json_array_begin(&json, "lists");
    for (size_t i = 0; i < n; i++)
        print_json(cli, &json, &records[i]);
    json_array_end(&json);
    json_object_end(&json);
    return 0;
}

/* ---- remove ---- */

int cmd_crl_remove(struct cli *cli, int argc, char **argv, struct err *err)
{
    char id[HASH_HEX_SIZE];
    if (cli_operands(cli, NULL, 0, &argc, argv, 1, 1, err) < 0 || cli_open_store(cli, CLI_DROP, err) < 0 ||
        certbook_find(cli, STORE_CRL, argv[0], id, err) < 0 || store_delete_crl(cli->store, id, err) < 0)
        return -1;
    buf_printf(&cli->out, "revocation list %.16s is removed\n", id);
    return trust_all(cli, err);
}
