/* certbook - found by the beginning of a fingerprint, made into records. */
#include "cli/certbook.h"

#include "base/addr.h"
#include "store/pgp.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* As others print them: with colons or blanks, behind 0x. */
static int read_beginning(const char *text, char out[HASH_HEX_SIZE], struct err *err)
{
    size_t n = 0;
    for (const char *p = strncasecmp(text, "0x", 2) == 0 ? text + 2 : text; *p != '\0'; p++) {
        if (*p == ':' || *p == ' ')
            continue;
        if (!isxdigit((unsigned char)*p) || n == HASH_HEX_SIZE - 1)
            return err_set(err, ERR_USAGE, "'%s' is no fingerprint", text);
        out[n++] = (char)tolower((unsigned char)*p);
    }
    out[n] = '\0';
    return n > 0 ? 0 : err_set(err, ERR_USAGE, "an empty fingerprint");
}

static int say_absent(enum store_kind kind, const char *lower, struct err *err)
{
    static const char *const names[] = {[STORE_CERT] = "certificate or OpenPGP key",
                                        [STORE_KEY] = "private key",
                                        [STORE_CA] = "certification authority",
                                        [STORE_CRL] = "revocation list"};
    static const char *const groups[] = {
        [STORE_CERT] = "cert", [STORE_KEY] = "key", [STORE_CA] = "ca", [STORE_CRL] = "crl"};
    return err_set(err, ERR_ABSENT, "no %s has a fingerprint that begins with %s; see sealadm %s list",
                   names[kind], lower, groups[kind]);
}

int certbook_find(struct cli *cli, enum store_kind kind, const char *beginning, char out[HASH_HEX_SIZE],
                  struct err *err)
{
    char lower[HASH_HEX_SIZE];
    if (read_beginning(beginning, lower, err) < 0)
        return -1;
    switch (store_complete(cli->read, kind, lower, out, err)) {
    case FIND_FOUND:
        return 0;
    case FIND_ABSENT:
        return say_absent(kind, lower, err);
    case FIND_FAILED:
        break;
    }
    return -1;
}

static enum find find_by_keyid(struct cli *cli, const char *keyid, char out[HASH_HEX_SIZE], struct err *err)
{
    struct pgp_record *records;
    size_t n;
    if (store_pgp_by_keyid(cli->read, keyid, &records, &n, err) < 0)
        return FIND_FAILED;
    if (n > 1) {
        err_set(err, ERR_AMBIGUOUS, "several OpenPGP keys have the key id %s: give the fingerprint", keyid);
        return FIND_FAILED;
    }
    if (n == 1)
        snprintf(out, HASH_HEX_SIZE, "%s", records[0].fingerprint);
    return n == 1 ? FIND_FOUND : FIND_ABSENT;
}

static enum find find_openpgp(struct cli *cli, enum store_kind kind, const char *lower,
                              char out[HASH_HEX_SIZE], struct err *err)
{
    char fingerprint[HASH_HEX_SIZE];
    enum find found = store_complete(cli->read, kind, lower, out, err);
    if (found == FIND_ABSENT)
        found = find_by_keyid(cli, lower, fingerprint, err);
    else
        return found;
    return found == FIND_FOUND ? store_complete(cli->read, kind, fingerprint, out, err) : found;
}

int certbook_find_either(struct cli *cli, enum store_kind kind, const char *beginning,
                         enum store_kind *found_out, char out[HASH_HEX_SIZE], struct err *err)
{
    char lower[HASH_HEX_SIZE], fingerprint[HASH_HEX_SIZE];
    enum store_kind openpgp = kind == STORE_CERT ? STORE_PGP : STORE_PGP_OWN;
    if (read_beginning(beginning, lower, err) < 0)
        return -1;
    enum find x509 = store_complete(cli->read, kind, lower, out, err);
    enum find pgp = x509 == FIND_FAILED ? FIND_FAILED : find_openpgp(cli, openpgp, lower, fingerprint, err);
    if (x509 == FIND_FAILED || pgp == FIND_FAILED)
        return -1;
    if (x509 == FIND_FOUND && pgp == FIND_FOUND)
        return err_set(err, ERR_AMBIGUOUS, "several fingerprints begin with %s: give more of it", lower);
    if (x509 == FIND_ABSENT && pgp == FIND_ABSENT)
        return say_absent(kind, lower, err);
    *found_out = x509 == FIND_FOUND ? kind : openpgp;
    if (pgp == FIND_FOUND)
        memcpy(out, fingerprint, sizeof fingerprint);
    return 0;
}

int certbook_get(struct cli *cli, const char *beginning, struct cert_record *record, struct cert **out,
                 struct err *err)
{
    char fingerprint[HASH_HEX_SIZE];
    if (certbook_find(cli, STORE_CERT, beginning, fingerprint, err) < 0 ||
        store_find_cert(cli->read, fingerprint, record, err) != FIND_FOUND)
        return -1;
    return cert_parse(record->der, out, err);
}

enum find certbook_has_key(struct cli *cli, const char *fingerprint, struct err *err)
{
    struct key_record key;
    return store_find_key(cli->read, fingerprint, &key, err);
}

int certbook_add_address(struct cli *cli, struct cert_record *record, const char *addr, struct err *err)
{
    for (size_t i = 0; i < record->naddrs; i++)
        if (strcmp(record->addrs[i], addr) == 0)
            return 0;
    if (record->naddrs == STORE_ADDRS_MAX)
        return err_set(err, ERR_LIMIT, "certificate %.16s has %d addresses already", record->fingerprint,
                       STORE_ADDRS_MAX);
    const char **addrs = arena_array(cli->arena, record->naddrs + 1, sizeof *addrs);
    for (size_t i = 0; i < record->naddrs; i++)
        addrs[i] = record->addrs[i];
    addrs[record->naddrs++] = arena_strdup(cli->arena, addr);
    record->addrs = addrs;
    return 0;
}

struct cert_record certbook_record(struct cli *cli, const struct cert *cert, enum cert_source source)
{
    const struct cert_info *info = cert_info(cert);
    struct cert_record record = {.fingerprint = info->fingerprint,
                                 .der = cert_der(cert),
                                 .source = source,
                                 .not_before = info->not_before,
                                 .not_after = info->not_after,
                                 .usage = info->usage,
                                 .key_kind = info->key_type == KEY_RSA ? "rsa" : "ec",
                                 .key_bits = info->key_bits,
                                 .capabilities = "",
                                 .first_seen = cli->now,
                                 .last_seen = cli->now};
    for (size_t i = 0; i < info->nemails; i++) {
        char canonical[ADDR_MAX + 1];
        struct err ignored = ERR_INIT; /* a name that is no address is nobody's */
        if (addr_canonical(span_of(info->emails[i]), canonical, &ignored) == 0 && *canonical != '\0' &&
            certbook_add_address(cli, &record, canonical, &ignored) < 0)
            break;
    }
    return record;
}

const char *certbook_key_text(struct cli *cli, const struct cert_info *info)
{
    static const char *const curves[] = {
        [KEY_EC_P256] = "P-256", [KEY_EC_P384] = "P-384", [KEY_EC_P521] = "P-521"};
    if (!info->supported)
        return "unsupported";
    return info->key_type == KEY_RSA ? arena_printf(cli->arena, "RSA %u", info->key_bits)
                                     : curves[info->key_type];
}
