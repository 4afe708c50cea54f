/* treat_outside - attach, sign, encrypt, add autocrypt: what is put around the message. */
#include "policy/treat.h"

#include <strings.h>

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
        d->needs |= match_missing_keys(d->facts, method);
        return FIND_FAILED;
    }
    return FIND_FAILED;
}

static const struct key_fact unasked = {.usable = ANSWER_UNASKED};

/* The recipient's own, unless the rule names one. */
static const struct key_fact *encryption_key(const struct treatment *t, const struct step *step,
                                             enum method method)
{
    if (step->certificate == NULL || method != METHOD_SMIME)
        return &t->rcpt->encrypt[method];
    return t->d->facts->fixed != NULL ? &t->d->facts->fixed[step->fixed] : &unasked;
}

/* The first of the step's methods that a key can be had for. */
static enum find find_method(struct treatment *t, const struct step *step, enum method *out)
{
    static const enum method any[] = {METHOD_SMIME, METHOD_OPENPGP};
    const enum method *methods = step->nmethods > 0 ? step->methods : any;
    size_t n = step->nmethods > 0 ? step->nmethods : SEAL_COUNT(any);
    enum find found = FIND_ABSENT;
    for (size_t i = 0; i < n && found == FIND_ABSENT; i++) {
        *out = methods[i];
        found = find_key(t->d, encryption_key(t, step, methods[i]), methods[i], "encryption key");
    }
    return found;
}

static void cannot_encrypt(struct treatment *t, const struct step *step)
{
    if (!step_is_required(step))
        deciding_note(t->d, "goes unencrypted");
    treat_fail(t, step, "5.7.4", "Encryption is required, and no usable key is known");
}

static void add_encrypt(struct treatment *t, const struct step *step, enum method method)
{
    const struct key_fact *key = encryption_key(t, step, method);
    t->encrypt = key_op(t->d->arena, OP_ENCRYPT, method, key);
    t->encrypt.cipher = step->cipher != NULL && method == METHOD_SMIME ? step->cipher : key->cipher;
    t->reads_protected = method == METHOD_OPENPGP || key->reads_protected;
    t->d->decision->protect = step_is_required(step);
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
    if (!step_is_required(step) &&
        !treat_is_registered(d, treat_is_submitted(d->facts) ? PARTY_SENDER : PARTY_RECIPIENT))
        return;
    switch (find_method(t, step, &method)) {
    case FIND_ABSENT:
        cannot_encrypt(t, step);
        break;
    case FIND_FOUND:
        if (encrypted_by == METHOD_NONE || t->open)
            add_encrypt(t, step, method);
        break;
    case FIND_FAILED:
        break;
    }
}

const char *treat_never_signed(const struct facts *facts)
{
    if (!treat_is_submitted(facts))
        return "not signed: comes from outside";
    if (facts->is_report)
        return "not signed: a report, or no sender to send one to";
    if (facts->opaque_why != NULL)
        return "not signed: its structure can be read in two ways";
    return facts->signed_by != METHOD_NONE ? "is signed already" : NULL;
}

/* Seen when it was tried. Where ciphertext was opened for it, a refusal would tell what is inside (no oracle). */
static void cannot_be_signed(struct treatment *t, const struct step *step)
{
    struct deciding *d = t->d;
    const char *why = d->facts->unsignable_why;
    deciding_note(d, "not signed: %s", why);
    if (d->facts->encrypted_by == METHOD_NONE)
        treat_fail(t, step, "5.6.1",
                   arena_printf(d->arena, "A signature is required, and cannot be made: %s", why));
}

/* What is to be generated counts as if it were there. */
static const struct key_fact *if_generated(const struct deciding *d, enum method method,
                                           const struct key_fact *fact)
{
    static const struct key_fact coming = {.usable = ANSWER_YES,
                                           .key = -1,
                                           .fingerprint = "(to be generated)",
                                           .kind = "",
                                           .why = "to be generated"};
    return (d->decision->generate & BIT(method)) != 0 ? &coming : fact;
}

static const struct key_fact *own_key(const struct deciding *d, enum method method)
{
    return if_generated(d, method, &d->facts->sign[method]);
}

/* The method that was asked for, else that of the encryption, else S/MIME unless the sender has an OpenPGP key alone. */
static enum method signing_method(const struct treatment *t, const struct step *step)
{
    if (step->nmethods > 0)
        return step->methods[0];
    if (t->encrypt.nkeys > 0)
        return t->encrypt.method;
    return own_key(t->d, METHOD_SMIME)->usable == ANSWER_NO &&
                   own_key(t->d, METHOD_OPENPGP)->usable == ANSWER_YES
               ? METHOD_OPENPGP
               : METHOD_SMIME;
}

/* A key that was to be generated is there with a later try, it may be; so that is no reason to refuse. */
static void cannot_sign(struct treatment *t, const struct step *step, enum method method)
{
    if (t->ungenerated[method] == NULL)
        treat_fail(t, step, "5.7.4", "A signature is required, and cannot be made");
    else if (step_is_required(step))
        deciding_settle(t->d, DISPOSITION_TEMPFAIL, "4.3.0",
                        "The key to sign with could not be generated; try again later");
}

