/* treat_inside - decrypt, harvest, detach keys, tag: what was found by opening and verifying. */
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

/*
 * What is seen without a key may be stored first, and is decided anew then. Who sends ciphertext would see by the time that it takes what is
 * inside: there, what the store has already is left out.
 */
static bool is_to_be_stored(const struct treatment *t, const struct carried_key *key)
{
    return key->kept == ANSWER_NO && key->teaches && t->d->decision->harvest && !t->d->facts->taught &&
           !t->open;
}

bool treat_leaves_out(const struct treatment *t, const struct carried_key *key)
{
    return key->why == NULL && (key->kept == ANSWER_YES || is_to_be_stored(t, key));
}

static const char *why_it_stays(const struct treatment *t, const struct carried_key *key)
{
    if (key->why != NULL)
        return key->why;
    if (key->kept == ANSWER_UNKNOWN)
        return "could not find out whether it is stored";
    return t->open && key->teaches ? "it came inside ciphertext, and is stored only now" : "it is not stored";
}

void treat_detach(struct treatment *t)
{
    struct deciding *d = t->d;
    const struct facts *facts = d->facts;
    if (d->steps[STEP_DETACH] == NULL || t->rcpt->direction != DIRECTION_INBOUND ||
        !(has_layers(facts) || facts->brings_keys) || !is_seen(t))
        return;
    if ((facts->have & FACTS_CARRIED) == 0) {
        d->needs |= FACTS_CARRIED;
        return;
    }
    const struct view *view = &facts->views[t->open ? t->rcpt->view : 0];
    for (size_t i = 0; i < view->ncarried; i++) {
        const struct carried_key *key = &view->carried[i];
        bool leaves = treat_leaves_out(t, key);
        deciding_note(d, "attached key %s %s: %s", key->name, leaves ? "is left out" : "stays",
                      leaves ? key->fingerprint : why_it_stays(t, key));
        d->decision->learn = d->decision->learn || (leaves && key->kept == ANSWER_NO);
    }
    t->detach = true;
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
