/* pgp_keys - records of OpenPGP keys. */
#include "gate/pgp_keys.h"

#include <string.h>

static void take_user_ids(struct arena *arena, const struct pgp_key *key, struct pgp_record *record)
{
    record->user_ids = arena_array(arena, key->nuids, sizeof *record->user_ids);
    record->named = arena_array(arena, key->nuids, sizeof *record->named);
    for (size_t i = 0; i < key->nuids; i++) {
        if (!key->uids[i].valid && key->why == NULL)
            continue;
        record->user_ids[record->nuser_ids++] = key->uids[i].text;
        record->named[record->nnamed++] = key->uids[i].addr;
    }
}

/* 0 and -1 as in the record. */
static int64_t later(int64_t until, int64_t expires)
{
    if (until == 0 || expires == 0)
        return 0;
    return expires > until ? expires : until;
}

/* gpg encrypts to the newest subkey that it may. */
static void take_subkeys(struct arena *arena, const struct pgp_key *key, struct pgp_record *record)
{
    const struct pgp_subkey *newest = NULL;
    record->keyids = arena_array(arena, key->nsubkeys, sizeof *record->keyids);
    record->sign_until = -1;
    for (size_t i = 0; i < key->nsubkeys; i++) {
        const struct pgp_subkey *subkey = &key->subkeys[i];
        record->keyids[record->nkeyids++] = subkey->keyid;
        if (subkey->valid && subkey->can_sign)
            record->sign_until = later(record->sign_until, subkey->expires);
        if (subkey->valid && subkey->can_encrypt && (newest == NULL || subkey->created > newest->created))
            newest = subkey;
    }
    record->encrypt_algorithm = newest == NULL ? "" : newest->algorithm;
    record->encrypt_bits = newest == NULL ? 0 : newest->bits;
}

struct pgp_record pgp_keys_record(struct arena *arena, const struct pgp_key *key)
{
    struct pgp_record record = {.fingerprint = key->fingerprint,
                                .key = key->bytes,
                                .created = key->created,
                                .expires = key->expires,
                                .encrypt_until = key->encrypt_until,
                                .revoked = key->revoked,
                                .algorithm = key->subkeys[0].algorithm,
                                .bits = key->subkeys[0].bits,
                                .capabilities = ""};
    take_user_ids(arena, key, &record);
    take_subkeys(arena, key, &record);
    return record;
}

bool pgp_keys_names(const struct pgp_key *key, const char *addr)
{
    for (size_t i = 0; i < key->nuids; i++)
        if ((key->uids[i].valid || key->revoked) && strcmp(key->uids[i].addr, addr) == 0)
            return true;
    return false;
}

bool pgp_keys_are_trusted(const struct openpgp_settings *settings, enum pgp_source source)
{
    for (enum pgp_source s = PGP_SOURCE_AUTOCRYPT; s <= source; s++)
        if (strcmp(pgp_source_name(s), settings->trust) == 0)
            return true;
    return false;
}
