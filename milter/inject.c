/* inject - parcels over the wire. */
#include "milter/inject.h"

#include "log/log.h"
#include "milter/parcel.h"
#include "milter/record.h"

struct sending {
    const struct inject *inject;
    struct parcels parcels;
    size_t next;  /* the first one that is neither out nor dropped */
    bool refused; /* that one may be dropped */
    struct inject_count *count;
};

/*
 * A copy that is out and cannot be noted is no reason to fail the message: that would only bring it again, and with it
 * the same copy. The log says so.
 */
static void note(const struct sending *s, const struct parcel *parcel)
{
    struct err err = ERR_INIT;
    if (journal_put(s->inject->journal, parcel->keys, parcel->nkeys, &err) < 0)
        log_error(s->inject->env->queue_id, "journal", &err);
    if (parcel->notice != NULL) {
        record_notice(s->inject->env, parcel->notice, parcel->to, "sent", NULL);
        s->count->notices++;
        return;
    }
    if (parcel->copy->to != NULL)
        record_other(s->inject->env, parcel->copy);
    s->count->copies++;
}

static void drop(struct sending *s, size_t i, struct err *err)
{
    const struct parcel *parcel = &s->parcels.items[i];
    record_notice(s->inject->env, parcel->notice, parcel->to, "dropped", err->msg);
    s->count->dropped++;
    err_clear(err);
}

static bool may_drop(const struct sending *s, size_t i, const struct err *err)
{
    return s->parcels.items[i].may_drop && (err->code == ERR_PEER_PERM || err->code == ERR_TOO_BIG);
}

/* What can be dropped stands last; what of it is not fit to be sent leaves the list. */
static int check_parcels(struct sending *s, const struct smtp *smtp, struct err *err)
{
    size_t kept = s->next;
    for (size_t i = s->next; i < s->parcels.n; i++) {
        if (smtp_check(smtp, &s->parcels.items[i].mail, err) == 0)
            s->parcels.items[kept++] = s->parcels.items[i];
        else if (may_drop(s, i, err))
            drop(s, i, err);
        else
            return -1;
    }
    s->parcels.n = kept;
    return 0;
}

/* Check all, then send all. */
static int send_parcels(struct sending *s, struct smtp *smtp, struct err *err)
{
    if (check_parcels(s, smtp, err) < 0)
        return -1;
    for (; s->next < s->parcels.n; s->next++) {
        const struct parcel *parcel = &s->parcels.items[s->next];
        if (smtp_send(smtp, &parcel->mail, err) < 0) {
            s->refused = may_drop(s, s->next, err);
            return -1;
        }
        note(s, parcel);
    }
    return 0;
}

/* Our name for the loop guard must be known before the listener hears it. */
static int talk(struct sending *s, struct smtp **smtp, struct err *err)
{
    char name[LOOPS_NAME_MAX];
    struct wire_name local;
    size_t slot;
    struct loops *loops = s->inject->loops;
    if (loops_make_name(s->inject->hostname, name, err) < 0 || smtp_local_name(*smtp, &local, err) < 0 ||
        loops_add(loops, &local, name, &slot, err) < 0)
        return -1;
    int status = smtp_hello(*smtp, name, err);
    if (status == 0)
        status = send_parcels(s, *smtp, err);
    smtp_close(smtp);
    loops_end(loops, slot);
    return status;
}

/* A refusal ends the connection; the rest takes another one. */
static int deliver(struct sending *s, struct err *err)
{
    while (s->next < s->parcels.n) {
        SEAL_CLEANUP(smtp_close) struct smtp *smtp = NULL;
        if (smtp_connect(s->inject->target, &s->inject->wire, &smtp, err) == 0 && talk(s, &smtp, err) == 0)
            return 0;
        if (!s->refused)
            return -1;
        s->refused = false;
        drop(s, s->next++, err);
    }
    return 0;
}

static int send_all(struct sending *s, struct err *err)
{
    if (s->parcels.n == 0)
        return 0;
    if (s->inject->target[0] == '\0')
        return err_set(
            err, ERR_CONFIG,
            "a further copy or a notice is to be sent, and there is no injection listener (inject =)");
    if (store_journal_check(s->inject->journal->store, err) < 0)
        return err_wrap(err, "journal");
    return deliver(s, err);
}

int inject_all(const struct inject *inject, struct inject_count *count_out, struct err *err)
{
    SEAL_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_MAX_DEFAULT);
    struct sending s = {.inject = inject, .count = count_out};
    *count_out = (struct inject_count){.copies = 0};
    int status = parcels_make(inject, arena, &s.parcels, err);
    count_out->dropped = s.parcels.dropped;
    if (status == 0)
        status = send_all(&s, err);
    for (; status < 0 && s.next < s.parcels.n; s.next++)
        parcel_give_back(inject, &s.parcels.items[s.next]);
    return status;
}
