/* finish - compute all, inject, then touch the MTA. */
#include "milter/finish.h"

#include "base/io.h"
#include "log/log.h"
#include "milter/clock.h"
#include "milter/edits.h"
#include "milter/effects.h"
#include "milter/inject.h"
#include "milter/pace.h"
#include "milter/record.h"
#include "milter/reply.h"

#include <string.h>
#include <strings.h>

#define PROGRESS_MS 5000

struct finish {
    struct daemon *daemon;
    const struct message *message;
    const struct mta *mta;
    int64_t now;
    int64_t started_ms;
    int64_t told_ms; /* when the MTA last heard that we are alive */
    struct snapshot *snapshot;
    struct outcome *outcome;
    struct journal journal;
    bool *served; /* of each recipient: injected by an earlier try */
    bool *stays;  /* of each recipient: gets the message in place */
    size_t nstays;
    struct edits edits;
    struct inject_count count;
};

/* The MTA waits minutes, not hours: tell it now and then. Never between two pieces of a body, where Postfix takes nothing else. */
static void tell_alive(void *arg)
{
    struct finish *f = arg;
    if (clock_ms() - f->told_ms < PROGRESS_MS)
        return;
    f->told_ms = clock_ms();
    (void)!f->mta->progress(f->mta->arg);
}

static const struct copy *in_place(const struct finish *f)
{
    const struct plan *plan = f->outcome->plan;
    return plan->ncopies > 0 && plan->copies[0].in_place ? &plan->copies[0] : NULL;
}

/* ---- who was served by an earlier try ---- */

static int open_journal(struct finish *f, struct err *err)
{
    static const struct mime_limits limits = MIME_LIMITS_DEFAULT;
    struct span bytes = spool_all(f->message->spool);
    struct header header;
    if (header_parse(f->message->arena, bytes, &limits, &header, err) < 0)
        return -1;
    const struct journal_message message = {.sender = f->message->env.sender,
                                            .queue_id = f->message->env.queue_id,
                                            .header = &header,
                                            .body = span_sub(bytes, header.size, bytes.len)};
    journal_init(&f->journal, f->daemon->store, &message, f->now);
    return 0;
}

/* Asked for recipients in place too: a retry may group them in another way. A site that never injects has nothing to ask. */
static int find_served(struct finish *f, struct err *err)
{
    const struct envelope *env = &f->message->env;
    f->served = arena_array(f->message->arena, env->nrcpts, sizeof *f->served);
    if (f->snapshot->settings->inject[0] == '\0')
        return 0;
    if (open_journal(f, err) < 0)
        return -1;
    for (size_t i = 0; i < env->nrcpts; i++) {
        switch (journal_find(&f->journal, env->rcpts[i].addr, err)) {
        case FIND_FOUND:
            f->served[i] = true;
            log_event(LEVEL_INFO, env->queue_id, "served-before", "rcpt", env->rcpts[i].addr, NULL);
            break;
        case FIND_ABSENT:
            break;
        case FIND_FAILED:
            return err_wrap(err, "journal");
        }
    }
    return 0;
}

/* ---- edits ---- */

static void find_stays(struct finish *f)
{
    const struct copy *copy = in_place(f);
    f->stays = arena_array(f->message->arena, f->message->env.nrcpts, sizeof *f->stays);
    for (size_t i = 0; copy != NULL && i < copy->nrcpts; i++) {
        if (f->served[copy->rcpts[i]])
            continue;
        f->stays[copy->rcpts[i]] = true;
        f->nstays++;
    }
}

/* Postfix drops a source route ("<@relay:bob@far.example>") when it takes the recipient in, and finds none to remove under what it gave us. */
static bool can_be_removed(const char *given)
{
    return given[strspn(given, "< \t")] != '@';
}

static bool others_can_be_removed(const struct finish *f)
{
    const struct envelope *env = &f->message->env;
    for (size_t i = 0; i < env->nrcpts; i++)
        if (!f->stays[i] && !can_be_removed(env->rcpts[i].given))
            return false;
    return true;
}

