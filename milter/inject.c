/* inject - copies to transactions. */
#include "milter/inject.h"

#include "base/text.h"
#include "milter/log.h"
#include "smtp/client.h"
#include "smtp/syntax.h"

#include <string.h>
#include <strings.h>

/* A copy as a transaction; nrcpts is 0 when all of its recipients were served before. */
struct parcel {
    const struct copy *copy;
    struct smtp_mail mail;
    const char **addrs; /* of mail.rcpts, canonical */
};

/* MTAs give addresses in brackets; a command needs them. */
static const char *as_path(struct arena *arena, const char *given)
{
    return given[0] == '<' ? given : arena_printf(arena, "<%s>", given);
}

static void add_rcpts(const struct inject *inject, struct arena *arena, struct parcel *parcel)
{
    struct smtp_rcpt *rcpts = arena_array(arena, parcel->copy->nrcpts, sizeof *rcpts);
    parcel->addrs = arena_array(arena, parcel->copy->nrcpts, sizeof *parcel->addrs);
    for (size_t i = 0; i < parcel->copy->nrcpts; i++) {
        size_t index = parcel->copy->rcpts[i];
        const struct recipient *rcpt = &inject->env->rcpts[index];
        if (inject->served[index])
            continue;
        parcel->addrs[parcel->mail.nrcpts] = rcpt->addr;
        rcpts[parcel->mail.nrcpts++] = (struct smtp_rcpt){
            .path = as_path(arena, rcpt->given), .notify = rcpt->notify, .orcpt = rcpt->orcpt};
    }
    parcel->mail.rcpts = rcpts;
}

static bool needs_smtputf8(const struct inject *inject, const struct smtp_mail *mail)
{
    bool ascii = syntax_is_ascii(mail->sender);
    for (size_t i = 0; i < mail->nrcpts; i++)
        ascii = ascii && syntax_is_ascii(mail->rcpts[i].path);
    return inject->env->smtputf8 || !ascii;
}

/* What was opened must not bounce as a whole to a stranger (R50). The null sender gets no bounces. */
static void set_return(const struct inject *inject, struct parcel *parcel)
{
    bool opened = parcel->copy->opened && inject->env->sender[0] != '\0';
    parcel->mail.ret = opened ? "HDRS" : inject->env->ret;
    parcel->mail.headers_only_required = opened;
}

static void make_parcel(const struct inject *inject, struct arena *arena, size_t index, struct parcel *parcel)
{
    const struct envelope *env = inject->env;
    const struct spool *spool = inject->outcome->copies[index];
    *parcel = (struct parcel){.copy = &inject->outcome->plan->copies[index]};
    struct smtp_mail *mail = &parcel->mail;
    mail->sender = as_path(arena, env->sender_given);
    mail->envid = env->envid;
    mail->requiretls = env->requiretls;
    mail->message = spool_all(spool != NULL ? spool : inject->message);
    mail->body = !text_is_ascii(mail->message) ? "8BITMIME" : env->body;
    if (mail->body != NULL && !syntax_is_body(mail->body))
        mail->body = NULL; /* BINARYMIME of a message that turned out to be lines */
    add_rcpts(inject, arena, parcel);
    mail->smtputf8 = needs_smtputf8(inject, mail);
    set_return(inject, parcel);
}

/*
 * A copy that is out and cannot be noted is no reason to fail the message: that would only bring it again, and with it
 * the same copy. The log says so.
 */
static void note(const struct inject *inject, const struct parcel *parcel)
{
    struct err err = ERR_INIT;
    if (journal_put(inject->journal, parcel->addrs, parcel->mail.nrcpts, &err) < 0)
        log_error(inject->env->queue_id, "journal", &err);
}

/* Check all, then send all. */
static int send_parcels(const struct inject *inject, struct smtp *smtp, const struct parcel *parcels,
                        size_t n, size_t *count_out, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (parcels[i].mail.nrcpts > 0 && smtp_check(smtp, &parcels[i].mail, err) < 0)
            return -1;
    for (size_t i = 0; i < n; i++) {
        if (parcels[i].mail.nrcpts == 0)
            continue;
        if (smtp_send(smtp, &parcels[i].mail, err) < 0)
            return -1;
        note(inject, &parcels[i]);
        ++*count_out;
    }
    return 0;
}

/* Our name for the loop guard must be known before the listener hears it. */
static int deliver(const struct inject *inject, struct smtp **smtp, const struct parcel *parcels, size_t n,
                   size_t *count_out, struct err *err)
{
    char name[LOOPS_NAME_MAX];
    struct wire_name local;
    size_t slot;
    if (loops_make_name(inject->hostname, name, err) < 0 || smtp_local_name(*smtp, &local, err) < 0 ||
        loops_add(inject->loops, &local, name, &slot, err) < 0)
        return -1;
    int status = smtp_hello(*smtp, name, err);
    if (status == 0)
        status = send_parcels(inject, *smtp, parcels, n, count_out, err);
    smtp_close(smtp);
    loops_end(inject->loops, slot);
    return status;
}

int inject_copies(const struct inject *inject, size_t *count_out, struct err *err)
{
    const struct plan *plan = inject->outcome->plan;
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct parcel *parcels = arena_array(arena, plan->ncopies, sizeof *parcels);
    size_t n = 0;
    size_t nrcpts = 0;
    *count_out = 0;
    for (size_t i = 0; i < plan->ncopies; i++) {
        if (plan->copies[i].in_place)
            continue;
        make_parcel(inject, arena, i, &parcels[n]);
        nrcpts += parcels[n++].mail.nrcpts;
    }
    if (nrcpts == 0)
        return 0;
    if (inject->target[0] == '\0')
        return err_set(err, ERR_CONFIG,
                       "the message must be split, and there is no injection listener (inject =)");
    if (store_journal_check(inject->journal->store, err) < 0)
        return err_wrap(err, "journal");
    SEAL_CLEANUP(smtp_close) struct smtp *smtp = NULL;
    if (smtp_connect(inject->target, &inject->wire, &smtp, err) < 0)
        return -1;
    return deliver(inject, &smtp, parcels, n, count_out, err);
}
