/*
 * directory - FACTS_DIRECTORY: what is remembered and new enough, then one question for the rest.
 *
 * What could not be found out stays ANSWER_UNKNOWN, unless the directory cannot be asked at all and an older answer may still be used. What it
 * said leaves as an effect.
 */
#include "gate/internal.h"

#include <stdlib.h>
#include <string.h>

static const struct directory_settings *settings_of(const struct work *work)
{
    return &work->snapshot->settings->directory;
}

/* ---- the directory of these settings ---- */

/* Connections outlive messages; with new settings there are new ones. */
struct directory *gate_directory(struct gate *gate, const struct settings *settings)
{
    pthread_mutex_lock(&gate->lock);
    struct directory *old = NULL;
    if (gate->directory_settings != settings) {
        old = gate->directory;
        gate->directory = directory_new(&settings->directory, gate->clock_ms);
        gate->directory_settings = settings;
    }
    struct directory *directory = directory_ref(gate->directory);
    pthread_mutex_unlock(&gate->lock);
    directory_free(&old);
    return directory;
}

/* ---- from before ---- */

static bool is_within(const struct work *work, const struct party *party, unsigned seconds)
{
    const struct remembered *known = &party->known;
    return known->addr != NULL && known->asked <= work->now && work->now < known->asked + (int64_t)seconds;
}

static void settle_known(struct work *work)
{
    const struct directory_settings *s = settings_of(work);
    for (size_t i = 0; i < work->nparties; i++) {
        struct party *party = &work->parties[i];
        recall_nothing(work, party);
        if (is_within(work, party, party->known.found ? s->cache : s->cache_negative))
            recall_facts(work, party);
        party->settled = recall_is_whole(work, party);
    }
}

/* Nobody answers: better an older answer than none, if the administrator thinks so. */
static void settle_stale(struct work *work, const struct err *why)
{
    size_t n = 0;
    for (size_t i = 0; i < work->nparties; i++) {
        struct party *party = &work->parties[i];
        if (party->settled || !is_within(work, party, settings_of(work)->cache_stale))
            continue;
        recall_facts(work, party);
        n++;
    }
    work->facts->directory_why =
        n == 0 ? arena_strdup(work->arena, why->msg)
               : arena_printf(work->arena, "%s; earlier answers are used for %zu addresses", why->msg, n);
}

/* ---- asked now ---- */

/* The question, and who and what in it is whom and what in the facts. */
struct asking {
    struct work *work;
    struct directory_question question;
    struct party **parties;
    size_t *groups; /* indexes into the policy's */
};

static void list_groups(struct asking *asking)
{
    struct work *work = asking->work;
    size_t n;
    const struct policy_group *groups = policy_groups(work->snapshot->policy, &n);
    struct directory_group *list = arena_array(work->arena, n, sizeof *list);
    asking->groups = arena_array(work->arena, n, sizeof *asking->groups);
    for (size_t i = 0; i < n; i++) {
        if (work->group_keys[i] == NULL)
            continue;
        size_t at = asking->question.ngroups++;
        list[at] = (struct directory_group){.dn = groups[i].dn, .name = groups[i].name};
        asking->groups[at] = i;
    }
    asking->question.groups = list;
}

static void list_addresses(struct asking *asking)
{
    struct work *work = asking->work;
    const char **addrs = arena_array(work->arena, work->nparties, sizeof *addrs);
    asking->parties = arena_array(work->arena, work->nparties, sizeof(struct party *));
    for (size_t i = 0; i < work->nparties; i++) {
        if (work->parties[i].settled)
            continue;
        asking->parties[asking->question.naddrs] = &work->parties[i];
        addrs[asking->question.naddrs++] = work->parties[i].addr;
    }
    asking->question.addrs = addrs;
}

static void take_answer(const struct asking *asking, const struct directory_answer *answer, size_t i)
{
    struct party_facts *facts = &asking->parties[i]->facts;
    for (size_t g = 0; g < asking->question.ngroups; g++)
        facts->groups[asking->groups[g]] = answer->groups[g];
    for (size_t a = 0; a < asking->question.nattributes; a++)
        facts->attributes[a] = answer->attributes[a];
}

