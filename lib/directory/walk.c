/*
 * walk - from the entries of people upward to the groups that hold them, to the groups that hold those, a level at a time for all.
 *
 * A level is one search for the groups that have one of the names of the level below as a member (or a look at what memberOf of those names says).
 * Of a group's members only those that were asked for come back, where the server can do that (RFC 3876).
 */
#include "directory/internal.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK      50 /* names in one filter */
#define FILTER_MAX (1u << 20)
#define DEPTH_MAX  16
#define NODES_MAX  10000 /* people and groups of one question */

struct node {
    const char *dn;
    const char *canonical;
    struct node **up; /* groups that it is a member of */
    size_t nup, up_cap;
    size_t seen; /* by which climb */
};

struct walk {
    struct ask *ask;
    void *tree; /* of nodes, by canonical name */
    struct node **nodes;
    size_t n, cap;
    size_t from, to;      /* nodes of the level */
    const char *short_of; /* why groups may be missing; NULL: none are */
    bool member_of;
    struct node **open; /* room for all, while they are climbed */
};

static const char *const member_attributes[] = {"member", "uniqueMember", NULL};

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct node *)a)->canonical, ((const struct node *)b)->canonical);
}

static struct node *find_node(struct walk *walk, const char *canonical)
{
    const struct node key = {.canonical = canonical};
    struct node **at = canonical == NULL ? NULL : tfind(&key, &walk->tree, compare);
    return at == NULL ? NULL : *at;
}

/* NULL when it cannot be had, which is noted. */
static struct node *get_node(struct walk *walk, const char *dn)
{
    struct arena *arena = walk->ask->arena;
    const char *canonical = name_canonical(arena, dn);
    struct node *node = find_node(walk, canonical);
    if (node != NULL)
        return node;
    if (canonical == NULL || walk->n == NODES_MAX) {
        walk->short_of = canonical == NULL ? "a group has a name that cannot be read" : "too many groups";
        return NULL;
    }
    node = arena_alloc(arena, sizeof *node);
    *node = (struct node){.dn = arena_strdup(arena, dn), .canonical = canonical};
    if (tsearch(node, &walk->tree, compare) == NULL)
        abort();
    walk->nodes = arena_grow(arena, walk->nodes, walk->n, &walk->cap, sizeof *walk->nodes);
    walk->nodes[walk->n++] = node;
    return node;
}

static void add_up(struct walk *walk, struct node *child, struct node *group)
{
    if (group == NULL)
        return;
    child->up = arena_grow(walk->ask->arena, child->up, child->nup, &child->up_cap, sizeof(struct node *));
    child->up[child->nup++] = group;
}

/* ---- by the members of groups ---- */

static int found_group(struct conn *conn, const struct query *query, LDAPMessage *entry, void *arg,
                       struct err *err)
{
    struct walk *walk = arg;
    struct values values = {.conn = conn, .entry = entry};
    (void)query;
    char *dn = ldap_get_dn(conn->ld, entry);
    struct node *group = dn == NULL ? NULL : get_node(walk, dn);
    ldap_memfree(dn);
    bool known = false;
    while (values_next(&values)) {
        if (values_are_partial(&values))
            walk->short_of = "a group has more members than the server shows: directory-nested = in-chain?";
        for (size_t i = 0; i < values.n; i++) {
            struct node *child = find_node(walk, name_canonical(walk->ask->arena, values.items[i]->bv_val));
            known = known || child != NULL;
            if (child != NULL)
                add_up(walk, child, group);
        }
    }
    if (!known)
        walk->short_of = "a group does not show which of its members was found";
    return arena_check(walk->ask->arena, err);
}

static int matched_values(const struct walk *walk, size_t from, size_t to, LDAPControl **out, struct err *err)
{
    struct berval value = {0, NULL};
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    bool good = ber != NULL && ber_printf(ber, "{") >= 0;
    for (size_t i = from; good && i < to; i++)
        for (const char *const *name = member_attributes; good && *name != NULL; name++)
            good = ber_printf(ber, "t{so}", (ber_tag_t)LDAP_FILTER_EQUALITY, *name, walk->nodes[i]->dn,
                              (ber_len_t)strlen(walk->nodes[i]->dn)) >= 0;
    good = good && ber_printf(ber, "}") >= 0 && ber_flatten2(ber, &value, 0) == 0 &&
           ldap_control_create(LDAP_CONTROL_VALUESRETURNFILTER, 0, &value, 1, out) == LDAP_SUCCESS;
    ber_free(ber, 1);
    return good ? 0 : err_set(err, ERR_BUG, "libldap makes no control");
}

static int search_groups(struct walk *walk, size_t from, size_t to, struct err *err)
{
    SEAL_CLEANUP(buf_fini) struct buf filter = BUF_INIT(FILTER_MAX);
    LDAPControl *control = NULL;
    buf_add_str(&filter, "(|");
    for (size_t i = from; i < to; i++)
        for (const char *const *name = member_attributes; *name != NULL; name++)
            filter_equal(*name, "", walk->nodes[i]->dn, &filter);
    buf_add_char(&filter, ')');
    if (buf_check(&filter, err) < 0 || matched_values(walk, from, to, &control, err) < 0)
        return -1;
    struct query query = {.base = walk->ask->conn->settings->group_base,
                          .scope = LDAP_SCOPE_SUBTREE,
                          .filter = buf_str(&filter),
                          .attributes = member_attributes,
                          .control = control};
    int status = query_run(walk->ask->conn, &query, 1, found_group, walk, err);
    ldap_control_free(control);
    return status;
}

