/* generate - another message may have had it made meanwhile, so it is selected again as for a message; then made as the command makes it. */
#include "gate/generating.h"

#include "gate/own_ca.h"

#include <string.h>

#define HOUR      INT64_C(3600)
#define DAY       (24 * HOUR)
#define RSA_USUAL 3072
#define RSA_MOST  4096

/* ---- what is there by now ---- */

static int load(struct generating *g, struct err *err)
{
    struct user_record user = {.name = ""};
    struct store_read *read = NULL;
    if (store_read_begin(g->work.gate->store, g->work.arena, &read, err) < 0)
        return -1;
    load_keys(&g->work, read, g->owner, &g->work.sender);
    enum find found = store_find_user(read, g->owner, &user, err);
    store_read_end(&read);
    g->name = found == FIND_FOUND ? user.name : "";
    return found == FIND_FAILED ? -1 : 0;
}

static bool is_of_today(const struct generating *g, const char *owner, int64_t created)
{
    return strcmp(owner, g->owner) == 0 && created > g->work.now - DAY;
}

/* Whatever makes it useless would make the next one useless too: the store must not fill up with them. */
static int check_today(const struct generating *g, enum method method, struct err *err)
{
    const struct loaded *sender = &g->work.sender;
    const char *made = NULL;
    for (size_t i = 0; method == METHOD_SMIME && i < sender->nkeys; i++)
        if (is_of_today(g, sender->keys[i].key.owner, sender->keys[i].key.created) &&
            sender->keys[i].cert.source == CERT_ISSUED)
            made = sender->keys[i].key.fingerprint;
    for (size_t i = 0; method == METHOD_OPENPGP && i < sender->npgp_keys; i++)
        if (is_of_today(g, sender->pgp_keys[i].own.owner, sender->pgp_keys[i].own.created))
            made = sender->pgp_keys[i].own.fingerprint;
    if (made == NULL)
        return 0;
    return err_set(err, ERR_KEY_UNUSABLE, "%.16s was made less than a day ago, and cannot be used: %s", made,
                   g->work.facts->sign[method].why);
}

/* ---- S/MIME ---- */

static int put(struct generating *g, struct cert *cert, struct key_record *key, struct err *err)
{
    const struct work *work = &g->work;
    const struct cert_info *info = cert_info(cert);
    SEAL_CLEANUP(chain_result_fini) struct chain_result chain = {.answer = CHAIN_UNTRUSTED};
    if (certs_chain(work->gate->certs, work->snapshot->anchors, work->snapshot->anchors_id, cert,
                    CHAIN_ENCRYPT, work->now, work->snapshot->settings->min_rsa_bits, &chain, err) < 0)
        return -1;
    bool trusted = chain.answer == CHAIN_OK;
    const struct cert_record record = {.fingerprint = info->fingerprint,
                                       .der = cert_der(cert),
                                       .addrs = &g->owner,
                                       .naddrs = 1,
                                       .source = CERT_ISSUED,
                                       .trust = trusted ? TRUST_TRUSTED : TRUST_UNTRUSTED,
                                       .chain_ok = trusted,
                                       .not_before = info->not_before,
                                       .not_after = info->not_after,
                                       .usage = info->usage,
                                       .key_kind = "rsa",
                                       .key_bits = info->key_bits,
                                       .capabilities = "",
                                       .first_seen = work->now,
                                       .last_seen = work->now};
    key->created = work->now;
    return store_put_key(work->gate->store, key, err) < 0 ? -1
                                                          : store_put_cert(work->gate->store, &record, err);
}

static int find_ca(struct generating *g, struct own_ca *out, struct err *err)
{
    struct store_read *read = NULL;
    if (store_read_begin(g->work.gate->store, g->work.arena, &read, err) < 0)
        return -1;
    int status = own_ca_find(read, out, err);
    store_read_end(&read);
    return status;
}

/* It is signed with at once: it begins an hour ago, for readers whose clocks are behind. */
static int generate_smime(struct generating *g, struct err *err)
{
    SEAL_CLEANUP(cert_free) struct cert *cert = NULL;
    struct own_ca ca;
    struct key_record key;
    const struct own_ca_request request = {
        .addr = g->owner,
        .name = g->name,
        .type = KEY_RSA,
        .bits = g->work.snapshot->settings->min_rsa_bits > RSA_USUAL ? RSA_MOST : RSA_USUAL,
        .not_before = g->work.now - HOUR,
        .not_after = g->work.now + OWN_CA_DAYS * DAY};
    if (find_ca(g, &ca, err) < 0 ||
        own_ca_issue(&ca, g->work.gate->holder, &request, g->work.arena, &cert, &key, err) < 0 ||
        put(g, cert, &key, err) < 0)
        return -1;
    *g->out = (struct generated_key){
        .made = true, .fingerprint = key.fingerprint, .until = cert_info(cert)->not_after};
    return 0;
}

/* ---- either ---- */

static int generate(struct generating *g, enum method method, struct err *err)
{
    const struct key_fact *fact = &g->work.facts->sign[method];
    if (load(g, err) < 0 || select_keys(&g->work, err) < 0)
        return -1;
    switch (fact->usable) {
    case ANSWER_YES:
        *g->out = (struct generated_key){.fingerprint = fact->fingerprint};
        return 0;
    case ANSWER_NO:
        break;
    case ANSWER_UNKNOWN:
    case ANSWER_UNASKED:
        return err_set(err, ERR_STORE, "could not find out whether there is one: %s", fact->why);
    }
    if (check_today(g, method, err) < 0)
        return -1;
    return method == METHOD_SMIME ? generate_smime(g, err) : generate_pgp(g, err);
}

int gate_generate(struct gate *gate, struct snapshot *snapshot, const struct facts *facts, enum method method,
                  int64_t now, struct arena *arena, struct generated_key *out, struct err *err)
{
    struct facts sender = {.from = facts->from, .submitter = facts->submitter, .may_sign = facts->may_sign};
    struct materials materials = {.nopened = 0};
    struct generating g = {.work = {.gate = gate,
                                    .snapshot = snapshot,
                                    .now = now,
                                    .arena = arena,
                                    .facts = &sender,
                                    .materials = &materials},
                           .owner = facts->from,
                           .out = out};
    int status = generate(&g, method, err);
    keyring_fini(&materials.keyring);
    return status < 0 || arena_check(arena, err) < 0 ? -1 : 0;
}
