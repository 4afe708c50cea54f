/* cmd_key_request - a certificate request for a key that is here, or for a new one, which waits in the store for the answer. */
#include "cli/keys.h"
#include "cli/secrets.h"
#include "cli/tokens.h"

#include "smime/request.h"
#include "token/remote.h"
#include "token/wrap.h"

#define PUBLIC_MAX  8192
#define REQUEST_MAX (64u << 10)

struct wish {
    const char *addr;
    const char *beginning;           /* of the fingerprint of a key that is here; NULL: a new one */
    const struct key_choice *choice; /* of the new one */
    const char *uri;                 /* where a token makes it; NULL: here */
    struct holder *sealkeyd;         /* with uri */
    const char *out;
};

static struct span keep(struct cli *cli, const struct buf *octets)
{
    return (struct span){arena_memdup(cli->arena, octets->ptr, octets->len), octets->len};
}

static int make_key(struct cli *cli, const struct wish *wish, struct buf *public_out, struct buf *wrapped_out,
                    struct err *err)
{
    const struct key_choice *choice = wish->choice;
    SEAL_CLEANUP(holder_free) struct holder *here = NULL;
    if (wish->uri != NULL)
        return remote_generate_on_token(wish->sealkeyd, wish->addr, choice->type, choice->bits, wish->uri,
                                        public_out, wrapped_out, err);
    if (secrets_open_holder(cli, &here, err) < 0)
        return -1;
    return holder_generate(here, wish->addr, choice->type, choice->bits, public_out, wrapped_out, err);
}

/* In the store before anybody gets its request. */
static int new_key(struct cli *cli, const struct wish *wish, struct key_record *out, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf public = BUF_INIT(PUBLIC_MAX), wrapped = BUF_INIT(WRAP_MAX);
    if (make_key(cli, wish, &public, &wrapped, err) < 0)
        return -1;
    *out = (struct key_record){.owner = wish->addr,
                               .public_key = keep(cli, &public),
                               .wrapped = keep(cli, &wrapped),
                               .uri = wish->uri,
                               .created = cli->now};
    out->fingerprint = keys_waiting_name(cli, out->public_key);
    return store_put_key(cli->store, out, err) < 0 ? tokens_left(cli, wish->uri) : 0;
}

static int find_key(struct cli *cli, const struct wish *wish, struct key_record *out, struct err *err)
{
    char fingerprint[HASH_HEX_SIZE];
    if (certbook_find(cli, STORE_KEY, wish->beginning, fingerprint, err) < 0)
        return -1;
    return store_find_key(cli->read, fingerprint, out, err) == FIND_FOUND ? 0 : -1;
}

static int write_request(struct cli *cli, const struct wish *wish, const struct key_record *record,
                         struct holder *holder, struct buf *out, struct err *err)
{
    SEAL_CLEANUP(key_free) struct key *key = NULL;
    const struct sealed_key sealed = {record->owner, record->public_key, record->wrapped};
    struct user_record user = {.name = ""};
    if (store_find_user(cli->read, wish->addr, &user, err) == FIND_FAILED ||
        holder_open_key(holder, &sealed, wish->addr, &key, err) < 0)
        return -1;
    return request_create(key, wish->addr, *user.name == '\0' ? NULL : user.name, out, err);
}

static int request(struct cli *cli, const struct wish *wish, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf pem = BUF_INIT(REQUEST_MAX);
    SEAL_CLEANUP(holder_free) struct holder *holder = NULL;
    struct key_record record;
    if ((wish->beginning != NULL ? find_key(cli, wish, &record, err) : new_key(cli, wish, &record, err)) <
            0 ||
        (record.uri != NULL ? tokens_connect(cli, &holder, err) : secrets_open_holder(cli, &holder, err)) <
            0 ||
        write_request(cli, wish, &record, holder, &pem, err) < 0 ||
        cli_deliver(cli, &pem, wish->out, 0644, err) < 0)
        return -1;
    if (wish->out != NULL)
        buf_printf(&cli->out,
                   "the request for key %.16s of %s is in %s\nnext: sealadm cert import, with the "
                   "authority's answer\n",
                   record.fingerprint, wish->addr, wish->out);
    return 0;
}

int cmd_key_request(struct cli *cli, int argc, char **argv, struct err *err)
{
    const char *type = NULL;
    struct wish wish = {.addr = NULL};
    const struct cli_option options[] = {{.name = "--type", .value = &type},
                                         {.name = "--token", .value = &wish.uri},
                                         {.name = "--key", .value = &wish.beginning},
                                         {.name = "--out", .value = &wish.out}};
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 1, 1, err) < 0 ||
        cli_address(cli, argv[0], &wish.addr, err) < 0 || keys_choose(type, &wish.choice, err) < 0 ||
        (wish.uri != NULL && tokens_check(wish.uri, err) < 0))
        return -1;
    if (wish.beginning != NULL && (wish.uri != NULL || type != NULL))
        return err_set(err, ERR_USAGE, "--key names a key that is here; --token and --type are of a new one");
    SEAL_CLEANUP(holder_free) struct holder *sealkeyd = NULL;
    if ((wish.uri != NULL && tokens_connect(cli, &sealkeyd, err) < 0) ||
        secrets_open_store(cli, wish.out == NULL ? CLI_DROP : CLI_LEND, err) < 0)
        return -1;
    wish.sealkeyd = sealkeyd;
    return request(cli, &wish, err);
}