static int climb_by_members(struct walk *walk, struct err *err)
{
    for (size_t from = walk->from; from < walk->to; from += CHUNK)
        if (search_groups(walk, from, from + CHUNK < walk->to ? from + CHUNK : walk->to, err) < 0)
            return -1;
    return 0;
}

/* ---- by memberOf ---- */

static int found_member_of(struct conn *conn, const struct query *query, LDAPMessage *entry, void *arg,
                           struct err *err)
{
    struct walk *walk = arg;
    struct values values = {.conn = conn, .entry = entry};
    struct node *child = find_node(walk, name_canonical(walk->ask->arena, query->base));
    while (values_next(&values)) {
        if (values_are_partial(&values))
            walk->short_of = "memberOf has more values than the server shows";
        for (size_t i = 0; i < values.n && child != NULL; i++)
            add_up(walk, child, get_node(walk, values.items[i]->bv_val));
    }
    return arena_check(walk->ask->arena, err);
}

static int climb_by_member_of(struct walk *walk, struct err *err)
{
    static const char *const attributes[] = {"memberOf", NULL};
    size_t n = walk->to - walk->from;
    struct query *queries = arena_array(walk->ask->arena, n, sizeof *queries);
    for (size_t i = 0; i < n; i++)
        queries[i] = (struct query){.base = walk->nodes[walk->from + i]->dn,
                                    .scope = LDAP_SCOPE_BASE,
                                    .filter = "(objectClass=*)",
                                    .attributes = attributes,
                                    .may_be_absent = true};
    if (query_run(walk->ask->conn, queries, n, found_member_of, walk, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (queries[i].absent)
            walk->short_of = "memberOf names a group that is not there";
    return 0;
}

/* What the entries of people said already. */
static void first_level(struct walk *walk)
{
    struct ask *ask = walk->ask;
    for (size_t i = 0; i < ask->question->naddrs; i++) {
        const struct person *entry = &ask->entries[i];
        struct node *node = find_node(walk, entry->canonical);
        for (size_t k = 0; k < entry->nmember_of && node != NULL; k++)
            add_up(walk, node, get_node(walk, entry->member_of[k]));
        if (entry->partial)
            walk->short_of = "memberOf has more values than the server shows";
    }
}

/* ---- levels ---- */

static int climb(struct walk *walk, unsigned depth, struct err *err)
{
    if (!walk->member_of)
        return climb_by_members(walk, err);
    if (depth > 0)
        return climb_by_member_of(walk, err);
    first_level(walk);
    return 0;
}

static int build(struct walk *walk, struct err *err)
{
    bool nested = strcmp(walk->ask->conn->settings->nested, "no") != 0;
    for (unsigned depth = 0; depth < (nested ? DEPTH_MAX : 1); depth++) {
        walk->to = walk->n;
        if (walk->from == walk->to)
            return 0;
        if (climb(walk, depth, err) < 0)
            return -1;
        walk->from = walk->to;
    }
    if (nested && walk->from < walk->n)
        walk->short_of = "groups are nested too deeply";
    return 0;
}

/* All above a person, each once: cycles end here. */
static void mark(struct walk *walk, struct node *person, size_t climb)
{
    struct node **open = walk->open;
    size_t n = 0;
    person->seen = climb;
    open[n++] = person;
    while (n > 0) {
        const struct node *node = open[--n];
        for (size_t i = 0; i < node->nup; i++) {
            if (node->up[i]->seen == climb)
                continue;
            node->up[i]->seen = climb;
            open[n++] = node->up[i];
        }
    }
}

static void answer(struct walk *walk, size_t i)
{
    struct ask *ask = walk->ask;
    struct node *person = find_node(walk, ask->entries[i].canonical);
    if (person != NULL)
        mark(walk, person, i + 1);
    for (size_t g = 0; g < ask->question->ngroups; g++) {
        enum answer *out = &ask->answers[i].groups[g];
        const struct node *group = find_node(walk, ask->groups[g].canonical);
        if (*out != ANSWER_UNASKED)
            continue;
        if (person != NULL && group != NULL && group->seen == i + 1)
            *out = ANSWER_YES;
        else
            *out = person == NULL || walk->short_of != NULL ? ANSWER_UNKNOWN : ANSWER_NO;
    }
}

static void keep(void *node)
{
    (void)node;
}

int ask_walk(struct ask *ask, struct err *err)
{
    struct walk walk = {.ask = ask, .member_of = strcmp(ask->conn->settings->nested, "member-of") == 0};
    for (size_t i = 0; i < ask->question->naddrs; i++)
        if (ask->answers[i].found == ANSWER_YES)
            (void)get_node(&walk, ask->entries[i].dn);
    int status = build(&walk, err);
    walk.open = arena_array(ask->arena, walk.n, sizeof(struct node *));
    for (size_t i = 0; status == 0 && i < ask->question->naddrs; i++)
        if (ask->answers[i].found == ANSWER_YES)
            answer(&walk, i);
    if (walk.short_of != NULL)
        ask_note(ask, "directory: %s", walk.short_of);
    tdestroy(walk.tree, keep);
    return status;
}
