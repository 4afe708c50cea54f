/* treat_inside - decrypt, harvest, tag: what was found by opening and verifying. */
#include "policy/treat.h"

/* Whether there is anything to open or verify, and somebody to do it for; false also when facts must be gathered first. */
static bool has_layers(struct treatment *t)
{
    struct deciding *d = t->d;
    const struct facts *facts = d->facts;
    if (facts->signed_by == METHOD_NONE && facts->encrypted_by == METHOD_NONE && !facts->signed_inside)
        return false;
    if (facts->opaque_why != NULL) {
        deciding_note(d, "not looked into: %s", facts->opaque_why);
        return false;
    }
    if (!treat_is_registered(d, PARTY_RECIPIENT))
        return false;
    if ((facts->have & FACTS_OPENED) == 0) {
        d->needs |= FACTS_OPENED;
        return false;
    }
    return true;
}

/* Known before any private key is used, so a refusal may depend on it. */
static void cannot_open(struct treatment *t, const struct step *step, const struct view *view)
{
    struct deciding *d = t->d;
    deciding_note(d, "not opened: %s",
                  view->decryption_why != NULL ? view->decryption_why : "it cannot be read here");
    if (step->otherwise == OTHERWISE_REFUSE)
        deciding_settle(d, DISPOSITION_REFUSE, "5.7.5",
                        step->text != NULL ? step->text : "Encrypted with no key of the recipient");
}

void treat_decrypt(struct treatment *t)
{
    const struct step *step = t->d->steps[STEP_DECRYPT];
    if (step == NULL || !has_layers(t) || t->d->facts->encrypted_by == METHOD_NONE)
        return;
    const struct view *view = &t->d->facts->views[t->rcpt->view];
    t->status = true; /* how that went, too */
    t->view = t->rcpt->view;
    switch (view->decryption) {
    case DECRYPTION_OPENED:
    case DECRYPTION_UNAUTHENTICATED:
        t->open = true;
        break;
    case DECRYPTION_NONE:
    case DECRYPTION_NO_KEY:
    case DECRYPTION_UNSUPPORTED:
        cannot_open(t, step, view);
        break;
    case DECRYPTION_FAILED:
        deciding_note(t->d, "could not be opened: %s",
                      view->decryption_why != NULL ? view->decryption_why : "failed");
        break;
    }
}

void treat_harvest(struct treatment *t)
{
    if (t->d->steps[STEP_HARVEST] == NULL || !has_layers(t))
        return;
    t->d->decision->harvest = t->d->facts->views[t->rcpt->view].may_harvest;
    if (!t->d->decision->harvest)
        deciding_note(t->d, "nothing to harvest");
}

static const char *opened_wording(const struct treatment *t, const struct view *view)
{
    if (!t->open)
        return "";
    return view->decryption == DECRYPTION_OPENED ? t->d->settings->tag_opened
                                                 : t->d->settings->tag_unauthenticated;
}

static const char *signed_wording(const struct treatment *t, const struct view *view)
{
    if (view->signature == SIGNATURE_NONE)
        return "";
    return view->signature == SIGNATURE_GOOD ? t->d->settings->tag_signed : t->d->settings->tag_invalid;
}

void treat_tag(struct treatment *t)
{
    if (t->d->steps[STEP_TAG] == NULL || !has_layers(t))
        return;
    const struct view *view = &t->d->facts->views[t->view];
    const char *opened = opened_wording(t, view), *is_signed = signed_wording(t, view);
    t->status = true;
    if (*opened != '\0' || *is_signed != '\0')
        t->tag = arena_printf(t->d->arena, "%s%s%s", opened, *opened != '\0' && *is_signed != '\0' ? " " : "",
                              is_signed);
}
