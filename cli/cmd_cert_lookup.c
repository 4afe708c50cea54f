/* cmd_cert_lookup - the OpenPGP key of an address, of the key servers that the settings name. */
#include "cli/pgpbook.h"

#include "cli/directory.h"
#include "fetch/lookup.h"
#include "gate/pgp_keys.h"

struct looking {
    struct cli *cli;
    struct pgp_engine *engine;
    const char *addr;
    bool trust; /* by hand */
};

static enum pgp_source source_by(const struct key_server *server)
{
    return server->kind == KEY_SERVER_WKD ? PGP_SOURCE_WKD : PGP_SOURCE_KEYSERVER;
}

static int put(struct looking *looking, const struct pgp_key *key, const struct key_server *server,
               struct pgp_record *out, struct err *err)
{
    struct cli *cli = looking->cli;
    enum pgp_source source = source_by(server);
    const struct pgpbook_terms terms = {.source = source,
                                        .trust = looking->trust ? TRUST_TRUSTED : TRUST_UNTRUSTED,
                                        .by_source = pgp_keys_are_trusted(&cli->settings->openpgp, source),
                                        .for_addr = looking->addr};
    if (cli_read_again(cli, err) < 0 || pgpbook_put(cli, looking->engine, key, &terms, out, err) < 0)
        return -1;
    buf_printf(&cli->out, "%s has ", server->name);
    pgpbook_say(cli, out);
    return 0;
}

static enum find take(void *arg, size_t index, const struct lookup_offer *offer, const char **why_out)
{
    struct looking *looking = arg;
    struct pgp_key *keys;
    size_t n, broken;
    bool usable = false;
    struct err err = ERR_INIT;
    (void)index;
    *why_out = "has no key that can be read";
    if (pgp_key_read(looking->engine, looking->cli->arena, offer->octets, &keys, &n, &broken, &err) < 0) {
        if (err.code == ERR_SYNTAX)
            return FIND_ABSENT;
        *why_out = arena_strdup(looking->cli->arena, err.msg);
        return FIND_FAILED;
    }
    *why_out = "has no key with this address";
    for (size_t i = 0; i < n; i++) {
        struct pgp_record record;
        if (!pgp_keys_names(&keys[i], looking->addr))
            continue;
        *why_out = "has a key that it calls revoked";
        if (offer->revoked && !keys[i].revoked)
            continue;
        if (put(looking, &keys[i], offer->server, &record, &err) < 0) {
            *why_out = arena_strdup(looking->cli->arena, err.msg);
            return FIND_FAILED;
        }
        usable |= pgp_record_encrypts(&record, looking->cli->now);
        *why_out = "has a key to which one cannot encrypt";
    }
    return usable ? FIND_FOUND : FIND_ABSENT;
}

static int look_up(struct looking *looking, struct err *err)
{
    struct cli *cli = looking->cli;
    struct lookup lookup = {.addr = looking->addr};
    lookup_all(&cli->settings->openpgp.lookup, cli_clock_ms, NULL, cli->arena, &lookup, 1,
               &(struct lookup_taker){.take = take, .arg = looking});
    switch (lookup.answer) {
    case FIND_FOUND:
        return 0;
    case FIND_ABSENT:
        return err_set(err, ERR_ABSENT, "no key of %s: %s", looking->addr, lookup.why);
    case FIND_FAILED:
        break;
    }
    return err_set(err, ERR_PEER_TEMP, "could not find out whether there is a key of %s: %s", looking->addr,
                   lookup.why);
}

int cmd_cert_lookup(struct cli *cli, int argc, char **argv, struct err *err)
{
    struct looking looking = {.cli = cli};
    const struct cli_option options[] = {{.name = "--trust", .flag = &looking.trust}};
    if (cli_operands(cli, options, SEAL_COUNT(options), &argc, argv, 1, 1, err) < 0 ||
        cli_address(cli, argv[0], &looking.addr, err) < 0)
        return -1;
    if (!lookup_asks(&cli->settings->openpgp.lookup, looking.addr))
        return err_set(err, ERR_CONFIG, "%s: openpgp-lookup names no server for %s", cli->settings->path,
                       looking.addr);
    if (cli_open_store(cli, CLI_DROP, err) < 0 || pgpbook_engine(cli, NULL, &looking.engine, err) < 0)
        return -1;
    int status = look_up(&looking, err);
    pgp_engine_close(&looking.engine);
    return status;
}
