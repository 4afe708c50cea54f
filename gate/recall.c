/* recall - what the directory said before of sender and recipients. */
#include "gate/internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void hash_list(struct hash *hash, const struct string_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        hash_add_field(hash, span_of(list->items[i]));
}

/* Another directory, or another way of asking it, makes what was said before void. */
static const char *source_of(struct arena *arena, const struct directory_settings *s)
{
    unsigned char digest[HASH_SIZE];
    char hex[HASH_HEX_SIZE];
    struct hash *hash = hash_new();
    const char *const texts[] = {s->base, s->filter, s->group_base, s->nested, s->bind_dn};
    for (size_t i = 0; i < SEAL_COUNT(texts); i++)
        hash_add_field(hash, span_of(texts[i]));
    hash_list(hash, &s->addresses);
    hash_list(hash, &s->uris);
    hash_end(hash, digest);
    hash_free(&hash);
    hash_hex(digest, hex);
    return arena_strdup(arena, hex);
}

static const char *key_of(struct arena *arena, const struct policy_group *group)
{
    if (group->path != NULL)
        return NULL;
    return group->dn != NULL ? arena_printf(arena, "dn %s", group->dn)
                             : arena_printf(arena, "cn %s", group->name);
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct party *)a)->addr, ((const struct party *)b)->addr);
}

/* Each once, the null sender not at all. */
static void list_parties(struct work *work)
{
    const struct facts *facts = work->facts;
    const char *sender = facts->from != NULL ? facts->from : facts->sender;
    struct party *all = arena_array(work->arena, facts->nrcpts + 1, sizeof *all);
    size_t n = 0, kept = 0;
    if (*sender != '\0')
        all[n++].addr = sender;
    for (size_t i = 0; i < facts->nrcpts; i++)
        all[n++].addr = facts->rcpts[i].addr;
    qsort(all, n, sizeof *all, compare);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(all[kept - 1].addr, all[i].addr) != 0)
            all[kept++] = all[i];
    work->parties = all;
    work->nparties = kept;
}

/* One that cannot be read is none: the directory is asked anew. */
static void recall(struct work *work, struct store_read *read, struct party *party)
{
    struct err ignored = ERR_INIT;
    struct remembered *known = &party->known;
    if (store_find_remembered(read, party->addr, known, &ignored) != FIND_FOUND ||
        strcmp(known->source, work->source) != 0)
        *known = (struct remembered){.addr = NULL};
}

void recall_parties(struct work *work, struct store_read *read)
{
    size_t ngroups;
    const struct policy_group *groups = policy_groups(work->snapshot->policy, &ngroups);
    work->source = source_of(work->arena, &work->snapshot->settings->directory);
    work->group_keys = arena_array(work->arena, ngroups, sizeof *work->group_keys);
    for (size_t i = 0; i < ngroups; i++)
        work->group_keys[i] = key_of(work->arena, &groups[i]);
    list_parties(work);
    for (size_t i = 0; i < work->nparties; i++)
        recall(work, read, &work->parties[i]);
}

/* ---- as facts ---- */

void recall_nothing(const struct work *work, struct party *party)
{
    size_t ngroups, nattributes;
    policy_groups(work->snapshot->policy, &ngroups);
    policy_attributes(work->snapshot->policy, &nattributes);
    struct party_facts *facts = &party->facts;
    facts->groups = arena_array(work->arena, ngroups, sizeof *facts->groups);
    facts->attributes = arena_array(work->arena, nattributes, sizeof *facts->attributes);
    for (size_t i = 0; i < ngroups; i++)
        facts->groups[i] = work->group_keys[i] == NULL ? ANSWER_UNASKED : ANSWER_UNKNOWN;
    for (size_t i = 0; i < nattributes; i++)
        facts->attributes[i].known = ANSWER_UNKNOWN;
}

static bool has_text(const char *const *texts, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(texts[i], text) == 0)
            return true;
    return false;
}

static bool has_name(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(names[i], name) == 0)
            return true;
    return false;
}

static struct attribute_fact attribute_of(const struct work *work, const struct remembered *known,
                                          const char *name)
{
    struct attribute_fact fact = {.known = ANSWER_NO};
    size_t len = strlen(name);
    fact.values = arena_array(work->arena, known->nvalues, sizeof *fact.values);
    for (size_t i = 0; i < known->nvalues; i++)
        if (strncasecmp(known->values[i], name, len) == 0 && known->values[i][len] == ' ')
            fact.values[fact.n++] = known->values[i] + len + 1;
    if (fact.n > 0)
        fact.known = ANSWER_YES;
    return fact;
}

void recall_facts(const struct work *work, struct party *party)
{
    size_t ngroups, nattributes;
    const struct remembered *known = &party->known;
    policy_groups(work->snapshot->policy, &ngroups);
    const char *const *attributes = policy_attributes(work->snapshot->policy, &nattributes);
    for (size_t i = 0; i < ngroups; i++) {
        const char *key = work->group_keys[i];
        if (key != NULL && has_text(known->groups, known->ngroups, key))
            party->facts.groups[i] =
                has_text(known->member_of, known->nmember_of, key) ? ANSWER_YES : ANSWER_NO;
    }
    for (size_t i = 0; i < nattributes; i++)
        if (has_name(known->attributes, known->nattributes, attributes[i]))
            party->facts.attributes[i] = attribute_of(work, known, attributes[i]);
}

bool recall_is_whole(const struct work *work, const struct party *party)
{
    size_t ngroups, nattributes;
    policy_groups(work->snapshot->policy, &ngroups);
    policy_attributes(work->snapshot->policy, &nattributes);
    for (size_t i = 0; i < ngroups; i++)
        if (party->facts.groups[i] == ANSWER_UNKNOWN)
            return false;
    for (size_t i = 0; i < nattributes; i++)
        if (party->facts.attributes[i].known == ANSWER_UNKNOWN)
            return false;
    return true;
}
