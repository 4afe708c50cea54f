/* keys - private keys into the store. */
#include "cli/keys.h"

#include "cli/secrets.h"
#include "token/soft.h"

#define WRAPPED_MAX (64u << 10)

int keys_put(struct cli *cli, const char *owner, const struct cert *cert, const struct secret *pkcs8,
             struct err *err)
{
    SEAL_CLEANUP(secret_fini) struct secret master = {.ptr = NULL};
    SEAL_CLEANUP(buf_fini) struct buf wrapped = BUF_INIT(WRAPPED_MAX);
    if (secrets_read_master(cli, &master, err) < 0 || soft_wrap(&master, owner, pkcs8, &wrapped, err) < 0)
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
