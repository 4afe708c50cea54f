/* cmd_cert_import - certificates and OpenPGP keys of correspondents, from files. */
#include "cli/keys.h"
#include "cli/pgpbook.h"

#include "base/io.h"

#include <limits.h>
#include <string.h>

struct file {
    const char *path;
    struct buf bytes;
};

/* What the caller says of what is in the files. */
struct terms {
    const char *for_addr; /* NULL: nothing */
    bool trust;
};

/* ---- certificates ---- */

static int put_cert(struct cli *cli, const struct imported *file, struct cert *cert,
                    const struct terms *terms, struct err *err)
{
    const struct cert_info *info = cert_info(cert);
    struct cert_record record = certbook_record(cli, cert, CERT_IMPORTED);
    const char *trust;
    if (!info->supported || (info->usage & (CERT_SIGN | CERT_ENCRYPT)) == 0)
        return err_set(err, ERR_KEY_UNUSABLE, "certificate %.16s (%s): %s", info->fingerprint, info->subject,
                       info->supported ? "not made for e-mail" : "a kind of key that is not supported");
    if (terms->trust) {
        record.trust = TRUST_TRUSTED;
        record.pinned = true;
    }
    if ((terms->for_addr != NULL && certbook_add_address(cli, &record, terms->for_addr, err) < 0) ||
        trust_record(cli, file, cert, &record, &trust, err) < 0)
        return -1;
    if (record.naddrs == 0)
        return err_set(err, ERR_KEY_UNUSABLE,
                       "certificate %.16s (%s) names no address; give it one: --for ADDR", info->fingerprint,
                       info->subject);
    if (store_put_cert(cli->store, &record, err) < 0)
        return -1;
    buf_printf(&cli->out, "certificate %.16s of %s: %s\n", record.fingerprint,
               cli_join(cli, record.addrs, record.naddrs), trust);
    if (keys_join(cli, cert, &record, err) < 0)
        return -1;
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

static int check_alone(size_t n, const char *what, const struct terms *terms, struct err *err)
{
    if (n > 1 && terms->for_addr != NULL)
        return err_set(err, ERR_AMBIGUOUS, "holds %zu %s; with --for a file holds one", n, what);
    return 0;
}

static int put_certs(struct cli *cli, const struct imported *file, const struct terms *terms, struct err *err)
{
    if (file->pkcs8.len > 0)
        return err_set(err, ERR_UNSUPPORTED, "holds a private key; use sealadm key import");
    size_t n = count_others(file);
    if (n == 0)
        return err_set(err, ERR_KEY_UNUSABLE, "holds only certification authorities; use sealadm ca add");
    if (check_alone(n, "certificates", terms, err) < 0 || trust_learn(cli, file, err) < 0)
        return -1;
    for (size_t i = 0; i < file->ncerts; i++)
        if ((cert_info(file->certs[i])->usage & CERT_CA) == 0 &&
            put_cert(cli, file, file->certs[i], terms, err) < 0)
            return -1;
    return 0;
}

static int import_x509(struct cli *cli, struct span bytes, const struct terms *terms, struct err *err)
{
    SEAL_CLEANUP(imported_fini) struct imported imported = {.ncerts = 0};
    if (import_bytes(bytes, NULL, &imported, err) == 0 && put_certs(cli, &imported, terms, err) == 0)
        return 0;
    return err->code == ERR_PASSPHRASE ? err_wrap(err, "for a file with a private key use sealadm key import")
                                       : -1;
}

/* ---- OpenPGP keys ---- */

/* In a keyring, one that is wrong does not keep the others out. */
static int put_keys(struct cli *cli, struct pgp_engine *engine, const struct pgp_key *keys, size_t n,
                    const struct pgpbook_terms *given, struct err *err)
{
    size_t failed = 0;
    for (size_t i = 0; i < n; i++) {
        struct pgp_record record;
        struct err one = ERR_INIT;
        if (pgpbook_put(cli, engine, &keys[i], given, &record, &one) == 0) {
            pgpbook_say(cli, &record);
            continue;
        }
        if (n == 1 || err_class(one.code) != ERR_CLASS_PERMANENT)
            return err_set(err, one.code, "%s", one.msg);
        buf_printf(&cli->out, "not imported: %s\n", one.msg);
        failed++;
    }
    if (n > 1)
        buf_printf(&cli->out, "%zu OpenPGP keys are in the store\n", n - failed);
    return failed == 0
               ? 0
               : err_set(err, ERR_KEY_UNUSABLE, "%zu of %zu OpenPGP keys not imported, see above", failed, n);
}

static int import_keys(struct cli *cli, struct pgp_engine *engine, struct span bytes,
                       const struct terms *terms, struct err *err)
{
    const struct pgpbook_terms given = {.source = PGP_SOURCE_IMPORTED,
                                        .trust = terms->trust ? TRUST_TRUSTED : TRUST_UNTRUSTED,
                                        .for_addr = terms->for_addr};
    struct pgp_key *keys;
    size_t n, broken;
    if (pgp_key_read(engine, cli->arena, bytes, &keys, &n, &broken, err) < 0 ||
        check_alone(n, "OpenPGP keys", terms, err) < 0)
        return -1;
    if (broken > 0)
        buf_printf(&cli->out, "warning: %zu more cannot be read\n", broken);
    return put_keys(cli, engine, keys, n, &given, err);
}

static int import_revocation(struct cli *cli, struct pgp_engine *engine, struct span octets, struct err *err)
{
    struct pgp_record record;
    if (pgpbook_revoke(cli, engine, octets, &record, err) < 0)
        return -1;
    buf_printf(&cli->out, "OpenPGP key %s of %s is revoked\n", record.fingerprint,
               cli_join(cli, record.addrs, record.naddrs));
    return 0;
}

static int import_openpgp(struct cli *cli, enum pgpbook_kind kind, struct span bytes, struct span octets,
                          const struct terms *terms, struct err *err)
{
    struct pgp_engine *engine = NULL;
    if (kind == PGPBOOK_SECRET)
        return err_set(err, ERR_UNSUPPORTED, "holds a private key; use sealadm key import");
    if (pgpbook_engine(cli, NULL, &engine, err) < 0)
        return -1;
    int status = kind == PGPBOOK_SIGNATURE ? import_revocation(cli, engine, octets, err)
                                           : import_keys(cli, engine, bytes, terms, err);
    pgp_engine_close(&engine);
    return status;
}

/* ---- files ---- */

static int import_file(struct cli *cli, const struct file *file, const struct terms *terms, struct err *err)
{
    struct span bytes = buf_span(&file->bytes), octets;
    enum pgpbook_kind kind = pgpbook_recognise(cli, bytes, &octets);
    int status = cli_read_again(cli, err);
    if (status == 0)
        status = kind == PGPBOOK_NONE ? import_x509(cli, bytes, terms, err)
                                      : import_openpgp(cli, kind, bytes, octets, terms, err);
    return status < 0 ? err_wrap(err, "%s", file->path) : 0;
}

/* A file that is wrong does not keep the others out. */
static int import_files(struct cli *cli, const struct file *files, size_t n, const struct terms *terms,
                        struct err *err)
{
    size_t failed = 0;
    for (size_t i = 0; i < n; i++) {
        struct err one = ERR_INIT;
        if (import_file(cli, &files[i], terms, &one) == 0)
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
    const char *option = NULL;
    struct terms terms = {.for_addr = NULL};
    const struct cli_option options[] = {{.name = "--for", .value = &option},
                                         {.name = "--trust", .flag = &terms.trust}};
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 1, INT_MAX, err) < 0 ||
        (option != NULL && cli_address_or_domain(cli, option, &terms.for_addr, err) < 0))
        return -1;
    terms.trust |= terms.for_addr != NULL;
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
        status = import_files(cli, files, n, &terms, err);
    for (size_t i = 0; i < n; i++)
        buf_fini(&files[i].bytes);
    return status;
}
