/* model - names and printers of the values that pass between steps. */
#include "model/envelope.h"
#include "model/outcome.h"
#include "model/protection.h"

#include "base/addr.h"

#include <stdlib.h>
#include <string.h>

#define NAME_OF(names, value) ((size_t)(value) < SEAL_COUNT(names) ? (names)[value] : "?")

const char *answer_name(enum answer answer)
{
    static const char *const names[] = {"unasked", "no", "yes", "unknown"};
    return NAME_OF(names, answer);
}

const char *method_name(enum method method)
{
    static const char *const names[] = {"none", "smime", "openpgp", "pdf", "portal"};
    return NAME_OF(names, method);
}

const char *direction_name(enum direction direction)
{
    static const char *const names[] = {"transit", "outbound", "internal", "inbound"};
    return NAME_OF(names, direction);
}

const char *submitter_name(enum submitter submitter)
{
    static const char *const names[] = {"none", "login", "tls", "network", "local"};
    return NAME_OF(names, submitter);
}

const char *signature_name(enum signature signature)
{
    static const char *const names[] = {"none",    "good",     "weak",      "bad",
                                        "partial", "mismatch", "untrusted", "unsupported"};
    return NAME_OF(names, signature);
}

const char *decryption_name(enum decryption decryption)
{
    static const char *const names[] = {"none",   "opened", "unauthenticated",
                                        "no-key", "failed", "unsupported"};
    return NAME_OF(names, decryption);
}

bool view_is_authentic(const struct view *view)
{
    return view->opened >= 0 ? view->decryption == DECRYPTION_OPENED : view->signature == SIGNATURE_GOOD;
}

const char *disposition_name(enum disposition disposition)
{
    static const char *const names[] = {"serve", "discard", "return", "hold", "tempfail", "refuse"};
    return NAME_OF(names, disposition);
}

const char *notice_kind_name(enum notice_kind kind)
{
    static const char *const names[] = {"return", "notify sender", "alert"};
    return NAME_OF(names, kind);
}

const char *priority_name(enum priority priority)
{
    static const char *const names[] = {"normal", "high", "low"};
    return NAME_OF(names, priority);
}

const char *sensitivity_name(enum sensitivity sensitivity)
{
    static const char *const names[] = {"normal", "personal", "private", "company-confidential"};
    return NAME_OF(names, sensitivity);
}

const char *trait_name(enum trait trait)
{
    static const char *const names[] = {"calendar", "tnef", "list", "automatic", "report"};
    return NAME_OF(names, trait);
}

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {"accept", "reject", "tempfail", "discard", "hold"};
    return NAME_OF(names, verdict);
}

const char *protection_name(enum protection protection)
{
    static const char *const names[] = {"none", "clear", "plain", "baseline"};
    return NAME_OF(names, protection);
}

const char *op_kind_name(enum op_kind kind)
{
    static const char *const names[] = {"hygiene",
                                        "remove keywords",
                                        "open",
                                        "subject",
                                        "detach keys",
                                        "attach keys",
                                        "protect headers",
                                        "sign",
                                        "encrypt",
                                        "add autocrypt",
                                        "header",
                                        "tag",
                                        "status"};
    return NAME_OF(names, kind);
}

int envelope_add_rcpt(struct envelope *env, struct arena *arena, const char *given, struct err *err)
{
    char canonical[ADDR_MAX + 1];
    if (env->nrcpts >= ENVELOPE_RCPT_MAX)
        return err_set(err, ERR_RCPTS, "more than %d recipients", ENVELOPE_RCPT_MAX);
    if (addr_canonical(span_of(given), canonical, err) < 0)
        return err_wrap(err, "recipient %s", given);
    env->rcpts = arena_grow(arena, env->rcpts, env->nrcpts, &env->rcpts_cap, sizeof *env->rcpts);
    env->rcpts[env->nrcpts++] =
        (struct recipient){.given = arena_strdup(arena, given), .addr = arena_strdup(arena, canonical)};
    return 0;
}

