/*
 * cmd_key_import - private keys from files of others; and a key that a token has, with its certificate from a file.
 *
 * A token's key has worked for its certificate before the store takes it.
 */
#include "cli/keys.h"
#include "cli/own_pgp.h"
#include "cli/secrets.h"
#include "cli/tokens.h"

#include "token/key_try.h"
#include "token/remote.h"
#include "token/wrap.h"

#include <string.h>

#define PUBLIC_MAX 8192

/* What the caller says, and who has the keys then. */
struct terms {
    const char *owner;         /* NULL: what the certificate says */
    struct secret passphrase;  /* len 0: none was given */
    struct token_master token; /* of a key from a file */
    const char *uri;           /* of a key that is on a token; NULL: it is in the file */
    struct holder *sealkeyd;   /* with uri */
};

static void terms_fini(struct terms *terms)
{
    secret_fini(&terms->passphrase);
    token_master_fini(&terms->token);
    holder_free(&terms->sealkeyd);
}

/* ---- a key that is on a token ---- */

static const struct use {
    unsigned usage;
    int (*try)(struct key *key, struct err *err);
    const char *without;
} uses[] = {{CERT_SIGN, key_try_sign, "signs nothing"}, {CERT_ENCRYPT, key_try_open, "opens no mail"}};

/* A key may be for one use alone; one that is for none is not proven to be there. */
static int try_uses(struct cli *cli, const struct cert *cert, struct key *key, struct err *err)
{
    size_t works = 0;
    for (size_t i = 0; i < SEAL_COUNT(uses); i++) {
        struct err why = ERR_INIT;
        if (uses[i].try(key, &why) == 0)
            works++;
        else if (why.code != ERR_UNSUPPORTED)
            return err_set(err, why.code, "%s", why.msg);
        else if ((cert_info(cert)->usage & uses[i].usage) != 0)
            buf_printf(&cli->out, "warning: it %s: %s\n", uses[i].without, why.msg);
    }
    return works > 0 ? 0 : err_set(err, ERR_KEY_UNUSABLE, "the token's key neither signs nor opens mail");
}

static int seal_on_token(struct cli *cli, const struct terms *terms, const char *owner,
                         const struct cert *cert, struct buf *wrapped_out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf public = BUF_INIT(PUBLIC_MAX);
    SEAL_CLEANUP(key_free) struct key *key = NULL;
    if (remote_seal(terms->sealkeyd, owner, (struct span){NULL, 0}, terms->uri, &public, wrapped_out, err) <
        0)
        return -1;
    if (!span_eq(buf_span(&public), cert_public(cert)))
        return err_set(err, ERR_KEY_UNUSABLE, "the certificate is of another key than %s", terms->uri);
    const struct sealed_key sealed = {owner, buf_span(&public), buf_span(wrapped_out)};
    return holder_open_key(terms->sealkeyd, &sealed, owner, &key, err) < 0 ? -1
                                                                           : try_uses(cli, cert, key, err);
}

static int check_unknown(struct cli *cli, const struct cert *cert, struct err *err)
{
    struct key_record same;
    switch (keys_find_same(cli, cert_public(cert), &same, err)) {
    case FIND_ABSENT:
        return 0;
    case FIND_FAILED:
        return -1;
    case FIND_FOUND:
        break;
    }
    return same.uri != NULL
               ? err_set(err, ERR_EXISTS,
                         "the key is here already, on a token, and belongs to %s; a further certificate of "
                         "it comes by sealadm cert import",
                         same.owner)
               : err_set(err, ERR_EXISTS,
                         "the key is here already and belongs to %s; sealadm key move %.16s --token makes "
                         "it the token's alone",
                         same.owner, same.fingerprint);
}

static int find_own_cert(const struct imported *file, struct cert **out, struct err *err)
{
    *out = NULL;
    for (size_t i = 0; i < file->ncerts; i++) {
        if ((cert_info(file->certs[i])->usage & CERT_CA) != 0)
            continue;
        if (*out != NULL)
            return err_set(err, ERR_AMBIGUOUS,
                           "holds several certificates; the key's own and its authorities are wanted");
        *out = file->certs[i];
    }
    return *out != NULL ? 0 : err_set(err, ERR_KEY_UNUSABLE, "holds only certification authorities");
}

/* ---- certificate and key ---- */

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

static int put_key(struct cli *cli, const struct terms *terms, const char *owner, const struct cert *cert,
                   const struct secret *pkcs8, struct span wrapped, struct err *err)
{
    if (terms->uri == NULL)
        return keys_put(cli, &terms->token, owner, cert, pkcs8, err);
    const struct key_record record = {.fingerprint = cert_info(cert)->fingerprint,
                                      .owner = owner,
                                      .public_key = cert_public(cert),
                                      .wrapped = wrapped,
                                      .uri = terms->uri,
                                      .created = cli->now};
    return store_put_key(cli->store, &record, err);
}

