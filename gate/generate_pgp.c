/* generate_pgp - the secret key first, then the public one: nobody encrypts to what nobody can open. */
#include "gate/generating.h"

#include "gate/own_ca.h"
#include "gate/pgp_keys.h"
#include "openpgp/own.h"
#include "token/wrap.h"

#define SECONDS (OWN_CA_DAYS * INT64_C(86400))

struct coming {
    struct pgp_engine *engine;
    struct secret passphrase;
    struct pgp_key key;
};

static int put_own(const struct generating *g, const struct coming *coming, struct err *err)
{
    const struct pgp_key *key = &coming->key;
    struct gate *gate = g->work.gate;
    SEAL_CLEANUP(secret_fini) struct secret secret = {.ptr = NULL};
    SEAL_CLEANUP(buf_fini) struct buf wrapped = BUF_INIT(WRAP_MAX);
    if (pgp_own_export(coming->engine, key->fingerprint, key->bytes, &coming->passphrase, &secret, err) < 0 ||
        holder_keep_secret(gate->holder, g->owner, key->fingerprint, &coming->passphrase, &wrapped, err) < 0)
        return -1;
    struct pgp_own_record own = {.fingerprint = key->fingerprint,
                                 .owner = g->owner,
                                 .wrapped = buf_span(&wrapped),
                                 .secret = {(const char *)secret.ptr, secret.len},
                                 .created = key->created};
    own.grips = arena_array(g->work.arena, key->nsubkeys, sizeof *own.grips);
    for (size_t i = 0; i < key->nsubkeys; i++)
        own.grips[own.ngrips++] = key->subkeys[i].keygrip;
    return store_put_pgp_own(gate->store, &own, err);
}

static int put_public(const struct generating *g, const struct coming *coming, struct err *err)
{
    struct pgp_record record = pgp_keys_record(g->work.arena, &coming->key);
    record.addrs = (const char **)&g->owner;
    record.naddrs = 1;
    record.source = PGP_SOURCE_OWN;
    record.trust = TRUST_TRUSTED;
    record.pinned = true;
    record.first_seen = record.last_seen = g->work.now;
    return store_put_pgp(g->work.gate->store, &record, SPAN_LIT(""), err);
}

/* A secret key without its record is of no use to anybody. */
static int put_or_undo(const struct generating *g, const struct coming *coming, struct err *err)
{
    struct err undone = ERR_INIT;
    if (put_own(g, coming, err) == 0)
        return put_public(g, coming, err);
    if (pgp_own_delete(coming->engine, coming->key.fingerprint, coming->key.bytes, &undone) < 0)
        return err_wrap(err, "%s (and left behind: %s)", coming->key.fingerprint, undone.msg);
    return -1;
}

static int generate(struct generating *g, struct coming *coming, struct err *err)
{
    if (pgp_engine_get(g->work.gate, &coming->engine, err) < 0 ||
        pgp_own_passphrase(&coming->passphrase, err) < 0 ||
        pgp_own_generate(coming->engine, g->work.arena, g->name, g->owner, PGP_ED25519, SECONDS,
                         &coming->passphrase, &coming->key, err) < 0)
        return -1;
    return put_or_undo(g, coming, err);
}

int generate_pgp(struct generating *g, struct err *err)
{
    struct coming coming = {.engine = NULL};
    if (pgp_is_off(&g->work))
        return err_set(err, ERR_CONFIG, "OpenPGP is switched off (openpgp-gpg)");
    int status = generate(g, &coming, err);
    secret_fini(&coming.passphrase);
    if (status == 0)
        *g->out = (struct generated_key){
            .made = true, .fingerprint = coming.key.fingerprint, .until = coming.key.expires};
    return status;
}
