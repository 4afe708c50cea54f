/* make_plan - recipients grouped by treatment. */
#include "policy/make_plan.h"

#include <string.h>

#define COPY_RCPTS_MAX 1000 /* of an encrypted copy: what one envelope holds */
#define ADDR_ROOM      330  /* octets: one address, with brackets */
#define REPLY_TEXT_MAX 480  /* octets: one reply line, with code and status, holds 512 (RFC 5321 4.5.3.1.5) */

/* Recipients who share a copy, in the envelope's order. */
struct group {
    const char *key; /* the operations as text, and for a hidden recipient's copy who it is for */
    size_t first;    /* recipient */
    size_t n;
    bool only_hygiene;
};

struct planning {
    const struct settings *settings;
    const struct facts *facts;
    const struct decision *decisions;
    struct arena *arena;
    struct plan *plan;
    size_t hidden; /* recipients of encrypted copies who are hidden */
    struct group *groups;
    size_t ngroups, groups_cap;
    size_t *group_of; /* each recipient's; SIZE_MAX: none */
};

/* ---- the message's disposition and its reply ---- */

static bool has_op(const struct op *ops, size_t n, enum op_kind kind)
{
    for (size_t i = 0; i < n; i++)
        if (ops[i].kind == kind)
            return true;
    return false;
}

/* `discard` takes only its own recipients out: it settles the message only when it is everybody's. */
static enum disposition heaviest(const struct facts *facts, const struct decision *decisions)
{
    enum disposition heaviest = facts->nrcpts > 0 ? DISPOSITION_DISCARD : DISPOSITION_SERVE;
    bool served = false;
    for (size_t i = 0; i < facts->nrcpts; i++) {
        served = served || decisions[i].disposition == DISPOSITION_SERVE;
        if (decisions[i].disposition > heaviest)
            heaviest = decisions[i].disposition;
    }
    return heaviest == DISPOSITION_DISCARD && served ? DISPOSITION_SERVE : heaviest;
}

/* What is held is released unfiltered one day; so nothing that must be protected is held. */
static bool holds_protected(const struct planning *p)
{
    for (size_t i = 0; i < p->facts->nrcpts; i++)
        if (p->plan->disposition == DISPOSITION_HOLD && p->decisions[i].protect)
            return true;
    return false;
}

static bool same_text(const struct decision *a, const struct decision *b)
{
    return a->reply_text == b->reply_text ||
           (a->reply_text != NULL && b->reply_text != NULL && strcmp(a->reply_text, b->reply_text) == 0);
}

static bool is_meant(const struct planning *p, size_t rcpt)
{
    return p->decisions[rcpt].disposition == p->plan->disposition;
}

/* " (a@example.org, b@example.org)", as many as the reply holds. */
static void name_recipients(const struct planning *p, size_t first, struct buf *text)
{
    size_t left_out = 0;
    buf_add_str(text, " (");
    for (size_t i = first; i < p->facts->nrcpts; i++) {
        if (!is_meant(p, i) || !same_text(&p->decisions[i], &p->decisions[first]))
            continue;
        const char *addr = p->facts->rcpts[i].addr;
        if (i > first && text->len + strlen(addr) + 40 > REPLY_TEXT_MAX)
            left_out++;
        else
            buf_printf(text, "%s%s", i > first ? ", " : "", addr);
    }
    if (left_out > 0)
        buf_printf(text, " and %zu more", left_out);
    buf_add_char(text, ')');
}

static bool was_said(const struct planning *p, size_t rcpt)
{
    for (size_t i = 0; i < rcpt; i++)
        if (is_meant(p, i) && same_text(&p->decisions[i], &p->decisions[rcpt]))
            return true;
    return false;
}

static void make_reply(struct planning *p)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(1u << 20);
    struct plan *plan = p->plan;
    for (size_t i = 0; i < p->facts->nrcpts; i++) {
        const struct decision *decision = &p->decisions[i];
        if (!is_meant(p, i) || decision->reply_text == NULL || was_said(p, i))
            continue;
        if (text.len > 0 && text.len + strlen(decision->reply_text) + ADDR_ROOM > REPLY_TEXT_MAX)
            break;
        if (plan->reply_status == NULL)
            plan->reply_status = decision->reply_status;
        buf_add_str(&text, text.len > 0 ? "; " : "");
        buf_add_str(&text, decision->reply_text);
        name_recipients(p, i, &text);
    }
    plan->reply_text = arena_strdup(p->arena, buf_str(&text));
}

static void defer(struct planning *p, const char *status, const char *text)
{
    p->plan->disposition = DISPOSITION_TEMPFAIL;
    p->plan->reply_status = status;
    p->plan->reply_text = text;
}

/* ---- groups ---- */

static bool is_served(const struct planning *p, size_t rcpt)
{
    return p->decisions[rcpt].disposition == DISPOSITION_SERVE;
}

/* Ciphertext names its recipients' keys: whoever is hidden from the others must not be named in theirs (R25). */
static bool goes_hidden(const struct planning *p, size_t rcpt)
{
    const struct decision *decision = &p->decisions[rcpt];
    return p->facts->rcpts[rcpt].hidden && has_op(decision->ops, decision->nops, OP_ENCRYPT);
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
    const struct decision *decision = &p->decisions[rcpt];
    for (size_t i = 0; i < decision->nops; i++) {
        op_print(&decision->ops[i], &key);
        buf_add_char(&key, '\n');
    }
    if (goes_hidden(p, rcpt) && p->hidden <= p->settings->max_hidden)
        buf_printf(&key, "hidden %zu", rcpt);
    else if (goes_hidden(p, rcpt))
        buf_add_str(&key, "hidden");
    return arena_strdup(p->arena, buf_str(&key));
}