int envelope_set_sender(struct envelope *env, struct arena *arena, const char *given, struct err *err)
{
    char canonical[ADDR_MAX + 1];
    if (addr_canonical(span_of(given), canonical, err) < 0)
        return err_wrap(err, "sender %s", given);
    env->sender_given = arena_strdup(arena, given);
    env->sender = arena_strdup(arena, canonical);
    return 0;
}

static void print_header_op(const struct op *op, struct buf *out)
{
    static const char *const actions[] = {"add", "replace", "delete"};
    buf_printf(out, " %s %s", NAME_OF(actions, op->action), op->field);
    if (op->text != NULL)
        buf_printf(out, ": %s", op->text);
}

void op_print(const struct op *op, struct buf *out)
{
    buf_add_str(out, op_kind_name(op->kind));
    switch (op->kind) {
    case OP_HYGIENE:
    case OP_KEYWORDS:
        break;
    case OP_OPEN:
    case OP_SUBJECT:
    case OP_DETACH:
    case OP_STATUS:
        buf_printf(out, " view %zu", op->view);
        break;
    case OP_PROTECT:
        buf_printf(out, " %s", protection_name(op->protection));
        break;
    case OP_SIGN:
        buf_printf(out, " %s%s", method_name(op->method), op->form == SIGN_OPAQUE ? " opaque" : "");
        break;
    case OP_ENCRYPT:
        buf_printf(out, " %s %s", method_name(op->method), op->cipher);
        if (*op->kind_of_key != '\0')
            buf_printf(out, " %s", op->kind_of_key);
        if (op->hidden)
            buf_add_str(out, " hidden");
        break;
    case OP_ATTACH:
        buf_printf(out, " %s", method_name(op->method));
        break;
    case OP_AUTOCRYPT:
        if (op->text != NULL)
            buf_printf(out, " %s", op->text);
        break;
    case OP_HEADER:
        print_header_op(op, out);
        break;
    case OP_TAG:
        buf_printf(out, " \"%s\"", op->text);
        break;
    }
}

static void ops_print(const struct op *ops, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_add_str(out, ", ");
        op_print(&ops[i], out);
    }
}

bool ops_equal(const struct op *a, size_t na, const struct op *b, size_t nb)
{
    SEAL_CLEANUP(buf_fini) struct buf left = BUF_INIT(1u << 20);
    SEAL_CLEANUP(buf_fini) struct buf right = BUF_INIT(1u << 20);
    ops_print(a, na, &left);
    ops_print(b, nb, &right);
    return span_eq(buf_span(&left), buf_span(&right));
}

static void print_reply(const char *before, const char *status, const char *text, struct buf *out)
{
    if (text != NULL)
        buf_printf(out, "%s%s%s%s", before, status != NULL ? status : "", status != NULL ? " " : "", text);
}

static void print_notice(const struct notice *notice, struct buf *out)
{
    buf_add_str(out, notice_kind_name(notice->kind));
    for (size_t i = 0; i < notice->nto; i++)
        buf_printf(out, " %s", notice->to[i]);
}

static void print_generate(const char *before, unsigned methods, struct buf *out)
{
    for (enum method method = METHOD_NONE; method < METHODS; method++)
        if ((methods & 1u << method) != 0)
            buf_printf(out, "%s %s", before, method_name(method));
}

void decision_print(const struct decision *decision, struct buf *out)
{
    buf_add_str(out, disposition_name(decision->disposition));
    print_reply(" ", decision->reply_status, decision->reply_text, out);
    buf_add_str(out, "; rules:");
    for (size_t i = 0; i < decision->nrules; i++)
        buf_printf(out, " \"%s\"", decision->rules[i]);
    buf_add_str(out, "; operations: ");
    ops_print(decision->ops, decision->nops, out);
    if (decision->redirect != NULL)
        buf_printf(out, "; redirect to %s", decision->redirect);
    if (decision->harvest)
        buf_add_str(out, "; harvest");
    if (decision->learn)
        buf_add_str(out, "; store keys first");
    print_generate("; generate key", decision->generate, out);
    for (size_t i = 0; i < decision->nextras; i++) {
        buf_printf(out, "; copy to %s: ", decision->extras[i].to);
        ops_print(decision->extras[i].ops, decision->extras[i].nops, out);
    }
    for (size_t i = 0; i < decision->nnotices; i++) {
        buf_add_str(out, "; ");
        print_notice(&decision->notices[i], out);
    }
}

