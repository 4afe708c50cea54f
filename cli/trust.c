/* trust - whether a chain leads from a certificate to one of the store's anchors. */
#include "cli/certbook.h"

#include "gate/authorities.h"

int trust_anchors(struct cli *cli, struct anchors **out, struct err *err)
{
    return authorities_load(cli->read, cli->settings, out, err);
}

/* ---- one certificate ---- */

int trust_chain(struct cli *cli, const struct anchors *anchors, struct cert *cert, struct cert *const *extra,
                size_t nextra, struct chain_result *out, struct err *err)
{
    enum chain_purpose purpose = (cert_info(cert)->usage & CERT_ENCRYPT) != 0 ? CHAIN_ENCRYPT : CHAIN_SIGN;
    const struct chain_terms terms = {
        .purpose = purpose, .when = cli->now, .now = cli->now, .min_rsa_bits = cli->settings->min_rsa_bits};
    return chain_check(anchors, cert, extra, nextra, &terms, out, err);
}

static int keep_known(struct cli *cli, struct cert_record *record, struct err *err)
{
    struct cert_record known;
    switch (store_find_cert(cli->read, record->fingerprint, &known, err)) {
    case FIND_ABSENT:
        return 0;
    case FIND_FAILED:
        return -1;
    case FIND_FOUND:
        break;
    }
    record->pinned |= known.pinned;
    if (record->trust == TRUST_UNTRUSTED)
        record->trust = known.trust;
    if (known.source == CERT_ISSUED)
        record->source = CERT_ISSUED;
    record->capabilities = known.capabilities;
    for (size_t i = 0; i < known.naddrs; i++)
        if (certbook_add_address(cli, record, known.addrs[i], err) < 0)
            return -1;
    return 0;
}

static const char *say_trust(struct cli *cli, const struct cert_record *record,
                             const struct chain_result *chain)
{
    if (record->pinned || record->trust == TRUST_REJECTED)
        return arena_printf(cli->arena, "%s by hand", trust_name(record->trust));
    return record->chain_ok ? "trusted by its chain"
                            : arena_printf(cli->arena, "untrusted: %s", cli_clean(cli, chain->why));
}

int trust_record(struct cli *cli, const struct imported *file, struct cert *cert, struct cert_record *record,
                 const char **say_out, struct err *err)
{
    struct anchors *anchors = NULL;
    SEAL_CLEANUP(chain_result_fini) struct chain_result chain = {.answer = CHAIN_UNTRUSTED};
    int status = keep_known(cli, record, err) < 0 || trust_anchors(cli, &anchors, err) < 0 ||
                         trust_chain(cli, anchors, cert, file->certs, file->ncerts, &chain, err) < 0
                     ? -1
                     : 0;
    anchors_free(&anchors);
    record->chain_ok = chain.answer == CHAIN_OK;
    if (!record->pinned && record->trust != TRUST_REJECTED)
        record->trust = record->chain_ok ? TRUST_TRUSTED : TRUST_UNTRUSTED;
    *say_out = say_trust(cli, record, &chain);
    return status;
}

int trust_learn(struct cli *cli, const struct imported *file, struct err *err)
{
    for (size_t i = 0; i < file->ncerts; i++) {
        const struct cert_info *info = cert_info(file->certs[i]);
        struct ca_record record = {.fingerprint = info->fingerprint, .der = cert_der(file->certs[i])};
        char known[HASH_HEX_SIZE];
        if ((info->usage & CERT_CA) == 0 || info->self_signed)
            continue;
        enum find found = store_complete(cli->read, STORE_CA, info->fingerprint, known, err);
        if (found == FIND_FAILED || (found == FIND_ABSENT && store_put_ca(cli->store, &record, err) < 0))
            return -1;
        if (found == FIND_ABSENT)
            buf_printf(&cli->out, "intermediate authority %.16s (%s) is known now\n", info->fingerprint,
                       info->subject);
    }
    return cli_read_again(cli, err);
}

/* ---- all of them ---- */

struct changes {
    size_t trusted, untrusted;
};

static int trust_again(struct cli *cli, const struct anchors *anchors, const struct cert_record *record,
                       struct changes *changes, struct err *err)
{
    struct cert *cert = NULL;
    SEAL_CLEANUP(chain_result_fini) struct chain_result chain = {.answer = CHAIN_UNTRUSTED};
    int status =
        cert_parse(record->der, &cert, err) < 0 || trust_chain(cli, anchors, cert, NULL, 0, &chain, err) < 0
            ? -1
            : 0;
    cert_free(&cert);
    bool ok = chain.answer == CHAIN_OK;
    if (status < 0 || ok == record->chain_ok)
        return status;
    if (!record->pinned && record->trust != TRUST_REJECTED)
        *(ok ? &changes->trusted : &changes->untrusted) += 1;
    return store_set_chain(cli->store, record->fingerprint, ok ? CHAIN_VERDICT_OK : CHAIN_VERDICT_NONE, err);
}

int trust_all(struct cli *cli, struct err *err)
{
    struct anchors *anchors = NULL;
    struct cert_record *records;
    size_t n = 0;
    struct changes changes = {0};
    int status = cli_read_again(cli, err) < 0 || trust_anchors(cli, &anchors, err) < 0 ||
                         store_certs(cli->read, &records, &n, err) < 0
                     ? -1
                     : 0;
    store_read_end(&cli->read); /* else the store could not use its pages again */
    for (size_t i = 0; status == 0 && i < n; i++)
        status = trust_again(cli, anchors, &records[i], &changes, err);
    anchors_free(&anchors);
    if (changes.trusted > 0)
        buf_printf(&cli->out, "certificates trusted by their chain now: %zu\n", changes.trusted);
    if (changes.untrusted > 0)
        buf_printf(&cli->out, "certificates not trusted any more: %zu\n", changes.untrusted);
    return status;
}
