/* pgpbook_print - OpenPGP keys, as text and JSON. */
#include "cli/pgpbook.h"

#include "openpgp/certify.h"

#include <string.h>

const char *pgpbook_trust_text(const struct pgp_record *record)
{
    if (record->trust == TRUST_TRUSTED)
        return record->pinned ? "trusted by hand" : "trusted by source";
    return trust_name(record->trust);
}

static const char *algorithm_text(struct cli *cli, const char *algorithm, unsigned bits)
{
    bool says_bits =
        strcmp(algorithm, "rsa") != 0 && strcmp(algorithm, "dsa") != 0 && strcmp(algorithm, "elg") != 0;
    return says_bits ? algorithm : arena_printf(cli->arena, "%s %u", algorithm, bits);
}

const char *pgpbook_key_text(struct cli *cli, const struct pgp_record *record)
{
    return algorithm_text(cli, record->algorithm, record->bits);
}

const char *pgpbook_until_text(struct cli *cli, const struct pgp_record *record)
{
    if (record->revoked)
        return "revoked";
    if (record->expires == 0)
        return "for ever";
    return arena_printf(cli->arena, "until %s%s", cli_date(cli, record->expires),
                        record->expires <= cli->now ? " (expired)" : "");
}

void pgpbook_say(struct cli *cli, const struct pgp_record *record)
{
    buf_printf(&cli->out, "OpenPGP key %s of %s: %s\n", record->fingerprint,
               cli_join(cli, record->addrs, record->naddrs), pgpbook_trust_text(record));
    if (!pgp_record_encrypts(record, cli->now))
        buf_printf(&cli->out, "warning: one cannot encrypt to it (%s)\n", pgpbook_until_text(cli, record));
    if (record->trust == TRUST_UNTRUSTED)
        buf_printf(&cli->out, "next: compare the fingerprint with its owner, then sealadm cert trust %.16s\n",
                   record->fingerprint);
}

void pgpbook_print_line(struct cli *cli, const struct pgp_record *record)
{
    buf_printf(&cli->out, "%s  %-17s  %s  OpenPGP %s  %s\n", record->fingerprint, pgpbook_trust_text(record),
               pgpbook_until_text(cli, record), pgpbook_key_text(cli, record),
               cli_join(cli, record->addrs, record->naddrs));
}

static void print_encryption(struct cli *cli, const struct pgp_record *record)
{
    if (!pgp_record_encrypts(record, cli->now))
        buf_add_str(&cli->out, "one cannot encrypt to it\n");
    else
        buf_printf(&cli->out, "encrypted to: %s, %s%s\n",
                   algorithm_text(cli, record->encrypt_algorithm, record->encrypt_bits),
                   record->encrypt_until == 0 ? "for ever" : "until ",
                   record->encrypt_until == 0 ? "" : cli_date(cli, record->encrypt_until));
}

static void print_certified(struct cli *cli, const struct pgp_record *record)
{
    struct pgp_certified *list;
    size_t n = pgp_certified_list(cli->arena, record->certified, &list);
    for (size_t i = 0; i < n; i++)
        buf_printf(&cli->out, "certified: %s, by %s, %s\n",
                   cli_clean(cli, arena_spandup(cli->arena, list[i].uid)), list[i].by,
                   cli_date(cli, list[i].created));
}

static void write_certified(struct cli *cli, struct json *json, const struct pgp_record *record)
{
    struct pgp_certified *list;
    size_t n = pgp_certified_list(cli->arena, record->certified, &list);
    json_array_begin(json, "certified");
    for (size_t i = 0; i < n; i++) {
        json_object_begin(json, NULL);
        json_string(json, "user_id", cli_clean(cli, arena_spandup(cli->arena, list[i].uid)));
        json_string(json, "by", list[i].by);
        json_string(json, "created", cli_time(cli, list[i].created));
        json_object_end(json);
    }
    json_array_end(json);
}

void pgpbook_print(struct cli *cli, const struct pgp_record *record)
{
    buf_printf(&cli->out, "OpenPGP key: %s\n", record->fingerprint);
    for (size_t i = 0; i < record->nuser_ids; i++)
        buf_printf(&cli->out, "User-ID: %s\n", cli_clean(cli, record->user_ids[i]));
    buf_printf(&cli->out, "key: %s, since %s, %s\n", pgpbook_key_text(cli, record),
               cli_date(cli, record->created), pgpbook_until_text(cli, record));
    print_encryption(cli, record);
    buf_printf(&cli->out, "key ids: %s\nused for: %s\ntrust: %s\nsource: %s\nseen: %s to %s\n",
               cli_join(cli, record->keyids, record->nkeyids), cli_join(cli, record->addrs, record->naddrs),
               pgpbook_trust_text(record), pgp_source_name(record->source), cli_date(cli, record->first_seen),
               cli_date(cli, record->last_seen));
    print_certified(cli, record);
}

static void write_strings(struct json *json, const char *key, const char *const *items, size_t n)
{
    json_array_begin(json, key);
    for (size_t i = 0; i < n; i++)
        json_string(json, NULL, items[i]);
    json_array_end(json);
}

static const char *time_or_null(struct cli *cli, int64_t when)
{
    return when == 0 ? NULL : cli_time(cli, when);
}

int pgpbook_write_json(struct cli *cli, struct json *json, const struct pgp_record *record, struct err *err)
{
    struct pgp_own_record own;
    enum find secret = store_find_pgp_own(cli->read, record->fingerprint, &own, err);
    json_object_begin(json, NULL);
    json_string(json, "fingerprint", record->fingerprint);
    write_strings(json, "addresses", record->addrs, record->naddrs);
    write_strings(json, "user_ids", record->user_ids, record->nuser_ids);
    write_strings(json, "key_ids", record->keyids, record->nkeyids);
    json_string(json, "key", pgpbook_key_text(cli, record));
    json_string(json, "created", cli_time(cli, record->created));
    json_string(json, "expires", time_or_null(cli, record->expires));
    json_bool(json, "revoked", record->revoked);
    json_bool(json, "may_sign", pgp_record_signs(record, cli->now));
    json_bool(json, "may_encrypt", pgp_record_encrypts(record, cli->now));
    json_string(json, "trust", trust_name(record->trust));
    json_bool(json, "by_hand", record->pinned);
    json_string(json, "source", pgp_source_name(record->source));
    json_bool(json, "secret_key", secret == FIND_FOUND);
    json_string(json, "first_seen", cli_time(cli, record->first_seen));
    json_string(json, "last_seen", cli_time(cli, record->last_seen));
    write_certified(cli, json, record);
    json_object_end(json);
    return secret == FIND_FAILED ? -1 : 0;
}

int pgpbook_add_armor(struct cli *cli, struct span octets, enum armor_type type, struct buf *out,
                      struct err *err)
{
    const struct spool_conf conf = {
        .dir = cli->settings->state_dir, .mem_max = 4 * PGPBOOK_FILE_MAX, .size_max = 4 * PGPBOOK_FILE_MAX};
    struct spool *spool = spool_new(&conf);
    int status = armor_encode(octets, type, spool, err) < 0 || spool_seal(spool, err) < 0 ? -1 : 0;
    struct span text = status == 0 ? spool_all(spool) : SPAN_LIT("");
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '\r')
            buf_add_char(out, text.ptr[i]);
    spool_free(&spool);
    return status;
}
