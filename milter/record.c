/* record - decisions and outcomes as log lines. */
#include "milter/record.h"

#include "log/log.h"

#include <stdio.h>

#define LIST_MAX ((size_t)4096)

static void join(struct buf *out, const char *const *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%s%s", i > 0 ? "; " : "", items[i]);
}

static void print_ops(struct buf *ops, struct buf *keys, const struct decision *decision)
{
    for (size_t i = 0; i < decision->nops; i++) {
        const struct op *op = &decision->ops[i];
        if (i > 0)
            buf_add_str(ops, ", ");
        op_print(op, ops);
        for (size_t k = 0; k < op->nkeys && op->fp != NULL; k++)
            buf_printf(keys, "%s%s", keys->len > 0 ? "," : "", op->fp[k]);
    }
}

/* "0", "1" ..; "-" for a recipient of no copy. */
static void print_copy(struct buf *out, const struct plan *plan, size_t rcpt)
{
    for (size_t i = 0; i < plan->ncopies; i++)
        for (size_t r = 0; !plan->copies[i].extra && r < plan->copies[i].nrcpts; r++)
            if (plan->copies[i].rcpts[r] == rcpt) {
                buf_printf(out, "%zu", i);
                return;
            }
    buf_add_char(out, '-');
}

static const char *or_null(const struct buf *buf)
{
    return buf->len > 0 ? buf_str(buf) : NULL;
}

static void record_recipient(const struct envelope *env, const struct outcome *outcome, size_t i)
{
    const struct decision *decision = &outcome->decisions[i];
    const struct rcpt_facts *facts = &outcome->facts->rcpts[i];
    SEAL_CLEANUP(buf_fini) struct buf rules = BUF_INIT(LIST_MAX);
    SEAL_CLEANUP(buf_fini) struct buf ops = BUF_INIT(LIST_MAX);
    SEAL_CLEANUP(buf_fini) struct buf keys = BUF_INIT(LIST_MAX);
    SEAL_CLEANUP(buf_fini) struct buf why = BUF_INIT(LIST_MAX);
    SEAL_CLEANUP(buf_fini) struct buf copy = BUF_INIT(LIST_MAX);
    join(&rules, decision->rules, decision->nrules);
    join(&why, decision->why, decision->nwhy);
    print_ops(&ops, &keys, decision);
    print_copy(&copy, outcome->plan, i);
    log_event(LEVEL_INFO, env->queue_id, "recipient", "rcpt", facts->addr, "direction",
              direction_name(facts->direction), "rules", buf_str(&rules), "decision",
              disposition_name(decision->disposition), "operations", or_null(&ops), "keys", or_null(&keys),
              "copy", buf_str(&copy), "why", or_null(&why), NULL);
}

void record_recipients(const struct envelope *env, const struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->facts->nrcpts; i++)
        record_recipient(env, outcome, i);
    if (outcome->plan->note != NULL)
        log_event(LEVEL_WARNING, env->queue_id, "plan", "note", outcome->plan->note, NULL);
}

static void list_rcpts(struct buf *out, const struct envelope *env, const size_t *rcpts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%s%s", i > 0 ? "; " : "", env->rcpts[rcpts[i]].addr);
}

void record_other(const struct envelope *env, const struct copy *copy)
{
    SEAL_CLEANUP(buf_fini) struct buf rcpts = BUF_INIT(LIST_MAX);
    list_rcpts(&rcpts, env, copy->rcpts, copy->nrcpts);
    log_event(LEVEL_INFO, env->queue_id, copy->extra ? "copy-to" : "redirect", "to", copy->to, "rcpts",
              or_null(&rcpts), NULL);
}

void record_notice(const struct envelope *env, const struct notice *notice, const char *to,
                   const char *result, const char *why)
{
    SEAL_CLEANUP(buf_fini) struct buf rcpts = BUF_INIT(LIST_MAX);
    list_rcpts(&rcpts, env, notice->rcpts, notice->nrcpts);
    log_event(why == NULL ? LEVEL_INFO : LEVEL_WARNING, env->queue_id,
              notice->kind == NOTICE_RETURN ? "returned" : "notice", "kind", notice_kind_name(notice->kind),
              "rule", notice->rule, "to", to, "rcpts", or_null(&rcpts), "result", result, "why", why, NULL);
}

void record_unwritten(const struct envelope *env, const struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->plan->nnotices; i++)
        if (outcome->notices[i] == NULL)
            record_notice(env, &outcome->plan->notices[i], NULL, "none", outcome->notices_why[i]);
}

static const char *number(size_t n, char text[24])
{
    snprintf(text, 24, "%zu", n);
    return n > 0 ? text : NULL;
}

void record_message(const struct envelope *env, const struct record_message *message)
{
    char size[24], nrcpts[24], injected[24], ms[24], notices[24], dropped[24];
    snprintf(size, sizeof size, "%zu", message->size);
    snprintf(nrcpts, sizeof nrcpts, "%zu", env->nrcpts);
    snprintf(injected, sizeof injected, "%zu", message->injected);
    snprintf(ms, sizeof ms, "%lld", (long long)message->ms);
    log_event(LEVEL_INFO, env->queue_id, "message", "from", env->sender, "client", env->client_addr, "login",
              env->login, "size", size, "rcpts", nrcpts, "injected", injected, "notices",
              number(message->notices, notices), "dropped", number(message->dropped, dropped), "ms", ms,
              "verdict", verdict_name(message->verdict), "error", message->why, NULL);
}