void treat_sign(struct treatment *t)
{
    struct deciding *d = t->d;
    const struct step *step = d->steps[STEP_SIGN];
    if (step == NULL)
        return;
    const char *never = treat_never_signed(d->facts);
    if (never != NULL) {
        deciding_note(d, "%s", never);
        return;
    }
    if (!treat_is_registered(d, PARTY_SENDER))
        return;
    if (d->facts->unsignable_why != NULL) {
        cannot_be_signed(t, step);
        return;
    }
    enum method method = signing_method(t, step);
    const struct key_fact *key = own_key(d, method);
    switch (find_key(d, key, method, "signing key")) {
    case FIND_FOUND:
        t->sign = key_op(d->arena, OP_SIGN, method, key);
        t->sign.form = step->form;
        break;
    case FIND_ABSENT:
        cannot_sign(t, step, method);
        break;
    case FIND_FAILED:
        break;
    }
}

/* Beside what forbids a signature: nothing can be put into what somebody has closed. */
static const char *never_attached(const struct facts *facts)
{
    if (!treat_is_submitted(facts))
        return "no keys attached: comes from outside";
    if (facts->is_report)
        return "no keys attached: a report, or no sender";
    if (facts->opaque_why != NULL)
        return "no keys attached: its structure can be read in two ways";
    return facts->signed_by != METHOD_NONE || facts->encrypted_by != METHOD_NONE
               ? "no keys attached: it is signed or encrypted already"
               : NULL;
}

bool treat_attaches(const struct treatment *t, enum method method)
{
    return t->attach[method].kind == OP_ATTACH;
}

/* The domain's own go along in any case; they also go alone. */
static void attach(struct treatment *t, enum method method, size_t at)
{
    struct deciding *d = t->d;
    const struct key_fact *key = own_key(d, method);
    if (treat_attaches(t, method))
        return;
    switch (find_key(d, key, method, "key to attach")) {
    case FIND_FOUND:
        t->attach[method] = key_op(d->arena, OP_ATTACH, method, key);
        break;
    case FIND_ABSENT:
        if (!d->facts->house_keys[method])
            return;
        deciding_note(d, "key to attach: that of the domain alone");
        t->attach[method] = (struct op){.kind = OP_ATTACH, .method = method};
        break;
    case FIND_FAILED:
        return;
    }
    t->attach_at[method] = at;
}

static void attach_all(struct treatment *t, const struct step *step, size_t at)
{
    if (step->nmethods > 0) {
        attach(t, step->methods[0], at);
        return;
    }
    attach(t, METHOD_SMIME, at);
    attach(t, METHOD_OPENPGP, at);
}

void treat_attach(struct treatment *t)
{
    struct deciding *d = t->d;
    for (size_t i = 0; i < d->ntaken; i++) {
        const struct step *step = d->taken[i].step;
        const char *never = never_attached(d->facts);
        if (step->kind != STEP_ATTACH)
            continue;
        if (never != NULL)
            deciding_note(d, "%s", never);
        else if (treat_is_registered(d, PARTY_SENDER))
            attach_all(t, step, d->taken[i].at);
    }
}

static bool has_field(const struct facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->nheaders; i++)
        if (strcasecmp(facts->headers[i].name, name) == 0)
            return true;
    return false;
}

/* A program that speaks OpenPGP itself has a key of its own, and says so or does not: two fields would count as none. */
static const char *never_introduced(const struct facts *facts)
{
    if (!treat_is_submitted(facts))
        return "no Autocrypt field: comes from outside";
    if (facts->is_report || (facts->traits & BIT(TRAIT_AUTOMATIC)) != 0)
        return "no Autocrypt field: a report, or a program wrote it";
    if (facts->opaque_why != NULL)
        return "no Autocrypt field: its structure can be read in two ways";
    if (has_field(facts, "Autocrypt"))
        return "no Autocrypt field: it has one already";
    return facts->signed_by == METHOD_OPENPGP || facts->encrypted_by == METHOD_OPENPGP
               ? "no Autocrypt field: the sender's own program speaks OpenPGP"
               : NULL;
}

void treat_autocrypt(struct treatment *t)
{
    struct deciding *d = t->d;
    const struct step *step = d->steps[STEP_AUTOCRYPT];
    if (step == NULL)
        return;
    const char *never = never_introduced(d->facts);
    if (never != NULL) {
        deciding_note(d, "%s", never);
        return;
    }
    const struct key_fact *key = if_generated(d, METHOD_OPENPGP, &d->facts->autocrypt);
    if (!treat_is_registered(d, PARTY_SENDER) ||
        find_key(d, key, METHOD_OPENPGP, "key for an Autocrypt field") != FIND_FOUND)
        return;
    t->autocrypt = key_op(d->arena, OP_AUTOCRYPT, METHOD_NONE, key);
    t->autocrypt.text = step->text;
}
