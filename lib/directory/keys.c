/*
 * keys - OpenPGP keys in a directory.
 *
 * A server that is a key server says so in an entry cn=pgpServerInfo, which names where its keys are; GnuPG's newer schema has the addresses
 * of each in gpgMailbox, the older one of PGP Inc. only whole User-IDs. Everywhere else keys hang on the entries of people.
 */
#include "directory/internal.h"

#include <string.h>

#define CONTEXTS_MAX 16
#define FILTER_MAX   8192

enum schema {
    SCHEMA_PEOPLE,
    SCHEMA_PGP,  /* pgpUserID */
    SCHEMA_GNUPG /* gpgMailbox */
};

struct keyspace {
    const char *base;
    enum schema schema;
};

/* ---- where the keys are ---- */

struct info {
    struct arena *arena;
    const char *base; /* NULL: none */
    bool is_gnupg;
    bool is_newer; /* than the schema of PGP Inc. */
};

static const char *first_value(struct arena *arena, const struct values *values)
{
    return values->n == 0
               ? ""
               : arena_spandup(arena, (struct span){values->items[0]->bv_val, values->items[0]->bv_len});
}

static int take_info(struct conn *conn, const struct query *query, LDAPMessage *entry, void *arg,
                     struct err *err)
{
    struct info *info = arg;
    struct values values = {.conn = conn, .entry = entry};
    (void)query;
    (void)err;
    while (values_next(&values)) {
        const char *text = first_value(info->arena, &values);
        if (values_are(&values, "pgpBaseKeySpaceDN") && *text != '\0')
            info->base = text;
        else if (values_are(&values, "pgpSoftware"))
            info->is_gnupg = span_is_nocase(span_of(text), "GnuPG");
        else if (values_are(&values, "pgpVersion"))
            info->is_newer = *text >= '2' && *text <= '9';
    }
    return 0;
}

static int find_info(struct conn *conn, const char *below, struct info *info, struct err *err)
{
    static const char *const attributes[] = {"pgpBaseKeySpaceDN", "pgpSoftware", "pgpVersion", NULL};
    struct query query = {.base = arena_printf(info->arena, "cn=pgpServerInfo,%s", below),
                          .scope = LDAP_SCOPE_BASE,
                          .filter = "(objectClass=*)",
                          .attributes = attributes,
                          .may_be_absent = true};
    *info = (struct info){.arena = info->arena};
    return query_run(conn, &query, 1, take_info, info, err);
}

static void use_info(const struct info *info, struct keyspace *out)
{
    out->base = info->base;
    out->schema = info->is_gnupg && info->is_newer ? SCHEMA_GNUPG : SCHEMA_PGP;
}

