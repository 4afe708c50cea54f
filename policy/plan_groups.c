/* plan_groups - who shares a copy with whom. */
#include "policy/planning.h"

#include <string.h>

#define COPY_RCPTS_MAX 1000 /* of an encrypted copy: what one envelope holds */

static bool can_inject(const struct planning *p)
{
    return *p->settings->inject != '\0';
}

bool op_list_has(const struct op_list *list, enum op_kind kind)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->ops[i].kind == kind)
            return true;
    return false;
}

/* Ciphertext names its recipients' keys: whoever is hidden from the others must not be named in theirs (R25). */
static bool goes_hidden(const struct planning *p, const struct share *share)
{
    return p->facts->rcpts[share->rcpt].hidden && op_list_has(&share->list, OP_ENCRYPT);
}

static size_t count_hidden(const struct planning *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->nshares; i++)
        if (!p->shares[i].extra && goes_hidden(p, &p->shares[i]))
            n++;
    return n;
}

/* Those with the same key share a copy. */
static const char *group_key(const struct planning *p, const struct share *share)
{
    SEAL_CLEANUP(buf_fini) struct buf key = BUF_INIT(1u << 20);
    if (share->to != NULL)
        buf_printf(&key, "%s %s\n", share->extra ? "besides" : "instead", share->to);
    for (size_t i = 0; i < share->list.n; i++) {
        op_print(&share->list.ops[i], &key);
        buf_add_char(&key, '\n');
    }
    if (goes_hidden(p, share) && p->hidden <= p->settings->max_hidden)
        buf_printf(&key, "hidden %s", p->facts->rcpts[share->rcpt].addr); /* who was named twice gets one */
    else if (goes_hidden(p, share))
        buf_add_str(&key, "hidden");
    return arena_strdup(p->arena, buf_str(&key));
}

static bool is_hygiene(const struct op *op)
{
    return op->kind == OP_HYGIENE || op->kind == OP_KEYWORDS;
}

