/* revocation - the lists of a site. */
#include "smime/revocation.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void revocation_fini(struct revocation *revocation)
{
    for (size_t i = 0; i < revocation->n; i++)
        crl_free(&revocation->crls[i]);
    free(revocation->crls);
    cert_free(&revocation->own);
}

static const char *date_text(int64_t when, char *out, size_t size)
{
    time_t t = (time_t)when;
    struct tm tm;
    if (gmtime_r(&t, &tm) == NULL || strftime(out, size, "%Y-%m-%d", &tm) == 0)
        snprintf(out, size, "?");
    return out;
}

bool revocation_named(const struct revocation *revocation, const struct cert *cert,
                      struct revocation_finding *out)
{
    int64_t since;
    char date[32];
    for (size_t i = 0; i < revocation->n; i++) {
        if (!crl_lists(revocation->crls[i], cert, &since))
            continue;
        out->answer = REVOCATION_YES;
        snprintf(out->why, sizeof out->why, "revoked since %s: %s", date_text(since, date, sizeof date),
                 cert_info(cert)->subject);
        return true;
    }
    return false;
}

/* The list for it that lasts longest; NULL: there is none. One of the future does not count yet. */
static const struct crl_info *find_list(const struct revocation *revocation, const struct cert *cert,
                                        const struct cert *issuer, int64_t now)
{
    const struct crl_info *best = NULL;
    for (size_t i = 0; i < revocation->n; i++) {
        const struct crl_info *info = crl_info(revocation->crls[i]);
        if (info->this_update <= now && (best == NULL || info->next_update > best->next_update) &&
            crl_covers(revocation->crls[i], cert, issuer))
            best = info;
    }
    return best;
}

void revocation_check(const struct revocation *revocation, const struct cert *cert, const struct cert *issuer,
                      int64_t now, struct revocation_finding *out)
{
    char date[32];
    *out = (struct revocation_finding){.answer = REVOCATION_NO};
    if (revocation->mode == REVOCATION_OFF || revocation_named(revocation, cert, out) ||
        (revocation->own != NULL && cert_same(issuer, revocation->own)))
        return;
    const struct crl_info *list = find_list(revocation, cert, issuer, now);
    if (list != NULL && now < list->next_update) {
        out->until = list->next_update;
        return;
    }
    out->answer = REVOCATION_UNKNOWN;
    if (list == NULL)
        snprintf(out->why, sizeof out->why, "no revocation list of %s", cert_info(issuer)->subject);
    else
        snprintf(out->why, sizeof out->why, "revocation list outdated since %s: %s",
                 date_text(list->next_update, date, sizeof date), list->issuer);
}