static void remember_groups(const struct asking *asking, const struct directory_answer *answer,
                            struct remembered *out)
{
    struct work *work = asking->work;
    out->groups = arena_array(work->arena, asking->question.ngroups, sizeof *out->groups);
    out->member_of = arena_array(work->arena, asking->question.ngroups, sizeof *out->member_of);
    for (size_t g = 0; g < asking->question.ngroups; g++) {
        const char *key = work->group_keys[asking->groups[g]];
        if (answer->groups[g] == ANSWER_UNKNOWN)
            continue;
        out->groups[out->ngroups++] = key;
        if (answer->groups[g] == ANSWER_YES)
            out->member_of[out->nmember_of++] = key;
    }
}

static void remember_attributes(const struct asking *asking, const struct directory_answer *answer,
                                struct remembered *out)
{
    struct arena *arena = asking->work->materials->said;
    size_t cap = 0;
    out->attributes = arena_array(arena, asking->question.nattributes, sizeof *out->attributes);
    for (size_t a = 0; a < asking->question.nattributes; a++) {
        const struct attribute_fact *fact = &answer->attributes[a];
        if (fact->known == ANSWER_UNKNOWN)
            continue;
        out->attributes[out->nattributes++] = asking->question.attributes[a];
        for (size_t v = 0; v < fact->n; v++) {
            out->values = arena_grow(arena, out->values, out->nvalues, &cap, sizeof *out->values);
            out->values[out->nvalues++] =
                arena_printf(arena, "%s %s", asking->question.attributes[a], fact->values[v]);
        }
    }
}

static void remember(const struct asking *asking, const struct directory_answer *answer, size_t i)
{
    struct work *work = asking->work;
    const struct directory_settings *s = settings_of(work);
    bool found = answer->found == ANSWER_YES;
    unsigned lifetime = found ? s->cache : s->cache_negative;
    unsigned longest = lifetime > s->cache_stale ? lifetime : s->cache_stale;
    if (answer->found == ANSWER_UNKNOWN || longest == 0)
        return;
    struct remembered *out = &work->remembered[work->nremembered++];
    *out = (struct remembered){.addr = asking->parties[i]->addr,
                               .source = work->source,
                               .found = found,
                               .asked = work->now,
                               .expires = work->now + (int64_t)longest};
    remember_groups(asking, answer, out);
    remember_attributes(asking, answer, out);
}

static void ask_rest(struct asking *asking)
{
    struct work *work = asking->work;
    struct directory_answer *answers;
    struct err err = ERR_INIT;
    struct directory *directory = gate_directory(work->gate, work->snapshot->settings);
    work->materials->said = arena_new(ARENA_MAX_DEFAULT);
    int status = directory_ask(directory, work->materials->said, &asking->question, &answers,
                               &work->facts->directory_why, &err);
    directory_free(&directory);
    if (status < 0) {
        settle_stale(work, &err);
        return;
    }
    work->remembered = arena_array(work->arena, asking->question.naddrs, sizeof *work->remembered);
    for (size_t i = 0; i < asking->question.naddrs; i++) {
        take_answer(asking, &answers[i], i);
        remember(asking, &answers[i], i);
    }
}

/* ---- all ---- */

static int compare(const void *addr, const void *party)
{
    return strcmp(addr, ((const struct party *)party)->addr);
}

static struct party_facts facts_of(const struct work *work, const char *addr)
{
    const struct party *party =
        work->nparties == 0 ? NULL
                            : bsearch(addr, work->parties, work->nparties, sizeof *work->parties, compare);
    return party == NULL ? (struct party_facts){.groups = NULL} : party->facts;
}

int ask_directory(struct work *work, struct err *err)
{
    struct facts *facts = work->facts;
    struct asking asking = {.work = work};
    asking.question.attributes = policy_attributes(work->snapshot->policy, &asking.question.nattributes);
    settle_known(work);
    list_groups(&asking);
    list_addresses(&asking);
    if (asking.question.naddrs > 0)
        ask_rest(&asking);
    facts->sender_party = facts_of(work, facts->from != NULL ? facts->from : facts->sender);
    for (size_t i = 0; i < facts->nrcpts; i++)
        facts->rcpts[i].party = facts_of(work, facts->rcpts[i].addr);
    return arena_check(work->arena, err);
}