static bool is_only_hygiene(const struct decision *decision)
{
    for (size_t i = 0; i < decision->nops; i++)
        if (decision->ops[i].kind != OP_HYGIENE && decision->ops[i].kind != OP_KEYWORDS)
            return false;
    return true;
}

static size_t find_group(const struct planning *p, const char *key)
{
    for (size_t g = 0; g < p->ngroups; g++)
        if (strcmp(p->groups[g].key, key) == 0 &&
            (p->groups[g].only_hygiene || p->groups[g].n < COPY_RCPTS_MAX))
            return g;
    return p->ngroups;
}

static void group_rcpt(struct planning *p, size_t rcpt)
{
    const char *key = group_key(p, rcpt);
    size_t g = find_group(p, key);
    if (g == p->ngroups) {
        p->groups = arena_grow(p->arena, p->groups, p->ngroups, &p->groups_cap, sizeof *p->groups);
        p->groups[p->ngroups++] =
            (struct group){.key = key, .first = rcpt, .only_hygiene = is_only_hygiene(&p->decisions[rcpt])};
    }
    p->groups[g].n++;
    p->group_of[rcpt] = g;
}

/* Returns whether there are few enough. */
static bool group_all(struct planning *p)
{
    p->hidden = count_hidden(p);
    p->group_of = arena_array(p->arena, p->facts->nrcpts, sizeof *p->group_of);
    for (size_t i = 0; i < p->facts->nrcpts; i++) {
        p->group_of[i] = SIZE_MAX;
        if (is_served(p, i))
            group_rcpt(p, i);
        if (p->ngroups > p->settings->max_copies)
            return false;
    }
    return true;
}

/* ---- copies ---- */

/* The group that stays in place: one that is only passed, else the largest, else the first. */
static size_t choose_in_place(const struct planning *p)
{
    size_t best = 0;
    for (size_t g = 1; g < p->ngroups; g++) {
        const struct group *group = &p->groups[g], *than = &p->groups[best];
        if (group->only_hygiene != than->only_hygiene ? group->only_hygiene : group->n > than->n)
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
static void merge_keys(const struct planning *p, const struct copy *copy, size_t at)
{
    struct op *op = &copy->ops[at];
    op->keys = arena_array(p->arena, copy->nrcpts, sizeof *op->keys);
    op->fp = arena_array(p->arena, copy->nrcpts, sizeof *op->fp);
    op->nkeys = 0;
    for (size_t i = 0; i < copy->nrcpts; i++) {
        const struct op *own = &p->decisions[copy->rcpts[i]].ops[at];
        if (own->nkeys != 1 || has_key(op, own->keys[0]))
            continue;
        op->keys[op->nkeys] = own->keys[0];
        op->fp[op->nkeys++] = own->fp[0];
    }
}

static void make_copy(const struct planning *p, size_t g, struct copy *copy)
{
    const struct decision *first = &p->decisions[p->groups[g].first];
    copy->rcpts = arena_array(p->arena, p->groups[g].n, sizeof *copy->rcpts);
    for (size_t i = 0; i < p->facts->nrcpts; i++) {
        if (p->group_of[i] != g)
            continue;
        copy->rcpts[copy->nrcpts++] = i;
        copy->protect = copy->protect || p->decisions[i].protect;
    }
    copy->ops = arena_memdup(p->arena, first->ops, first->nops * sizeof *first->ops);
    copy->nops = first->nops;
    copy->opened = has_op(copy->ops, copy->nops, OP_OPEN);
    for (size_t i = 0; i < copy->nops; i++)
        if (copy->ops[i].kind == OP_ENCRYPT)
            merge_keys(p, copy, i);
}

static void make_copies(const struct planning *p)
{
    struct plan *plan = p->plan;
    size_t in_place = choose_in_place(p);
    plan->copies = arena_array(p->arena, p->ngroups, sizeof *plan->copies);
    if (p->ngroups > 0) {
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

int make_plan(const struct settings *settings, const struct facts *facts, const struct decision *decisions,
              struct arena *arena, struct plan **out, struct err *err)
{
    struct plan *plan = arena_alloc(arena, sizeof *plan);
    struct planning p = {
        .settings = settings, .facts = facts, .decisions = decisions, .arena = arena, .plan = plan};
    plan->disposition = heaviest(facts, decisions);
    if (holds_protected(&p))
        defer(&p, "4.3.5", "Mail that must be encrypted cannot be held");
    else if (plan->disposition == DISPOSITION_REFUSE || plan->disposition == DISPOSITION_TEMPFAIL)
        make_reply(&p);
    else if (plan->disposition == DISPOSITION_SERVE && !group_all(&p))
        defer(&p, "4.5.3", "Too many different copies of one message; send it to fewer recipients");
    else if (plan->disposition == DISPOSITION_SERVE)
        make_copies(&p);
    list_discarded(&p);
    *out = plan;
    return arena_check(arena, err);
}
