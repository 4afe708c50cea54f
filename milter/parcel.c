/* parcel - copies and notices to transactions. */
#include "milter/parcel.h"

#include "log/log.h"
#include "milter/record.h"
#include "smtp/syntax.h"

#include <string.h>

#define KEY_MAX (8u << 20) /* ENVELOPE_RCPT_MAX addresses */

static bool has_8bit(struct span bytes)
{
    unsigned char all = 0;
    for (size_t i = 0; i < bytes.len; i++)
        all |= (unsigned char)bytes.ptr[i];
    return all > 0x7f;
}

/* MTAs give addresses in brackets; a command needs them. */
static const char *as_path(struct arena *arena, const char *given)
{
    return given[0] == '<' ? given : arena_printf(arena, "<%s>", given);
}

static bool needs_smtputf8(const struct smtp_mail *mail)
{
    bool ascii = syntax_is_ascii(mail->sender);
    for (size_t i = 0; i < mail->nrcpts; i++)
        ascii = ascii && syntax_is_ascii(mail->rcpts[i].path);
    return !ascii;
}

/* Whether the journal knows that this is out. A site that never injects has no journal. */
static int find_sent(const struct inject *inject, const char *key, bool *out, struct err *err)
{
    *out = false;
    if (inject->target[0] == '\0')
        return 0;
    switch (journal_find(inject->journal, key, err)) {
    case FIND_FOUND:
        *out = true;
        return 0;
    case FIND_ABSENT:
        return 0;
    case FIND_FAILED:
        break;
    }
    return err_wrap(err, "journal");
}

/* ---- copies ---- */

static void add_rcpt(const struct inject *inject, struct arena *arena, struct parcel *parcel,
                     struct smtp_rcpt *rcpts, size_t index)
{
    const struct recipient *rcpt = &inject->env->rcpts[index];
    const char *to = parcel->copy->to;
    parcel->keys[parcel->nkeys++] = rcpt->addr;
    if (to != NULL && parcel->mail.nrcpts > 0)
        return; /* one address instead of them all */
    rcpts[parcel->mail.nrcpts++] = (struct smtp_rcpt){
        .path = as_path(arena, to != NULL ? to : rcpt->given), .notify = rcpt->notify, .orcpt = rcpt->orcpt};
}

static void add_rcpts(const struct inject *inject, struct arena *arena, struct parcel *parcel)
{
    const struct copy *copy = parcel->copy;
    struct smtp_rcpt *rcpts = arena_array(arena, copy->nrcpts, sizeof *rcpts);
    parcel->keys = arena_array(arena, copy->nrcpts, sizeof *parcel->keys);
    for (size_t i = 0; i < copy->nrcpts; i++)
        if (!inject->served[copy->rcpts[i]])
            add_rcpt(inject, arena, parcel, rcpts, copy->rcpts[i]);
    parcel->mail.rcpts = rcpts;
}

/* What was opened must not bounce as a whole to a stranger (R50). The null sender gets no bounces. */
static void set_return(const struct inject *inject, struct parcel *parcel)
{
    bool opened = parcel->copy->opened && inject->env->sender[0] != '\0';
    parcel->mail.ret = opened ? "HDRS" : inject->env->ret;
    parcel->mail.headers_only_required = opened;
}

static void set_content(const struct inject *inject, size_t index, struct smtp_mail *mail)
{
    const struct spool *spool = inject->outcome->copies[index];
    mail->message = spool_all(spool != NULL ? spool : inject->message);
    mail->requiretls = inject->env->requiretls;
    mail->body = has_8bit(mail->message) ? "8BITMIME" : inject->env->body;
    if (mail->body != NULL && !syntax_is_body(mail->body))
        mail->body = NULL; /* BINARYMIME of a message that turned out to be lines */
    mail->smtputf8 = inject->env->smtputf8 || needs_smtputf8(mail);
}

static void make_copy(const struct inject *inject, struct arena *arena, size_t index, struct parcel *parcel)
{
    *parcel = (struct parcel){.copy = &inject->outcome->plan->copies[index]};
    parcel->mail.sender = as_path(arena, inject->env->sender_given);
    parcel->mail.envid = inject->env->envid;
    add_rcpts(inject, arena, parcel);
    set_content(inject, index, &parcel->mail);
    set_return(inject, parcel);
}

/* One address, on nobody's behalf: what cannot be delivered there comes back to nobody outside. */
static void set_own(struct arena *arena, struct parcel *parcel, const char *to, const char *key)
{
    const struct smtp_rcpt rcpt = {.path = as_path(arena, to)};
    parcel->to = to;
    parcel->mail.sender = "<>";
    parcel->mail.rcpts = arena_memdup(arena, &rcpt, sizeof rcpt);
    parcel->mail.nrcpts = 1;
    parcel->keys = arena_memdup(arena, &key, sizeof key);
    parcel->nkeys = 1;
}

/* A retry by the same client is about the same recipients. */
static void add_about(struct buf *key, const struct inject *inject, const size_t *rcpts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(key, "\n%s", inject->env->rcpts[rcpts[i]].addr);
}

