/* member - who is in which group; the server follows groups in groups, or walk.c does. */
#include "directory/internal.h"

#include <string.h>

#define CHUNK      50
#define FILTER_MAX (1u << 20)
#define IN_CHAIN   "memberOf:1.2.840.113556.1.4.1941:" /* LDAP_MATCHING_RULE_IN_CHAIN */

/* One group and some of the people. */
struct chain {
    struct ask *ask;
    size_t group;
    bool doubtful; /* an entry was given that we do not recognise */
};

static bool has_entry(const struct ask *ask, size_t i)
{
    return ask->answers[i].found == ANSWER_YES;
}

static int found_in_chain(struct conn *conn, const struct query *query, LDAPMessage *entry, void *arg,
                          struct err *err)
{
    struct chain *chain = arg;
    struct ask *ask = chain->ask;
    (void)query;
    char *dn = ldap_get_dn(conn->ld, entry);
    const char *canonical = dn == NULL ? NULL : name_canonical(ask->arena, dn);
    ldap_memfree(dn);
    bool known = false;
    for (size_t i = 0; i < ask->question->naddrs && canonical != NULL; i++)
        if (has_entry(ask, i) && ask->entries[i].canonical != NULL &&
            strcmp(ask->entries[i].canonical, canonical) == 0) {
            ask->answers[i].groups[chain->group] = ANSWER_YES;
            known = true;
        }
    if (!known)
        chain->doubtful = true;
    return arena_check(ask->arena, err);
}

static int search_chain(struct chain *chain, const char *people, struct err *err)
{
    static const char *const none[] = {LDAP_NO_ATTRS, NULL};
    struct ask *ask = chain->ask;
    SEAL_CLEANUP(buf_fini) struct buf filter = BUF_INIT(FILTER_MAX);
    buf_add_str(&filter, "(&");
    filter_equal(IN_CHAIN, "", ask->groups[chain->group].dn, &filter);
    buf_printf(&filter, "(|%s))", people);
    if (buf_check(&filter, err) < 0)
        return -1;
    struct query query = {.base = ask->conn->settings->base,
                          .scope = LDAP_SCOPE_SUBTREE,
                          .filter = buf_str(&filter),
                          .attributes = none};
    return query_run(ask->conn, &query, 1, found_in_chain, chain, err);
}

static int ask_group(struct chain *chain, struct err *err)
{
    struct ask *ask = chain->ask;
    SEAL_CLEANUP(buf_fini) struct buf people = BUF_INIT(FILTER_MAX);
    size_t n = 0;
    for (size_t i = 0; i < ask->question->naddrs; i++) {
        if (has_entry(ask, i)) {
            filter_equal("distinguishedName", "", ask->entries[i].dn, &people);
            n++;
        }
        if (n == CHUNK || (n > 0 && i + 1 == ask->question->naddrs)) {
            if (buf_check(&people, err) < 0 || search_chain(chain, buf_str(&people), err) < 0)
                return -1;
            buf_clear(&people);
            n = 0;
        }
    }
    return 0;
}

static int ask_chain(struct ask *ask, struct err *err)
{
    for (size_t g = 0; g < ask->question->ngroups; g++) {
        struct chain chain = {.ask = ask, .group = g};
        if (ask->groups[g].canonical == NULL)
            continue;
        if (ask_group(&chain, err) < 0)
            return -1;
        if (chain.doubtful)
            ask_note(ask, "directory: a member of %s cannot be told apart", ask->groups[g].dn);
        for (size_t i = 0; i < ask->question->naddrs; i++)
            if (has_entry(ask, i) && ask->answers[i].groups[g] == ANSWER_UNASKED)
                ask->answers[i].groups[g] = chain.doubtful ? ANSWER_UNKNOWN : ANSWER_NO;
    }
    return 0;
}

/* Nobody is said to be, or not to be, in a group that is not there. */
static void settle_absent(struct ask *ask)
{
    for (size_t g = 0; g < ask->question->ngroups; g++)
        for (size_t i = 0; i < ask->question->naddrs && ask->groups[g].canonical == NULL; i++)
            if (has_entry(ask, i))
                ask->answers[i].groups[g] = ANSWER_UNKNOWN;
}

int ask_members(struct ask *ask, struct err *err)
{
    bool chain = strcmp(ask->conn->settings->nested, "in-chain") == 0;
    settle_absent(ask);
    return chain ? ask_chain(ask, err) : ask_walk(ask, err);
}