static bool is_only_hygiene(const struct op_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (!is_hygiene(&list->ops[i]))
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

static void group_share(struct planning *p, size_t index)
{
    struct share *share = &p->shares[index];
    const char *key = group_key(p, share);
    size_t g = find_group(p, key);
    if (g == p->ngroups) {
        p->groups = arena_grow(p->arena, p->groups, p->ngroups, &p->groups_cap, sizeof *p->groups);
        p->groups[p->ngroups++] = (struct group){.key = key,
                                                 .first = index,
                                                 .only_hygiene = is_only_hygiene(&share->list),
                                                 .encrypted = op_list_has(&share->list, OP_ENCRYPT),
                                                 .hidden = goes_hidden(p, share)};
    }
    p->groups[g].n++;
    share->group = g;
}

/* What prints the same is not the same before the keys are. */
static bool same_content(const struct op_list *a, const struct op_list *b)
{
    if (!ops_equal(a->ops, a->n, b->ops, b->n))
        return false;
    for (size_t i = 0; i < a->n; i++) {
        const struct op *one = &a->ops[i], *other = &b->ops[i];
        if (one->nkeys != other->nkeys ||
            (one->nkeys > 0 && memcmp(one->keys, other->keys, one->nkeys * sizeof *one->keys) != 0))
            return false;
    }
    return true;
}

static const char *address_of(const struct planning *p, const struct share *share)
{
    return share->to != NULL ? share->to : p->facts->rcpts[share->rcpt].addr;
}

/* Who gets as a recipient what a further copy would bring him gets it once. */
static bool is_served_alike(const struct planning *p, const struct share *extra)
{
    for (size_t i = 0; i < p->nshares && !p->shares[i].extra; i++)
        if (strcmp(address_of(p, &p->shares[i]), extra->to) == 0 &&
            same_content(&p->shares[i].list, &extra->list))
            return true;
    return false;
}

/* Returns whether there are no more than this many. */
static bool group_all(struct planning *p, size_t most)
{
    p->hidden = count_hidden(p);
    p->ngroups = 0;
    for (size_t i = 0; i < p->nshares; i++) {
        if (p->shares[i].extra && is_served_alike(p, &p->shares[i]))
            p->shares[i].group = NO_GROUP;
        else
            group_share(p, i);
        if (p->ngroups > most)
            return false;
    }
    if (p->hidden > p->settings->max_hidden)
        p->plan->note = arena_printf(
            p->arena,
            "%zu hidden recipients, more than max-hidden: they share a copy and can see each other's keys",
            p->hidden);
    return true;
}

static struct op_list without_views(const struct planning *p, const struct share *share)
{
    const struct op_list whole = {share->ops, share->nops};
    struct op *ops = arena_array(p->arena, whole.n, sizeof *ops);
    struct op_list list = {.ops = ops};
    bool opened = op_list_has(&whole, OP_OPEN), encrypted = p->facts->encrypted_by != METHOD_NONE;
    for (size_t i = 0; i < whole.n; i++) {
        enum op_kind kind = whole.ops[i].kind;
        bool of_opened = (opened && kind == OP_ENCRYPT) || (encrypted && kind == OP_PROTECT);
        if (kind != OP_OPEN && kind != OP_SUBJECT && kind != OP_DETACH && kind != OP_TAG &&
            kind != OP_STATUS && !of_opened)
            ops[list.n++] = whole.ops[i];
    }
    return list;
}

static bool asks_inside(const struct planning *p)
{
    for (size_t i = 0; i < p->facts->nrcpts; i++)
        if (p->decisions[i].inside)
            return true;
    return false;
}

/*
 * Too many copies because recipients see different things is no reason to defer: that would tell the sender what opening has shown
 * (no oracle). The message then goes on as it came. Without views there are never more groups than with them, so whether this
 * is still too much does not depend on any view, unless rules asked about the inside. Then it is never too much: what is left are
 * addresses and treatments that policy names, and hidden recipients, of which max-hidden at most have copies of their own.
 */
static bool group_closed(struct planning *p, size_t most)
{
    for (size_t i = 0; i < p->nshares; i++)
        p->shares[i].list = without_views(p, &p->shares[i]);
    if (!group_all(p, asks_inside(p) ? SIZE_MAX : most))
        return group_all(p,
                         p->settings->max_copies); /* too much for one place: deferred by who cannot inject */
    p->plan->note = "recipients see too many different things: the message goes on as it came";
    return true;
}

/*
 * Where there is no injection listener, all that does not stay in place is deferred. So what private keys have shown must not make a second
 * copy of the message.
 */
static size_t most_copies(const struct planning *p)
{
    bool looked = p->facts->nviews > 1;
    return looked && !can_inject(p) ? 1 : p->settings->max_copies;
}

/* ---- what there is to give out ---- */

bool plan_leaves_undone(const struct planning *p, size_t rcpt)
{
    return p->decisions[rcpt].inside && !can_inject(p);
}

/* In place, as it came. */
static void leave_undone(const struct planning *p, struct share *share)
{
    struct op *ops = arena_array(p->arena, share->nops, sizeof *ops);
    size_t n = 0;
    for (size_t i = 0; i < share->nops; i++)
        if (is_hygiene(&share->ops[i]))
            ops[n++] = share->ops[i];
    *share = (struct share){.rcpt = share->rcpt, .ops = ops, .nops = n};
    p->plan->note = "no injection listener: nothing is done that shows what is inside the ciphertext";
}

static void add_share(struct planning *p, size_t rcpt, const struct extra *extra)
{
    const struct decision *decision = &p->decisions[rcpt];
    struct share *share = &p->shares[p->nshares++];
    *share =
        (struct share){.rcpt = rcpt, .to = decision->redirect, .ops = decision->ops, .nops = decision->nops};
    if (extra != NULL)
        *share = (struct share){
            .rcpt = rcpt, .to = extra->to, .extra = true, .ops = extra->ops, .nops = extra->nops};
    else if (plan_leaves_undone(p, rcpt))
        leave_undone(p, share);
    share->list = (struct op_list){share->ops, share->nops};
}

/* First what recipients get, then what others get besides. */
static void list_shares(struct planning *p)
{
    size_t n = p->facts->nrcpts;
    for (size_t i = 0; i < p->facts->nrcpts; i++)
        n += p->decisions[i].nextras;
    p->shares = arena_array(p->arena, n, sizeof *p->shares);
    for (size_t i = 0; i < p->facts->nrcpts; i++)
        if (p->plan->disposition == DISPOSITION_SERVE && p->decisions[i].disposition == DISPOSITION_SERVE)
            add_share(p, i, NULL);
    for (size_t i = 0; i < p->facts->nrcpts; i++)
        for (size_t k = 0; k < p->decisions[i].nextras && !plan_leaves_undone(p, i); k++)
            add_share(p, i, &p->decisions[i].extras[k]);
}

bool plan_group(struct planning *p)
{
    list_shares(p);
    size_t most = most_copies(p);
    return group_all(p, most) || group_closed(p, most);
}
