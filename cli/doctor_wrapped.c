/* doctor_wrapped - the name in each record is that of the key which opens it (token/kek.h). */
#include "cli/doctor.h"

#include "store/pgp.h"
#include "token/wrap_origin.h"
#include "token/wrap_token.h"

#include <stdio.h>
#include <string.h>

struct counts {
    size_t by_token, by_another;
};

static void count(const struct doctor *doctor, struct span wrapped, struct counts *counts)
{
    struct err unused = ERR_INIT;
    struct span record, locked;
    char name[2 * KEK_NAME_SIZE + 1] = "";
    if (wrap_origin_record(wrapped, &record, &unused) < 0)
        return;
    counts->by_token++;
    if (wrap_token_locked(record, &locked, &unused) == 0 && locked.len >= KEK_NAME_SIZE)
        for (size_t i = 0; i < KEK_NAME_SIZE; i++)
            snprintf(name + 2 * i, 3, "%02x", (unsigned char)locked.ptr[i]);
    counts->by_another += doctor->master_name != NULL && strcmp(name, doctor->master_name) != 0;
}

static int count_all(struct doctor *doctor, struct store_read *read, struct counts *counts, struct err *err)
{
    struct key_record *keys;
    struct pgp_own_record *owns;
    size_t nkeys, nowns;
    if (store_keys(read, &keys, &nkeys, err) < 0 || store_pgp_owns(read, &owns, &nowns, err) < 0)
        return -1;
    for (size_t i = 0; i < nkeys; i++)
        count(doctor, keys[i].wrapped, counts);
    for (size_t i = 0; i < nowns; i++)
        count(doctor, owns[i].wrapped, counts);
    return 0;
}

void doctor_wrapped(struct doctor *doctor)
{
    struct err err = ERR_INIT;
    struct counts counts = {0, 0};
    struct store_read *read = NULL;
    const char *uri = doctor->settings->keys.master_token;
    if (store_read_begin(doctor->store, doctor->arena, &read, &err) < 0 ||
        count_all(doctor, read, &counts, &err) < 0)
        doctor_add(doctor, FINDING_ERROR, "sealadm restore, with the newest backup", "%s", err.msg);
    store_read_end(&read);
    if (*uri == '\0' && counts.by_token > 0)
        doctor_add(
            doctor, FINDING_ERROR, "set master-key-token to the key that wrapped them",
            "%zu private keys and passphrases are wrapped for a token, and none is set: mail that needs "
            "them is deferred",
            counts.by_token);
    else if (counts.by_another > 0)
        doctor_add(
            doctor, FINDING_ERROR, "set master-key-token to the key that wrapped them",
            "%zu private keys and passphrases are wrapped for another key than %s: mail that needs them "
            "is deferred",
            counts.by_another, uri);
}
