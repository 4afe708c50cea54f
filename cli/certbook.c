/* certbook - found by the beginning of a fingerprint, made into records. */
#include "cli/certbook.h"

#include "base/addr.h"

#include <ctype.h>
#include <string.h>

static int read_beginning(const char *text, char out[HASH_HEX_SIZE], struct err *err)
{
    size_t n = 0;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == ':')
            continue;
        if (!isxdigit((unsigned char)*p) || n == HASH_HEX_SIZE - 1)
            return err_set(err, ERR_USAGE, "'%s' is no SHA-256 fingerprint", text);
        out[n++] = (char)tolower((unsigned char)*p);
    }
    out[n] = '\0';
    return n > 0 ? 0 : err_set(err, ERR_USAGE, "an empty fingerprint");
}

int certbook_find(struct cli *cli, enum store_kind kind, const char *beginning, char out[HASH_HEX_SIZE],
                  struct err *err)
{
    static const char *const names[] = {
        [STORE_CERT] = "certificate",    [STORE_KEY] = "private key", [STORE_CA] = "certification authority",
        [STORE_CRL] = "revocation list", [STORE_PGP] = "OpenPGP key", [STORE_PGP_OWN] = "OpenPGP secret key"};
    static const char *const groups[] = {
        [STORE_CERT] = "cert", [STORE_KEY] = "key",  [STORE_CA] = "ca",
        [STORE_CRL] = "crl",   [STORE_PGP] = "cert", [STORE_PGP_OWN] = "key"};
    char lower[HASH_HEX_SIZE];
    if (read_beginning(beginning, lower, err) < 0)
        return -1;
    switch (store_complete(cli->read, kind, lower, out, err)) {
    case FIND_FOUND:
        return 0;
    case FIND_ABSENT:
        return err_set(err, ERR_ABSENT, "no %s has a fingerprint that begins with %s; see sealadm %s list",
                       names[kind], lower, groups[kind]);
    case FIND_FAILED:
        break;
    }
    return -1;
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