static const char *parent_of(struct arena *arena, const char *name)
{
    LDAPDN dn = NULL;
    char *text = NULL;
    if (ldap_str2dn(name, &dn, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS && dn != NULL && dn[0] != NULL &&
        dn[1] != NULL)
        (void)ldap_dn2str(dn + 1, &text, LDAP_DN_FORMAT_LDAPV3);
    const char *parent = arena_strdup(arena, text);
    ldap_memfree(text);
    ldap_dnfree(dn);
    return parent;
}

static bool is_same_name(struct arena *arena, const char *a, const char *b)
{
    const char *x = name_canonical(arena, a), *y = name_canonical(arena, b);
    return x != NULL && y != NULL && strcmp(x, y) == 0;
}

/* The base is that of the keys, of what is around them, or of people. */
static int find_below(struct conn *conn, struct info *info, struct keyspace *out, struct err *err)
{
    const char *base = conn->settings->base, *parent = parent_of(info->arena, base);
    *out = (struct keyspace){.base = base, .schema = SCHEMA_PEOPLE};
    if (find_info(conn, base, info, err) < 0)
        return -1;
    if (info->base == NULL && parent != NULL) {
        if (find_info(conn, parent, info, err) < 0)
            return -1;
        if (info->base == NULL || !is_same_name(info->arena, info->base, base))
            return 0;
    }
    if (info->base != NULL)
        use_info(info, out);
    return 0;
}

struct contexts {
    struct arena *arena;
    const char *names[CONTEXTS_MAX];
    size_t n;
};

static int take_contexts(struct conn *conn, const struct query *query, LDAPMessage *entry, void *arg,
                         struct err *err)
{
    struct contexts *contexts = arg;
    struct values values = {.conn = conn, .entry = entry};
    (void)query;
    (void)err;
    while (values_next(&values))
        for (size_t i = 0; i < values.n && contexts->n < CONTEXTS_MAX; i++)
            contexts->names[contexts->n++] = arena_spandup(
                contexts->arena, (struct span){values.items[i]->bv_val, values.items[i]->bv_len});
    return 0;
}

/* Nobody named a base: a key server knows its own. */
static int find_anywhere(struct conn *conn, struct info *info, struct keyspace *out, struct err *err)
{
    static const char *const attributes[] = {"namingContexts", NULL};
    struct query query = {
        .base = "", .scope = LDAP_SCOPE_BASE, .filter = "(objectClass=*)", .attributes = attributes};
    struct contexts contexts = {.arena = info->arena};
    if (query_run(conn, &query, 1, take_contexts, &contexts, err) < 0)
        return -1;
    for (size_t i = 0; i < contexts.n; i++) {
        if (find_info(conn, contexts.names[i], info, err) < 0)
            return -1;
        if (info->base != NULL) {
            use_info(info, out);
            return 0;
        }
    }
    return err_set(err, ERR_CONFIG, "does not say where its keys are: write their base behind the server");
}

/* Whom the server does not let read there, it would tell that there is no key. */
static int find_keyspace(struct conn *conn, struct arena *arena, struct keyspace *out, struct err *err)
{
    struct info info = {.arena = arena};
    int status = *conn->settings->base == '\0' ? find_anywhere(conn, &info, out, err)
                                               : find_below(conn, &info, out, err);
    return status < 0 ? -1 : conn_find_base(conn, out->base, err);
}

/* ---- the keys ---- */

static void write_filter(const struct directory_settings *s, enum schema schema, const char *addr,
                         struct buf *out)
{
    buf_printf(out, "(&%s(|", schema == SCHEMA_PEOPLE ? s->filter : "");
    for (size_t i = 0; schema == SCHEMA_PEOPLE && i < s->addresses.n; i++)
        filter_address(s->addresses.items[i], addr, out);
    if (schema != SCHEMA_PGP)
        filter_equal("gpgMailbox", "", addr, out);
    if (schema != SCHEMA_GNUPG) {
        filter_equal("pgpUserID", "", addr, out);
        buf_add_str(out, "(pgpUserID=*<");
        filter_value(span_of(addr), out);
        buf_add_str(out, ">*)");
    }
    buf_add_str(out, "))");
}

struct finding {
    struct arena *arena;
    struct directory_keys *asked;
    struct query *queries;
};

static size_t octets_of(const struct directory_keys *asked)
{
    size_t octets = 0;
    for (size_t i = 0; i < asked->nkeys; i++)
        octets += asked->keys[i].octets.len;
    return octets;
}

static void add_key(struct finding *finding, struct directory_keys *asked, const struct berval *value)
{
    if (asked->nkeys == DIRECTORY_KEYS_MAX || value->bv_len > DIRECTORY_KEYS_SIZE_MAX - octets_of(asked)) {
        asked->answer = FIND_FAILED;
        asked->why = "has more, or larger, keys than are taken";
        return;
    }
    if (asked->keys == NULL)
        asked->keys = arena_array(finding->arena, DIRECTORY_KEYS_MAX, sizeof *asked->keys);
    asked->keys[asked->nkeys++].octets =
        (struct span){arena_memdup(finding->arena, value->bv_val, value->bv_len), value->bv_len};
}

static bool is_set(const struct values *values, const char *attribute)
{
    return values_are(values, attribute) && values->n > 0 &&
           span_is((struct span){values->items[0]->bv_val, values->items[0]->bv_len}, "1");
}

/* In which order an entry's attributes come is the server's affair. */
static int take_keys(struct conn *conn, const struct query *query, LDAPMessage *entry, void *arg,
                     struct err *err)
{
    struct finding *finding = arg;
    struct directory_keys *asked = &finding->asked[query - finding->queries];
    struct values values = {.conn = conn, .entry = entry};
    size_t before = asked->nkeys;
    bool disabled = false, revoked = false;
    (void)err;
    while (values_next(&values)) {
        disabled |= is_set(&values, "pgpDisabled");
        revoked |= is_set(&values, "pgpRevoked");
        if (values_are(&values, "pgpKey") || values_are(&values, "pgpKeyV2"))
            for (size_t i = 0; i < values.n; i++)
                add_key(finding, asked, values.items[i]);
    }
    if (disabled && asked->nkeys > before) {
        asked->nkeys = before;
        asked->why = asked->answer == FIND_FAILED ? asked->why : "has a key that is disabled there";
    }
    for (size_t i = before; i < asked->nkeys; i++)
        asked->keys[i].revoked = revoked;
    return 0;
}

static int make_query(struct finding *finding, const struct conn *conn, const struct keyspace *keyspace,
                      size_t i, struct err *err)
{
    static const char *const attributes[] = {"pgpKey", "pgpKeyV2", "pgpDisabled", "pgpRevoked", NULL};
    SEAL_CLEANUP(buf_fini) struct buf filter = BUF_INIT(FILTER_MAX);
    const char *addr = finding->asked[i].addr;
    finding->asked[i] = (struct directory_keys){.addr = addr, .answer = FIND_ABSENT, .why = "has no key"};
    write_filter(conn->settings, keyspace->schema, addr, &filter);
    finding->queries[i] = (struct query){.base = keyspace->base,
                                         .scope = LDAP_SCOPE_SUBTREE,
                                         .filter = arena_strdup(finding->arena, buf_str(&filter)),
                                         .attributes = attributes};
    return buf_check(&filter, err);
}

int keys_find(struct conn *conn, struct arena *arena, struct directory_keys *asked, size_t n, struct err *err)
{
    struct finding finding = {.arena = arena, .asked = asked};
    struct keyspace keyspace;
    if (find_keyspace(conn, arena, &keyspace, err) < 0)
        return -1;
    finding.queries = arena_array(arena, n, sizeof *finding.queries);
    for (size_t i = 0; i < n; i++)
        if (make_query(&finding, conn, &keyspace, i, err) < 0)
            return -1;
    if (query_run(conn, finding.queries, n, take_keys, &finding, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (asked[i].nkeys > 0 && asked[i].answer != FIND_FAILED)
            asked[i].answer = FIND_FOUND;
    return arena_check(arena, err);
}
