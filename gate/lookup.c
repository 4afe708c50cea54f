/*
 * lookup - FACTS_LOOKUPS: OpenPGP keys of recipients outside, asked of key servers where no key of theirs is of use, or an old look-up's is.
 *
 * Who may be asked for stays ANSWER_UNASKED until deciding wants to know: a rule that does not encrypt asks nobody. What servers said is
 * remembered as what the directory says is; the keys themselves leave as effects, and are used for this message at once where the settings
 * trust their source. What could not be found out stays ANSWER_UNKNOWN, unless an older "no" may still be used.
 */
#include "gate/internal.h"
#include "gate/keep_pgp.h"
#include "gate/pgp_keys.h"

#include "fetch/lookup.h"

#include <string.h>

static const struct lookup_settings *settings_of(const struct work *work)
{
    return &work->snapshot->settings->openpgp.lookup;
}

/* ---- from before ---- */

/* Not a canonical address: what the directory said of it is another record. */
static const char *name_of(struct arena *arena, const char *addr)
{
    return arena_printf(arena, "openpgp %s", addr);
}

/* Other servers know other keys. */
static const char *source_of(struct arena *arena, const struct lookup_settings *settings)
{
    unsigned char digest[HASH_SIZE];
    char hex[HASH_HEX_SIZE];
    struct hash *hash = hash_new();
    for (size_t i = 0; i < settings->words.n; i++)
        hash_add_field(hash, span_of(settings->words.items[i]));
    for (size_t i = 0; i < settings->nservers; i++)
        if (settings->servers[i].directory != NULL)
            hash_add_field(hash, span_of(settings->servers[i].directory->base));
    hash_end(hash, digest);
    hash_free(&hash);
    hash_hex(digest, hex);
    return arena_strdup(arena, hex);
}

static bool is_askable(const struct work *work, size_t rcpt)
{
    const struct rcpt_facts *facts = &work->facts->rcpts[rcpt];
    return facts->direction == DIRECTION_OUTBOUND && !pgp_is_off(work) &&
           lookup_asks(settings_of(work), facts->addr);
}

void lookup_recall(struct work *work, struct store_read *read)
{
    work->lookup_source = source_of(work->arena, settings_of(work));
    for (size_t i = 0; i < work->facts->nrcpts; i++) {
        struct remembered *known = &work->rcpts[i].looked_up;
        struct err ignored = ERR_INIT; /* one that cannot be read is none: servers are asked anew */
        if (!is_askable(work, i))
            continue;
        if (store_find_remembered(read, name_of(work->arena, work->facts->rcpts[i].addr), known, &ignored) !=
                FIND_FOUND ||
            strcmp(known->source, work->lookup_source) != 0)
            *known = (struct remembered){.addr = NULL};
    }
}

static bool is_within(const struct work *work, const struct remembered *known, unsigned seconds)
{
    return known->addr != NULL && known->asked <= work->now && work->now < known->asked + (int64_t)seconds;
}

/* ---- whom to ask for ---- */

static bool is_pinned(const struct loaded *loaded)
{
    for (size_t i = 0; i < loaded->npgps; i++)
        if (loaded->pgps[i].pinned && loaded->pgps[i].trust == TRUST_TRUSTED)
            return true;
    return false;
}

static bool came_by_lookup(const struct loaded *loaded, const char *fingerprint)
{
    for (size_t i = 0; i < loaded->npgps; i++)
        if (strcmp(loaded->pgps[i].fingerprint, fingerprint) == 0)
            return loaded->pgps[i].source == PGP_SOURCE_WKD || loaded->pgps[i].source == PGP_SOURCE_KEYSERVER;
    return false;
}

/* The administrator's keys are not looked up; a "yes" of before that left no key of use is worth nothing. */
static bool is_due(const struct work *work, size_t rcpt)
{
    const struct loaded *loaded = &work->rcpts[rcpt];
    const struct key_fact *keys = work->facts->rcpts[rcpt].encrypt;
    const struct lookup_settings *settings = settings_of(work);
    bool negative = is_within(work, &loaded->looked_up, settings->cache_negative) && !loaded->looked_up.found;
    if (!is_askable(work, rcpt) || keys[METHOD_SMIME].usable != ANSWER_NO || is_pinned(loaded) || negative)
        return false;
    switch (keys[METHOD_OPENPGP].usable) {
    case ANSWER_NO:
        return true;
    case ANSWER_YES:
        return came_by_lookup(loaded, keys[METHOD_OPENPGP].fingerprint) &&
               !(loaded->looked_up.found && is_within(work, &loaded->looked_up, settings->cache));
    case ANSWER_UNASKED:
    case ANSWER_UNKNOWN:
        break;
    }
    return false;
}

void lookup_mark(struct work *work)
{
    for (size_t i = 0; i < work->facts->nrcpts; i++)
        if (is_due(work, i))
            work->facts->rcpts[i].encrypt[METHOD_OPENPGP] =
                (struct key_fact){.usable = ANSWER_UNASKED, .key = -1};
}