void plan_print(const struct plan *plan, const struct facts *facts, struct buf *out)
{
    buf_printf(out, "plan: %s\n", disposition_name(plan->disposition));
    if (plan->reply_text != NULL) {
        print_reply("  reply: ", plan->reply_status, plan->reply_text, out);
        buf_add_char(out, '\n');
    }
    for (size_t i = 0; i < plan->ncopies; i++) {
        const struct copy *copy = &plan->copies[i];
        buf_printf(out, "  copy %zu %s%s%s:", i,
                   copy->in_place ? "in place"
                   : copy->extra  ? "extra"
                                  : "re-injected",
                   copy->to != NULL ? " to " : "", copy->to != NULL ? copy->to : "");
        for (size_t r = 0; r < copy->nrcpts; r++)
            buf_printf(out, " %s", facts->rcpts[copy->rcpts[r]].addr);
        buf_add_str(out, "\n    ");
        ops_print(copy->ops, copy->nops, out);
        buf_add_char(out, '\n');
    }
    for (size_t i = 0; i < plan->ndiscarded; i++)
        buf_printf(out, "  discarded: %s\n", facts->rcpts[plan->discarded[i]].addr);
    for (size_t i = 0; i < plan->nnotices; i++) {
        buf_add_str(out, "  ");
        print_notice(&plan->notices[i], out);
        for (size_t r = 0; r < plan->notices[i].nrcpts; r++)
            buf_printf(out, "%s%s", r == 0 ? " about " : ", ", facts->rcpts[plan->notices[i].rcpts[r]].addr);
        buf_add_char(out, '\n');
    }
    if (plan->learn)
        buf_add_str(out, "  first: store keys\n");
    print_generate("  first: generate key", plan->generate, out);
    if (plan->generate != 0)
        buf_add_char(out, '\n');
    if (plan->note != NULL)
        buf_printf(out, "  note: %s\n", plan->note);
}

static void print_key(const char *what, const struct key_fact *key, struct buf *out)
{
    if (key->usable == ANSWER_UNASKED)
        return;
    buf_printf(out, "%s: %s%s%s (%s)\n", what, answer_name(key->usable), key->fingerprint != NULL ? " " : "",
               key->fingerprint != NULL ? key->fingerprint : "", key->why != NULL ? key->why : "");
}

static void print_rcpt(const struct rcpt_facts *rcpt, struct buf *out)
{
    buf_printf(out, "recipient: %s %s%s registered=%s view=%zu\n", rcpt->addr,
               direction_name(rcpt->direction), rcpt->hidden ? " hidden" : "", answer_name(rcpt->registered),
               rcpt->view);
    print_key("  smime certificate", &rcpt->encrypt[METHOD_SMIME], out);
    print_key("  openpgp key", &rcpt->encrypt[METHOD_OPENPGP], out);
}

static void print_view(const struct view *view, size_t i, struct buf *out)
{
    buf_printf(out, "view %zu: decryption=%s%s signature=%s signer=%s%s\n", i,
               decryption_name(view->decryption), view->weak_cipher ? " cipher=weak" : "",
               signature_name(view->signature), view->signer != NULL ? view->signer : "-",
               view->protects_header ? " protected-header" : "");
}

static void print_client(const struct facts *facts, struct buf *out)
{
    if (facts->client_addr != NULL)
        buf_printf(out, "client: %s%s%s\n", facts->client_addr, facts->client_name != NULL ? " " : "",
                   facts->client_name != NULL ? facts->client_name : "");
    if (facts->login != NULL)
        buf_printf(out, "login: %s\n", facts->login);
    if (facts->tls_version != NULL)
        buf_printf(out, "tls: %s%s%s\n", facts->tls_version, facts->tls_subject != NULL ? " " : "",
                   facts->tls_subject != NULL ? facts->tls_subject : "");
    if (facts->listener_port != 0)
        buf_printf(out, "listener: %s:%u%s%s\n", facts->listener_addr != NULL ? facts->listener_addr : "",
                   facts->listener_port, facts->listener_name != NULL ? " " : "",
                   facts->listener_name != NULL ? facts->listener_name : "");
}

