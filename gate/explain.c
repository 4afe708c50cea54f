/* explain - an outcome, for people and for programs. */
#include "gate/explain.h"

#include "base/json.h"
#include "policy/trace.h"

#include <string.h>

enum fate {
    FATE_SERVED,
    FATE_REFUSED,
    FATE_DEFERRED,
    FATE_DISCARDED,
    FATE_RETURNED,
    FATE_HELD
};

/* One refusal refuses the message for all; a recipient that was to be served is then refused with the rest. */
static enum fate fate_of(const struct outcome *outcome, size_t rcpt)
{
    switch (outcome->verdict) {
    case VERDICT_REJECT:
        return FATE_REFUSED;
    case VERDICT_TEMPFAIL:
        return FATE_DEFERRED;
    case VERDICT_DISCARD:
    case VERDICT_HOLD:
    case VERDICT_ACCEPT:
        break;
    }
    if (outcome->decisions[rcpt].disposition == DISPOSITION_RETURN)
        return FATE_RETURNED;
    if (outcome->decisions[rcpt].disposition == DISPOSITION_DISCARD)
        return FATE_DISCARDED;
    return outcome->verdict == VERDICT_HOLD ? FATE_HELD : FATE_SERVED;
}

static const char *fate_name(enum fate fate)
{
    static const char *const names[] = {"served", "refused", "deferred", "discarded", "returned", "held"};
    return names[fate];
}

static int copy_of(const struct outcome *outcome, size_t rcpt)
{
    for (size_t c = 0; c < outcome->plan->ncopies; c++)
        for (size_t r = 0; !outcome->plan->copies[c].extra && r < outcome->plan->copies[c].nrcpts; r++)
            if (outcome->plan->copies[c].rcpts[r] == rcpt)
                return (int)c;
    return -1;
}

/* What the recipient would see; NULL when nobody looked. */
static const struct view *view_of(const struct outcome *outcome, size_t rcpt)
{
    const struct facts *facts = outcome->facts;
    return facts->nviews == 0 ? NULL : &facts->views[facts->rcpts[rcpt].view];
}

static void op_string(struct json *json, const struct op *op)
{
    SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(4096);
    op_print(op, &text);
    json_string(json, NULL, buf_str(&text));
}

static void json_strings(struct json *json, const char *key, const char *const *items, size_t n)
{
    json_array_begin(json, key);
    for (size_t i = 0; i < n; i++)
        json_string(json, NULL, items[i]);
    json_array_end(json);
}

static void json_view(struct json *json, const struct view *view)
{
    json_object_begin(json, "signature");
    json_string(json, "status", signature_name(view == NULL ? SIGNATURE_NONE : view->signature));
    json_string(json, "signer", view == NULL ? NULL : view->signer);
    if (view != NULL && view->signature_why != NULL)
        json_string(json, "why", view->signature_why);
    json_object_end(json);
    json_object_begin(json, "decryption");
    json_string(json, "status", decryption_name(view == NULL ? DECRYPTION_NONE : view->decryption));
    if (view != NULL && view->weak_cipher)
        json_string(json, "cipher", "weak");
    if (view != NULL && view->decryption_why != NULL)
        json_string(json, "why", view->decryption_why);
    json_object_end(json);
}

static void json_tried(struct json *json, const struct trace *trace, size_t rcpt)
{
    json_array_begin(json, "tried");
    for (size_t i = 0; i < trace->n; i++) {
        const struct trace_line *line = &trace->lines[i];
        if (line->rcpt != rcpt)
            continue;
        json_object_begin(json, NULL);
        json_string(json, "rule", line->rule);
        json_string(json, "matched", answer_name(line->matched));
        json_string(json, "condition", line->condition);
        json_object_end(json);
    }
    json_array_end(json);
}

static void json_rcpt(struct json *json, const struct outcome *outcome, const struct trace *trace, size_t i)
{
    const struct decision *decision = &outcome->decisions[i];
    json_object_begin(json, NULL);
    json_string(json, "address", outcome->facts->rcpts[i].addr);
    json_string(json, "direction", direction_name(outcome->facts->rcpts[i].direction));
    json_bool(json, "hidden", outcome->facts->rcpts[i].hidden);
    json_strings(json, "rules", decision->rules, decision->nrules);
    json_string(json, "outcome", fate_name(fate_of(outcome, i)));
    if (copy_of(outcome, i) >= 0)
        json_int(json, "copy", copy_of(outcome, i));
    else
        json_string(json, "copy", NULL);
    json_string(json, "disposition", disposition_name(decision->disposition));
    json_string(json, "text", decision->reply_text);
    json_string(json, "redirect", decision->redirect);
    json_array_begin(json, "decision");
    for (size_t o = 0; o < decision->nops; o++)
        op_string(json, &decision->ops[o]);
    json_array_end(json);
    json_strings(json, "why", decision->why, decision->nwhy);
    json_view(json, view_of(outcome, i));
    if (trace != NULL)
        json_tried(json, trace, i);
    json_object_end(json);
}

