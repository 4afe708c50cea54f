/*
 * notices - which of the plan's notices are written, and which must not be.
 *
 * A machine does not answer a machine: acknowledgements follow RFC 3834 2, reports RFC 3461 4.1. An alert that comes back to us, by
 * whatever way, gives no further alert, nor does what another gateway like us alerts about it: its Message-ID holds a proof that only this gateway can make, so that nobody can keep an alert
 * away by imitating one.
 */
#include "gate/internal.h"

#include "xform/notice.h"

#include <string.h>
#include <strings.h>

#define TOKEN_SIZE 32 /* hex digits of each half of a Message-ID of ours */
#define ID_BEGIN   "<seal."

/* ---- Message-ID ---- */

static void half(const struct gate *gate, enum notice_kind kind, const char *const *fields, size_t n,
                 char out[TOKEN_SIZE + 1])
{
    unsigned char digest[HASH_SIZE];
    char hex[HASH_HEX_SIZE];
    struct hash *hash = hash_new();
    hash_add_field(hash, (struct span){(const char *)gate->site_secret, sizeof gate->site_secret});
    hash_add_field(hash, SPAN_LIT("notice"));
    hash_add_field(hash, span_of(notice_kind_name(kind)));
    for (size_t i = 0; i < n; i++)
        hash_add_field(hash, span_of(fields[i] != NULL ? fields[i] : ""));
    hash_end(hash, digest);
    hash_free(&hash);
    hash_hex(digest, hex);
    memcpy(out, hex, TOKEN_SIZE);
    out[TOKEN_SIZE] = '\0';
}

static const char *make_id(const struct work *work, const struct notice *notice, size_t index)
{
    char token[TOKEN_SIZE + 1], proof[TOKEN_SIZE + 1];
    const char *const of[] = {
        work->envelope->queue_id, work->facts->sender, notice->rule, notice->nto > 0 ? notice->to[0] : NULL,
        arena_printf(work->arena, "%lld %zu %zu", (long long)work->now, index, work->message.len)};
    half(work->gate, notice->kind, of, SEAL_COUNT(of), token);
    half(work->gate, notice->kind, (const char *const[]){token}, 1, proof);
    return arena_printf(work->arena, ID_BEGIN "%s.%s@%s>", token, proof, work->snapshot->settings->hostname);
}

/* id: where one of ours may begin. */
static bool is_proved(const struct work *work, struct span id)
{
    char token[TOKEN_SIZE + 1] = "", proof[TOKEN_SIZE + 1];
    size_t at = strlen(ID_BEGIN);
    if (id.len < at + 2 * TOKEN_SIZE + 2)
        return false;
    memcpy(token, id.ptr + at, TOKEN_SIZE);
    half(work->gate, NOTICE_ALERT, (const char *const[]){token}, 1, proof);
    return span_is(span_sub(id, at + TOKEN_SIZE + 1, TOKEN_SIZE), proof);
}

static bool names_own_alert(const struct work *work, const char *name)
{
    const struct field *field;
    for (size_t i = 0; (field = header_find(&work->table.parts[0].header, name, i)) != NULL; i++)
        for (size_t at = 0; (at = span_find(field->value, ID_BEGIN, strlen(ID_BEGIN), at)) != SIZE_MAX; at++)
            if (is_proved(work, span_sub(field->value, at, SIZE_MAX)))
                return true;
    return false;
}

/* Itself, or what a machine has sent because of it: another gateway's alert about it. */
static bool is_own_alert(const struct work *work)
{
    return names_own_alert(work, "Message-ID") ||
           (*work->facts->sender == '\0' && names_own_alert(work, "References"));
}

/* ---- whether ---- */

/* RFC 3834 2: addresses of lists and of mail systems. */
static bool is_machine(const char *addr)
{
    size_t local = strcspn(addr, "@");
    static const char request[] = "-request", daemon[] = "mailer-daemon";
    return strncmp(addr, "owner-", 6) == 0 ||
           (local >= sizeof request - 1 &&
            strncmp(addr + local - (sizeof request - 1), request, sizeof request - 1) == 0) ||
           (local == sizeof daemon - 1 && strncmp(addr, daemon, local) == 0);
}

static const char *why_no_acknowledgement(const struct facts *facts)
{
    if (*facts->sender == '\0')
        return "the null sender is not answered";
    if ((facts->traits & 1u << TRAIT_AUTOMATIC) != 0)
        return "automatic mail is not answered";
    if ((facts->traits & 1u << TRAIT_LIST) != 0)
        return "list mail is not answered";
    return is_machine(facts->sender) ? "the sender's address is a machine's" : NULL;
}

/* NOTIFY= is a list of words; without it failures are reported. */
static bool wants_report(const struct recipient *rcpt)
{
    static const char word[] = "FAILURE";
    const char *at = rcpt->notify;
    while (at != NULL) {
        size_t n = strcspn(at, ",");
        if (n == sizeof word - 1 && strncasecmp(at, word, n) == 0)
            return true;
        at = at[n] == ',' ? at + n + 1 : NULL;
    }
    return rcpt->notify == NULL;
}

static const char *why_no_report(const struct work *work, struct notice *notice)
{
    if (*work->facts->sender == '\0')
        return "the null sender gets no report";
    size_t *wanted = arena_array(work->arena, notice->nrcpts, sizeof *wanted), n = 0;
    for (size_t i = 0; i < notice->nrcpts; i++)
        if (wants_report(&work->envelope->rcpts[notice->rcpts[i]]))
            wanted[n++] = notice->rcpts[i];
    notice->rcpts = wanted;
    notice->nrcpts = n;
    return n == 0 ? "the sender wants no report of a failure (NOTIFY)" : NULL;
}

/* NULL: it is to be written. Takes recipients out of a report that must not name them. */
static const char *why_none(const struct work *work, const struct plan *plan, struct notice *notice)
{
    if (plan->disposition == DISPOSITION_TEMPFAIL)
        return "the message is deferred";
    if (plan->disposition == DISPOSITION_REFUSE && notice->kind != NOTICE_ALERT)
        return "the message is refused";
    if (notice->nto == 0)
        return "nobody to send it to";
    switch (notice->kind) {
    case NOTICE_RETURN:
        return why_no_report(work, notice);
    case NOTICE_SENDER:
        return why_no_acknowledgement(work->facts);
    case NOTICE_ALERT:
        return is_own_alert(work) ? "the message is an alert of ours" : NULL;
    }
    return "unknown kind";
}

int write_notices(struct work *work, struct outcome *outcome, struct err *err)
{
    struct plan *plan = outcome->plan;
    const struct notice_in in = {.settings = work->snapshot->settings,
                                 .envelope = work->envelope,
                                 .facts = work->facts,
                                 .decisions = outcome->decisions,
                                 .header = &work->table.parts[0].header,
                                 .arena = work->arena,
                                 .spool = work->gate->spool,
                                 .now = work->now};
    outcome->notices = arena_array(work->arena, plan->nnotices, sizeof *outcome->notices);
    outcome->notices_why = arena_array(work->arena, plan->nnotices, sizeof *outcome->notices_why);
    for (size_t i = 0; i < plan->nnotices; i++) {
        struct notice *notice = &plan->notices[i];
        outcome->notices_why[i] = why_none(work, plan, notice);
        if (outcome->notices_why[i] == NULL &&
            notice_write(&in, notice, make_id(work, notice, i), &outcome->notices[i], err) < 0)
            return err_wrap(err, "%s", notice_kind_name(notice->kind));
    }
    return 0;
}
