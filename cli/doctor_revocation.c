/* doctor_revocation - revocation lists age: a revoked certificate is only known from a newer one. */
#include "cli/doctor.h"

#include "smime/cert.h"

#include <string.h>
#include <time.h>

static const char *time_of(struct doctor *doctor, int64_t when)
{
    time_t t = (time_t)when;
    struct tm tm;
    char text[32];
    if (gmtime_r(&t, &tm) == NULL || strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &tm) == 0)
        return "?";
    return arena_strdup(doctor->arena, text);
}

static void check_list(struct doctor *doctor, const struct crl_record *list, enum severity severity)
{
    const char *todo = "get its successor: sealadm crl import FILE";
    int64_t last_quarter = list->next_update - (list->next_update - list->this_update) / 4;
    if (list->next_update <= doctor->now)
        doctor_add(doctor, severity, todo, "the revocation list %.16s (%s) is outdated since %s", list->id,
                   list->issuer, time_of(doctor, list->next_update));
    else if (last_quarter <= doctor->now)
        doctor_add(doctor, FINDING_WARNING, todo, "the revocation list %.16s (%s) is outdated soon: %s",
                   list->id, list->issuer, time_of(doctor, list->next_update));
}

static bool has_list(const struct crl_record *lists, size_t n, const char *issuer)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(lists[i].issuer, issuer) == 0)
            return true;
    return false;
}

static int check_authority(struct doctor *doctor, const struct ca_record *record,
                           const struct crl_record *lists, size_t n, struct err *err)
{
    struct cert *cert;
    if (cert_parse(record->der, &cert, err) < 0)
        return err_wrap(err, "authority %.16s", record->fingerprint);
    if (!record->own && !has_list(lists, n, cert_info(cert)->subject))
        doctor_add(
            doctor, FINDING_ERROR, "sealadm crl import FILE, or revocation = soft",
            "revocation is hard and there is no list of the authority %.16s (%s): nothing is encrypted to "
            "those whom it certified",
            record->fingerprint, cert_info(cert)->subject);
    cert_free(&cert);
    return 0;
}

static int examine(struct doctor *doctor, struct store_read *read, struct err *err)
{
    struct crl_record *lists;
    struct ca_record *authorities;
    size_t nlists, n;
    bool hard = strcmp(doctor->settings->revocation, "hard") == 0;
    if (store_crls(read, &lists, &nlists, err) < 0 || store_cas(read, &authorities, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < nlists; i++)
        check_list(doctor, &lists[i], hard ? FINDING_ERROR : FINDING_WARNING);
    for (size_t i = 0; hard && i < n; i++)
        if (check_authority(doctor, &authorities[i], lists, nlists, err) < 0)
            return -1;
    return 0;
}

void doctor_revocation(struct doctor *doctor)
{
    struct err err = ERR_INIT;
    struct store_read *read = NULL;
    if (strcmp(doctor->settings->revocation, "off") == 0)
        return;
    if (store_read_begin(doctor->store, doctor->arena, &read, &err) < 0 || examine(doctor, read, &err) < 0)
        doctor_add(doctor, FINDING_ERROR, "see sealadm(8), restore", "store: %s", err.msg);
    store_read_end(&read);
}
