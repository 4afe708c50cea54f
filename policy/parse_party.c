/* parse_party - who the sender or recipient is: patterns, groups, files of addresses, attributes. */
#include "policy/parser.h"

#include <string.h>

/* ---- files ---- */

static int load_list(struct parser *p, const char *path, struct address_list **out, struct err *err)
{
    struct policy *policy = p->policy;
    const struct policy_file *file = NULL;
    for (size_t i = 0; i < p->nfiles && file == NULL; i++)
        if (strcmp(p->files[i].path, path) == 0)
            file = &p->files[i];
    if (file == NULL && p->missing_files == FILES_NEEDED)
        return lex_error(&p->lex, p->at - 1, err, "the file %s was not given", path);
    struct span text = file != NULL ? file->text : (struct span){"", 0};
    if (address_list_parse(policy->arena, path, text, out, err) < 0)
        return -1;
    policy->lists = arena_grow(policy->arena, policy->lists, policy->nlists, &p->lists_cap, sizeof *out);
    policy->lists[policy->nlists++] = *out;
    return arena_check(policy->arena, err);
}

/* Each file is read once, however often it is named. */
static const struct address_list *read_list(struct parser *p, struct err *err)
{
    struct policy *policy = p->policy;
    struct address_list *list = NULL;
    if (!parser_has_text(p) || *p->at->text != '/') {
        parser_expected(p, err, "the path of a file of addresses, from the root");
        return NULL;
    }
    const char *path = p->at++->text;
    for (size_t i = 0; i < policy->nlists; i++)
        if (strcmp(policy->lists[i]->path, path) == 0)
            return policy->lists[i];
    return load_list(p, path, &list, err) < 0 ? NULL : list;
}

/* ---- groups ---- */

static size_t add_group(struct parser *p, struct policy_group group)
{
    struct policy *policy = p->policy;
    policy->groups = arena_grow(policy->arena, policy->groups, policy->ngroups, &p->groups_cap, sizeof group);
    policy->groups[policy->ngroups] = group;
    return policy->ngroups++;
}

/* A group may be named before its statement, or have none. */
static size_t named_group(struct parser *p, const char *name)
{
    for (size_t i = 0; i < p->policy->ngroups; i++)
        if (p->policy->groups[i].name != NULL && strcmp(p->policy->groups[i].name, name) == 0)
            return i;
    return add_group(p, (struct policy_group){.name = name});
}

static size_t group_of_file(struct parser *p, const struct address_list *list)
{
    for (size_t i = 0; i < p->policy->ngroups; i++)
        if (p->policy->groups[i].name == NULL && p->policy->groups[i].list == list)
            return i;
    return add_group(p, (struct policy_group){.path = list->path, .list = list});
}

static int read_group_source(struct parser *p, struct policy_group *group, struct err *err)
{
    if (parser_take(p, "directory")) {
        group->dn = parser_text(p, "the DN of the group", err);
        return group->dn == NULL ? -1 : 0;
    }
    if (!parser_take(p, "file"))
        return parser_expected(p, err, "directory or file");
    group->list = read_list(p, err);
    if (group->list == NULL)
        return -1;
    group->path = group->list->path;
    return 0;
}

int parser_group(struct parser *p, struct err *err)
{
    const struct token *at = p->at;
    const char *name = parser_text(p, "the group's name", err);
    if (name == NULL)
        return -1;
    size_t i = named_group(p, name);
    if (p->policy->groups[i].line != 0)
        return lex_error(&p->lex, at, err, "found the group '%s' a second time; line %u has it", name,
                         p->policy->groups[i].line);
    struct policy_group group = {.name = name, .line = at->line};
    if (parser_need(p, "is", err) < 0 || read_group_source(p, &group, err) < 0 || parser_need_end(p, err) < 0)
        return -1;
    p->policy->groups[i] = group;
    return 0;
}

/* ---- conditions ---- */

