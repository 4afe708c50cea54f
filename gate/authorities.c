/* authorities - anchors out of the store. */
#include "gate/authorities.h"

#include <stdlib.h>
#include <string.h>

struct authorities {
    struct cert **trusted, **others;
    size_t ntrusted, nothers;
    struct cert *own; /* borrowed: one of them */
};

static void authorities_fini(struct authorities *all)
{
    for (size_t i = 0; i < all->ntrusted; i++)
        cert_free(&all->trusted[i]);
    for (size_t i = 0; i < all->nothers; i++)
        cert_free(&all->others[i]);
    free(all->trusted);
    free(all->others);
}

static int parse_all(const struct ca_record *records, size_t n, struct authorities *out, struct err *err)
{
    out->trusted = xcalloc(n, sizeof(struct cert *));
    out->others = xcalloc(n, sizeof(struct cert *));
    for (size_t i = 0; i < n; i++) {
        struct cert *cert;
        if (cert_parse(records[i].der, &cert, err) < 0)
            return err_wrap(err, "certification authority %.16s", records[i].fingerprint);
        if (records[i].trusted)
            out->trusted[out->ntrusted++] = cert;
        else
            out->others[out->nothers++] = cert;
        if (records[i].own)
            out->own = cert;
    }
    return 0;
}

static enum revocation_mode mode_of(const struct settings *settings)
{
    if (strcmp(settings->revocation, "off") == 0)
        return REVOCATION_OFF;
    return strcmp(settings->revocation, "soft") == 0 ? REVOCATION_SOFT : REVOCATION_HARD;
}

static int load_list(struct store_read *read, const struct crl_record *record, struct crl **out,
                     struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf der = BUF_INIT(CRL_DER_MAX);
    if (store_read_crl(read, record, &der, err) < 0)
        return -1;
    return crl_parse(buf_span(&der), record->signer, out, err) < 0
               ? err_wrap(err, "revocation list %.16s", record->id)
               : 0;
}

static int load_revocation(struct store_read *read, enum revocation_mode mode, struct cert *own,
                           struct anchors *anchors, struct err *err)
{
    struct crl_record *records;
    size_t n;
    if (mode == REVOCATION_OFF)
        return 0;
    if (store_crls(read, &records, &n, err) < 0)
        return -1;
    struct crl **crls = xcalloc(n + 1, sizeof(struct crl *));
    size_t done = 0;
    while (done < n && load_list(read, &records[done], &crls[done], err) == 0)
        done++;
    anchors_set_revocation(anchors, mode, crls, done, own);
    return done == n ? 0 : -1;
}

int authorities_load(struct store_read *read, const struct settings *settings, struct anchors **out,
                     struct err *err)
{
    struct ca_record *records;
    size_t n;
    SEAL_CLEANUP(authorities_fini) struct authorities all = {.trusted = NULL};
    if (store_cas(read, &records, &n, err) < 0 || parse_all(records, n, &all, err) < 0 ||
        anchors_new(all.trusted, all.ntrusted, all.others, all.nothers, out, err) < 0)
        return -1;
    if (load_revocation(read, mode_of(settings), all.own, *out, err) == 0)
        return 0;
    anchors_free(out);
    return -1;
}
