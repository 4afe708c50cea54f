/* pgp_keys - records of OpenPGP keys. */
#include "gate/pgp_keys.h"

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
