/* cmd_key_generate - a new key, with a certificate that the own CA issues, or for OpenPGP. */
#include "cli/keys.h"
#include "cli/own_pgp.h"
#include "cli/secrets.h"

#include "smime/ca.h"
#include "token/soft.h"

#include <stdlib.h>
#include <string.h>

#define DAYS_DEFAULT 730
#define DAY          86400

static const struct key_choice {
    const char *name;
    enum key_type type;
    unsigned bits;
} choices[] = {
    {"rsa3072", KEY_RSA, 3072}, {"rsa2048", KEY_RSA, 2048}, {"rsa4096", KEY_RSA, 4096},
    {"p256", KEY_EC_P256, 0},   {"p384", KEY_EC_P384, 0},
};

static const struct key_choice *find_choice(const char *name)
{
    for (size_t i = 0; i < SEAL_COUNT(choices); i++)
        if (name == NULL || strcmp(choices[i].name, name) == 0)
            return &choices[i];
    return NULL;
}

static const struct pgp_choice {
    const char *name;
    enum pgp_key_kind kind;
} pgp_choices[] = {{"ed25519", PGP_ED25519}, {"rsa3072", PGP_RSA3072}, {"rsa4096", PGP_RSA4096}};

static const struct pgp_choice *find_pgp_choice(const char *name)
{
    for (size_t i = 0; i < SEAL_COUNT(pgp_choices); i++)
        if (name == NULL || strcmp(pgp_choices[i].name, name) == 0)
            return &pgp_choices[i];
    return NULL;
}

static int parse_days(const char *text, int64_t *out, struct err *err)
{
    char *end = NULL;
    long days = text == NULL ? DAYS_DEFAULT : strtol(text, &end, 10);
    if ((end != NULL && (*end != '\0' || end == text)) || days < 1 || days > CA_DAYS)
        return err_set(err, ERR_USAGE, "--days %s: a number from 1 to %d is wanted", text, CA_DAYS);
    *out = days;
    return 0;
}

static int find_own_ca(struct cli *cli, struct ca_record *out, struct err *err)
{
    struct ca_record *records;
    size_t n;
    if (store_cas(cli->read, &records, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (records[i].own) {
            *out = records[i];
            return 0;
        }
    }
    return err_set(err, ERR_ABSENT, "there is no own CA; next: sealadm init");
}

static int open_own_ca(struct cli *cli, const struct ca_record *record, struct cert **cert_out,
                       struct key **key_out, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret master = {.ptr = NULL};
    struct key_record key;
    switch (store_find_key(cli->read, record->fingerprint, &key, err)) {
    case FIND_FOUND:
        break;
    case FIND_ABSENT:
        return err_set(err, ERR_STORE_DAMAGED, "the own CA %.16s has no key: restore the store from a backup",
                       record->fingerprint);
    case FIND_FAILED:
        return -1;
    }
    if (secrets_read_master(cli, &master, err) < 0 || cert_parse(record->der, cert_out, err) < 0)
        return -1;
    return soft_open(&master, key.owner, key.public_key, key.wrapped, key_out, err);
}

static int issue(struct cli *cli, const char *addr, int64_t days, const struct secret *pkcs8, struct cert *ca,
                 struct key *ca_key, struct cert **out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf public = BUF_INIT(CERT_DER_MAX);
    struct user_record user = {.name = ""};
    if (soft_public(pkcs8, &public, err) < 0 || store_find_user(cli->read, addr, &user, err) == FIND_FAILED)
        return -1;
    const struct ca_request request = {.addr = addr,
                                       .name = *user.name == '\0' ? NULL : user.name,
                                       .public_key = buf_span(&public),
                                       .not_before = cli->now,
                                       .not_after = cli->now + days * DAY};
    return ca_issue(ca, ca_key, &request, out, err);
}

static int put_issued(struct cli *cli, const char *addr, struct cert *cert, const struct secret *pkcs8,
                      struct err *err)
{
    struct cert_record record = certbook_record(cli, cert, CERT_ISSUED);
    const struct imported alone = {.certs = &cert, .ncerts = 1};
    const char *trust;
    if (trust_record(cli, &alone, cert, &record, &trust, err) < 0 ||
        store_put_cert(cli->store, &record, err) < 0 || keys_put(cli, addr, cert, pkcs8, err) < 0)
        return -1;
    keys_say(cli, cert, &record, addr, trust);
    return keys_say_next(cli, addr, err);
}

static int generate(struct cli *cli, const char *addr, const struct key_choice *choice, int64_t days,
                    struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret pkcs8 = {.ptr = NULL};
    struct ca_record record = {.fingerprint = NULL};
    struct cert *ca = NULL, *cert = NULL;
    struct key *ca_key = NULL;
    int status = find_own_ca(cli, &record, err) == 0 && open_own_ca(cli, &record, &ca, &ca_key, err) == 0 &&
                         soft_generate(choice->type, choice->bits, &pkcs8, err) == 0 &&
                         issue(cli, addr, days, &pkcs8, ca, ca_key, &cert, err) == 0 &&
                         put_issued(cli, addr, cert, &pkcs8, err) == 0
                     ? 0
                     : -1;
    cert_free(&cert);
    key_free(&ca_key);
    cert_free(&ca);
    return status;
}

static int generate_openpgp(struct cli *cli, const char *addr, const char *type, int64_t days,
                            struct err *err)
{
    const struct pgp_choice *choice = find_pgp_choice(type);
    if (choice == NULL)
        return err_set(err, ERR_USAGE, "--type %s: ed25519, rsa3072 or rsa4096 is wanted", type);
    if (secrets_open_store(cli, CLI_DROP, err) < 0)
        return -1;
    return own_pgp_generate(cli, addr, choice->kind, days * DAY, err);
}

static int generate_x509(struct cli *cli, const char *addr, const char *type, int64_t days, struct err *err)
{
    const struct key_choice *choice = find_choice(type);
    if (choice == NULL)
        return err_set(err, ERR_USAGE, "--type %s: rsa2048, rsa3072, rsa4096, p256 or p384 is wanted", type);
    if (secrets_open_store(cli, CLI_DROP, err) < 0)
        return -1;
    return generate(cli, addr, choice, days, err);
}

int cmd_key_generate(struct cli *cli, int argc, char **argv, struct err *err)
{
    const char *type = NULL, *days_text = NULL, *addr;
    int64_t days = 0;
    bool openpgp = false;
    const struct cli_option options[] = {{.name = "--type", .value = &type},
                                         {.name = "--days", .value = &days_text},
                                         {.name = "--openpgp", .flag = &openpgp}};
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 1, 1, err) < 0 ||
        cli_address(cli, argv[0], &addr, err) < 0 || parse_days(days_text, &days, err) < 0)
        return -1;
    return openpgp ? generate_openpgp(cli, addr, type, days, err) : generate_x509(cli, addr, type, days, err);
}