static void print_content(const struct facts *facts, struct buf *out)
{
    if (facts->subject != NULL && *facts->subject != '\0')
        buf_printf(out, "subject: %s\n", facts->subject);
    for (size_t i = 0; i < facts->nattachments; i++)
        buf_printf(out, "attachment: %s \"%s\"\n", facts->attachments[i].type, facts->attachments[i].name);
    if (facts->priority != PRIORITY_NORMAL)
        buf_printf(out, "priority: %s\n", priority_name(facts->priority));
    if (facts->sensitivity != SENSITIVITY_NORMAL)
        buf_printf(out, "sensitivity: %s\n", sensitivity_name(facts->sensitivity));
    for (enum trait trait = TRAIT_CALENDAR; trait < TRAITS; trait++)
        if ((facts->traits & 1u << trait) != 0)
            buf_printf(out, "is: %s\n", trait_name(trait));
}

void facts_print(const struct facts *facts, struct buf *out)
{
    buf_printf(out, "submitter: %s\nsender: %s\n", submitter_name(facts->submitter), facts->sender);
    if (facts->from != NULL)
        buf_printf(out, "from: %s\n", facts->from);
    else
        buf_printf(out, "from: none (%s)\n", facts->from_why);
    print_client(facts, out);
    print_content(facts, out);
    buf_printf(out, "signed: %s\nencrypted: %s\n", method_name(facts->signed_by),
               method_name(facts->encrypted_by));
    for (size_t i = 0; i < facts->nkeywords; i++)
        buf_printf(out, "keyword: %s\n", facts->keywords[i]);
    if (facts->opaque_why != NULL)
        buf_printf(out, "opaque: %s\n", facts->opaque_why);
    if (facts->unsignable_why != NULL)
        buf_printf(out, "unsignable: %s\n", facts->unsignable_why);
    print_key("signing key smime", &facts->sign[METHOD_SMIME], out);
    print_key("autocrypt key", &facts->autocrypt, out);
    for (size_t i = 0; i < facts->nrcpts; i++)
        print_rcpt(&facts->rcpts[i], out);
    for (size_t i = 0; i < facts->nviews; i++)
        print_view(&facts->views[i], i, out);
}

static void print_remembered(const struct effect *effect, const char *whose, struct buf *out)
{
    buf_printf(out, "remember of %s: %zu addresses", whose, effect->nremembered);
    if (effect->why != NULL)
        buf_printf(out, "; %s", effect->why);
}

void effect_print(const struct effect *effect, struct buf *out)
{
    if (effect->kind == EFFECT_DIRECTORY) {
        print_remembered(effect, "the directory", out);
        return;
    }
    if (effect->kind == EFFECT_LOOKUP) {
        print_remembered(effect, "key servers", out);
        return;
    }
    if (effect->kind == EFFECT_HARVEST_PGP) {
        buf_printf(out, "look at OpenPGP keys for %s (%zu octets)", effect->addr, effect->der.len);
        return;
    }
    buf_printf(out, "harvest %s for %s (%s)", effect->fingerprint, effect->addr,
               effect->trusted ? "trusted" : "untrusted");
}

void outcome_free(struct outcome **outcome)
{
    struct outcome *o = *outcome;
    if (o == NULL)
        return;
    for (size_t i = 0; o->copies != NULL && o->plan != NULL && i < o->plan->ncopies; i++)
        spool_free(&o->copies[i]);
    for (size_t i = 0; o->notices != NULL && o->plan != NULL && i < o->plan->nnotices; i++)
        spool_free(&o->notices[i]);
    if (o->materials != NULL)
        o->materials_free(o->materials);
    arena_free(&o->arena); /* everything else lies in it, but the struct */
    free(o);
    *outcome = NULL;
}
