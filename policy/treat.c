/*
 * treat - the steps that count for a recipient become operations.
 *
 * Two rules stand above the steps. Only registered users' mail is touched: signing asks for the sender, opening for the recipient; only an
 * encryption that is required is done for everybody, because the alternative is clear text. And nothing here that refuses
 * looks at what a private key has shown (no oracle): of a view, only "names no key of ours" and "unsupported" are.
 */
#include "policy/treat.h"

#include <string.h>

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

void treat_fail(struct treatment *t, const struct step *step, const char *status, const char *text)
{
    struct deciding *d = t->d;
    if (!step_is_required(step))
        return;
    if (d->at[step->kind] < t->stopped)
        t->stopped = d->at[step->kind];
    deciding_settle(d, step->otherwise == OTHERWISE_REFUSE ? DISPOSITION_REFUSE : DISPOSITION_RETURN, status,
                    step->text != NULL ? step->text : text);
}

/* ---- steps that settle the mail by themselves ---- */

static void settle_by(struct deciding *d, enum step_kind kind, enum disposition disposition,
                      const char *status, const char *text)
{
    const struct step *step = d->steps[kind];
    if (step != NULL)
        deciding_settle(d, disposition, status, step->text != NULL ? step->text : text);
}

/* What is held is let go one day as it came: if policy wants it encrypted, it must be known for that. */
static void settle(struct deciding *d)
{
    const struct step *encrypt = d->steps[STEP_ENCRYPT];
    settle_by(d, STEP_REFUSE, DISPOSITION_REFUSE, "5.7.1", "Refused by policy");
    settle_by(d, STEP_HOLD, DISPOSITION_HOLD, NULL, "Held by policy");
    settle_by(d, STEP_RETURN, DISPOSITION_RETURN, "5.7.1", "Returned by policy");
    settle_by(d, STEP_DISCARD, DISPOSITION_DISCARD, NULL, NULL);
    d->decision->protect = d->decision->disposition == DISPOSITION_HOLD && encrypt != NULL &&
                           step_is_required(encrypt) && d->facts->encrypted_by == METHOD_NONE;
}

/* ---- further copies ---- */

static bool is_extra(const struct taken *taken)
{
    return taken->step->kind == STEP_COPY || taken->step->kind == STEP_FORWARD;
}

static bool has_extras(const struct deciding *d)
{
    for (size_t i = 0; i < d->ntaken; i++)
        if (is_extra(&d->taken[i]))
            return true;
    return false;
}

static bool has_extra(const struct decision *decision, const char *to, const struct ops *ops)
{
    for (size_t i = 0; i < decision->nextras; i++) {
        const struct extra *extra = &decision->extras[i];
        if (strcmp(extra->to, to) == 0 && ops_equal(extra->ops, extra->nops, ops->items, ops->n))
            return true;
    }
    return false;
}

/*
 * A copy is what the steps above it have made, a forwarded one what all have made. Behind a step that could not be done there is none of
 * either: it might be clear text of what had to be encrypted.
 */
static void add_extra(const struct treatment *t, const struct taken *taken)
{
    struct decision *decision = t->d->decision;
    const char *to = taken->step->to[0];
    size_t before = taken->step->kind == STEP_COPY ? taken->at : SIZE_MAX;
    struct ops ops = treat_ops(t, before);
    if (t->stopped < before || has_extra(decision, to, &ops))
        return;
    decision->extras[decision->nextras++] =
        (struct extra){.to = to, .rule = taken->rule->name, .ops = ops.items, .nops = ops.n};
}

static void add_extras(const struct treatment *t)
{
    const struct deciding *d = t->d;
    d->decision->nextras = 0;
    d->decision->extras = arena_array(d->arena, d->ntaken, sizeof *d->decision->extras);
    for (size_t i = 0; i < d->ntaken; i++)
        if (is_extra(&d->taken[i]))
            add_extra(t, &d->taken[i]);
}

/* ---- all together ---- */

static bool is_given_out(const struct decision *decision)
{
    return decision->disposition == DISPOSITION_SERVE || decision->disposition == DISPOSITION_HOLD;
}

static void put_in_order(struct treatment *t)
{
    struct decision *decision = t->d->decision;
    t->verbatim = t->d->steps[STEP_VERBATIM] != NULL;
    struct ops ops = treat_ops(t, SIZE_MAX);
    if (t->verbatim && ops.n > 0) { /* steps of other rules change it: then nothing is as it was anyway */
        t->verbatim = false;
        ops = treat_ops(t, SIZE_MAX);
    }
    if (decision->disposition == DISPOSITION_SERVE) {
        decision->verbatim = t->verbatim;
        decision->ops = ops.items;
        decision->nops = ops.n;
    }
    add_extras(t);
}

static struct treatment begin(struct deciding *d)
{
    return (struct treatment){
        .d = d, .rcpt = &d->facts->rcpts[d->rcpt], .limit = SIZE_MAX, .stopped = SIZE_MAX};
}

void treat(struct deciding *d)
{
    struct treatment t = begin(d);
    settle(d);
    if (d->decision->disposition == DISPOSITION_REFUSE || (!is_given_out(d->decision) && !has_extras(d)))
        return;
    treat_decrypt(&t);
    treat_generate(&t);
    treat_encrypt(&t); /* before signing, which goes by its method */
    treat_sign(&t);
    treat_attach(&t);
    treat_autocrypt(&t);
    treat_headers(&t);
    treat_harvest(&t);
    treat_detach(&t);
    treat_tag(&t);
    if (d->needs == 0 && d->decision->disposition < DISPOSITION_TEMPFAIL)
        put_in_order(&t);
}

void treat_as_it_came(struct deciding *d)
{
    struct decision *decision = d->decision;
    struct treatment t = begin(d);
    t.limit = 0;
    decision->disposition = DISPOSITION_SERVE;
    decision->reply_status = decision->reply_text = NULL;
    decision->protect = decision->harvest = decision->learn = false;
    decision->generate = 0;
    put_in_order(&t);
}
