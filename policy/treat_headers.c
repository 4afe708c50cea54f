/* treat_headers - whether header fields travel inside, and what of them is hidden outside (RFC 9788). */
#include "policy/treat.h"

#include <string.h>

/* By the settings. `learned` hides the Subject from those only who are known to find it again. */
static enum protection usual(const struct treatment *t)
{
    const char *mode = t->d->settings->header_protection;
    if (strcmp(mode, "no") == 0)
        return PROTECTION_NONE;
    if (strcmp(mode, "baseline") == 0)
        return PROTECTION_BASELINE;
    return strcmp(mode, "learned") == 0 && t->reads_protected ? PROTECTION_BASELINE : PROTECTION_PLAIN;
}

/* Nothing can be put into what somebody's signature covers; what was opened and is closed again keeps what its sender put inside. */
static const char *never_inside(const struct treatment *t)
{
    const struct facts *facts = t->d->facts;
    const struct view *view = t->open ? &facts->views[t->rcpt->view] : NULL;
    bool is_signed = view != NULL ? view->signature != SIGNATURE_NONE : facts->signed_by != METHOD_NONE;
    if (view != NULL && view->protects_header)
        return "its sender put them there";
    return is_signed ? "a signature covers what they would be put into" : NULL;
}

/*
 * Hidden by a rule or by the setting, not because of what was learned of the recipient: then what the sender's own program signed becomes a
 * part of what they are put into, which costs the place where its signature is shown.
 */
static bool is_wrapped(const struct treatment *t)
{
    bool asked =
        t->d->steps[STEP_PROTECT] != NULL || strcmp(t->d->settings->header_protection, "baseline") == 0;
    return asked && !t->open && t->when_encrypted == PROTECTION_BASELINE;
}

void treat_headers(struct treatment *t)
{
    const struct step *step = t->d->steps[STEP_PROTECT];
    bool clear =
        step != NULL ? step->protection != PROTECTION_NONE : t->d->settings->header_protection_signed;
    if (t->encrypt.nkeys > 0)
        t->when_encrypted = step != NULL ? step->protection : usual(t);
    if (t->sign.nkeys > 0 && clear)
        t->when_signed = PROTECTION_CLEAR;
    const char *never = never_inside(t);
    if (never == NULL || (t->when_encrypted == PROTECTION_NONE && t->when_signed == PROTECTION_NONE))
        return;
    if (is_wrapped(t)) {
        deciding_note(t->d, "what is signed already becomes a part of what header fields are put into");
        return;
    }
    deciding_note(t->d, "no header fields are put inside: %s", never);
    t->when_encrypted = t->when_signed = PROTECTION_NONE;
}
