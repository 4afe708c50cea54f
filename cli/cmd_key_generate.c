/* cmd_key_generate - a new key, with a certificate that the own CA issues, or for OpenPGP. */
#include "cli/keys.h"
#include "cli/own_pgp.h"
#include "cli/secrets.h"
#include "cli/tokens.h"

#include "gate/own_ca.h"
#include "smime/ca.h"
#include "token/remote.h"
#include "token/wrap.h"

#include <stdlib.h>
#include <string.h>

#define DAY        86400
#define PUBLIC_MAX 8192

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
    long days = text == NULL ? OWN_CA_DAYS : strtol(text, &end, 10);
    if ((end != NULL && (*end != '\0' || end == text)) || days < 1 || days > CA_DAYS)
        return err_set(err, ERR_USAGE, "--days %s: a number from 1 to %d is wanted", text, CA_DAYS);
    *out = days;
    return 0;
}

static int user_name(struct cli *cli, const char *addr, const char **out, struct err *err)
{
    struct user_record user = {.name = ""};
    enum find found = store_find_user(cli->read, addr, &user, err);
    *out = found == FIND_FOUND ? user.name : "";
    return found == FIND_FAILED ? -1 : 0;
}

/* Where the key is to be made; sealkeyd NULL: here. */
struct place {
    const char *uri;
    struct holder *sealkeyd;
};

static int issue_on_token(struct cli *cli, const struct place *place, const struct own_ca *ca,
                          struct holder *holder, const struct own_ca_request *request, struct cert **cert_out,
                          struct key_record *key_out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf public = BUF_INIT(PUBLIC_MAX), wrapped = BUF_INIT(WRAP_MAX);
    if (remote_generate_on_token(place->sealkeyd, request->addr, request->type, request->bits, place->uri,
                                 &public, &wrapped, err) < 0)
        return -1;
    if (own_ca_certify(ca, holder, request, buf_span(&public), buf_span(&wrapped), cli->arena, cert_out,
                       key_out, err) < 0)
        return tokens_left(cli, place->uri);
    key_out->uri = place->uri;
    return 0;
}

static int issue(struct cli *cli, const struct place *place, const struct own_ca_request *request,
                 struct cert **cert_out, struct key_record *key_out, struct err *err)
{
    SEAL_CLEANUP(holder_free) struct holder *holder = NULL;
    struct own_ca ca;
    if (own_ca_find(cli->read, &ca, err) < 0 || secrets_open_holder(cli, &holder, err) < 0)
        return -1;
    return place->sealkeyd == NULL ? own_ca_issue(&ca, holder, request, cli->arena, cert_out, key_out, err)
                                   : issue_on_token(cli, place, &ca, holder, request, cert_out, key_out, err);
}

static int put_issued(struct cli *cli, const char *addr, struct cert *cert, struct key_record *key,
                      struct err *err)
{
    struct cert_record record = certbook_record(cli, cert, CERT_ISSUED);
    const struct imported alone = {.certs = &cert, .ncerts = 1};
    const char *trust;
    key->created = cli->now;
    if (trust_record(cli, &alone, cert, &record, &trust, err) < 0 || store_put_key(cli->store, key, err) < 0)
        return tokens_left(cli, key->uri);
    if (store_put_cert(cli->store, &record, err) < 0)
        return -1;
    keys_say(cli, cert, &record, addr, trust);
    return keys_say_next(cli, addr, err);
}

static int generate(struct cli *cli, const char *addr, const struct key_choice *choice,
                    const struct place *place, int64_t days, struct err *err)
{
    SEAL_CLEANUP(cert_free) struct cert *cert = NULL;
    struct key_record key;
    struct own_ca_request request = {.addr = addr,
                                     .type = choice->type,
                                     .bits = choice->bits,
                                     .not_before = cli->now,
                                     .not_after = cli->now + days * DAY};
    if (user_name(cli, addr, &request.name, err) < 0 || issue(cli, place, &request, &cert, &key, err) < 0)
        return -1;
    return put_issued(cli, addr, cert, &key, err);
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

static int generate_x509(struct cli *cli, const char *addr, const char *type, const char *uri, int64_t days,
                         struct err *err)
{
    const struct key_choice *choice;
    SEAL_CLEANUP(holder_free) struct holder *sealkeyd = NULL;
    if (keys_choose(type, &choice, err) < 0)
        return -1;
    if ((uri != NULL && (tokens_check(uri, err) < 0 || tokens_connect(cli, &sealkeyd, err) < 0)) ||
        secrets_open_store(cli, CLI_DROP, err) < 0)
        return -1;
    return generate(cli, addr, choice, &(struct place){uri, sealkeyd}, days, err);
}

int cmd_key_generate(struct cli *cli, int argc, char **argv, struct err *err)
{
    const char *type = NULL, *days_text = NULL, *uri = NULL, *addr;
    int64_t days = 0;
    bool openpgp = false;
    const struct cli_option options[] = {{.name = "--type", .value = &type},
                                         {.name = "--days", .value = &days_text},
                                         {.name = "--token", .value = &uri},
                                         {.name = "--openpgp", .flag = &openpgp}};
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 1, 1, err) < 0 ||
        cli_address_or_domain(cli, argv[0], &addr, err) < 0 || parse_days(days_text, &days, err) < 0)
        return -1;
    if (openpgp && uri != NULL)
        return err_set(err, ERR_USAGE, "--token: OpenPGP keys are in gpg-agent, not on tokens");
    if (!openpgp && *addr == '@')
        return err_set(
            err, ERR_USAGE,
            "the own authority certifies addresses; for a domain: --openpgp, or key import --user");
    return openpgp ? generate_openpgp(cli, addr, type, days, err)
                   : generate_x509(cli, addr, type, uri, days, err);
}
