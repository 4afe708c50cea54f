/* keys - private keys into the store. */
#include "cli/keys.h"

#include "cli/secrets.h"
#include "token/soft.h"

#include <string.h>

#define WRAPPED_MAX (64u << 10)

static const struct key_choice choices[] = {
    {"rsa3072", KEY_RSA, 3072}, {"rsa2048", KEY_RSA, 2048}, {"rsa4096", KEY_RSA, 4096},
    {"p256", KEY_EC_P256, 0},   {"p384", KEY_EC_P384, 0},
};

int keys_choose(const char *name, const struct key_choice **out, struct err *err)
{
    for (size_t i = 0; i < SEAL_COUNT(choices); i++) {
        *out = &choices[i];
        if (name == NULL || strcmp(choices[i].name, name) == 0)
            return 0;
    }
    return err_set(err, ERR_USAGE, "--type %s: rsa2048, rsa3072, rsa4096, p256 or p384 is wanted", name);
}

static int seal(struct cli *cli, const struct token_master *token, const char *owner, const struct cert *cert,
                const struct secret *pkcs8, struct buf *out, struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret master = {.ptr = NULL};
    if (secrets_read_master(cli, &master, err) < 0)
        return -1;
    return token->sealkeyd != NULL
               ? token_master_seal(token, &master, owner, cert_public(cert), pkcs8, out, err)
               : soft_wrap(&master, owner, pkcs8, out, err);
}

int keys_put(struct cli *cli, const struct token_master *token, const char *owner, const struct cert *cert,
             const struct secret *pkcs8, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf wrapped = BUF_INIT(WRAPPED_MAX);
    if (seal(cli, token, owner, cert, pkcs8, &wrapped, err) < 0)
        return -1;
    const struct key_record record = {.fingerprint = cert_info(cert)->fingerprint,
                                      .owner = owner,
                                      .public_key = cert_public(cert),
                                      .wrapped = buf_span(&wrapped),
                                      .created = cli->now};
    return store_put_key(cli->store, &record, err);
}

void keys_say(struct cli *cli, const struct cert *cert, const struct cert_record *record, const char *owner,
              const char *trust)
{
    buf_printf(&cli->out, "key %.16s of %s: %s, valid until %s, certificate %s\n", record->fingerprint, owner,
               certbook_key_text(cli, cert_info(cert)), cli_date(cli, record->not_after), trust);
}

/* Who has no user record has no mail that is handled. */
int keys_say_next(struct cli *cli, const char *owner, struct err *err)
{
    struct user_record user;
    if (*owner == '@')
        return 0;
    switch (store_find_user(cli->read, owner, &user, err)) {
    case FIND_FOUND:
        return 0;
    case FIND_ABSENT:
        buf_printf(&cli->out, "next: sealadm user add %s\n", owner);
        return 0;
    case FIND_FAILED:
        break;
    }
    return -1;
}

const char *keys_waiting_name(struct cli *cli, struct span public_key)
{
    unsigned char digest[HASH_SIZE];
    char *name = arena_alloc(cli->arena, HASH_HEX_SIZE);
    hash_bytes(public_key, digest);
    hash_hex(digest, name);
    return name;
}

static bool names(const struct cert_record *record, const char *owner)
{
    for (size_t i = 0; i < record->naddrs; i++)
        if (strcmp(record->addrs[i], owner) == 0)
            return true;
    return *owner == '@';
}

/* The key of this public key that is nearest to it: the one that waits, else the one of an earlier certificate. NULL: none. */
static const struct key_record *find_same(const struct key_record *keys, size_t n, struct span public_key,
                                          const char *waiting)
{
    const struct key_record *found = NULL;
    for (size_t i = 0; i < n; i++)
        if (*keys[i].owner != '\0' && span_eq(keys[i].public_key, public_key) &&
            (found == NULL || strcmp(keys[i].fingerprint, waiting) == 0))
            found = &keys[i];
    return found;
}

enum find keys_find_same(struct cli *cli, struct span public_key, struct key_record *out, struct err *err)
{
    struct key_record *keys;
    size_t n;
    if (store_keys(cli->read, &keys, &n, err) < 0)
        return FIND_FAILED;
    const struct key_record *same = find_same(keys, n, public_key, keys_waiting_name(cli, public_key));
    if (same == NULL)
        return FIND_ABSENT;
    *out = *same;
    return FIND_FOUND;
}

int keys_join(struct cli *cli, const struct cert *cert, const struct cert_record *record, struct err *err)
{
    struct key_record same;
    enum find found = keys_find_same(cli, cert_public(cert), &same, err);
    if (found == FIND_FAILED)
        return -1;
    if (found == FIND_ABSENT || strcmp(same.fingerprint, record->fingerprint) == 0)
        return 0;
    if (!names(record, same.owner)) {
        buf_printf(&cli->out,
                   "warning: its key is here and belongs to %s, whom it does not name: not joined\n",
                   same.owner);
        return 0;
    }
    const char *waiting = keys_waiting_name(cli, cert_public(cert));
    struct key_record joined = same;
    joined.fingerprint = record->fingerprint;
    if (store_put_key(cli->store, &joined, err) < 0 ||
        (strcmp(same.fingerprint, waiting) == 0 && store_delete_key(cli->store, waiting, err) < 0))
        return -1;
    buf_printf(&cli->out, "it is the certificate of the key of %s that is here\n", same.owner);
    return 0;
}