static int put_imported(struct cli *cli, const struct imported *file, struct cert *cert,
                        const struct terms *terms, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf wrapped = BUF_INIT(WRAP_MAX);
    const char *owner, *trust;
    struct cert_record record = certbook_record(cli, cert, CERT_IMPORTED);
    if (choose_owner(cli, &record, terms->owner, &owner, err) < 0 ||
        (terms->uri != NULL && seal_on_token(cli, terms, owner, cert, &wrapped, err) < 0) ||
        trust_learn(cli, file, err) < 0 || trust_record(cli, file, cert, &record, &trust, err) < 0 ||
        store_put_cert(cli->store, &record, err) < 0 ||
        put_key(cli, terms, owner, cert, &file->pkcs8, buf_span(&wrapped), err) < 0)
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

static int import_x509(struct cli *cli, const struct secret *bytes, const struct terms *terms,
                       struct err *err)
{
    SEAL_CLEANUP(imported_fini) struct imported file = {.ncerts = 0};
    if (read_key(bytes, &terms->passphrase, &file, err) < 0)
        return -1;
    if (file.pkcs8.len == 0)
        return err_set(err, ERR_ABSENT, "holds no private key; for certificates use sealadm cert import");
    if (file.ncerts == 0)
        return err_set(err, ERR_ABSENT, "holds no certificate; put the key's certificate into the same file");
    if ((cert_info(file.certs[0])->usage & CERT_CA) != 0)
        return err_set(err, ERR_UNSUPPORTED,
                       "holds the key of a certification authority, which is nobody's to use");
    return put_imported(cli, &file, file.certs[0], terms, err);
}

static int import_from_token(struct cli *cli, const struct secret *bytes, const struct terms *terms,
                             struct err *err)
{
    SEAL_CLEANUP(imported_fini) struct imported file = {.ncerts = 0};
    struct cert *cert;
    if (import_bytes((struct span){(const char *)bytes->ptr, bytes->len}, NULL, &file, err) < 0 &&
        err->code != ERR_PASSPHRASE)
        return -1;
    if (err->code == ERR_PASSPHRASE || file.pkcs8.len > 0) {
        err_clear(err);
        return err_set(err, ERR_UNSUPPORTED,
                       "holds a private key; with --token certificates alone are wanted");
    }
    return find_own_cert(&file, &cert, err) < 0 || check_unknown(cli, cert, err) < 0
               ? -1
               : put_imported(cli, &file, cert, terms, err);
}

/* ---- the command ---- */

static int import_openpgp(struct cli *cli, enum pgpbook_kind kind, struct span octets, struct terms *terms,
                          struct err *err)
{
    if (terms->uri != NULL)
        return err_set(err, ERR_USAGE, "--token: OpenPGP keys are in gpg-agent, not on tokens");
    if (kind != PGPBOOK_SECRET)
        return err_set(err, ERR_ABSENT, "holds no private key; for public keys use sealadm cert import");
    return own_pgp_import(cli, octets, &terms->passphrase, terms->owner, err);
}

static int import(struct cli *cli, const struct secret *bytes, struct terms *terms, struct err *err)
{
    struct span span = {(const char *)bytes->ptr, bytes->len}, octets;
    enum pgpbook_kind kind = pgpbook_recognise(cli, span, &octets);
    if (kind != PGPBOOK_NONE)
        return import_openpgp(cli, kind, octets, terms, err);
    return terms->uri != NULL ? import_from_token(cli, bytes, terms, err)
                              : import_x509(cli, bytes, terms, err);
}

/* As who called: later sealadm is the owner of the state folder. */
static int find_keeper(struct cli *cli, struct terms *terms, struct err *err)
{
    if (terms->uri == NULL)
        return token_master_find(cli, &terms->token, err);
    return tokens_check(terms->uri, err) < 0 ? -1 : tokens_connect(cli, &terms->sealkeyd, err);
}

int cmd_key_import(struct cli *cli, int argc, char **argv, struct err *err)
{
    const char *user = NULL, *passphrase_file = NULL;
    SEAL_CLEANUP(secret_fini) struct secret bytes = {.ptr = NULL};
    SEAL_CLEANUP(terms_fini) struct terms terms = {.owner = NULL};
    const struct cli_option options[] = {{.name = "--user", .value = &user},
                                         {.name = "--passphrase-file", .value = &passphrase_file},
                                         {.name = "--token", .value = &terms.uri}};
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 1, 1, err) < 0 ||
        (user != NULL && cli_address_or_domain(cli, user, &terms.owner, err) < 0))
        return -1;
    if (terms.uri != NULL && passphrase_file != NULL)
        return err_set(err, ERR_USAGE, "--token is for a file of certificates, which needs no passphrase");
    if ((passphrase_file != NULL && secrets_read_passphrase(passphrase_file, &terms.passphrase, err) < 0) ||
        secrets_read_file(argv[0], &bytes, err) < 0 || find_keeper(cli, &terms, err) < 0 ||
        secrets_open_store(cli, CLI_DROP, err) < 0)
        return -1;
    return import(cli, &bytes, &terms, err) < 0 ? err_wrap(err, "%s", argv[0]) : 0;
}
