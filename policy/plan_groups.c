/* plan_groups - who shares a copy with whom. */
#include "policy/planning.h"

#include <string.h>

#define COPY_RCPTS_MAX 1000 /* of an encrypted copy: what one envelope holds */

bool op_list_has(const struct op_list *list, enum op_kind kind)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->ops[i].kind == kind)
            return true;
    return false;
}

static bool is_served(const struct planning *p, size_t rcpt)
{
    return p->decisions[rcpt].disposition == DISPOSITION_SERVE;
}

/* Ciphertext names its recipients' keys: whoever is hidden from the others must not be named in theirs (R25). */
static bool goes_hidden(const struct planning *p, size_t rcpt)
{
    return p->facts->rcpts[rcpt].hidden && op_list_has(&p->lists[rcpt], OP_ENCRYPT);
}

static size_t count_hidden(const struct planning *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->facts->nrcpts; i++)
        if (is_served(p, i) && goes_hidden(p, i))
            n++;
    return n;
}

/* Recipients with the same key share a copy. */
static const char *group_key(const struct planning *p, size_t rcpt)
{
    SEAL_CLEANUP(buf_fini) struct buf key = BUF_INIT(1u << 20);
    for (size_t i = 0; i < p->lists[rcpt].n; i++) {
        op_print(&p->lists[rcpt].ops[i], &key);
        buf_add_char(&key, '\n');
    }
    if (goes_hidden(p, rcpt) && p->hidden <= p->settings->max_hidden)
        buf_printf(&key, "hidden %s", p->facts->rcpts[rcpt].addr); /* who was named twice gets one */
    else if (goes_hidden(p, rcpt))
        buf_add_str(&key, "hidden");
    return arena_strdup(p->arena, buf_str(&key));
}

static bool is_only_hygiene(const struct op_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->ops[i].kind != OP_HYGIENE && list->ops[i].kind != OP_KEYWORDS)
            return false;
    return true;
}

static size_t find_group(const struct planning *p, const char *key)
{
    for (size_t g = 0; g < p->ngroups; g++)
        if (strcmp(p->groups[g].key, key) == 0 &&
            (!p->groups[g].encrypted || p->groups[g].n < COPY_RCPTS_MAX))
            return g;
    return p->ngroups;
}

static void group_rcpt(struct planning *p, size_t rcpt)
{
    const char *key = group_key(p, rcpt);
    size_t g = find_group(p, key);
    if (g == p->ngroups) {
        p->groups = arena_grow(p->arena, p->groups, p->ngroups, &p->groups_cap, sizeof *p->groups);
        p->groups[p->ngroups++] = (struct group){.key = key,
                                                 .first = rcpt,
                                                 .only_hygiene = is_only_hygiene(&p->lists[rcpt]),
                                                 .encrypted = op_list_has(&p->lists[rcpt], OP_ENCRYPT)};
    }
    p->groups[g].n++;
    p->group_of[rcpt] = g;
}

/* Returns whether there are few enough. */
static bool group_all(struct planning *p)
{
    p->hidden = count_hidden(p);
    p->ngroups = 0;
    for (size_t i = 0; i < p->facts->nrcpts; i++) {
        p->group_of[i] = SIZE_MAX;
        if (is_served(p, i))
            group_rcpt(p, i);
        if (p->ngroups > p->settings->max_copies)
            return false;
    }
    if (p->hidden > p->settings->max_hidden)
        p->plan->note = arena_printf(
            p->arena,
            "%zu hidden recipients, more than max-hidden: they share a copy and can see each other's keys",
            p->hidden);
    return true;
}

static struct op_list without_views(const struct planning *p, const struct decision *decision)
{
    struct op_list whole = {decision->ops, decision->nops}, list = {0};
    struct op *ops = arena_array(p->arena, whole.n, sizeof *ops);
    bool opened = op_list_has(&whole, OP_OPEN);
    for (size_t i = 0; i < whole.n; i++) {
        enum op_kind kind = whole.ops[i].kind;
        if (kind != OP_OPEN && kind != OP_TAG && kind != OP_STATUS && !(opened && kind == OP_ENCRYPT))
            ops[list.n++] = whole.ops[i];
    }
    list.ops = ops;
    return list;
}

/*
 * Too many copies because recipients see different things is no reason to defer: that would tell the sender what opening has shown
 * (no oracle). The message then goes on as it came. Without views there are never more groups than with them, so whether this
 * is still too much does not depend on any view.
 */
static bool group_closed(struct planning *p)
{
    for (size_t i = 0; i < p->facts->nrcpts; i++)
        p->lists[i] = without_views(p, &p->decisions[i]);
    if (!group_all(p))
        return false;
    p->plan->note = "recipients see too many different things: the message goes on as it came";
    return true;
}

bool plan_group(struct planning *p)
{
    p->group_of = arena_array(p->arena, p->facts->nrcpts, sizeof *p->group_of);
    p->lists = arena_array(p->arena, p->facts->nrcpts, sizeof *p->lists);
    for (size_t i = 0; i < p->facts->nrcpts; i++)
        p->lists[i] = (struct op_list){p->decisions[i].ops, p->decisions[i].nops};
    return group_all(p) || group_closed(p);
}
