/* make_plan - the message's disposition, and its copies. */
#include "policy/planning.h"

/* `discard` and `return` take only their own recipients out: they settle the message only when nobody is served. */
static enum disposition heaviest(const struct facts *facts, const struct decision *decisions)
{
    enum disposition heaviest = facts->nrcpts > 0 ? DISPOSITION_DISCARD : DISPOSITION_SERVE;
    bool served = false;
    for (size_t i = 0; i < facts->nrcpts; i++) {
        served = served || decisions[i].disposition == DISPOSITION_SERVE;
        if (decisions[i].disposition > heaviest)
            heaviest = decisions[i].disposition;
    }
    return heaviest <= DISPOSITION_RETURN && served ? DISPOSITION_SERVE : heaviest;
}

/*
 * What is held is released unfiltered one day, for all recipients that are left; so nothing that must be protected is held. Ciphertext
 * may be: it is held as it came.
 */
static bool holds_protected(const struct planning *p)
{
    if (p->plan->disposition != DISPOSITION_HOLD || p->facts->encrypted_by != METHOD_NONE)
        return false;
    for (size_t i = 0; i < p->facts->nrcpts; i++) {
        enum disposition disposition = p->decisions[i].disposition;
        if (p->decisions[i].protect && (disposition == DISPOSITION_SERVE || disposition == DISPOSITION_HOLD))
            return true;
    }
    return false;
}

static void defer(struct planning *p, const char *status, const char *text)
{
    p->plan->disposition = DISPOSITION_TEMPFAIL;
    p->plan->reply_status = status;
    p->plan->reply_text = text;
}

/* Whether a message in the MTA's hands can become this copy: it goes to recipients of the envelope. */
static bool can_stay(const struct planning *p, const struct group *group)
{
    return p->shares[group->first].to == NULL;
}

/* The group that stays in place: one that is only passed, else the largest, else the first; SIZE_MAX: none can. */
static size_t choose_in_place(const struct planning *p)
{
    size_t best = SIZE_MAX;
    for (size_t g = 0; g < p->ngroups; g++) {
        const struct group *group = &p->groups[g], *than = best == SIZE_MAX ? NULL : &p->groups[best];
        if (!can_stay(p, group))
            continue;
        if (than == NULL ||
            (group->only_hygiene != than->only_hygiene ? group->only_hygiene : group->n > than->n))
            best = g;
    }
    return best;
}

static bool has_key(const struct op *op, int key)
{
    for (size_t i = 0; i < op->nkeys; i++)
        if (op->keys[i] == key)
            return true;
    return false;
}

/* One envelope for all of them: each one's key, once. */
static void merge_keys(const struct planning *p, size_t g, const struct copy *copy, size_t at)
{
    struct op *op = &copy->ops[at];
    op->keys = arena_array(p->arena, p->groups[g].n, sizeof *op->keys);
    op->fp = arena_array(p->arena, p->groups[g].n, sizeof *op->fp);
    op->nkeys = 0;
    for (size_t i = 0; i < p->nshares; i++) {
        const struct op *own = &p->shares[i].list.ops[at];
        if (p->shares[i].group != g || own->nkeys != 1 || has_key(op, own->keys[0]))
            continue;
        op->keys[op->nkeys] = own->keys[0];
        op->fp[op->nkeys++] = own->fp[0];
    }
}

static void add_rcpts(const struct planning *p, size_t g, bool encrypted, struct copy *copy)
{
    copy->rcpts = arena_array(p->arena, p->groups[g].n, sizeof *copy->rcpts);
    for (size_t i = 0; i < p->nshares; i++) {
        size_t rcpt = p->shares[i].rcpt;
        if (p->shares[i].group != g)
            continue;
        copy->rcpts[copy->nrcpts++] = rcpt;
        copy->protect = copy->protect || (p->decisions[rcpt].protect && (encrypted || !copy->extra));
    }
}

static void make_copy(const struct planning *p, size_t g, struct copy *copy)
{
    const struct share *first = &p->shares[p->groups[g].first];
    copy->to = first->to;
    copy->extra = first->extra;
    add_rcpts(p, g, p->groups[g].encrypted, copy);
    copy->ops = arena_memdup(p->arena, first->list.ops, first->list.n * sizeof *first->list.ops);
    copy->nops = first->list.n;
    copy->opened = op_list_has(&first->list, OP_OPEN);
    for (size_t i = 0; i < copy->nops; i++) {
        struct op *op = &copy->ops[i];
        if (op->kind != OP_ENCRYPT)
            continue;
        merge_keys(p, g, copy, i);
        op->hidden = op->method == METHOD_OPENPGP && p->groups[g].hidden;
    }
}

static void make_copies(const struct planning *p)
{
    struct plan *plan = p->plan;
    size_t in_place = choose_in_place(p);
    plan->copies = arena_array(p->arena, p->ngroups, sizeof *plan->copies);
    if (in_place != SIZE_MAX) {
        plan->copies[0].in_place = true;
        make_copy(p, in_place, &plan->copies[plan->ncopies++]);
    }
    for (size_t g = 0; g < p->ngroups; g++)
        if (g != in_place)
            make_copy(p, g, &plan->copies[plan->ncopies++]);
}

static void list_discarded(const struct planning *p)
{
    struct plan *plan = p->plan;
    plan->discarded = arena_array(p->arena, p->facts->nrcpts, sizeof *plan->discarded);
    for (size_t i = 0; i < p->facts->nrcpts; i++)
        if (p->decisions[i].disposition == DISPOSITION_DISCARD)
            plan->discarded[plan->ndiscarded++] = i;
}

/* What is refused or deferred is nobody's. */
static bool goes_on(enum disposition disposition)
{
    return disposition < DISPOSITION_TEMPFAIL;
}

static unsigned generate_first(const struct planning *p)
{
    unsigned methods = 0;
    for (size_t i = 0; i < p->facts->nrcpts; i++)
        methods |= p->decisions[i].generate;
    return goes_on(p->plan->disposition) ? methods : 0;
}

static bool learn_first(const struct planning *p)
{
    bool learn = false;
    for (size_t i = 0; i < p->facts->nrcpts; i++)
        learn = learn || p->decisions[i].learn;
    return learn && goes_on(p->plan->disposition);
}

int make_plan(const struct settings *settings, const struct facts *facts, const struct decision *decisions,
              struct arena *arena, struct plan **out, struct err *err)
{
    struct plan *plan = arena_alloc(arena, sizeof *plan);
    struct planning p = {
        .settings = settings, .facts = facts, .decisions = decisions, .arena = arena, .plan = plan};
    plan->disposition = heaviest(facts, decisions);
    if (holds_protected(&p))
        defer(&p, "4.3.5", "Mail that must be encrypted cannot be held");
    else if (goes_on(plan->disposition) && !plan_group(&p))
        defer(&p, "4.5.3", "Too many different copies of one message; send it to fewer recipients");
    else if (plan->disposition >= DISPOSITION_HOLD)
        plan_reply(&p);
    if (goes_on(plan->disposition))
        make_copies(&p);
    plan->generate = generate_first(&p);
    plan->learn = learn_first(&p);
    plan_notices(&p);
    list_discarded(&p);
    *out = plan;
    return arena_check(arena, err);
}
