/* groups - where the groups are that policy names. */
#include "directory/internal.h"

#include <string.h>

#define CHUNK      50 /* names in one filter */
#define FILTER_MAX (1u << 20)

/* The server's spelling of the name: so its members name it, and a policy that writes "CN=  Ärzte" finds "cn=ärzte". */
static int found_by_dn(struct conn *conn, const struct query *query, LDAPMessage *entry, void *arg,
                       struct err *err)
{
    struct ask *ask = arg;
    char *dn = ldap_get_dn(conn->ld, entry);
    const char *canonical = dn == NULL ? NULL : name_canonical(ask->arena, dn);
    ldap_memfree(dn);
    for (size_t i = 0; i < ask->question->ngroups; i++) {
        if (ask->groups[i].asked->dn != query->base)
            continue;
        ask->groups[i].found = 1;
        ask->groups[i].canonical = canonical;
    }
    return arena_check(ask->arena, err);
}

static int find_by_dn(struct ask *ask, struct err *err)
{
    static const char *const none[] = {LDAP_NO_ATTRS, NULL};
    struct query *queries = arena_array(ask->arena, ask->question->ngroups, sizeof *queries);
    size_t n = 0;
    for (size_t i = 0; i < ask->question->ngroups; i++) {
        struct group *group = &ask->groups[i];
        if (group->asked->dn == NULL)
            continue;
        group->dn = group->asked->dn;
        if (name_canonical(ask->arena, group->dn) != NULL)
            queries[n++] = (struct query){.base = group->dn,
                                          .scope = LDAP_SCOPE_BASE,
                                          .filter = "(objectClass=*)",
                                          .attributes = none,
                                          .may_be_absent = true};
    }
    return query_run(ask->conn, queries, n, found_by_dn, ask, err);
}

static void take_group(struct ask *ask, struct group *group, const char *dn)
{
    group->found++;
    group->dn = arena_strdup(ask->arena, dn);
    group->canonical = name_canonical(ask->arena, dn);
}

static int found_by_name(struct conn *conn, const struct query *query, LDAPMessage *entry, void *arg,
                         struct err *err)
{
    struct ask *ask = arg;
    struct values values = {.conn = conn, .entry = entry};
    (void)query;
    char *dn = ldap_get_dn(conn->ld, entry);
    while (values_next(&values))
        for (size_t i = 0; i < ask->question->ngroups && dn != NULL; i++)
            for (size_t k = 0; ask->groups[i].asked->dn == NULL && k < values.n; k++)
                if (span_is_nocase((struct span){values.items[k]->bv_val, values.items[k]->bv_len},
                                   ask->groups[i].asked->name))
                    take_group(ask, &ask->groups[i], dn);
    ldap_memfree(dn);
    return arena_check(ask->arena, err);
}

/* A person may be called as a group is. */
static const char classes[] = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)"
                              "(objectClass=groupOfMembers)(objectClass=group))";

static int search_names(struct ask *ask, const char *names, struct err *err)
{
    static const char *const attributes[] = {"cn", NULL};
    SEAL_CLEANUP(buf_fini) struct buf filter = BUF_INIT(FILTER_MAX);
    buf_printf(&filter, "(&%s(|%s))", classes, names);
    struct query query = {.base = ask->conn->settings->group_base,
                          .scope = LDAP_SCOPE_SUBTREE,
                          .filter = buf_str(&filter),
                          .attributes = attributes};
    return buf_check(&filter, err) < 0 ? -1 : query_run(ask->conn, &query, 1, found_by_name, ask, err);
}

static int find_by_name(struct ask *ask, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf names = BUF_INIT(FILTER_MAX);
    size_t n = 0;
    for (size_t i = 0; i < ask->question->ngroups; i++) {
        if (ask->groups[i].asked->dn == NULL) {
            filter_equal("cn", "", ask->groups[i].asked->name, &names);
            n++;
        }
        if (n == CHUNK || (n > 0 && i + 1 == ask->question->ngroups)) {
            if (buf_check(&names, err) < 0 || search_names(ask, buf_str(&names), err) < 0)
                return -1;
            buf_clear(&names);
            n = 0;
        }
    }
    return 0;
}

int ask_groups(struct ask *ask, struct err *err)
{
    ask->groups = arena_array(ask->arena, ask->question->ngroups, sizeof *ask->groups);
    for (size_t i = 0; i < ask->question->ngroups; i++)
        ask->groups[i].asked = &ask->question->groups[i];
    if (find_by_dn(ask, err) < 0 || find_by_name(ask, err) < 0)
        return -1;
    for (size_t i = 0; i < ask->question->ngroups; i++) {
        struct group *group = &ask->groups[i];
        const char *name = group->asked->dn != NULL ? group->asked->dn : group->asked->name;
        if (group->found != 1)
            group->canonical = NULL;
        if (group->found == 0)
            ask_note(ask, "directory: there is no group %s", name);
        else if (group->found > 1)
            ask_note(ask, "directory: %zu groups are called %s: name one by its DN", group->found, name);
    }
    return 0;
}
