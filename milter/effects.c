/* effects - harvested certificates and answers of the directory into the store. */
#include "milter/effects.h"

#include "gate/keep_pgp.h"
#include "log/log.h"
#include "smime/cert.h"

static const char *kind_name(enum key_type type)
{
    return type == KEY_RSA ? "rsa" : "ec";
}

/* The record belongs to the address that it was harvested for, whatever other names the certificate has (R28). */
static int harvest(struct store *store, const struct effect *effect, int64_t now, enum harvest_result *result,
                   struct err *err)
{
    SEAL_CLEANUP(cert_free) struct cert *cert = NULL;
    if (cert_parse(effect->der, &cert, err) < 0)
        return -1;
    const struct cert_info *info = cert_info(cert);
    const struct cert_record record = {
        .fingerprint = effect->fingerprint,
        .der = effect->der,
        .addrs = (const char **)&effect->addr,
        .naddrs = 1,
        .source = CERT_HARVESTED,
        .trust = effect->trusted ? TRUST_TRUSTED : TRUST_UNTRUSTED,
        .chain_ok = effect->trusted,
        .not_before = info->not_before,
        .not_after = info->not_after,
        .usage = info->usage,
        .key_kind = kind_name(info->key_type),
        .key_bits = info->key_bits,
        .capabilities = effect->capabilities != NULL ? effect->capabilities : "",
        .first_seen = now,
        .last_seen = now,
    };
    return store_harvest(store, &record, result, err);
}

/* An answer that was not kept is asked for again. */
static void remember(struct store *store, const struct effect *effect, const char *whose, int64_t now,
                     const char *qid)
{
    struct err err = ERR_INIT;
    if (effect->why != NULL)
        log_event(LEVEL_WARNING, qid, whose, "why", effect->why, NULL);
    if (store_put_remembered(store, effect->remembered, effect->nremembered, now, &err) < 0)
        log_error(qid, whose, &err);
}

static const char *const results[] = {
    [HARVEST_NEW] = "new", [HARVEST_KNOWN] = "known", [HARVEST_REFUSED] = "refused"};

struct kept {
    const struct effect *effect;
    const char *qid;
};

static void tell_kept(void *arg, const char *fingerprint, enum trust trust, enum harvest_result result)
{
    const struct kept *kept = arg;
    log_event(LEVEL_INFO, kept->qid, "harvest", "addr", kept->effect->addr, "key", fingerprint, "source",
              pgp_source_name((enum pgp_source)kept->effect->source), "trust", trust_name(trust), "result",
              results[result], NULL);
}

static void commit_pgp(struct gate *gate, const struct effect *effect, int64_t now, const char *qid)
{
    struct err err = ERR_INIT;
    if (keep_pgp(gate, effect, now, tell_kept, &(struct kept){effect, qid}, &err) < 0)
        log_error(qid, "harvest", &err);
}

void effects_commit_keys(struct gate *gate, const struct outcome *outcome, int64_t now, const char *qid)
{
    for (size_t i = 0; i < outcome->neffects; i++)
        if (outcome->effects[i].kind == EFFECT_HARVEST_PGP)
            commit_pgp(gate, &outcome->effects[i], now, qid);
}

void effects_commit(struct gate *gate, struct store *store, const struct outcome *outcome, int64_t now,
                    const char *qid)
{
    for (size_t i = 0; i < outcome->neffects; i++) {
        const struct effect *effect = &outcome->effects[i];
        enum harvest_result result;
        struct err err = ERR_INIT;
        switch (effect->kind) {
        case EFFECT_HARVEST:
            if (harvest(store, effect, now, &result, &err) < 0)
                log_error(qid, "harvest", &err);
            else
                log_event(LEVEL_INFO, qid, "harvest", "addr", effect->addr, "cert", effect->fingerprint,
                          "trust", effect->trusted ? "trusted" : "untrusted", "result", results[result],
                          NULL);
            break;
        case EFFECT_HARVEST_PGP:
            commit_pgp(gate, effect, now, qid);
            break;
        case EFFECT_DIRECTORY:
            remember(store, effect, "directory", now, qid);
            break;
        case EFFECT_LOOKUP:
            remember(store, effect, "lookup", now, qid);
            break;
        }
    }
}
