/*
 * treat_order - what the steps come to, as a list of operations.
 *
 * The order of doing is fixed: what is inside must be there before it is signed, header fields too, what is signed before it is encrypted,
 * and marks stand on the outside. The order of the steps in the rules says how many of them a copy gets.
 */
#include "policy/treat.h"

#include <string.h>

#define OPS_MAX (12 + METHODS) /* beside header fields */

static void add_op(struct ops *ops, struct op op)
{
    ops->items[ops->n++] = op;
}

static bool comes(const struct treatment *t, enum step_kind kind, size_t before)
{
    return t->d->steps[kind] != NULL && t->d->at[kind] < before;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The first view of which the same is to be said, so that recipients for whom opening failed alike share a copy. */
static size_t first_alike(const struct facts *facts, size_t view)
{
    const struct view *is = &facts->views[view];
    for (size_t i = 0; i < view; i++) {
        const struct view *as = &facts->views[i];
        if (as->decryption == is->decryption && as->signature == is->signature &&
            (as->subject != NULL) == (is->subject != NULL) && (as->opened >= 0) == (is->opened >= 0) &&
            same_text(as->decryption_why, is->decryption_why) &&
            same_text(as->signature_why, is->signature_why) && same_text(as->signer, is->signer))
            return i;
    }
    return view;
}

/* Under every rule but `pass verbatim`. */
static void add_hygiene(const struct treatment *t, struct ops *ops)
{
    if (t->verbatim)
        return;
    if (t->rcpt->direction == DIRECTION_INBOUND)
        add_op(ops, (struct op){.kind = OP_HYGIENE});
    if (treat_is_submitted(t->d->facts) && t->d->facts->nkeywords > 0)
        add_op(ops, (struct op){.kind = OP_KEYWORDS});
}

/* What is closed already, and stays so, is not encrypted again. */
static bool encrypts(const struct treatment *t, size_t before, bool opened)
{
    bool stays_closed = t->d->facts->encrypted_by != METHOD_NONE && !opened;
    return t->encrypt.nkeys > 0 && comes(t, STEP_ENCRYPT, before) && !stays_closed;
}

static void add_detached(const struct treatment *t, size_t before, bool opened, struct ops *ops)
{
    if (!t->detach || !comes(t, STEP_DETACH, before))
        return;
    struct op op = {.kind = OP_DETACH, .view = opened ? t->rcpt->view : 0};
    const struct view *view = &t->d->facts->views[op.view];
    op.keys = arena_array(t->d->arena, view->ncarried, sizeof *op.keys);
    op.fp = arena_array(t->d->arena, view->ncarried, sizeof *op.fp);
    for (size_t i = 0; i < view->ncarried; i++) {
        if (!treat_leaves_out(t, &view->carried[i]))
            continue;
        op.keys[op.nkeys] = (int)i;
        op.fp[op.nkeys++] = view->carried[i].fingerprint;
    }
    if (op.nkeys > 0)
        add_op(ops, op);
}

static void add_attached(const struct treatment *t, size_t before, struct ops *ops)
{
    for (enum method method = METHOD_NONE; method < METHODS; method++)
        if (treat_attaches(t, method) && t->attach_at[method] < before)
            add_op(ops, t->attach[method]);
}

/* Behind what puts header fields inside, so that it stands outside alone. */
static void add_autocrypt(const struct treatment *t, size_t before, struct ops *ops)
{
    if (t->autocrypt.nkeys > 0 && comes(t, STEP_AUTOCRYPT, before))
        add_op(ops, t->autocrypt);
}

static void add_protection(const struct treatment *t, size_t before, bool opened, struct ops *ops)
{
    bool is_signed = t->sign.nkeys > 0 && comes(t, STEP_SIGN, before), closed = encrypts(t, before, opened);
    enum protection protection = closed ? t->when_encrypted : is_signed ? t->when_signed : PROTECTION_NONE;
    if (protection != PROTECTION_NONE)
        add_op(ops, (struct op){.kind = OP_PROTECT, .protection = protection});
    if (is_signed)
        add_op(ops, t->sign);
    if (closed)
        add_op(ops, t->encrypt);
}

/*
 * From what was opened, or from under a good signature. What nothing authenticates is taken too where it would be lost else; it does not
 * become the Subject then. What is closed again keeps its Subject inside.
 */
static void add_subject(const struct treatment *t, size_t before, bool opened, struct ops *ops)
{
    const struct facts *facts = t->d->facts;
    bool verified = t->tag && comes(t, STEP_TAG, before) && facts->encrypted_by == METHOD_NONE;
    if ((!opened && !verified) || encrypts(t, before, opened))
        return;
    size_t index = opened ? t->rcpt->view : 0;
    const struct view *view = &facts->views[index];
    if (view->subject != NULL && (opened || view_is_authentic(view)))
        add_op(ops, (struct op){.kind = OP_SUBJECT, .view = index});
}

static void add_fields(const struct treatment *t, size_t before, struct ops *ops)
{
    for (size_t i = 0; i < t->d->ntaken; i++) {
        const struct taken *taken = &t->d->taken[i];
        if (taken->step->kind == STEP_HEADER && taken->at < before)
            add_op(ops, (struct op){.kind = OP_HEADER,
                                    .action = taken->step->action,
                                    .field = taken->step->field,
                                    .text = taken->step->text});
    }
}

static void add_marks(const struct treatment *t, size_t before, bool opened, struct ops *ops)
{
    bool looked = t->looked && comes(t, STEP_DECRYPT, before), tag = t->tag && comes(t, STEP_TAG, before);
    size_t view = looked ? t->rcpt->view : 0;
    const char *wording = tag ? treat_wording(t, view, opened) : NULL;
    if (wording != NULL)
        add_op(ops, (struct op){.kind = OP_TAG, .text = wording});
    if (looked || tag)
        add_op(ops, (struct op){.kind = OP_STATUS, .view = first_alike(t->d->facts, view)});
}

struct ops treat_ops(const struct treatment *t, size_t before)
{
    before = before < t->limit ? before : t->limit;
    struct ops ops = {.items = arena_array(t->d->arena, OPS_MAX + t->d->ntaken, sizeof *ops.items)};
    bool opened = t->open && comes(t, STEP_DECRYPT, before);
    add_hygiene(t, &ops);
    if (opened)
        add_op(&ops, (struct op){.kind = OP_OPEN, .view = t->rcpt->view});
    add_subject(t, before, opened, &ops);
    add_detached(t, before, opened, &ops);
    add_attached(t, before, &ops);
    add_fields(t, before, &ops);
    add_protection(t, before, opened, &ops);
    add_autocrypt(t, before, &ops);
    add_marks(t, before, opened, &ops);
    return ops;
}