/* One address may get several copies, treated differently or on account of different recipients. */
static const char *extra_key(const struct inject *inject, struct arena *arena, const struct copy *copy)
{
    SEAL_CLEANUP(buf_fini) struct buf key = BUF_INIT(KEY_MAX);
    buf_printf(&key, "copy to %s", copy->to);
    for (size_t i = 0; i < copy->nops; i++) {
        buf_add_char(&key, '\n');
        op_print(&copy->ops[i], &key);
    }
    add_about(&key, inject, copy->rcpts, copy->nrcpts);
    return arena_strdup(arena, buf_str(&key));
}

static int add_extra(const struct inject *inject, struct arena *arena, size_t index, struct parcels *out,
                     struct err *err)
{
    const struct copy *copy = &inject->outcome->plan->copies[index];
    const char *key = extra_key(inject, arena, copy);
    bool sent;
    if (find_sent(inject, key, &sent, err) < 0)
        return -1;
    if (sent) {
        log_event(LEVEL_INFO, inject->env->queue_id, "served-before", "copy-to", copy->to, NULL);
        return 0;
    }
    struct parcel *parcel = &out->items[out->n++];
    *parcel = (struct parcel){.copy = copy};
    set_own(arena, parcel, copy->to, key);
    set_content(inject, index, &parcel->mail);
    return 0;
}

static int add_copies(const struct inject *inject, struct arena *arena, struct parcels *out, struct err *err)
{
    const struct plan *plan = inject->outcome->plan;
    for (size_t i = 0; i < plan->ncopies; i++) {
        if (plan->copies[i].in_place || plan->copies[i].extra)
            continue;
        make_copy(inject, arena, i, &out->items[out->n]);
        out->n += out->items[out->n].mail.nrcpts > 0;
    }
    for (size_t i = 0; i < plan->ncopies; i++)
        if (plan->copies[i].extra && add_extra(inject, arena, i, out, err) < 0)
            return -1;
    return 0;
}

/* ---- notices ---- */

static const char *rule_of(const struct notice *notice)
{
    return notice->rule != NULL ? notice->rule : "";
}

static const char *notice_key(const struct inject *inject, struct arena *arena, const struct notice *notice,
                              const char *to)
{
    SEAL_CLEANUP(buf_fini) struct buf key = BUF_INIT(KEY_MAX);
    buf_printf(&key, "%s\n%s\n%s", notice_kind_name(notice->kind), rule_of(notice), to);
    add_about(&key, inject, notice->rcpts, notice->nrcpts);
    return arena_strdup(arena, buf_str(&key));
}

static int add_notice(const struct inject *inject, struct arena *arena, size_t index, const char *to,
                      struct parcels *out, struct err *err)
{
    const struct notice *notice = &inject->outcome->plan->notices[index];
    const char *key = notice_key(inject, arena, notice, to);
    bool sent;
    if (find_sent(inject, key, &sent, err) < 0)
        return -1;
    if (sent)
        return 0;
    bool may_drop = notice->kind != NOTICE_RETURN;
    if (may_drop &&
        !ratelimit_take(inject->ratelimit, to, rule_of(notice), inject->notice_rate, inject->now_ms)) {
        record_notice(inject->env, notice, to, "dropped", "more than notice-rate in an hour");
        out->dropped++;
        return 0;
    }
    struct parcel *parcel = &out->items[out->n++];
    *parcel = (struct parcel){.notice = notice, .may_drop = may_drop};
    set_own(arena, parcel, to, key);
    parcel->mail.message = spool_all(inject->outcome->notices[index]);
    parcel->mail.smtputf8 = needs_smtputf8(&parcel->mail);
    return 0;
}

enum turn {
    TURN_REPORTS,
    TURN_OTHERS
};

static int add_notices(const struct inject *inject, struct arena *arena, enum turn turn, struct parcels *out,
                       struct err *err)
{
    const struct outcome *outcome = inject->outcome;
    for (size_t i = 0; i < outcome->plan->nnotices; i++) {
        const struct notice *notice = &outcome->plan->notices[i];
        if (outcome->notices[i] == NULL || (notice->kind == NOTICE_RETURN) != (turn == TURN_REPORTS))
            continue;
        for (size_t t = 0; t < notice->nto; t++)
            if (add_notice(inject, arena, i, notice->to[t], out, err) < 0)
                return -1;
    }
    return 0;
}

static size_t count_all(const struct plan *plan)
{
    size_t n = plan->ncopies;
    for (size_t i = 0; i < plan->nnotices; i++)
        n += plan->notices[i].nto;
    return n;
}

int parcels_make(const struct inject *inject, struct arena *arena, struct parcels *out, struct err *err)
{
    *out = (struct parcels){.items =
                                arena_array(arena, count_all(inject->outcome->plan) + 1, sizeof *out->items)};
    if (add_copies(inject, arena, out, err) < 0 || add_notices(inject, arena, TURN_REPORTS, out, err) < 0 ||
        add_notices(inject, arena, TURN_OTHERS, out, err) < 0)
        return -1;
    return arena_check(arena, err);
}

void parcel_give_back(const struct inject *inject, const struct parcel *parcel)
{
    if (parcel->may_drop)
        ratelimit_give_back(inject->ratelimit, parcel->to, rule_of(parcel->notice), inject->notice_rate);
}