static void add_condition_group(struct parser *p, size_t group, size_t *cap)
{
    struct condition *c = p->condition;
    c->groups = arena_grow(p->policy->arena, c->groups, c->ngroups, cap, sizeof *c->groups);
    c->groups[c->ngroups++] = group;
}

static int read_groups(struct parser *p, struct err *err)
{
    size_t cap = 0;
    p->condition->kind = CONDITION_GROUP;
    do {
        const char *name = parser_text(p, "the name of a group", err);
        if (name == NULL)
            return -1;
        add_condition_group(p, named_group(p, name), &cap);
    } while (parser_take(p, "or"));
    return 0;
}

static int read_files(struct parser *p, struct err *err)
{
    size_t cap = 0;
    p->condition->kind = CONDITION_FILE;
    do {
        const struct address_list *list = read_list(p, err);
        if (list == NULL)
            return -1;
        add_condition_group(p, group_of_file(p, list), &cap);
    } while (parser_take(p, "or"));
    return 0;
}

/* The name of an attribute in a directory (RFC 4512 1.4), as the first one of the policy wrote it. */
static int read_attribute_name(struct parser *p, struct err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    struct policy *policy = p->policy;
    const char *name = parser_text(p, "the name of an attribute", err);
    if (name == NULL)
        return -1;
    if (strspn(name, allowed) != strlen(name) || strchr("0123456789-", *name) != NULL) {
        p->at--;
        return parser_expected(p, err, "the name of an attribute: letters, digits and -");
    }
    size_t i = 0;
    while (i < policy->nattributes && strcasecmp(policy->attributes[i], name) != 0)
        i++;
    if (i == policy->nattributes) {
        policy->attributes = arena_grow(policy->arena, policy->attributes, policy->nattributes,
                                        &p->attributes_cap, sizeof *policy->attributes);
        policy->attributes[policy->nattributes++] = name;
    }
    p->condition->attribute = i;
    p->condition->name = policy->attributes[i];
    return 0;
}

static int read_attribute(struct parser *p, struct err *err)
{
    p->condition->kind = CONDITION_ATTRIBUTE;
    if (read_attribute_name(p, err) < 0)
        return -1;
    if (parser_at_end(p))
        return 0;
    if (!parser_text_test(p))
        return parser_expected(p, err, "is, contains, like, or nothing more");
    return parser_values(p, "a value of the attribute", err);
}

/* "to a.example or inbound" is a mistake, and not a domain. */
static bool is_at_condition(const struct parser *p)
{
    for (size_t i = 0; i < condition_vocabulary.n; i++)
        if (parser_next_is(p, condition_vocabulary.words[i].text))
            return true;
    return false;
}

static int read_patterns(struct parser *p, struct err *err)
{
    size_t cap = 0;
    p->condition->kind = p->condition->party == PARTY_SENDER ? CONDITION_FROM : CONDITION_TO;
    enum pattern_form form = parser_take(p, "domain")    ? PATTERN_DOMAIN
                             : parser_take(p, "address") ? PATTERN_ADDRESS
                                                         : PATTERN_ANY;
    do {
        if (is_at_condition(p))
            return parser_expected(p, err,
                                   "an address or a domain (in quotes, if it has this name); conditions are "
                                   "joined by commas");
        if (parser_value(p, parser_pattern(p, form, err), &cap) < 0)
            return -1;
    } while (parser_take(p, "or"));
    return 0;
}

static int read_party(struct parser *p, enum party party, struct err *err)
{
    p->condition->party = party;
    if (parser_take(p, "group"))
        return read_groups(p, err);
    if (parser_take(p, "file"))
        return read_files(p, err);
    return parser_take(p, "attribute") ? read_attribute(p, err) : read_patterns(p, err);
}

int parser_from(struct parser *p, struct err *err)
{
    return read_party(p, PARTY_SENDER, err);
}

int parser_to(struct parser *p, struct err *err)
{
    return read_party(p, PARTY_RECIPIENT, err);
}
