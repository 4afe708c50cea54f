/* cmd_key - private keys of both methods: from files of others, and listed. */
#include "cli/keys.h"
#include "cli/own_pgp.h"
#include "cli/secrets.h"

#include "base/json.h"

#include <string.h>

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

static int put_imported(struct cli *cli, const struct token_master *token, const struct imported *file,
                        const char *asked, struct err *err)
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
        store_put_cert(cli->store, &record, err) < 0 ||
        keys_put(cli, token, owner, cert, &file->pkcs8, err) < 0)
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

static int import_x509(struct cli *cli, const struct token_master *token, const struct secret *bytes,
                       const struct secret *passphrase, const char *owner, struct err *err)
{
    SEAL_CLEANUP(imported_fini) struct imported imported = {.ncerts = 0};
    if (read_key(bytes, passphrase, &imported, err) < 0)
        return -1;
    return put_imported(cli, token, &imported, owner, err);
}

static int import_openpgp(struct cli *cli, enum pgpbook_kind kind, struct span octets,
                          struct secret *passphrase, const char *owner, struct err *err)
{
    if (kind != PGPBOOK_SECRET)
        return err_set(err, ERR_ABSENT, "holds no private key; for public keys use sealadm cert import");
    return own_pgp_import(cli, octets, passphrase, owner, err);
}

int cmd_key_import(struct cli *cli, int argc, char **argv, struct err *err)
{
    const char *user = NULL, *passphrase_file = NULL, *owner = NULL;
    const struct cli_option options[] = {{.name = "--user", .value = &user},
                                         {.name = "--passphrase-file", .value = &passphrase_file}};
    SEAL_CLEANUP(secret_fini) struct secret bytes = {.ptr = NULL};
    SEAL_CLEANUP(secret_fini) struct secret passphrase = {.ptr = NULL};
    SEAL_CLEANUP(token_master_fini) struct token_master token = {.key = NULL};
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 1, 1, err) < 0 ||
        (user != NULL && cli_address_or_domain(cli, user, &owner, err) < 0) ||
        (passphrase_file != NULL && secrets_read_passphrase(passphrase_file, &passphrase, err) < 0) ||
        secrets_read_file(argv[0], &bytes, err) < 0 || token_master_find(cli, &token, err) < 0 ||
        secrets_open_store(cli, CLI_DROP, err) < 0)
        return -1;
    struct span span = {(const char *)bytes.ptr, bytes.len}, octets;
    enum pgpbook_kind kind = pgpbook_recognise(cli, span, &octets);
    int status = kind == PGPBOOK_NONE ? import_x509(cli, &token, &bytes, &passphrase, owner, err)
                                      : import_openpgp(cli, kind, octets, &passphrase, owner, err);
    return status < 0 ? err_wrap(err, "%s", argv[0]) : 0;
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