static void json_copy(struct json *json, const struct outcome *outcome, size_t i)
{
    const struct copy *copy = &outcome->plan->copies[i];
    json_object_begin(json, NULL);
    json_int(json, "index", (int64_t)i);
    json_bool(json, "in_place", copy->in_place);
    json_bool(json, "extra", copy->extra);
    json_string(json, "to", copy->to);
    json_array_begin(json, "recipients");
    for (size_t r = 0; r < copy->nrcpts; r++)
        json_string(json, NULL, outcome->facts->rcpts[copy->rcpts[r]].addr);
    json_array_end(json);
    json_array_begin(json, "operations");
    for (size_t o = 0; o < copy->nops; o++)
        op_string(json, &copy->ops[o]);
    json_array_end(json);
    json_array_begin(json, "keys");
    for (size_t o = 0; o < copy->nops; o++)
        for (size_t k = 0; k < copy->ops[o].nkeys; k++)
            if (copy->ops[o].keys[k] >= 0)
                json_string(json, NULL, copy->ops[o].fp[k]);
    json_array_end(json);
    json_object_end(json);
}

static void json_notice(struct json *json, const struct outcome *outcome, size_t i)
{
    const struct notice *notice = &outcome->plan->notices[i];
    json_object_begin(json, NULL);
    json_int(json, "index", (int64_t)i);
    json_string(json, "kind", notice_kind_name(notice->kind));
    json_string(json, "rule", notice->rule);
    json_strings(json, "to", notice->to, notice->nto);
    json_array_begin(json, "recipients");
    for (size_t r = 0; r < notice->nrcpts; r++)
        json_string(json, NULL, outcome->facts->rcpts[notice->rcpts[r]].addr);
    json_array_end(json);
    json_string(json, "not_sent", outcome->notices_why[i]);
    json_object_end(json);
}

void explain_json(const struct outcome *outcome, const struct envelope *envelope, const struct trace *trace,
                  struct buf *out)
{
    struct json json = JSON_INIT(out);
    json_object_begin(&json, NULL);
    json_int(&json, "version", 1);
    json_string(&json, "verdict", verdict_name(outcome->verdict));
    json_string(&json, "reply", outcome->reply);
    json_string(&json, "note", outcome->plan->note);
    json_string(&json, "submitter", submitter_name(outcome->facts->submitter));
    json_string(&json, "sender", envelope->sender);
    json_array_begin(&json, "generate");
    for (enum method method = METHOD_NONE; method < METHODS; method++)
        if ((outcome->plan->generate & 1u << method) != 0)
            json_string(&json, NULL, method_name(method));
    json_array_end(&json);
    json_bool(&json, "learn", outcome->plan->learn);
    json_array_begin(&json, "recipients");
    for (size_t i = 0; i < outcome->facts->nrcpts; i++)
        json_rcpt(&json, outcome, trace, i);
    json_array_end(&json);
    json_array_begin(&json, "copies");
    for (size_t i = 0; i < outcome->plan->ncopies; i++)
        json_copy(&json, outcome, i);
    json_array_end(&json);
    json_array_begin(&json, "notices");
    for (size_t i = 0; i < outcome->plan->nnotices; i++)
        json_notice(&json, outcome, i);
    json_array_end(&json);
    json_array_begin(&json, "effects");
    for (size_t i = 0; i < outcome->neffects; i++) {
        SEAL_CLEANUP(buf_fini) struct buf text = BUF_INIT(4096);
        effect_print(&outcome->effects[i], &text);
        json_string(&json, NULL, buf_str(&text));
    }
    json_array_end(&json);
    json_object_end(&json);
}

/* ---- for people ---- */

static void text_ops(const struct op *ops, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        buf_add_str(out, i == 0 ? "" : ", ");
        op_print(&ops[i], out);
    }
    if (n == 0)
        buf_add_str(out, "pass unchanged");
}

static void text_decision(const struct decision *decision, struct buf *out)
{
    if (decision->disposition == DISPOSITION_SERVE)
        text_ops(decision->ops, decision->nops, out);
    else
        buf_add_str(out, disposition_name(decision->disposition));
    if (decision->reply_text != NULL)
        buf_printf(out, ": %s%s%s", decision->reply_status != NULL ? decision->reply_status : "",
                   decision->reply_status != NULL ? " " : "", decision->reply_text);
    if (decision->redirect != NULL)
        buf_printf(out, ", to %s instead", decision->redirect);
}

static void text_view(const struct view *view, struct buf *out)
{
    if (view == NULL || (view->decryption == DECRYPTION_NONE && view->signature == SIGNATURE_NONE))
        return;
    buf_printf(out, "    looked   decryption %s, signature %s%s%s%s%s\n", decryption_name(view->decryption),
               signature_name(view->signature), view->signer != NULL ? " of " : "",
               view->signer != NULL ? view->signer : "",
               view->signature_why != NULL && *view->signature_why != '\0' ? ": " : "",
               view->signature_why != NULL ? view->signature_why : "");
}

