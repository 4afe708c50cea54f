/* people - the entries that have the addresses, their attributes, the groups that they say they are in. */
#include "directory/internal.h"

#include "base/addr.h"

#include <string.h>
#include <strings.h>

#define CHUNK      50 /* addresses in one filter */
#define FILTER_MAX (1u << 20)
#define VALUES_MAX 1000        /* of one attribute */
#define OCTETS_MAX (64u << 10) /* of all of them */

/* One search: addresses from..to of the question. */
struct chunk {
    struct ask *ask;
    size_t from, to;
    const char **attributes;
    bool doubtful; /* some entry has none of the addresses as far as we can see */
};

static const struct directory_settings *settings_of(const struct ask *ask)
{
    return ask->conn->settings;
}

static void write_filter(const struct chunk *chunk, struct buf *out)
{
    const struct directory_settings *s = settings_of(chunk->ask);
    buf_printf(out, "(&%s(|", s->filter);
    for (size_t i = chunk->from; i < chunk->to; i++)
        for (size_t k = 0; k < s->addresses.n; k++)
            filter_address(s->addresses.items[k], chunk->ask->question->addrs[i], out);
    buf_add_str(out, "))");
}

static const char **list_attributes(const struct ask *ask)
{
    const struct directory_settings *s = settings_of(ask);
    const struct directory_question *q = ask->question;
    const char **list = arena_array(ask->arena, s->addresses.n + q->nattributes + 2, sizeof *list);
    size_t n = 0;
    for (size_t i = 0; i < s->addresses.n; i++)
        list[n++] = s->addresses.items[i];
    for (size_t i = 0; i < q->nattributes; i++)
        list[n++] = q->attributes[i];
    if (q->ngroups > 0 && strcmp(s->nested, "member-of") == 0)
        list[n++] = "memberOf";
    return list;
}

/* ---- one entry ---- */

struct found {
    struct chunk *chunk;
    LDAPMessage *entry;
    bool has[CHUNK]; /* which addresses of the chunk */
    size_t n;        /* how many */
    bool renamed;    /* has an attribute under a name that nobody asked for */
};

static void note_address(struct found *found, const char *prefix, const struct berval *value)
{
    struct span text = {value->bv_val, value->bv_len};
    char addr[ADDR_MAX + 1];
    struct err ignored = ERR_INIT; /* what is no address is not one that was asked for */
    if (!span_starts_nocase(text, prefix) ||
        addr_canonical(span_sub(text, strlen(prefix), SIZE_MAX), addr, &ignored) < 0)
        return;
    for (size_t i = found->chunk->from; i < found->chunk->to; i++) {
        bool *has = &found->has[i - found->chunk->from];
        if (*has || strcmp(found->chunk->ask->question->addrs[i], addr) != 0)
            continue;
        *has = true;
        found->n++;
    }
}

static bool was_asked_for(const struct values *values, const char *const *attributes)
{
    for (; *attributes != NULL; attributes++)
        if (values_are(values, *attributes))
            return true;
    return false;
}

static void find_addresses(struct found *found)
{
    const struct directory_settings *s = settings_of(found->chunk->ask);
    struct values values = {.conn = found->chunk->ask->conn, .entry = found->entry};
    while (values_next(&values)) {
        if (!was_asked_for(&values, found->chunk->attributes))
            found->renamed = true;
        for (size_t k = 0; k < s->addresses.n; k++)
            for (size_t i = 0; i < values.n && values_are(&values, s->addresses.items[k]); i++)
                note_address(found, filter_prefix(s->addresses.items[k]), values.items[i]);
    }
}

static bool are_too_many(const struct values *values, const struct attribute_fact *fact)
{
    size_t octets = 0;
    for (size_t i = 0; i < fact->n; i++)
        octets += strlen(fact->values[i]);
    for (size_t i = 0; i < values->n; i++)
        octets += values->items[i]->bv_len;
    return fact->n + values->n > VALUES_MAX || octets > OCTETS_MAX;
}

static void add_attribute(struct ask *ask, const struct values *values, struct attribute_fact *fact)
{
    size_t cap = fact->n;
    if (values_are_partial(values) || are_too_many(values, fact)) {
        fact->known = ANSWER_UNKNOWN;
        ask_note(ask, "directory: attribute %s has too many values", values->name);
    }
    if (fact->known == ANSWER_UNKNOWN)
        return;
    fact->known = ANSWER_YES;
    for (size_t i = 0; i < values->n; i++) {
        struct span value = {values->items[i]->bv_val, values->items[i]->bv_len};
        if (memchr(value.ptr, '\0', value.len) != NULL) /* no text */
            continue;
        fact->values = arena_grow(ask->arena, fact->values, fact->n, &cap, sizeof *fact->values);
        fact->values[fact->n++] = arena_spandup(ask->arena, value);
    }
}

