/* cmd_key_list - private keys of both methods, listed. */
#include "cli/keys.h"
#include "cli/own_pgp.h"

#include "base/json.h"

static void print_text(struct cli *cli, const struct key_record *key, const struct cert_record *cert)
{
    buf_printf(&cli->out, "%.16s  %s  since %s", key->fingerprint,
               *key->owner == '\0' ? "(own CA)" : key->owner, cli_date(cli, key->created));
    if (cert != NULL)
        buf_printf(&cli->out, "  %s %u  %s  until %s%s", cert->key_kind, cert->key_bits,
                   trust_name(cert->trust), cli_date(cli, cert->not_after),
                   cert->not_after < cli->now ? " (expired)" : "");
    else if (*key->owner != '\0')
        buf_add_str(&cli->out, "  without certificate");
    if (key->uri != NULL)
        buf_printf(&cli->out, "  %s", cli_clean(cli, key->uri));
    buf_add_char(&cli->out, '\n');
}

static void print_json(struct cli *cli, struct json *json, const struct key_record *key,
                       const struct cert_record *cert)
{
    json_object_begin(json, NULL);
    json_string(json, "fingerprint", key->fingerprint);
    json_string(json, "owner", *key->owner == '\0' ? NULL : key->owner);
    json_string(json, "created", cli_time(cli, key->created));
    json_string(json, "token", key->uri);
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

static void print_own_text(struct cli *cli, const struct pgp_own_record *own, const struct pgp_record *key)
{
    buf_printf(&cli->out, "%s  %s  since %s  OpenPGP %s  %s%s\n", own->fingerprint, own->owner,
               cli_date(cli, own->created), key == NULL ? "?" : pgpbook_key_text(cli, key),
               key == NULL ? "its public key is gone" : pgpbook_until_text(cli, key),
               own_pgp_is_missing(cli->settings, own) ? "  (its secret key is missing: sealadm init)" : "");
}

static void print_own_json(struct cli *cli, struct json *json, const struct pgp_own_record *own,
                           const struct pgp_record *key)
{
    json_object_begin(json, NULL);
    json_string(json, "fingerprint", own->fingerprint);
    json_string(json, "owner", own->owner);
    json_string(json, "created", cli_time(cli, own->created));
    json_string(json, "expires", key == NULL || key->expires == 0 ? NULL : cli_time(cli, key->expires));
    json_bool(json, "revoked", key != NULL && key->revoked);
    json_bool(json, "missing", own_pgp_is_missing(cli->settings, own));
    json_object_end(json);
}

static int print_own(struct cli *cli, struct json *json, const struct pgp_own_record *own, struct err *err)
{
    struct pgp_record key;
    enum find found = store_find_pgp(cli->read, own->fingerprint, &key, err);
    if (found == FIND_FAILED)
        return -1;
    if (cli->json)
        print_own_json(cli, json, own, found == FIND_FOUND ? &key : NULL);
    else
        print_own_text(cli, own, found == FIND_FOUND ? &key : NULL);
    return 0;
}

struct found {
    struct key_record *keys;
    size_t nkeys;
    struct pgp_own_record *owns;
    size_t nowns;
};

static int find_keys(struct cli *cli, const char *addr, struct found *out, struct err *err)
{
    if (addr == NULL)
        return store_keys(cli->read, &out->keys, &out->nkeys, err) < 0 ||
                       store_pgp_owns(cli->read, &out->owns, &out->nowns, err) < 0
                   ? -1
                   : 0;
    return store_keys_of(cli->read, addr, &out->keys, &out->nkeys, err) < 0 ||
                   store_pgp_own_of(cli->read, addr, &out->owns, &out->nowns, err) < 0
               ? -1
               : 0;
}

static int print_keys(struct cli *cli, struct json *json, const struct found *found, struct err *err)
{
    for (size_t i = 0; i < found->nkeys; i++)
        if (print_key(cli, json, &found->keys[i], err) < 0)
            return -1;
    if (cli->json) {
        json_array_end(json);
        json_array_begin(json, "openpgp_keys");
    }
    for (size_t i = 0; i < found->nowns; i++)
        if (print_own(cli, json, &found->owns[i], err) < 0)
            return -1;
    return 0;
}

int cmd_key_list(struct cli *cli, int argc, char **argv, struct err *err)
{
    const struct cli_option options[] = {CLI_JSON_OPTION(cli)};
    const char *addr = NULL;
    struct found found;
    struct json json = JSON_INIT(&cli->out);
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 0, 1, err) < 0 ||
        (argc == 1 && cli_address_or_domain(cli, argv[0], &addr, err) < 0) ||
        cli_open_store(cli, CLI_DROP, err) < 0 || find_keys(cli, addr, &found, err) < 0)
        return -1;
    if (cli->json) {
        json_object_begin(&json, NULL);
        json_array_begin(&json, "keys");
    }
    if (print_keys(cli, &json, &found, err) < 0)
        return -1;
    if (cli->json) {
        json_array_end(&json);
        json_object_end(&json);
    }
    return 0;
}