/* Whom the MTA keeps for sure would get what stays in place: so nothing stays, all copies are injected. */
static void leave_place(struct finish *f)
{
    f->outcome->plan->copies[0].in_place = false;
    memset(f->stays, 0, f->message->env.nrcpts * sizeof *f->stays);
    f->nstays = 0;
}

/* An MTA removes every recipient of this spelling: one that stays under the same spelling keeps it. */
static bool stays_under(const struct finish *f, const char *given)
{
    for (size_t i = 0; i < f->message->env.nrcpts; i++)
        if (f->stays[i] && strcmp(f->message->env.rcpts[i].given, given) == 0)
            return true;
    return false;
}

static void make_recipient_edits(struct finish *f)
{
    const struct envelope *env = &f->message->env;
    f->edits.gone_rcpts = arena_array(f->message->arena, env->nrcpts, sizeof *f->edits.gone_rcpts);
    for (size_t i = 0; i < env->nrcpts; i++)
        if (!f->stays[i] && !stays_under(f, env->rcpts[i].given))
            f->edits.gone_rcpts[f->edits.ngone_rcpts++] = env->rcpts[i].given;
}

/* What was opened must not bounce as a whole to a stranger (R50). Sendmail forgets ENVID unless it is said again. */
static void make_sender_edit(struct finish *f)
{
    const struct envelope *env = &f->message->env;
    if (!in_place(f)->opened || env->sender[0] == '\0' ||
        (env->ret != NULL && strcasecmp(env->ret, "HDRS") == 0))
        return;
    f->edits.sender = env->sender_given;
    f->edits.sender_args =
        env->envid == NULL ? "RET=HDRS" : arena_printf(f->message->arena, "RET=HDRS ENVID=%s", env->envid);
}

static int make_edits(struct finish *f, struct err *err)
{
    find_stays(f);
    if (f->nstays > 0 && !others_can_be_removed(f))
        leave_place(f);
    if (f->nstays == 0)
        return 0;
    const struct spool *result = f->outcome->copies[0];
    if (result != NULL && edits_make(f->message->arena, spool_all(f->message->spool), f->message->nfields,
                                     spool_all(result), &f->edits, err) < 0)
        return -1;
    make_recipient_edits(f);
    make_sender_edit(f);
    return 0;
}

/* ---- doing ---- */

static int inject(struct finish *f, struct err *err)
{
    const struct settings *settings = f->snapshot->settings;
    const struct inject inject = {
        .target = settings->inject,
        .hostname = settings->hostname,
        .wire = {.timeout = settings->inject_timeout, .clock_ms = clock_ms, .waiting = tell_alive, .arg = f},
        .loops = f->daemon->loops,
        .journal = &f->journal,
        .ratelimit = f->daemon->ratelimit,
        .notice_rate = settings->notice_rate,
        .now_ms = clock_ms(),
        .env = &f->message->env,
        .outcome = f->outcome,
        .message = f->message->spool,
        .served = f->served,
    };
    return inject_all(&inject, &f->count, err) < 0 ? err_wrap(err, "injection") : 0;
}

static int serve(struct finish *f, enum verdict *verdict, struct err *err)
{
    if (find_served(f, err) < 0 || make_edits(f, err) < 0 || inject(f, err) < 0)
        return -1;
    *verdict = f->nstays > 0 ? VERDICT_ACCEPT : VERDICT_DISCARD;
    return f->nstays > 0 ? edits_apply(&f->edits, f->mta, err) : 0;
}

/* What is held goes to nobody whom policy took out, or who has it already, on the day when it is released. */
static void find_held(struct finish *f)
{
    size_t n = f->message->env.nrcpts;
    f->stays = arena_array(f->message->arena, n, sizeof *f->stays);
    for (size_t i = 0; i < n; i++) {
        enum disposition disposition = f->outcome->decisions[i].disposition;
        f->stays[i] =
            disposition != DISPOSITION_DISCARD && disposition != DISPOSITION_RETURN && !f->served[i];
        f->nstays += f->stays[i];
    }
}

