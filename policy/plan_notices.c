/* plan_notices - one notice for all recipients that a rule says the same of, and one report of all that are returned. */
#include "policy/planning.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_texts(const char *const *a, size_t na, const char *const *b, size_t nb)
{
    if (na != nb)
        return false;
    for (size_t i = 0; i < na; i++)
        if (strcmp(a[i], b[i]) != 0)
            return false;
    return true;
}

static bool is_same(const struct notice *a, const struct notice *b)
{
    return a->kind == b->kind && same_text(a->rule, b->rule) && same_text(a->subject, b->subject) &&
           same_texts(a->to, a->nto, b->to, b->nto) && same_texts(a->lines, a->nlines, b->lines, b->nlines);
}

/* The plan's notice that is the same; added when it is new. */
static struct notice *find_notice(struct planning *p, const struct notice *wanted)
{
    struct plan *plan = p->plan;
    for (size_t i = 0; i < plan->nnotices; i++)
        if (is_same(&plan->notices[i], wanted))
            return &plan->notices[i];
    plan->notices =
        arena_grow(p->arena, plan->notices, plan->nnotices, &p->notices_cap, sizeof *plan->notices);
    struct notice *notice = &plan->notices[plan->nnotices++];
    *notice = *wanted;
    notice->rcpts = arena_array(p->arena, p->facts->nrcpts, sizeof *notice->rcpts);
    notice->nrcpts = 0;
    return notice;
}

static void add_about(struct planning *p, const struct notice *wanted, size_t rcpt)
{
    struct notice *notice = find_notice(p, wanted);
    if (notice->nrcpts == 0 || notice->rcpts[notice->nrcpts - 1] != rcpt)
        notice->rcpts[notice->nrcpts++] = rcpt;
}

/* Nobody is told that a message is deferred: it comes again. Of one that is refused the sender knows. */
static bool is_sent(const struct plan *plan, enum notice_kind kind)
{
    switch (plan->disposition) {
    case DISPOSITION_TEMPFAIL:
        return false;
    case DISPOSITION_REFUSE:
        return kind == NOTICE_ALERT;
    case DISPOSITION_SERVE:
    case DISPOSITION_DISCARD:
    case DISPOSITION_RETURN:
    case DISPOSITION_HOLD:
        break;
    }
    return true;
}

void plan_notices(struct planning *p)
{
    const struct notice report = {.kind = NOTICE_RETURN,
                                  .to = arena_memdup(p->arena, &p->facts->sender, sizeof p->facts->sender),
                                  .nto = 1};
    for (size_t i = 0; i < p->facts->nrcpts; i++) {
        const struct decision *decision = &p->decisions[i];
        if (decision->disposition == DISPOSITION_RETURN && is_sent(p->plan, NOTICE_RETURN))
            add_about(p, &report, i);
        for (size_t k = 0; k < decision->nnotices && !plan_leaves_undone(p, i); k++)
            if (is_sent(p->plan, decision->notices[k].kind))
                add_about(p, &decision->notices[k], i);
    }
}
