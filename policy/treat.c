/*
 * treat - the steps that count for a recipient become operations.
 *
 * Two rules stand above the steps. Only registered users' mail is touched: signing asks for the sender, opening for the recipient; only an
 * encryption that is required is done for everybody, because the alternative is clear text. And nothing here that refuses
 * looks at what a private key has shown (no oracle): of a view, only "names no key of ours" and "unsupported" are.
 */
#include "policy/deciding.h"

#define OPS_MAX 7 /* each kind once */

/* What the steps came to, before it is put in order. */
struct treatment {
    struct deciding *d;
    const struct rcpt_facts *rcpt;
    bool open;
    bool status;
    size_t view;    /* what tag and status speak of */
    struct op sign; /* nkeys 0: none */
    struct op encrypt;
    const char *tag;
};

/* ---- what is asked of facts ---- */

static bool is_submitted(const struct facts *facts)
{
    return facts->submitter != SUBMITTER_NONE;
}

static void defer(struct deciding *d, const char *what)
{
    deciding_note(d, "could not find out %s", what);
    deciding_settle(d, DISPOSITION_TEMPFAIL, "4.3.0", "Could not find out what policy asks; try again later");
}

static bool is_registered(struct deciding *d, enum party party)
{
    bool sender = party == PARTY_SENDER;
    switch (sender ? d->facts->sender_registered : d->facts->rcpts[d->rcpt].registered) {
    case ANSWER_YES:
        return true;
    case ANSWER_NO:
        deciding_note(d, "%s is not a registered user", sender ? "sender" : "recipient");
        return false;
    case ANSWER_UNKNOWN:
        defer(d, sender ? "whether the sender is a registered user"
                        : "whether the recipient is a registered user");
        return false;
    case ANSWER_UNASKED:
        d->needs |= FACTS_USERS;
        return false;
    }
    return false;
}

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
    if (!is_registered(d, PARTY_RECIPIENT))
        return false;
    if ((facts->have & FACTS_OPENED) == 0) {
        d->needs |= FACTS_OPENED;
        return false;
    }
    return true;
}

/* ---- inbound ---- */

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

static void treat_decrypt(struct treatment *t)
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

static void treat_harvest(struct treatment *t)
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

static void treat_tag(struct treatment *t)
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

/* ---- outbound ---- */

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
        defer(d, what);
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
static void treat_encrypt(struct treatment *t)
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
        !is_registered(d, is_submitted(d->facts) ? PARTY_SENDER : PARTY_RECIPIENT))
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
    if (!is_submitted(facts))
        return "not signed: comes from outside";
    if (facts->is_report)
        return "not signed: a report, or no sender to send one to";
    if (facts->opaque_why != NULL)
        return "not signed: its structure can be read in two ways";
    return facts->signed_by != METHOD_NONE ? "is signed already" : NULL;
}

/* The method that was asked for, else that of the encryption. */
static enum method signing_method(const struct treatment *t, const struct step *step)
{
    if (step->nmethods > 0)
        return step->methods[0];
    return t->encrypt.nkeys > 0 ? t->encrypt.method : METHOD_SMIME;
}

static void treat_sign(struct treatment *t)
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
    if (!is_registered(d, PARTY_SENDER))
        return;
    enum method method = signing_method(t, step);
    const struct key_fact *key = &d->facts->sign[method];
    switch (find_key(d, key, method, "signing key")) {
    case FIND_FOUND:
        t->sign = key_op(d->arena, OP_SIGN, method, key);
        t->sign.form = step->form;
        break;
    case FIND_ABSENT:
        if (step->otherwise == OTHERWISE_REFUSE)
            deciding_settle(d, DISPOSITION_REFUSE, "5.7.4",
                            step->text != NULL ? step->text : "A signature is required, and cannot be made");
        break;
    case FIND_FAILED:
        break;
    }
}

/* ---- in order ---- */

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
    if (is_submitted(t->d->facts) && t->d->facts->nkeywords > 0 && !decision->verbatim)
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
        add_op(decision, (struct op){.kind = OP_STATUS, .view = t->view});
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