/* Whom the MTA keeps gets what is released. Of ciphertext he gets what he has; whether it is held may follow from its inside (R17). */
static int check_held(const struct finish *f, struct err *err)
{
    if (f->nstays == 0 || others_can_be_removed(f) || f->outcome->facts->encrypted_by != METHOD_NONE)
        return 0;
    return err_set(err, ERR_SYNTAX, "a recipient with a source route cannot be taken out of held mail");
}

static int quarantine(struct finish *f, struct err *err)
{
    const char *reason = f->outcome->plan->reply_text;
    make_recipient_edits(f);
    if (edits_apply(&f->edits, f->mta, err) < 0)
        return -1;
    if (f->mta->quarantine(f->mta->arg, reason != NULL ? reason : "held by policy") < 0)
        return err_set(err, ERR_IO, "the MTA does not hold messages for us");
    return 0;
}

static int hold(struct finish *f, enum verdict *verdict, struct err *err)
{
    if (find_served(f, err) < 0)
        return -1;
    find_held(f);
    if (check_held(f, err) < 0 || inject(f, err) < 0)
        return -1;
    *verdict = f->nstays > 0 ? VERDICT_HOLD : VERDICT_DISCARD;
    return f->nstays > 0 ? quarantine(f, err) : 0;
}

static bool has_other_mail(const struct outcome *outcome)
{
    bool has = outcome->plan->ncopies > 0;
    for (size_t i = 0; i < outcome->plan->nnotices; i++)
        has = has || outcome->notices[i] != NULL;
    return has;
}

static int discard(struct finish *f, struct err *err)
{
    if (!has_other_mail(f->outcome))
        return 0;
    return find_served(f, err) < 0 ? -1 : inject(f, err);
}

/* A refusal stands, whatever becomes of the alerts. */
static void alert(struct finish *f)
{
    struct err err = ERR_INIT;
    if (discard(f, &err) < 0)
        log_error(f->message->env.queue_id, "alert", &err);
}

static int carry_out(struct finish *f, enum verdict *verdict, struct err *err)
{
    *verdict = f->outcome->verdict;
    switch (f->outcome->verdict) {
    case VERDICT_ACCEPT:
        return serve(f, verdict, err);
    case VERDICT_HOLD:
        return hold(f, verdict, err);
    case VERDICT_DISCARD:
        return discard(f, err);
    case VERDICT_REJECT:
        alert(f);
        *verdict = reply_outcome(f->mta, f->outcome->reply);
        return 0;
    case VERDICT_TEMPFAIL:
        *verdict = reply_outcome(f->mta, f->outcome->reply);
        return 0;
    }
    return err_set(err, ERR_BUG, "unknown verdict %d", (int)f->outcome->verdict);
}

static int run_gate(struct finish *f, const struct prepared *prepared, struct err *err)
{
    const struct progress progress = {.call = tell_alive, .arg = f};
    return gate_run(f->daemon->gate, f->snapshot, &f->message->env, f->message->spool, f->now, &progress,
                    prepared, NULL, &f->outcome, err);
}

/* What is stored before the message is delivered is there when it comes again, should that fail. */
static int learn_and_decide(struct finish *f, struct err *err)
{
    static const struct prepared learned = {.learned = true};
    effects_commit_keys(f->daemon->gate, f->outcome, f->now, f->message->env.queue_id);
    outcome_free(&f->outcome);
    io_done("milter-learned");
    return run_gate(f, &learned, err);
}

