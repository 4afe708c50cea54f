/*
 * treat - the steps that count for a recipient become operations.
 *
 * Two rules stand above the steps. Only registered users' mail is touched: signing asks for the sender, opening for the recipient; only an
 * encryption that is required is done for everybody, because the alternative is clear text. And nothing here that refuses
 * looks at what a private key has shown (no oracle): of a view, only "names no key of ours" and "unsupported" are.
 */
#include "policy/treat.h"

#include <string.h>

#define OPS_MAX 7 /* each kind once */

/* ---- what is asked of facts ---- */

bool treat_is_submitted(const struct facts *facts)
{
    return facts->submitter != SUBMITTER_NONE;
}

void treat_defer(struct deciding *d, const char *what)
{
    deciding_note(d, "could not find out %s", what);
    deciding_settle(d, DISPOSITION_TEMPFAIL, "4.3.0", "Could not find out what policy asks; try again later");
}

bool treat_is_registered(struct deciding *d, enum party party)
{
    bool sender = party == PARTY_SENDER;
    switch (sender ? d->facts->sender_registered : d->facts->rcpts[d->rcpt].registered) {
    case ANSWER_YES:
        return true;
    case ANSWER_NO:
        deciding_note(d, "%s is not a registered user", sender ? "sender" : "recipient");
        return false;
    case ANSWER_UNKNOWN:
        treat_defer(d, sender ? "whether the sender is a registered user"
                              : "whether the recipient is a registered user");
        return false;
    case ANSWER_UNASKED:
        d->needs |= FACTS_USERS;
        return false;
    }
    return false;
}

/* ---- in order ---- */

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
            (as->opened >= 0) == (is->opened >= 0) && same_text(as->decryption_why, is->decryption_why) &&
            same_text(as->signature_why, is->signature_why) && same_text(as->signer, is->signer))
            return i;
    }
    return view;
}

static void add_op(struct decision *decision, struct op op)
{
    decision->ops[decision->nops++] = op;
}

static bool is_changed(const struct treatment *t)
{
    return t->open || t->sign.nkeys > 0 || t->encrypt.nkeys > 0 || t->tag != NULL || t->status;
}

static void put_in_order(struct treatment *t)
{
    struct decision *decision = t->d->decision;
    decision->ops = arena_array(t->d->arena, OPS_MAX, sizeof *decision->ops);
    decision->verbatim = t->d->steps[STEP_VERBATIM] != NULL && !is_changed(t);
    if (t->rcpt->direction == DIRECTION_INBOUND && !decision->verbatim)
        add_op(decision, (struct op){.kind = OP_HYGIENE});
    if (treat_is_submitted(t->d->facts) && t->d->facts->nkeywords > 0 && !decision->verbatim)
        add_op(decision, (struct op){.kind = OP_KEYWORDS});
    if (t->open)
        add_op(decision, (struct op){.kind = OP_OPEN, .view = t->view});
    if (t->sign.nkeys > 0)
        add_op(decision, t->sign);
    if (t->encrypt.nkeys > 0)
        add_op(decision, t->encrypt);
    if (t->tag != NULL)
        add_op(decision, (struct op){.kind = OP_TAG, .text = t->tag});
    if (t->status)
        add_op(decision, (struct op){.kind = OP_STATUS, .view = first_alike(t->d->facts, t->view)});
}

void treat(struct deciding *d)
{
    struct treatment t = {.d = d, .rcpt = &d->facts->rcpts[d->rcpt]};
    const struct step *refuse = d->steps[STEP_REFUSE];
    if (refuse != NULL) {
        deciding_settle(d, DISPOSITION_REFUSE, "5.7.1",
                        refuse->text != NULL ? refuse->text : "Refused by policy");
        return;
    }
    treat_decrypt(&t);
    treat_encrypt(&t); /* before signing, which goes by its method */
    treat_sign(&t);
    treat_harvest(&t);
    treat_tag(&t);
    if (d->needs == 0 && d->decision->disposition == DISPOSITION_SERVE)
        put_in_order(&t);
}