static void add_member_of(struct ask *ask, const struct values *values, struct person *entry)
{
    entry->partial = entry->partial || values_are_partial(values);
    for (size_t i = 0; i < values->n; i++) {
        entry->member_of = arena_grow(ask->arena, entry->member_of, entry->nmember_of, &entry->member_of_cap,
                                      sizeof *entry->member_of);
        entry->member_of[entry->nmember_of++] =
            arena_spandup(ask->arena, (struct span){values->items[i]->bv_val, values->items[i]->bv_len});
    }
}

static void read_values(struct ask *ask, LDAPMessage *message, struct person *entry,
                        struct directory_answer *answer)
{
    struct values values = {.conn = ask->conn, .entry = message};
    while (values_next(&values)) {
        for (size_t i = 0; i < ask->question->nattributes; i++)
            if (values_are(&values, ask->question->attributes[i]))
                add_attribute(ask, &values, &answer->attributes[i]);
        if (values_are(&values, "memberOf"))
            add_member_of(ask, &values, entry);
    }
}

/* An attribute asked for as "surname" comes back as "sn": whose values it has we cannot tell. */
static void end_attributes(struct ask *ask, const struct found *found, struct directory_answer *answer)
{
    for (size_t i = 0; i < ask->question->nattributes; i++) {
        struct attribute_fact *fact = &answer->attributes[i];
        if (fact->known != ANSWER_UNASKED)
            continue;
        fact->known = found->renamed ? ANSWER_UNKNOWN : ANSWER_NO;
        if (found->renamed)
            ask_note(ask, "directory: it knows attribute %s by another name: use that one",
                     ask->question->attributes[i]);
    }
}

static void take_entry(struct found *found, const char *dn, size_t i)
{
    struct ask *ask = found->chunk->ask;
    struct directory_answer *answer = &ask->answers[i];
    struct person *entry = &ask->entries[i];
    if (answer->found != ANSWER_UNASKED) {
        answer->found = ANSWER_UNKNOWN;
        ask_note(ask, "directory: several entries have %s, %s is one: set directory-filter",
                 ask->question->addrs[i], dn);
        return;
    }
    answer->found = ANSWER_YES;
    entry->dn = arena_strdup(ask->arena, dn);
    entry->canonical = name_canonical(ask->arena, dn);
    read_values(ask, found->entry, entry, answer);
    end_attributes(ask, found, answer);
}

static int found_person(struct conn *conn, const struct query *query, LDAPMessage *message, void *arg,
                        struct err *err)
{
    struct chunk *chunk = arg;
    struct found found = {.chunk = chunk, .entry = message};
    (void)query;
    char *dn = ldap_get_dn(conn->ld, message);
    if (dn == NULL)
        return err_set(err, ERR_PEER_TEMP, "an entry without a name");
    find_addresses(&found);
    for (size_t i = 0; i < chunk->to - chunk->from; i++)
        if (found.has[i])
            take_entry(&found, dn, chunk->from + i);
    if (found.n == 0) {
        chunk->doubtful = true;
        ask_note(chunk->ask, "directory: %s was found by an address that it does not show to us", dn);
    }
    ldap_memfree(dn);
    return arena_check(chunk->ask->arena, err);
}

/* ---- all ---- */

static void settle(struct ask *ask, struct directory_answer *answer)
{
    enum answer all = answer->found == ANSWER_NO ? ANSWER_NO : ANSWER_UNKNOWN;
    if (answer->found == ANSWER_YES)
        return;
    for (size_t i = 0; i < ask->question->ngroups; i++)
        answer->groups[i] = all;
    for (size_t i = 0; i < ask->question->nattributes; i++)
        answer->attributes[i] = (struct attribute_fact){.known = all};
}

static int search_chunk(struct chunk *chunk, struct err *err)
{
    struct ask *ask = chunk->ask;
    SEAL_CLEANUP(buf_fini) struct buf filter = BUF_INIT(FILTER_MAX);
    write_filter(chunk, &filter);
    if (buf_check(&filter, err) < 0)
        return -1;
    struct query query = {.base = settings_of(ask)->base,
                          .scope = LDAP_SCOPE_SUBTREE,
                          .filter = buf_str(&filter),
                          .attributes = chunk->attributes};
    if (query_run(ask->conn, &query, 1, found_person, chunk, err) < 0)
        return -1;
    for (size_t i = chunk->from; i < chunk->to; i++) {
        if (ask->answers[i].found == ANSWER_UNASKED)
            ask->answers[i].found = chunk->doubtful ? ANSWER_UNKNOWN : ANSWER_NO;
        settle(ask, &ask->answers[i]);
    }
    return 0;
}

int ask_people(struct ask *ask, struct err *err)
{
    struct chunk chunk = {.ask = ask, .attributes = list_attributes(ask)};
    for (; chunk.from < ask->question->naddrs; chunk.from = chunk.to) {
        chunk.to = chunk.from + CHUNK < ask->question->naddrs ? chunk.from + CHUNK : ask->question->naddrs;
        chunk.doubtful = false;
        if (search_chunk(&chunk, err) < 0)
            return -1;
    }
    return 0;
}