/* Keys that the plan wants first are generated, or stored, and it is decided anew with them: once. */
static int look_and_decide(struct finish *f, struct err *err)
{
    struct prepared prepared;
    if (run_gate(f, NULL, err) < 0)
        return -1;
    if (f->outcome->plan->learn)
        return learn_and_decide(f, err);
    if (f->outcome->plan->generate == 0)
        return 0;
    const struct generate_for message = {.gate = f->daemon->gate,
                                         .snapshot = f->snapshot,
                                         .outcome = f->outcome,
                                         .queue_id = f->message->env.queue_id,
                                         .arena = f->message->arena};
    generate_keys(f->daemon->generator, &message, &prepared);
    outcome_free(&f->outcome);
    f->now = clock_now();
    return run_gate(f, &prepared, err);
}

static int run(struct finish *f, enum verdict *verdict, struct err *err)
{
    if (look_and_decide(f, err) < 0)
        return -1;
    record_recipients(&f->message->env, f->outcome);
    record_unwritten(&f->message->env, f->outcome);
    if (carry_out(f, verdict, err) < 0)
        return -1;
    int fault = io_point("milter-verdict");
    if (fault != 0)
        return err_set(err, ERR_IO, "verdict: %s", strerror(fault));
    effects_commit(f->daemon->gate, f->daemon->store, f->outcome, f->now, f->message->env.queue_id);
    return 0;
}

/* The first view is the message as it came; each other one was seen with a private key, or not seen with it (R17). */
static bool was_key_used(const struct outcome *outcome)
{
    return outcome != NULL && outcome->facts->nviews > 1;
}

/* The same for one message whatever was found in it: several recipients may see different things, and rules that ask may send. */
static enum pace pace_of(const struct finish *f)
{
    const struct outcome *outcome = f->outcome;
    bool split = outcome->facts->nrcpts > 1;
    for (size_t i = 0; i < outcome->facts->nrcpts; i++)
        split = split || outcome->decisions[i].inside;
    return split && f->snapshot->settings->inject[0] != '\0' ? PACE_SPLIT : PACE_WHOLE;
}

/* Between beginning and ending work, so that there are never more messages under way than allowed. */
static int work(struct finish *f, enum verdict *verdict, struct err *err)
{
    f->snapshot = reload_snapshot(f->daemon->reload, err);
    if (f->snapshot == NULL)
        return -1;
    int status = daemon_begin_work(f->daemon, f->snapshot->settings->workers_max, err);
    if (status == 0) {
        status = run(f, verdict, err);
        bool key_used = was_key_used(f->outcome);
        enum pace pace = key_used ? pace_of(f) : PACE_WHOLE;
        outcome_free(&f->outcome);
        if (key_used)
            clock_wait_until(pace_answer(f->started_ms, clock_ms(), spool_size(f->message->spool), pace));
        daemon_end_work(f->daemon);
    }
    snapshot_free(&f->snapshot);
    return status;
}

enum verdict finish_message(struct daemon *daemon, struct session *session, const struct macros *macros,
                            const struct mta *mta)
{
    static const struct envelope nobody = {.sender = ""};
    struct err err = ERR_INIT;
    enum verdict verdict = VERDICT_TEMPFAIL;
    int64_t started = clock_ms();
    struct finish f = {
        .daemon = daemon, .mta = mta, .now = clock_now(), .started_ms = started, .told_ms = started};
    int status = session_end_message(session, macros, &err);
    const struct envelope *env = session->message != NULL ? &session->message->env : &nobody;
    size_t size = 0;
    if (status == 0) {
        f.message = session->message;
        size = spool_size(f.message->spool);
        status = work(&f, &verdict, &err);
    }
    if (status < 0) {
        log_error(env->queue_id, "failed", &err);
        verdict = reply_error(mta, &err);
    }
    const struct record_message record = {
        .size = size,
        .injected = f.count.copies,
        .notices = f.count.notices,
        .dropped = f.count.dropped,
        .ms = clock_ms() - started,
        .verdict = verdict,
        .why = status < 0 ? err_name(err.code) : NULL,
    };
    record_message(env, &record);
    io_done("milter-answer");
    return verdict;
}
