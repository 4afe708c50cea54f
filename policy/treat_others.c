/* treat_others - who gets the message instead of the recipient, and who is told of it. */
#include "policy/treat.h"

static void add_notice(struct deciding *d, const struct taken *taken)
{
    const struct step *step = taken->step;
    struct decision *decision = d->decision;
    struct notice notice = {.kind = step->kind == STEP_NOTIFY ? NOTICE_SENDER : NOTICE_ALERT,
                            .rule = taken->rule->name,
                            .to = step->to,
                            .nto = step->nto,
                            .subject = step->subject,
                            .lines = step->lines,
                            .nlines = step->nlines};
    if (step->kind == STEP_NOTIFY) {
        notice.to = arena_memdup(d->arena, &d->facts->sender, sizeof d->facts->sender);
        notice.nto = 1;
    }
    decision->notices[decision->nnotices++] = notice;
}

void treat_others(struct deciding *d)
{
    struct decision *decision = d->decision;
    const struct step *redirect = d->steps[STEP_REDIRECT];
    if (decision->disposition == DISPOSITION_SERVE && redirect != NULL)
        decision->redirect = redirect->to[0];
    decision->notices = arena_array(d->arena, d->ntaken, sizeof *decision->notices);
    for (size_t i = 0; i < d->ntaken; i++) {
        const struct taken *taken = &d->taken[i];
        if (taken->step->kind == STEP_NOTIFY && taken->inside)
            deciding_note(d,
                          "rule \"%s\": the sender is not notified, because it would show what is inside "
                          "the ciphertext",
                          taken->rule->name);
        else if (taken->step->kind == STEP_NOTIFY || taken->step->kind == STEP_ALERT)
            add_notice(d, taken);
    }
}
