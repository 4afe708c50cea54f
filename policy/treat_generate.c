/*
 * treat_generate - a key for the sender who has none, before anything is done that needs it.
 *
 * Deciding only says that it is wanted. The daemon generates it and has the message decided anew; facts then tell what came of it, so that
 * it is wanted once for a message.
 */
#include "policy/treat.h"

static void generate(struct treatment *t, enum method method)
{
    struct deciding *d = t->d;
    const struct facts *facts = d->facts;
    const char *why = facts->ungenerated[method];
    if (facts->sign[method].usable == ANSWER_UNASKED)
        d->needs |= FACTS_KEYS;
    if (facts->sign[method].usable != ANSWER_NO || !facts->may_sign)
        return; /* signing says why */
    if (facts->generated) {
        t->ungenerated[method] = why != NULL ? why : "no usable one came of it";
        deciding_note(d, "no %s key could be generated: %s", method_name(method), t->ungenerated[method]);
        return;
    }
    d->decision->generate |= BIT(method);
    deciding_note(d, "an %s key of %s is to be generated first", method_name(method), facts->from);
}

/* Who would learn from a key whether a rule matched must not learn from it what is inside ciphertext. */
static void generate_unless_inside(struct treatment *t, const struct taken *taken)
{
    if (taken->inside)
        deciding_note(t->d,
                      "rule \"%s\": no key is generated, because it would show what is inside the ciphertext",
                      taken->rule->name);
    else
        generate(t, taken->step->nmethods > 0 ? taken->step->methods[0] : METHOD_SMIME);
}

void treat_generate(struct treatment *t)
{
    struct deciding *d = t->d;
    for (size_t i = 0; i < d->ntaken; i++) {
        const char *never = treat_never_signed(d->facts);
        if (d->taken[i].step->kind != STEP_GENERATE)
            continue;
        if (never != NULL)
            deciding_note(d, "%s", never);
        else if (treat_is_registered(d, PARTY_SENDER))
            generate_unless_inside(t, &d->taken[i]);
    }
}
