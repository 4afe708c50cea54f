/* treat_inside - decrypt, harvest, tag: what was found by opening and verifying. */
#include "policy/treat.h"

static bool has_layers(const struct facts *facts)
{
    return facts->signed_by != METHOD_NONE || facts->encrypted_by != METHOD_NONE || facts->signed_inside;
}

/* Whether it may be looked into for the recipient; false also when facts must be gathered first. */
static bool is_seen(struct treatment *t)
{
    struct deciding *d = t->d;
    const struct facts *facts = d->facts;
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

/* Known before any private key is used, so a refusal or return may depend on it. */
static void cannot_open(struct treatment *t, const struct step *step, const struct view *view)
{
    struct deciding *d = t->d;
    deciding_note(d, "not opened: %s",
                  view->decryption_why != NULL ? view->decryption_why : "it cannot be read here");
    treat_fail(t, step, "5.7.5", "Encrypted with no key of the recipient");
}

void treat_decrypt(struct treatment *t)
{
    const struct step *step = t->d->steps[STEP_DECRYPT];
    if (step == NULL || !has_layers(t->d->facts) || !is_seen(t) || t->d->facts->encrypted_by == METHOD_NONE)
        return;
    const struct view *view = &t->d->facts->views[t->rcpt->view];
    t->looked = true;
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
    const struct facts *facts = t->d->facts;
    if (t->d->steps[STEP_HARVEST] == NULL || !(has_layers(facts) || facts->brings_keys) || !is_seen(t))
        return;
    const struct view *view = &facts->views[t->rcpt->view];
    t->d->decision->harvest = view->may_harvest || view->brings_keys || facts->brings_keys;
    if (!t->d->decision->harvest)
        deciding_note(t->d, "nothing to harvest");
}

void treat_tag(struct treatment *t)
{
    t->tag = t->d->steps[STEP_TAG] != NULL && has_layers(t->d->facts) && is_seen(t);
}

static const char *wording(const struct treatment *t, enum tag tag, const char *setting)
{
    const char *own = t->d->steps[STEP_TAG]->tags[tag];
    return own != NULL ? own : setting;
}

static const char *opened_wording(const struct treatment *t, const struct view *view)
{
    const struct settings *settings = t->d->settings;
    return view->decryption == DECRYPTION_OPENED
               ? wording(t, TAG_OPENED, settings->tag_opened)
               : wording(t, TAG_UNAUTHENTICATED, settings->tag_unauthenticated);
}

static const char *signed_wording(const struct treatment *t, const struct view *view)
{
    const struct settings *settings = t->d->settings;
    bool unknown_key = view->signed_by == METHOD_OPENPGP && view->signature == SIGNATURE_UNSUPPORTED;
    if (view->signature == SIGNATURE_NONE || unknown_key)
        return "";
    return view->signature == SIGNATURE_GOOD ? wording(t, TAG_SIGNED, settings->tag_signed)
                                             : wording(t, TAG_INVALID, settings->tag_invalid);
}

const char *treat_wording(const struct treatment *t, size_t view, bool opened)
{
    const struct view *seen = &t->d->facts->views[view];
    const char *open = opened ? opened_wording(t, seen) : "", *is_signed = signed_wording(t, seen);
    if (*open == '\0' && *is_signed == '\0')
        return NULL;
    return arena_printf(t->d->arena, "%s%s%s", open, *open != '\0' && *is_signed != '\0' ? " " : "",
                        is_signed);
}
