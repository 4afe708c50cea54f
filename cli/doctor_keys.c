/* doctor_keys - keys of users and anchors that expire soon, and users who have no key. */
#include "cli/doctor.h"

#include "smime/cert.h"
#include "store/pgp.h"

#include <string.h>
#include <time.h>

#define SOON (30 * 86400)

static const char *date_of(struct doctor *doctor, int64_t when)
{
    time_t t = (time_t)when;
    struct tm tm;
    char text[32];
    if (gmtime_r(&t, &tm) == NULL || strftime(text, sizeof text, "%Y-%m-%d", &tm) == 0)
        return "?";
    return arena_strdup(doctor->arena, text);
}

/* later_of - at least *last_inout. */
typedef int later_of(struct store_read *read, const char *addr, int64_t *last_inout, struct err *err);

/* The last day on which a certificate with a key of this address is valid; at least *last_inout. */
static int later(struct store_read *read, const char *addr, int64_t *last_inout, struct err *err)
{
    struct key_record *keys;
    size_t n;
    if (store_keys_of(read, addr, &keys, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct cert_record cert;
        enum find found = store_find_cert(read, keys[i].fingerprint, &cert, err);
        if (found == FIND_FAILED)
            return -1;
        if (found == FIND_FOUND && cert.trust != TRUST_REJECTED && cert.not_after > *last_inout)
            *last_inout = cert.not_after;
    }
    return 0;
}

/* The same of OpenPGP keys. */
static int later_openpgp(struct store_read *read, const char *addr, int64_t *last_inout, struct err *err)
{
    struct pgp_own_record *owns;
    size_t n;
    if (store_pgp_own_of(read, addr, &owns, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct pgp_record key;
        enum find found = store_find_pgp(read, owns[i].fingerprint, &key, err);
        if (found == FIND_FAILED)
            return -1;
        if (found == FIND_ABSENT || key.trust == TRUST_REJECTED || key.revoked)
            continue;
        int64_t last = key.expires == 0 ? INT64_MAX : key.expires;
        if (last > *last_inout)
            *last_inout = last;
    }
    return 0;
}

/* Of all addresses of the user; 0: there is none. */
static int last_valid(struct store_read *read, const struct user_record *user, later_of *of_address,
                      int64_t *out, struct err *err)
{
    *out = 0;
    if (of_address(read, user->addr, out, err) < 0)
        return -1;
    for (size_t i = 0; i < user->nmore; i++)
        if (of_address(read, user->more[i], out, err) < 0)
            return -1;
    return 0;
}

static void say_end(struct doctor *doctor, const struct user_record *user, int64_t last, const char *what,
                    const char *option)
{
    const char *generate =
        arena_printf(doctor->arena, "sealadm key generate %s%s, or key import", user->addr, option);
    if (last != 0 && last < doctor->now)
        doctor_add(doctor, FINDING_ERROR, generate, "the %s of %s expired %s", what, user->addr,
                   date_of(doctor, last));
    else if (last != 0 && last < doctor->now + SOON)
        doctor_add(doctor, FINDING_WARNING, generate, "the %s of %s expires %s", what, user->addr,
                   date_of(doctor, last));
}

static int check_user(struct doctor *doctor, struct store_read *read, const struct user_record *user,
                      struct err *err)
{
    int64_t x509, openpgp;
    if (last_valid(read, user, later, &x509, err) < 0 ||
        last_valid(read, user, later_openpgp, &openpgp, err) < 0)
        return -1;
    if (x509 == 0 && openpgp == 0)
        doctor_add(doctor, FINDING_WARNING,
                   arena_printf(doctor->arena, "sealadm key generate %s, or key import", user->addr),
                   "user %s has no key: nothing is signed or opened", user->addr);
    say_end(doctor, user, x509, "certificate", "");
    say_end(doctor, user, openpgp, "OpenPGP key", " --openpgp");
    return 0;
}

static int check_users(struct doctor *doctor, struct err *err)
{
    struct store_read *read = NULL;
    struct user_record *users;
    size_t n;
    if (store_read_begin(doctor->store, doctor->arena, &read, err) < 0)
        return -1;
    int status = store_users(read, &users, &n, err);
    for (size_t i = 0; status == 0 && i < n; i++)
        if (users[i].enabled)
            status = check_user(doctor, read, &users[i], err);
    store_read_end(&read);
    if (status == 0 && n == 0)
        doctor_add(doctor, FINDING_WARNING, "sealadm user add ADDRESS",
                   "no user is registered: all mail passes unchanged");
    else if (status == 0)
        doctor_add(doctor, FINDING_GOOD, NULL, "%zu registered users looked at", n);
    return status;
}

/* Whom an anchor vouches for is trusted no longer than the anchor is valid. */
static int check_authority(struct doctor *doctor, const struct ca_record *record, struct err *err)
{
    struct cert *cert;
    if (cert_parse(record->der, &cert, err) < 0)
        return err_wrap(err, "authority %.16s", record->fingerprint);
    int64_t last = cert_info(cert)->not_after;
    const char *todo =
        record->own ? "give users certificates of another authority: sealadm ca add, sealadm key import"
                    : "add its successor: sealadm ca add FILE --trust";
    if (record->trusted && last < doctor->now + SOON)
        doctor_add(doctor, FINDING_WARNING, todo, "the authority %.16s (%s) %s %s", record->fingerprint,
                   cert_info(cert)->subject, last < doctor->now ? "expired" : "expires",
                   date_of(doctor, last));
    cert_free(&cert);
    return 0;
}

static int check_authorities(struct doctor *doctor, struct err *err)
{
    struct store_read *read = NULL;
    struct ca_record *records;
    size_t n = 0;
    if (store_read_begin(doctor->store, doctor->arena, &read, err) < 0)
        return -1;
    int status = store_cas(read, &records, &n, err);
    for (size_t i = 0; status == 0 && i < n; i++)
        status = check_authority(doctor, &records[i], err);
    store_read_end(&read);
    return status;
}

void doctor_keys(struct doctor *doctor)
{
    struct err err = ERR_INIT;
    if (check_users(doctor, &err) < 0 || check_authorities(doctor, &err) < 0)
        doctor_add(doctor, FINDING_ERROR, "see sealadm(8), restore", "store: %s", err.msg);
}
