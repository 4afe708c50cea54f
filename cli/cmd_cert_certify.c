/* cmd_cert_certify - somebody's OpenPGP key, certified by one of ours: so that whoever trusts ours can trust his. */
#include "cli/pgpbook.h"
#include "cli/secrets.h"

#include "cli/certbook.h"
#include "openpgp/certify.h"
#include "token/holder.h"

#include <string.h>

/* Whether a key can say something, or something be said of it. */
static const char *fault_of(const struct cli *cli, const struct pgp_record *record)
{
    if (record->trust == TRUST_REJECTED)
        return "was rejected by hand";
    if (record->revoked)
        return "is revoked";
    return record->expires != 0 && record->expires <= cli->now ? "has expired" : NULL;
}

static int load(struct cli *cli, const char *fingerprint, struct pgp_record *out, struct err *err)
{
    if (store_find_pgp(cli->read, fingerprint, out, err) != FIND_FOUND)
        return err_is_set(err) ? -1 : err_set(err, ERR_ABSENT, "there is no OpenPGP key %s", fingerprint);
    const char *fault = fault_of(cli, out);
    return fault == NULL ? 0 : err_set(err, ERR_KEY_UNUSABLE, "OpenPGP key %s %s", fingerprint, fault);
}

/* ---- whose ---- */

/* The only one of an address with which something could be done. */
static int find_of(struct cli *cli, const char *text, struct pgp_record *out, struct err *err)
{
    const char *addr;
    struct pgp_record *records;
    size_t n, usable = 0;
    if (cli_address_or_domain(cli, text, &addr, err) < 0 ||
        store_pgp_of(cli->read, addr, &records, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (fault_of(cli, &records[i]) == NULL) {
            *out = records[i];
            usable++;
        }
    if (usable == 1)
        return 0;
    return err_set(err, usable == 0 ? ERR_ABSENT : ERR_AMBIGUOUS, "%s has %zu OpenPGP keys%s", addr, usable,
                   usable == 0 ? " that could be certified" : "; name one by its fingerprint");
}

static int find_key(struct cli *cli, const char *text, struct pgp_record *out, struct err *err)
{
    char fingerprint[HASH_HEX_SIZE];
    enum store_kind kind;
    if (strchr(text, '@') != NULL)
        return find_of(cli, text, out, err);
    if (certbook_find_either(cli, STORE_CERT, text, &kind, fingerprint, err) < 0)
        return -1;
    if (kind != STORE_PGP)
        return err_set(err, ERR_USAGE, "%.16s is a certificate, no OpenPGP key", fingerprint);
    return load(cli, fingerprint, out, err);
}

struct signer {
    struct pgp_own_record own;
    struct pgp_record key;
};

/* The newest of an owner's that can still say something. */
static int find_signer_of(struct cli *cli, const char *text, struct signer *out, struct err *err)
{
    const char *addr;
    struct pgp_own_record *owns;
    size_t n;
    if (cli_address_or_domain(cli, text, &addr, err) < 0 ||
        store_pgp_own_of(cli->read, addr, &owns, &n, err) < 0)
        return -1;
    while (n-- > 0) {
        out->own = owns[n];
        if (load(cli, owns[n].fingerprint, &out->key, err) == 0)
            return 0;
        if (err->code != ERR_KEY_UNUSABLE)
            return -1;
        err_clear(err);
    }
    return err_set(err, ERR_ABSENT, "--by: %s has no OpenPGP key here that could certify", addr);
}

static int find_signer(struct cli *cli, const char *text, struct signer *out, struct err *err)
{
    char fingerprint[HASH_HEX_SIZE];
    enum store_kind kind;
    if (strchr(text, '@') != NULL)
        return find_signer_of(cli, text, out, err);
    if (certbook_find_either(cli, STORE_KEY, text, &kind, fingerprint, err) < 0)
        return -1;
    if (kind != STORE_PGP_OWN)
        return err_set(err, ERR_USAGE, "--by: %.16s is no OpenPGP key", fingerprint);
    if (store_find_pgp_own(cli->read, fingerprint, &out->own, err) != FIND_FOUND)
        return -1;
    return load(cli, fingerprint, &out->key, err);
}

/* ---- what is said ---- */

/* Of a key that is used for addresses of somebody's choice: of those alone, and of none that its owner took back. */
static size_t choose(struct cli *cli, const struct pgp_record *key, const char *asked, const char ***out)
{
    size_t n = 0;
    const char **addrs = arena_array(cli->arena, key->naddrs, sizeof *addrs);
    for (size_t i = 0; i < key->naddrs; i++)
        if ((key->addrs[i][0] == '@' || pgp_record_names(key, key->addrs[i])) &&
            (strchr(asked, '@') == NULL || strcmp(asked, key->addrs[i]) == 0))
            addrs[n++] = key->addrs[i];
    *out = addrs;
    return n;
}

static int certify(struct cli *cli, const struct pgp_record *key, const char *const *addrs, size_t naddrs,
                   const struct signer *by, struct span *out, size_t *n_out, struct err *err)
{
    struct pgp_engine *engine = NULL;
    SEAL_CLEANUP(holder_free) struct holder *holder = NULL;
    SEAL_CLEANUP(secret_fini) struct secret passphrase = {.ptr = NULL};
    const struct pgp_own own = {
        .fingerprint = by->own.fingerprint, .key = by->key.key, .passphrase = &passphrase};
    if (secrets_open_holder(cli, &holder, err) < 0 ||
        holder_open_secret(holder, by->own.owner, by->own.fingerprint, by->own.wrapped, &passphrase, err) <
            0 ||
        pgpbook_engine(cli, NULL, &engine, err) < 0)
        return -1;
    int status =
        pgp_certify(engine, cli->arena, key->key, addrs, naddrs, &own, key->certified, out, n_out, err);
    pgp_engine_close(&engine);
    return status;
}

static int put(struct cli *cli, struct pgp_record *key, const char *asked, const struct signer *by,
               struct err *err)
{
    const char **addrs, *addr = asked;
    size_t n = 0;
    if (strchr(asked, '@') != NULL && cli_address_or_domain(cli, asked, &addr, err) < 0)
        return -1;
    if (strcmp(key->fingerprint, by->key.fingerprint) == 0)
        return err_set(err, ERR_USAGE, "a key certifies its own User-IDs already");
    size_t naddrs = choose(cli, key, addr, &addrs);
    if (certify(cli, key, addrs, naddrs, by, &key->certified, &n, err) < 0 ||
        store_put_pgp(cli->store, key, key->key, err) < 0)
        return err_wrap(err, "OpenPGP key %s", key->fingerprint);
    buf_printf(&cli->out, "OpenPGP key %s: %zu User-ID%s certified by %s of %s\n", key->fingerprint, n,
               n == 1 ? "" : "s", by->key.fingerprint, by->own.owner);
    buf_printf(&cli->out, "next: give it out: sealadm cert export %s\n", key->fingerprint);
    return 0;
}

int cmd_cert_certify(struct cli *cli, int argc, char **argv, struct err *err)
{
    const char *by = NULL;
    const struct cli_option options[] = {{.name = "--by", .value = &by}};
    struct pgp_record key;
    struct signer signer;
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 1, 1, err) < 0)
        return -1;
    if (by == NULL)
        return err_set(err, ERR_USAGE, "say whose word it is: --by ADDR, @DOMAIN or FP of a key of ours");
    if (secrets_open_store(cli, CLI_DROP, err) < 0 || find_key(cli, argv[0], &key, err) < 0 ||
        find_signer(cli, by, &signer, err) < 0)
        return -1;
    return put(cli, &key, argv[0], &signer, err);
}
