/* expect - decisions against what a table says of them. */
#include "policy/expecting.h"

#include <string.h>
#include <strings.h>

#define TEST_MEMORY_MAX ((size_t)16 << 20)

/* ---- one expectation, one decision ---- */

static bool text_is(const char *wanted, const char *found)
{
    return wanted == NULL || (found != NULL && strcmp(wanted, found) == 0);
}

static bool has_text(const char *const *list, size_t n, const char *wanted)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], wanted) == 0)
            return true;
    return false;
}

static bool has_op(const struct decision *d, enum op_kind kind, const struct expectation *x)
{
    for (size_t i = 0; i < d->nops; i++) {
        const struct op *op = &d->ops[i];
        if (op->kind != kind)
            continue;
        if (kind == OP_HEADER
                ? strcasecmp(op->field, x->text) == 0
                : text_is(x->text, op->text) && (x->method == METHOD_NONE || x->method == op->method))
            return true;
    }
    return false;
}

static bool is_changed(const struct decision *d)
{
    for (size_t i = 0; i < d->nops; i++)
        if (d->ops[i].kind != OP_HYGIENE && d->ops[i].kind != OP_KEYWORDS)
            return true;
    return d->redirect != NULL;
}

static bool has_extra(const struct decision *d, const char *to)
{
    for (size_t i = 0; i < d->nextras; i++)
        if (strcmp(d->extras[i].to, to) == 0)
            return true;
    return false;
}

static bool has_notice(const struct decision *d, enum notice_kind kind, const char *to)
{
    for (size_t i = 0; i < d->nnotices; i++)
        if (d->notices[i].kind == kind && (to == NULL || has_text(d->notices[i].to, d->notices[i].nto, to)))
            return true;
    return false;
}

static bool is_settled(const struct decision *d, enum disposition disposition, const char *text)
{
    return d->disposition == disposition && text_is(text, d->reply_text);
}

static bool holds(const struct expectation *x, const struct decision *d)
{
    bool served = d->disposition == DISPOSITION_SERVE;
    switch (x->what) {
    case EXPECTED_RULE:
        return has_text(d->rules, d->nrules, x->text);
    case EXPECTED_PASS:
        return served && !is_changed(d);
    case EXPECTED_SIGN:
        return served && has_op(d, OP_SIGN, x);
    case EXPECTED_ENCRYPT:
        return served && has_op(d, OP_ENCRYPT, x);
    case EXPECTED_DECRYPT:
        return served && has_op(d, OP_OPEN, x);
    case EXPECTED_HARVEST:
        return served && d->harvest;
    case EXPECTED_TAG:
        return served && has_op(d, OP_TAG, x);
    case EXPECTED_HEADER:
        return served && has_op(d, OP_HEADER, x);
    case EXPECTED_AUTOCRYPT:
        return served && has_op(d, OP_AUTOCRYPT, x);
    case EXPECTED_ATTACH:
        return served && has_op(d, OP_ATTACH, x);
    case EXPECTED_DETACH:
        return served && has_op(d, OP_DETACH, x);
    case EXPECTED_GENERATE:
        return x->method == METHOD_NONE ? d->generate != 0 : (d->generate & 1u << x->method) != 0;
    case EXPECTED_REFUSE:
        return is_settled(d, DISPOSITION_REFUSE, x->text);
    case EXPECTED_RETURN:
        return is_settled(d, DISPOSITION_RETURN, x->text);
    case EXPECTED_DISCARD:
        return is_settled(d, DISPOSITION_DISCARD, NULL);
    case EXPECTED_HOLD:
        return is_settled(d, DISPOSITION_HOLD, x->text);
    case EXPECTED_DEFER:
        return is_settled(d, DISPOSITION_TEMPFAIL, NULL);
    case EXPECTED_COPY:
        return has_extra(d, x->text);
    case EXPECTED_REDIRECT:
        return d->redirect != NULL && text_is(x->text, d->redirect);
    case EXPECTED_NOTIFY:
        return has_notice(d, NOTICE_SENDER, NULL);
    case EXPECTED_ALERT:
        return has_notice(d, NOTICE_ALERT, x->text);
    }
    return false;
}

/* ---- tables ---- */

int expect_decide(const struct expect_table *table, size_t test, const struct policy *policy,
                  const struct settings *settings, struct arena *arena, struct trace *trace,
                  struct expect_result *out, struct err *err)
{
    struct decision *decisions = NULL;
    *out = (struct expect_result){.facts = table->tests[test].facts};
    int needs = decide(policy, settings, out->facts, arena, trace, &decisions, err);
    if (needs > 0)
        return err_set(err, ERR_BUG, "facts 0x%x are missing", (unsigned)needs);
    out->decisions = decisions;
    return needs;
}

static void say(const struct expect_table *table, const struct expect_test *test, const struct expectation *x,
                const struct expect_result *result, size_t rcpt, struct buf *out)
{
    SEAL_CLEANUP(buf_fini) struct buf found = BUF_INIT(SIZE_MAX);
    decision_print(&result->decisions[rcpt], &found);
    buf_printf(out, "error: %s:%u:%u: test \"%s\", %s: expected %.*s, found ", table->path, x->line,
               x->column, test->name, result->facts->rcpts[rcpt].addr, SPAN_ARG(x->source));
    buf_add_span(out, span_trim(buf_span(&found)));
    buf_add_char(out, '\n');
}

static size_t judge(const struct expect_table *table, const struct expect_test *test,
                    const struct expect_result *result, struct buf *out)
{
    size_t failed = 0;
    for (size_t i = 0; i < test->n; i++) {
        const struct expectation *x = &test->expectations[i];
        for (size_t r = 0; r < result->facts->nrcpts; r++) {
            bool meant = x->rcpt == NULL || strcmp(x->rcpt, result->facts->rcpts[r].addr) == 0;
            if (!meant || holds(x, &result->decisions[r]) != x->negated)
                continue;
            say(table, test, x, result, r, out);
            failed++;
        }
    }
    return failed;
}

int expect_run(const struct expect_table *table, const struct policy *policy, const struct settings *settings,
               struct buf *out, size_t *failed_out, struct err *err)
{
    *failed_out = 0;
    for (size_t i = 0; i < table->n; i++) {
        SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(TEST_MEMORY_MAX);
        struct expect_result result;
        if (expect_decide(table, i, policy, settings, arena, NULL, &result, err) < 0)
            return -1;
        *failed_out += judge(table, &table->tests[i], &result, out);
    }
    return 0;
}