/* ---- what servers give ---- */

/* Keys of one address, as records to choose among and as octets to keep. */
struct given {
    struct pgp_record *records;
    size_t n, cap;
};

struct asking {
    struct work *work;
    struct arena *arena; /* for what is too large to be the message's */
    struct pgp_engine *engine;
    struct lookup lookups[LOOKUP_MAX];
    struct given given[LOOKUP_MAX];
    size_t n;
};

static enum pgp_source source_by(const struct key_server *server)
{
    return server->kind == KEY_SERVER_WKD ? PGP_SOURCE_WKD : PGP_SOURCE_KEYSERVER;
}

/* As keep_pgp() will make it, for this message. */
static int make_record(struct asking *asking, const struct pgp_key *fresh, enum pgp_source source,
                       struct pgp_record *out, struct err *err)
{
    struct pgp_key key;
    struct pgp_record known;
    if (keep_pgp_merged(asking->work->gate, asking->engine, asking->arena, fresh, &key, &known, err) < 0)
        return -1;
    *out = pgp_keys_record(asking->arena, &key);
    out->source = known.fingerprint != NULL && known.source > source ? known.source : source;
    out->trust = known.fingerprint != NULL ? known.trust : TRUST_UNTRUSTED;
    out->pinned = known.fingerprint != NULL && known.pinned;
    if (!out->pinned && out->trust == TRUST_UNTRUSTED && pgp_is_trusted(asking->work, source))
        out->trust = TRUST_TRUSTED;
    return 0;
}

static void add_effect(struct asking *asking, const char *addr, enum pgp_source source, struct span octets)
{
    struct work *work = asking->work;
    work->found = arena_grow(work->arena, work->found, work->nfound, &work->found_cap, sizeof *work->found);
    work->found[work->nfound++] = (struct effect){.kind = EFFECT_HARVEST_PGP,
                                                  .addr = addr,
                                                  .der = octets,
                                                  .source = source,
                                                  .trusted = pgp_is_trusted(work, source)};
}

static int take_key(struct asking *asking, size_t index, const struct pgp_key *key, enum pgp_source source,
                    const char **fault_out, struct err *err)
{
    struct given *given = &asking->given[index];
    struct pgp_record record;
    if (make_record(asking, key, source, &record, err) < 0)
        return -1;
    add_effect(asking, asking->lookups[index].addr, source, key->bytes);
    *fault_out = record.pinned ? "its key was given other addresses, or none, by hand"
                               : select_pgp_fault(asking->work, &record);
    given->records = arena_grow(asking->arena, given->records, given->n, &given->cap, sizeof *given->records);
    given->records[given->n] = record;
    given->n += !record.pinned;
    return 0;
}

static enum find cannot_tell(struct asking *asking, const struct err *err, const char **why_out)
{
    *why_out = arena_strdup(asking->work->arena, err->msg);
    return FIND_FAILED;
}

/* A look-up's end is a key that can be used; others are kept on the way. */
static enum find take(void *arg, size_t index, const struct lookup_offer *offer, const char **why_out)
{
    struct asking *asking = arg;
    struct pgp_key *keys;
    size_t n, broken;
    bool usable = false;
    struct err err = ERR_INIT;
    *why_out = "has no key that can be read";
    if (pgp_key_read(asking->engine, asking->arena, offer->octets, &keys, &n, &broken, &err) < 0)
        return err.code == ERR_SYNTAX ? FIND_ABSENT : cannot_tell(asking, &err, why_out);
    *why_out = "has no key with this address";
    for (size_t i = 0; i < n; i++) {
        const char *fault = NULL;
        if (!pgp_keys_names(&keys[i], asking->lookups[index].addr))
            continue;
        *why_out = "has a key that it calls revoked";
        if (offer->revoked && !keys[i].revoked)
            continue;
        if (take_key(asking, index, &keys[i], source_by(offer->server), &fault, &err) < 0)
            return cannot_tell(asking, &err, why_out);
        usable |= fault == NULL;
        *why_out = fault != NULL ? fault : *why_out;
    }
    return usable ? FIND_FOUND : FIND_ABSENT;
}

/* ---- what it means ---- */

static void add_given(struct work *work, const struct given *given, struct loaded *loaded)
{
    struct pgp_record *all = arena_array(work->arena, loaded->npgps + given->n, sizeof *all);
    size_t n = 0;
    for (size_t i = 0; i < loaded->npgps; i++) {
        bool newer = false;
        for (size_t k = 0; k < given->n; k++)
            newer |= strcmp(given->records[k].fingerprint, loaded->pgps[i].fingerprint) == 0;
        if (!newer)
            all[n++] = loaded->pgps[i];
    }
    for (size_t k = 0; k < given->n; k++)
        all[n++] = given->records[k];
    loaded->pgps = all;
    loaded->npgps = n;
}