static void text_rcpt(const struct outcome *outcome, const struct trace *trace, size_t i, struct buf *out)
{
    const struct decision *decision = &outcome->decisions[i];
    const struct rcpt_facts *rcpt = &outcome->facts->rcpts[i];
    buf_printf(out, "%s  (%s%s)  %s", rcpt->addr, direction_name(rcpt->direction),
               rcpt->hidden ? ", hidden" : "", fate_name(fate_of(outcome, i)));
    if (copy_of(outcome, i) >= 0)
        buf_printf(out, " by copy %d", copy_of(outcome, i));
    buf_add_char(out, '\n');
    if (trace != NULL)
        trace_print(trace, i, out);
    for (size_t r = 0; trace == NULL && r < decision->nrules; r++)
        buf_printf(out, "    rule     \"%s\"\n", decision->rules[r]);
    text_view(view_of(outcome, i), out);
    buf_add_str(out, "    decided  ");
    text_decision(decision, out);
    buf_add_char(out, '\n');
    for (size_t w = 0; w < decision->nwhy; w++)
        buf_printf(out, "    because  %s\n", decision->why[w]);
}

static void text_copy(const struct outcome *outcome, size_t i, struct buf *out)
{
    const struct copy *copy = &outcome->plan->copies[i];
    buf_printf(out, "copy %zu, ", i);
    if (copy->to != NULL)
        buf_printf(out, "%s %s, on account of", copy->extra ? "further, to" : "redirected to", copy->to);
    else
        buf_printf(out, "%s, for", copy->in_place ? "in place" : "re-injected");
    for (size_t r = 0; r < copy->nrcpts; r++)
        buf_printf(out, " %s", outcome->facts->rcpts[copy->rcpts[r]].addr);
    buf_add_str(out, "\n    ");
    text_ops(copy->ops, copy->nops, out);
    buf_add_char(out, '\n');
    for (size_t o = 0; o < copy->nops; o++)
        for (size_t k = 0; k < copy->ops[o].nkeys; k++)
            buf_printf(out, "    key      %s to %s\n", copy->ops[o].fp[k], op_kind_name(copy->ops[o].kind));
}

static void text_notice(const struct outcome *outcome, size_t i, struct buf *out)
{
    const struct notice *notice = &outcome->plan->notices[i];
    buf_printf(out, "notice %zu, %s, to", i, notice_kind_name(notice->kind));
    for (size_t t = 0; t < notice->nto; t++)
        buf_printf(out, " %s", notice->to[t]);
    if (notice->rule != NULL)
        buf_printf(out, ", by \"%s\"", notice->rule);
    buf_printf(out, "%s%s\n", outcome->notices_why[i] != NULL ? "; not sent: " : "",
               outcome->notices_why[i] != NULL ? outcome->notices_why[i] : "");
}

static void text_generate(const struct outcome *outcome, struct buf *out)
{
    for (enum method method = METHOD_NONE; method < METHODS; method++)
        if ((outcome->plan->generate & 1u << method) != 0)
            buf_printf(out,
                       "first    an %s key of %s would be generated; what follows is planned as if it were "
                       "there, and "
                       "no copy is written\n",
                       method_name(method), outcome->facts->from);
}

static void text_learn(const struct outcome *outcome, struct buf *out)
{
    if (outcome->plan->learn)
        buf_add_str(
            out, "first    keys that are attached would be stored; what follows is planned as if they were, "
                 "and no copy is written\n");
}

void explain_text(const struct outcome *outcome, const struct envelope *envelope, const struct trace *trace,
                  struct buf *out)
{
    buf_printf(out, "verdict  %s%s%s\n", verdict_name(outcome->verdict), outcome->reply != NULL ? ": " : "",
               outcome->reply != NULL ? outcome->reply : "");
    buf_printf(out, "sender   <%s>, submitter %s, From %s\n",
               envelope->sender != NULL ? envelope->sender : "", submitter_name(outcome->facts->submitter),
               outcome->facts->from != NULL ? outcome->facts->from : outcome->facts->from_why);
    text_generate(outcome, out);
    text_learn(outcome, out);
    buf_add_char(out, '\n');
    for (size_t i = 0; i < outcome->facts->nrcpts; i++)
        text_rcpt(outcome, trace, i, out);
    buf_add_char(out, '\n');
    for (size_t i = 0; i < outcome->plan->ncopies; i++)
        text_copy(outcome, i, out);
    for (size_t i = 0; i < outcome->plan->nnotices; i++)
        text_notice(outcome, i, out);
    if (outcome->plan->note != NULL)
        buf_printf(out, "note     %s\n", outcome->plan->note);
    for (size_t i = 0; i < outcome->neffects; i++) {
        buf_add_str(out, "effect   ");
        effect_print(&outcome->effects[i], out);
        buf_add_char(out, '\n');
    }
}
