/* treat_outside - sign, encrypt: what is put around the message. */
#include "policy/treat.h"

static struct op key_op(struct arena *arena, enum op_kind kind, enum method method,
                        const struct key_fact *key)
{
    return (struct op){.kind = kind,
                       .method = method,
                       .kind_of_key = key->kind,
                       .keys = arena_memdup(arena, &key->key, sizeof key->key),
                       .fp = arena_memdup(arena, &key->fingerprint, sizeof key->fingerprint),
                       .nkeys = 1};
}

/* Whether a key can be had for a method, noting why not. FIND_FAILED: to be asked first, or could not be found out. */
static enum find find_key(struct deciding *d, const struct key_fact *key, enum method method,
                          const char *what)
{
    if (!method_is_available(method)) {
        deciding_note(d, "%s is not available in this build", method_name(method));
        return FIND_ABSENT;
    }
    switch (key->usable) {
    case ANSWER_YES:
        if (key->why != NULL)
            deciding_note(d, "%s: %s", what, key->why);
        return FIND_FOUND;
    case ANSWER_NO:
        deciding_note(d, "no %s: %s", what, key->why != NULL ? key->why : "none known");
        return FIND_ABSENT;
    case ANSWER_UNKNOWN:
        if (key->why != NULL)
            deciding_note(d, "%s: %s", what, key->why);
        treat_defer(d, what);
        return FIND_FAILED;
    case ANSWER_UNASKED:
        d->needs |= FACTS_KEYS;
        return FIND_FAILED;
    }
    return FIND_FAILED;
}

/* The first of the step's methods that a key can be had for. */
static enum find find_method(struct treatment *t, const struct step *step, enum method *out)
{
    static const enum method any[] = {METHOD_SMIME};
    const enum method *methods = step->nmethods > 0 ? step->methods : any;
    size_t n = step->nmethods > 0 ? step->nmethods : SEAL_COUNT(any);
    enum find found = FIND_ABSENT;
    for (size_t i = 0; i < n && found == FIND_ABSENT; i++) {
        *out = methods[i];
        found = find_key(t->d, &t->rcpt->encrypt[methods[i]], methods[i], "encryption key");
    }
    return found;
}

static void cannot_encrypt(struct deciding *d, const struct step *step)
{
    if (step->otherwise == OTHERWISE_REFUSE)
        deciding_settle(d, DISPOSITION_REFUSE, "5.7.4",
                        step->text != NULL ? step->text
                                           : "Encryption is required, and no usable key is known");
    else
        deciding_note(d, "goes unencrypted");
}

static void add_encrypt(struct treatment *t, const struct step *step, enum method method)
{
    const struct key_fact *key = &t->rcpt->encrypt[method];
    t->encrypt = key_op(t->d->arena, OP_ENCRYPT, method, key);
    t->encrypt.cipher = step->cipher != NULL ? step->cipher : key->cipher;
    t->d->decision->protect = step->otherwise == OTHERWISE_REFUSE;
}

/*
 * Mail that is encrypted already counts as done, unless the rules open it: then a key for encrypting again must be there whatever opening
 * shows, because a refusal must not tell whether it worked.
 */
void treat_encrypt(struct treatment *t)
{
    struct deciding *d = t->d;
    const struct step *step = d->steps[STEP_ENCRYPT];
    enum method encrypted_by = d->facts->encrypted_by, method;
    if (step == NULL)
        return;
    if (encrypted_by != METHOD_NONE && d->steps[STEP_DECRYPT] == NULL) {
        deciding_note(d, "is encrypted already, with %s", method_name(encrypted_by));
        return;
    }
    if (step->otherwise == OTHERWISE_SKIP &&
        !treat_is_registered(d, treat_is_submitted(d->facts) ? PARTY_SENDER : PARTY_RECIPIENT))
        return;
    switch (find_method(t, step, &method)) {
    case FIND_ABSENT:
        cannot_encrypt(d, step);
        break;
    case FIND_FOUND:
        if (encrypted_by == METHOD_NONE || t->open)
            add_encrypt(t, step, method);
        break;
    case FIND_FAILED:
        break;
    }
}

/* Why this message is not signed, whatever the rules say; NULL: it may be. */
static const char *never_signed(const struct facts *facts)
{
    if (!treat_is_submitted(facts))
        return "not signed: comes from outside";
    if (facts->is_report)
        return "not signed: a report, or no sender to send one to";
    if (facts->opaque_why != NULL)
        return "not signed: its structure can be read in two ways";
    return facts->signed_by != METHOD_NONE ? "is signed already" : NULL;
}

static void cannot_sign(struct deciding *d, const struct step *step, const char *status, const char *text)
{
    if (step->otherwise == OTHERWISE_REFUSE)
        deciding_settle(d, DISPOSITION_REFUSE, status, step->text != NULL ? step->text : text);
}

/* The method that was asked for, else that of the encryption. */
static enum method signing_method(const struct treatment *t, const struct step *step)
{
    if (step->nmethods > 0)
        return step->methods[0];
    return t->encrypt.nkeys > 0 ? t->encrypt.method : METHOD_SMIME;
}

void treat_sign(struct treatment *t)
{
    struct deciding *d = t->d;
    const struct step *step = d->steps[STEP_SIGN];
    if (step == NULL)
        return;
    const char *never = never_signed(d->facts);
    if (never != NULL) {
        deciding_note(d, "%s", never);
        return;
    }
    if (!treat_is_registered(d, PARTY_SENDER))
        return;
    if (d->facts->unsignable_why != NULL) {
        deciding_note(d, "not signed: %s", d->facts->unsignable_why);
        cannot_sign(d, step, "5.6.1",
                    arena_printf(d->arena, "A signature is required, and cannot be made: %s",
                                 d->facts->unsignable_why));
        return;
    }
    enum method method = signing_method(t, step);
    const struct key_fact *key = &d->facts->sign[method];
    switch (find_key(d, key, method, "signing key")) {
    case FIND_FOUND:
        t->sign = key_op(d->arena, OP_SIGN, method, key);
        t->sign.form = step->form;
        break;
    case FIND_ABSENT:
        cannot_sign(d, step, "5.7.4", "A signature is required, and cannot be made");
        break;
    case FIND_FAILED:
        break;
    }
}