static const char *why_none(struct work *work, const struct lookup *lookup, const char *why)
{
    return lookup->why == NULL ? why : arena_printf(work->arena, "%s; %s", why, lookup->why);
}

static void settle_rcpt(struct work *work, size_t rcpt, const struct lookup *lookup,
                        const struct given *given)
{
    struct loaded *loaded = &work->rcpts[rcpt];
    struct key_fact *fact = &work->facts->rcpts[rcpt].encrypt[METHOD_OPENPGP];
    const struct remembered *known = &loaded->looked_up;
    add_given(work, given, loaded);
    select_pgp_encryption(work, loaded, fact);
    if (fact->usable != ANSWER_NO)
        return;
    fact->why = why_none(work, lookup, fact->why);
    if (lookup->answer != FIND_FAILED)
        return;
    if (!known->found && is_within(work, known, settings_of(work)->cache_stale))
        fact->why = arena_printf(work->arena, "%s (an earlier answer is used)", fact->why);
    else
        fact->usable = ANSWER_UNKNOWN;
}

/* Also that a server could not be asked again for a key that is in use: not with every message to him. */
static void remember(struct work *work, size_t rcpt, const struct lookup *lookup)
{
    const struct lookup_settings *settings = settings_of(work);
    bool found = lookup->answer == FIND_FOUND;
    unsigned negative =
        settings->cache_negative > settings->cache_stale ? settings->cache_negative : settings->cache_stale;
    unsigned lifetime = found ? settings->cache : negative;
    bool in_use = work->facts->rcpts[rcpt].encrypt[METHOD_OPENPGP].usable == ANSWER_YES;
    if (lifetime == 0 || (lookup->answer == FIND_FAILED && !in_use))
        return;
    work->looked_up[work->nlooked_up++] = (struct remembered){.addr = name_of(work->arena, lookup->addr),
                                                              .source = work->lookup_source,
                                                              .found = found,
                                                              .asked = work->now,
                                                              .expires = work->now + (int64_t)lifetime};
}

static void note_failure(struct work *work, const struct lookup *lookup)
{
    if (lookup->answer == FIND_FAILED && work->lookup_why == NULL)
        work->lookup_why = arena_printf(work->arena, "%s: %s", lookup->addr, lookup->why);
}

/* ---- all ---- */

static bool is_asked(const struct work *work, size_t rcpt)
{
    return work->facts->rcpts[rcpt].encrypt[METHOD_OPENPGP].usable == ANSWER_UNASKED;
}

static size_t index_of(const struct asking *asking, const char *addr)
{
    size_t i = 0;
    while (i < asking->n && strcmp(asking->lookups[i].addr, addr) != 0)
        i++;
    return i;
}

/* Each address once. Who is beyond the limit has his turn when the message comes again, and the others are known. */
static void list_addresses(struct asking *asking)
{
    const struct facts *facts = asking->work->facts;
    for (size_t i = 0; i < facts->nrcpts && asking->n < LOOKUP_MAX; i++)
        if (is_asked(asking->work, i) && index_of(asking, facts->rcpts[i].addr) == asking->n)
            asking->lookups[asking->n++].addr = facts->rcpts[i].addr;
}

static void settle(struct asking *asking)
{
    static const struct lookup beyond = {.answer = FIND_FAILED, .why = "too many look-ups for one message"};
    static const struct given nothing = {.n = 0};
    struct work *work = asking->work;
    bool remembered[LOOKUP_MAX] = {false};
    for (size_t i = 0; i < work->facts->nrcpts; i++) {
        if (!is_asked(work, i))
            continue;
        size_t at = index_of(asking, work->facts->rcpts[i].addr);
        bool within = at < asking->n;
        settle_rcpt(work, i, within ? &asking->lookups[at] : &beyond, within ? &asking->given[at] : &nothing);
        if (within && !remembered[at])
            remember(work, i, &asking->lookups[at]);
        if (within)
            remembered[at] = true;
    }
}

int lookup_keys(struct work *work, struct err *err)
{
    struct asking asking = {.work = work};
    list_addresses(&asking);
    if (asking.n == 0)
        return 0;
    if (pgp_engine_get(work->gate, &asking.engine, err) < 0)
        return -1;
    asking.arena = work->materials->fetched = arena_new(ARENA_MAX_DEFAULT);
    work->looked_up = arena_array(work->arena, asking.n, sizeof *work->looked_up);
    SEAL_CLEANUP(directory_free)
    struct directory *directory = gate_directory(work->gate, work->snapshot->settings);
    lookup_all(settings_of(work), work->gate->clock_ms, directory, work->arena, asking.lookups, asking.n,
               &(struct lookup_taker){.take = take, .arg = &asking});
    for (size_t i = 0; i < asking.n; i++)
        note_failure(work, &asking.lookups[i]);
    settle(&asking);
    return arena_check(work->arena, err);
}
